# bash completion for ipvsadm: the program itself says what can stand next.

_ipvsadm()
{
	local program=$1 line=${COMP_LINE:0:COMP_POINT} current cut='' part break candidate files=''
	local -a words candidates
	COMPREPLY=()

	# COMP_WORDS is split at colons and equals signs, which belong to our words.
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] && ${#words[@]} -gt 1 ]] || words+=('')
	current=${words[${#words[@]} - 1]}

	program=${program/#\~\//$HOME/}
	[[ ${program##*/} == ipvsadm ]] || program=ipvsadm
	type -P -- "$program" >/dev/null || program=/usr/sbin/ipvsadm
	mapfile -t candidates < <("$program" __complete "${words[0]##*/}" "${words[@]:1}" 2>/dev/null)

	# readline replaces only what stands behind the last of them.
	for break in : =; do
		[[ $COMP_WORDBREAKS == *"$break"* && $current == *"$break"* ]] || continue
		part=${current%"${current##*"$break"}"}
		[[ ${#part} -le ${#cut} ]] || cut=$part
	done
	for candidate in "${candidates[@]}"; do
		if [[ $candidate == :files ]]; then
			files=1
			continue
		fi
		candidate=${candidate%%$'\t'*}
		COMPREPLY+=("${candidate#"$cut"}")
	done
	if [[ -n $files ]]; then
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
		compopt -o filenames 2>/dev/null
	fi
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:,/] ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

complete -F _ipvsadm ipvsadm ipvsadm-save ipvsadm-restore
