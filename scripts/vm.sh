#!/bin/bash
# vm.sh [--kernel PATH] [--terminal] COMMAND [ARG...]
#
# Runs COMMAND as root on a kernel with IPVS. If the running kernel has IPVS and you
# are root, COMMAND runs on that kernel, and its changes to /etc, /run and /var/lib
# are discarded. Otherwise COMMAND runs in a User-mode Linux guest, which sees this
# machine's files but discards every change. COMMAND keeps the current directory and
# the environment; its output and exit status are those of vm.sh; stdin is empty.
# With --terminal, COMMAND gets the terminal of vm.sh: keys, window size and Ctrl-C
# reach COMMAND, and there is no time limit unless IPVS_VM_TIMEOUT sets one.
#
#   IPVS_VM_TIMEOUT  seconds until the guest is killed with exit status 124 (600)
#   IPVS_VM_MEM      memory of the guest (1024M)
#   IPVS_VM_SHARE    a directory that the guest may write to
#   IPVS_VM_KERNEL   path of another linux.uml, like --kernel
#   IPVS_VM_MODULES  modules of that kernel: the directory with modules.dep, or its
#                    parent
#   IPVS_VM_APPEND   more arguments for the guest's kernel command line
#   IPVS_TESTBED     host or uml: always use that kernel; host overrides
#                    IPVS_VM_KERNEL
set -euo pipefail
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

kernel=${IPVS_VM_KERNEL:-}
[[ ${IPVS_TESTBED:-} != host ]] || kernel=
terminal=
while [[ ${1:-} == --* ]]; do
	case $1 in
		--kernel) kernel=${2:?"--kernel needs the path of a linux.uml"} && shift ;;
		--terminal) terminal=1 ;;
		*) die "no option $1: vm.sh has --kernel PATH and --terminal" ;;
	esac
	shift
done
[[ $# -gt 0 ]] || die "usage: vm.sh [--kernel PATH] [--terminal] COMMAND [ARG...]"
[[ -z $terminal ]] || need_terminal --terminal

share=${IPVS_VM_SHARE:-}
if [[ -n $share ]]; then
	[[ -d $share ]] || die "IPVS_VM_SHARE is '$share', which is not a directory: create it first"
	share=$(readlink -f -- "$share")
fi

# The tests write this parameter, which affects new network namespaces. It is global
# to the machine, so its former value is restored after the tests.
fallbacks=/proc/sys/net/core/fb_tunnels_only_for_init_net

# on_this_kernel COMMAND [ARG...]: runs COMMAND and discards its changes to /etc, /run and /var/lib
on_this_kernel() {
	local before='' status
	ensure unshare=util-linux
	[[ ! -r $fallbacks ]] || before=$(<"$fallbacks")
	if [[ -n $terminal ]]; then
		# Only COMMAND must react to Ctrl-C. It starts with the default action,
		# because a trap is not inherited.
		trap : INT QUIT
		unshare --mount "$top/scripts/host-init.sh" "$share" "$@" && status=0 || status=$?
	else
		in_background "$@"
	fi
	trap '' HUP INT TERM
	[[ -z $before || $(<"$fallbacks") == "$before" ]] || echo "$before" >"$fallbacks"
	exit "$status"
}

# Sets status.
in_background() {
	local command signal caught=1
	# bash starts background processes with these two signals ignored
	env --default-signal=INT,QUIT unshare --mount "$top/scripts/host-init.sh" "$share" "$@" </dev/null &
	command=$!
	for signal in HUP INT TERM; do
		# shellcheck disable=SC2064 # this very process
		trap "caught=1; kill -$signal $command 2>/dev/null || true" "$signal"
	done
	# A signal ends wait before COMMAND has ended.
	while [[ -n $caught ]]; do
		caught='' status=0
		wait "$command" 2>/dev/null || status=$?
	done
}

if [[ -z $kernel ]] && have_ipvs; then
	on_this_kernel "$@"
fi

limit=${IPVS_VM_TIMEOUT:-600}
# A month is as good as no limit.
[[ -z $terminal ]] || limit=${IPVS_VM_TIMEOUT:-2592000}
[[ $limit =~ ^[1-9][0-9]*$ ]] || die "IPVS_VM_TIMEOUT is '$limit': give whole seconds"
memory=${IPVS_VM_MEM:-1024M}
[[ $memory =~ ^[1-9][0-9]*[MG]$ ]] || die "IPVS_VM_MEM is '$memory': write it like 1024M or 2G"

ensure busybox=busybox-static modprobe=kmod ip=iproute2 perl=perl-base taskset=util-linux setsid=util-linux
if [[ -z $kernel ]]; then
	ensure linux.uml=user-mode-linux
	kernel=linux.uml
fi
kernel=$(command -v "$kernel") || die "no such kernel: ${IPVS_VM_KERNEL:-$kernel}"
release=$("$kernel" --version) || die "cannot run $kernel: it may need the C library of a newer Debian"
modules=${IPVS_VM_MODULES:-$(dirname -- "$(dirname -- "$(readlink -f -- "$kernel")")")/lib/uml/modules}
[[ ! -d $modules/$release ]] || modules=$modules/$release
[[ -e $modules/modules.dep ]] || die "no modules of $release in $modules: set IPVS_VM_MODULES"
modules=$(readlink -f -- "$modules")

# Below /tmp, because a path on the kernel's command line cannot contain a space.
work=$(mktemp -d /tmp/ipvs-vm.XXXXXX)
guest=
tails=()
screen= # the settings of the terminal
# shellcheck disable=SC2317 # the trap calls it
finish() {
	trap '' PIPE HUP INT TERM
	{
		[[ -z $guest ]] || kill -KILL -- "-$guest"
		[[ -z $screen ]] || {
			perl -MPOSIX -e 'tcsetpgrp(0, getpgrp)'
			stty "$screen"
		}
		[[ ${#tails[@]} -eq 0 ]] || kill "${tails[@]}"
		# Do not call wait: in a trap, bash may wait for the watchdog instead.
		[[ -z $guest ]] || for ((tries = 0; tries < 200; tries++)); do
			kill -0 -- "-$guest" || break
			sleep 0.05
		done
		rm -rf "$work"
		echo 'done' >&8
	} 2>/dev/null || true
}

# foreground COMMAND [ARG...]: runs COMMAND in the foreground process group of the
# terminal (descriptor 3)
foreground() {
	exec perl -MPOSIX -e '
		$SIG{TTOU} = "IGNORE";
		setpgid(0, 0);
		tcsetpgrp(3, $$) or die "tcsetpgrp: $!\n";
		$SIG{TTOU} = $SIG{TTIN} = "DEFAULT";
		exec @ARGV or die "$ARGV[0]: $!\n"' "$@"
}

# result COMMAND [ARG...]: exits with the status that COMMAND had in the guest
result() {
	if [[ -e $work/status ]]; then
		exit "$(<"$work/status")"
	elif [[ -e $work/late ]]; then
		say "vm.sh: still running after $limit seconds, killed: $*"
		exit 124
	fi
	say "vm.sh: the guest ended without a result; the last lines of its console:"
	grep -v '\[<' "$work/console" | tail -n 20 >&2 || true
	exit 125
}

# A second process ends the guest at the time limit, and also if this script was
# killed with SIGKILL: the second process then reads an end of file.
# shellcheck disable=SC2016 # expanded there
exec 8> >(exec setsid bash -c '
	read -r guest && { read -r -t "$2" word || [[ $? -le 128 ]] || touch "$1/late"; }
	[[ ${word:-} != done && $guest != done ]] || exit 0
	[[ -z $guest ]] || kill -KILL -- "-$guest"
	[[ -e $1/late ]] || rm -rf "$1"
' watchdog "$work" "$limit" >/dev/null 2>&1)
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$work/layers"
cp "$top/scripts/guest-init.sh" "$work/init"
printf '%s\0' "$PWD" "$modules" "$share" "$terminal" >"$work/config"
printf '%s\0' "$@" >"$work/command"
env -0 >"$work/environment"
touch "$work/stdout" "$work/stderr"

# Each guest runs on one CPU: its kernel and its processes take turns, and run two to
# three times faster if they need not change the CPU. The lock claims the CPU for all
# users of this machine until the guest ends. A guest of low priority takes no lock:
# it uses the time that another guest leaves on a CPU.
cpu=
for path in $(shuf -e /sys/devices/system/cpu/cpu[0-9]*); do
	taskset -c "${path##*cpu}" true 2>/dev/null || continue
	cpu=${path##*cpu}
	[[ $(nice) -eq 0 ]] || break
	exec 9<"$path"
	! flock -n 9 || break
done

# A container's /dev/shm is often too small for the guest's memory.
room=$(df --output=avail -BM /dev/shm 2>/dev/null | tail -n 1) || room=0
bytes=$(numfmt --from=iec "$memory")
((${room//[!0-9]/} + 0 >= bytes >> 20)) && store=/dev/shm || store=$work

read -ra append <<<"${IPVS_VM_APPEND:-}"
boot=(env -i PATH="$PATH" TMPDIR="$store" taskset -c "${cpu:-0}"
	"$kernel" "mem=$memory" uml_dir="$work" root=/dev/root rootfstype=hostfs rootflags=/ rw
	con=null "con0=null,fd:1" ssl=null init="$work/init" quiet loglevel=1 panic=1 "${append[@]}")

# The kernel's own console goes to a file. The guest's tty1 is our terminal. It is in
# raw mode, so that Ctrl-C is a key for the guest and not a signal for the kernel.
# The kernel is in the foreground, so that it receives changes of the window size.
if [[ -n $terminal ]]; then
	screen=$(stty -g)
	trap '' TTOU TTIN # we are in the background meanwhile
	# The terminal is opened again because the kernel makes its files non-blocking.
	foreground "${boot[@]}" "con1=fd:3,fd:4" 3</dev/tty 4>/dev/tty </dev/null >"$work/console" 2>&1 8>&- &
	guest=$!
	echo "$guest" >&8
	exec 9<&-
	wait "$guest" 2>/dev/null || true
	result "$@"
fi

setsid "${boot[@]}" </dev/null >"$work/console" 2>&1 8>&- &
guest=$!
echo "$guest" >&8
exec 9<&-

tail -f -c +1 -s 0.05 --pid="$guest" "$work/stdout" 8>&- &
tails=($!)
tail -f -c +1 -s 0.05 --pid="$guest" "$work/stderr" >&2 8>&- &
tails+=($!)

# Otherwise bash itself would report a killed guest.
wait -n "$guest" "${tails[@]}" 2>/dev/null || true
if [[ ! -e $work/status ]] && kill -0 "$guest" 2>/dev/null; then
	exit 141 # nobody reads any more: what a broken pipe would have done to COMMAND
fi
wait "$guest" "${tails[@]}" 2>/dev/null || true
result "$@"
