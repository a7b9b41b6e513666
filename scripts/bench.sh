#!/usr/bin/env bash
# bench.sh instructions [--write|--check] [TABLE...]
# bench.sh datapath [--write] [ROUNDS]
# bench.sh [tables|linear|restore|apply|connections]...
#
# Compares the program with Debian's ipvsadm.
#
#   instructions  counts instructions on the kernel that Debian ships (see
#                 bench-instructions.sh); --write writes docs/scale.md
#   datapath      compares IPVS with nginx (see bench-datapath.sh)
#   all others    measure times in User-mode Linux, where a system call costs ten to
#                 forty times more than elsewhere: use them to compare two versions
#                 of this program on one machine, not as absolute figures
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
if [[ ${1-} == datapath ]]; then
	shift
	exec scripts/bench-datapath.sh "$@"
fi
if [[ ${1-} == instructions ]]; then
	shift
	exec scripts/bench-instructions.sh "$@"
fi
need_compiler
ensure ip=iproute2 strace=strace
IPVSADM_REFERENCE=$(reference)
export IPVSADM_REFERENCE
bench=$(cargo bench --bench classic --no-run --message-format=json-render-diagnostics | built classic)
[ -n "$bench" ] || die "cargo built no benchmark"
export IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-3000}
# A long limit: ipvsadm 1.31 takes 20 seconds for a table of 50,000 real servers.
exec "$top/scripts/vm.sh" "$bench" "$@"
