#!/usr/bin/env bash
# bench.sh [tables|linear|restore|apply|connections]... | datapath [--write] [ROUNDS]
#
# Measures the program beside Debian's ipvsadm on one kernel: all, or what is
# named. datapath: IPVS beside nginx. Not a test: it asserts nothing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
if [[ ${1-} == datapath ]]; then
	shift
	exec scripts/bench-datapath.sh "$@"
fi
need_root
need_compiler
ensure ip=iproute2 strace=strace
IPVSADM_REFERENCE=$(reference)
export IPVSADM_REFERENCE
bench=$(cargo bench --bench classic --no-run --message-format=json |
	sed -n 's/.*"executable":"\([^"]*classic-[^"]*\)".*/\1/p' | tail -n 1)
[ -n "$bench" ] || die "cargo built no benchmark"
IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800} exec "$top/scripts/vm.sh" "$bench" "$@"
