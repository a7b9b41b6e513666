#!/bin/bash
# demo.sh [--mode nat|dr|tun] [--family 4|6] [--shell]
#
# Shows IPVS balancing HTTP requests over two real servers. Installs missing
# packages, builds ipvsadm, and runs client, router, director and real servers in
# network namespaces. Uses the running kernel or, if that has no IPVS, a User-mode
# Linux kernel. The machine's own network is not changed. Exit status 0 means that
# every request was answered and that both real servers answered some.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

requests=12
mode=nat family=4 inside='' shell=''
arguments=("$@")
while [[ $# -gt 0 ]]; do
	case $1 in
		--mode) mode=${2:?"--mode needs nat, dr or tun"} && shift ;;
		--family) family=${2:?"--family needs 4 or 6"} && shift ;;
		--shell) shell=1 ;;
		--inside) inside=1 ;;
		-h | --help)
			help_of "$0"
			exit
			;;
		*) die "no option $1: see demo.sh --help" ;;
	esac
	shift
done
check_network "$mode" "$family"

setup=$top/scripts/netns-setup.sh

title() {
	printf '\n== %s\n' "$*"
}

drawing() {
	case $mode in
		nat) cat <<-END ;;
			  client --> router --> director --> real server   to $vip, rewritten to $rip1
			  client <-- router <-- director <-- real server   rewritten back: both ways pass the director
		END
		dr) cat <<-END ;;
			  client --> router --> director --> real server   to $vip, unchanged: only the MAC address is new
			  client <-- router <--------------- real server   straight back, past the director
		END
		tun) cat <<-END ;;
			  client --> router --> director ==> router ==> real server   to $vip, inside a packet to ${rip1%:*}
			  client <-- router <------------------------- real server   straight back, past the director
		END
	esac
}

show() {
	local method answer number count=0
	local -A answers=([rs1]=0 [rs2]=0)
	case $mode in
		nat) method=-m ;;
		dr) method=-g ;;
		tun) method=-i ;;
	esac
	title "$(uname -sr): client, router, director, rs1 and rs2, LVS/${mode^^} over IPv$family"
	"$setup" up --mode "$mode" --family "$family" --prepare program
	local vip service url rip1 rip2
	# shellcheck source=/dev/null
	. /run/lvs-netns/env

	title "the hosts"
	"$setup" status

	title "on the director"
	director -A -t "$service" -s rr
	director -a -t "$service" -r "$rip1" "$method"
	director -a -t "$service" -r "$rip2" "$method"
	director -L -n

	title "on the client: $requests times GET $url"
	for ((number = 0; number < requests; number++)); do
		answer=$("$setup" exec client curl -s -m 5 "$url" || true)
		[[ -n ${answers[$answer]:-} ]] || continue
		answers[$answer]=$((answers[$answer] + 1))
		count=$((count + 1))
	done
	printf '%s answered %s requests\n' rs1 "${answers[rs1]}" rs2 "${answers[rs2]}"

	title "on the director"
	sleep 2.2 # the kernel adds up its counters every two seconds
	director -L -n
	director -L -n --stats

	title "the way of the packets"
	drawing
	echo
	[[ $count -eq $requests ]] || die "$((requests - count)) of $requests requests failed"
	[[ ${answers[rs1]} -gt 0 && ${answers[rs2]} -gt 0 ]] || die "one real server answered no request"
	echo "all $requests requests were answered, and both real servers answered some"
}

director() {
	[[ $1 == -L ]] || printf 'director# ipvsadm %s\n' "$*"
	"$setup" exec director "$IPVSADM" "$@"
}

if [[ -n $inside ]]; then
	trap '"$setup" down' EXIT
	show
	[[ -z $shell ]] || "$top/scripts/lab.sh" --inside
	exit
fi

[[ -z $shell ]] || need_terminal --shell
need_compiler
ensure_network_tools
say "building ipvsadm"
release_program
export IPVSADM=$program
if [[ -n $shell ]]; then
	exec "$top/scripts/vm.sh" --terminal "$top/scripts/demo.sh" --inside "${arguments[@]}"
fi
IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-120} exec "$top/scripts/vm.sh" "$top/scripts/demo.sh" --inside "${arguments[@]}"
