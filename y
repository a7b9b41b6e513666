#!/usr/bin/env bash
# x TASK [ARG...]: every routine task of this repository. See ./x --help.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/lib.sh"

# A task, the script that does it, and what it does.
tasks=(
	"test|scripts/test.sh|run every test, or one suite, or one test: test [SUITE [NAME...]]"
	"lint|scripts/lint.sh|check format, clippy, documentation and scripts"
	"shell|scripts/lab.sh|open a shell in the lab: client, router, director and two real servers in network namespaces, the built program in PATH"
	"demo|scripts/demo.sh|show IPVS balancing real HTTP requests; --shell stays in the lab"
	"traffic|scripts/traffic.sh --write|send packets through every mode, and write docs/traffic.md"
	"picture|scripts/picture.sh|draw docs/tour.svg, the picture of the README, from a real run"
	"man|scripts/man.sh|write the parts of man/ that come from the tables of the program"
	"bench|scripts/bench.sh|measure the program next to Debian's ipvsadm 1.31"
	"package|scripts/package.sh|build the Debian package or the RPM: package [deb or rpm]"
	"ci|.ci/run|run everything that must pass before a change lands"
)
kernels=(bookworm trixie sid)

help() {
	local width row task about
	width=${COLUMNS:-$(tput cols 2>/dev/null || echo 80)}
	echo "usage: ./x TASK [ARG...]"
	echo
	for row in "${tasks[@]}"; do
		task=${row%%|*} about=${row##*|}
		if ((width >= 60)); then
			printf '  %-9s' "$task"
			fold -s -w "$((width > 100 ? 88 : width - 12))" <<<"$about" | sed '2,$s/^/           /'
		else
			echo "$task"
			fold -s -w "$((width > 22 ? width - 2 : 20))" <<<"$about" | sed 's/^/  /'
		fi
	done
	echo
	fold -s -w "$((width > 100 ? 100 : width > 20 ? width : 20))" <<-END
		./x TASK --help says more about one task. test, shell, demo and traffic take --kernel bookworm, trixie or sid: the kernel of that Debian release. If the running kernel has no IPVS, or you are not root, they start a User-mode Linux kernel, which is an ordinary process.
	END
	echo
}

# Sets script: the words of the command that does TASK.
find_task() {
	local row names=()
	for row in "${tasks[@]}"; do
		names+=("${row%%|*}")
		[[ ${row%%|*} != "$1" ]] || { IFS='|' read -r _ script _ <<<"$row" && return; }
	done
	unknown task "$1" "${names[@]}"
}

# take_kernel SUITE: everything below runs on that kernel
take_kernel() {
	[[ " ${kernels[*]} " == *" $1 "* ]] || unknown kernel "$1" "${kernels[@]}"
	IPVS_VM_KERNEL=$("$top/scripts/kernel.sh" "$1")
	export IPVS_VM_KERNEL IPVS_TESTBED=uml
}

case ${1:-} in
	'' | -h | --help) help && exit ;;
	help)
		[[ -n ${2:-} ]] || { help && exit; }
		set -- "$2" --help
		;;
esac
find_task "$1"
task=$1
shift
read -ra command <<<"$script"
arguments=()
kernel=
while [[ $# -gt 0 ]]; do
	case $1 in
		-h | --help)
			help_of "$top/${command[0]}"
			exit
			;;
		--kernel) kernel=${2:?"--kernel needs one of: ${kernels[*]}"} && shift ;;
		--kernel=*) kernel=${1#*=} ;;
		*) arguments+=("$1") ;;
	esac
	shift
done
if [[ -n $kernel ]]; then
	[[ $task =~ ^(test|shell|demo|traffic)$ ]] || die "$task takes no --kernel: test, shell, demo and traffic do"
	take_kernel "$kernel"
fi
exec "$top/${command[0]}" "${command[@]:1}" "${arguments[@]}"
