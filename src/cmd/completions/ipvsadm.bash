# bash completion for ipvsadm: the program itself says what can stand next.

_ipvsadm()
{
	local program=$1 line=${COMP_LINE:0:COMP_POINT} current cut='' part break candidate nth files=''
	local -a words candidates
	local open='(^|[^\])[[:blank:]]$' plain='^[[:alnum:]_@%+=:,./-]*$'
	COMPREPLY=()

	# COMP_WORDS is split at colons and equals signs, which belong to our words.
	# Without -r a backslash protects what it protects on the command line.
	# shellcheck disable=SC2162
	read -a words <<<"$line"
	[[ ! $line =~ $open && ${#words[@]} -gt 1 ]] || words+=('')
	current=${words[${#words[@]} - 1]}

	program=${program/#\~\//$HOME/}
	[[ ${program##*/} == ipvsadm ]] || program=ipvsadm
	type -P -- "$program" >/dev/null || program=/usr/sbin/ipvsadm
	mapfile -t candidates < <("$program" __complete "${words[0]##*/}" "${words[@]:1}" 2>/dev/null)

	# readline replaces only what follows the last of them.
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
	# Names of interfaces can hold what a shell would run. With files, readline quotes them all.
	if [[ -z $files ]]; then
		for ((nth = 0; nth < ${#COMPREPLY[@]}; nth++)); do
			[[ ${COMPREPLY[nth]} =~ $plain ]] && continue
			printf -v candidate %q "${COMPREPLY[nth]}"
			COMPREPLY[nth]=$candidate
		done
	else
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
		compopt -o filenames 2>/dev/null
	fi
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:,/] ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

complete -F _ipvsadm ipvsadm ipvsadm-save ipvsadm-restore
