#!/usr/bin/env bash
# traffic.sh [--write] [TEST...]
#
# Sends packets through IPVS in all modes (tests/traffic), on a kernel with IPVS, and
# writes the matrix of results to target/traffic.md. --write also copies the matrix
# to docs/traffic.md. Without --write and TEST, the script fails if the two files
# have different rows.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

write=
if [[ ${1:-} == --write ]]; then
	write=1
	shift
fi
cd "$top"
need_compiler
ensure ip=iproute2 nft=nftables arptables-legacy=arptables tc=iproute2 timeout=coreutils

share=$(mktemp -d /tmp/traffic.XXXXXX)
trap 'rm -rf "$share"' EXIT
export IPVS_VM_SHARE=$share TRAFFIC_REPORT=$share/traffic.md
# The tests mostly wait for packets that must not arrive.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-4}

tests=$(cargo test --test traffic --no-run --message-format=json-render-diagnostics | built traffic)
[[ -n $tests ]] || die "cargo built no test binary 'traffic'"
scripts/vm.sh "$tests" "$@"
# ARP suppression by rules needs no IPVS, but a kernel with an ARP filter. Debian's User-mode
# Linux has no ARP family of nftables, and since 7.2 no arp_tables.
if grep -qs 'kernel has no ARP filter' "$TRAFFIC_REPORT"; then
	has_nft_arp || die "neither kernel has nftables' ARP family: --arp nft is not tested"
	IPVS_TESTBED=host scripts/vm.sh "$tests" by_nft by_arptables
fi
# Some tests have no row.
[[ -e $TRAFFIC_REPORT ]] || exit 0
mkdir -p target
cp "$TRAFFIC_REPORT" target/traffic.md
if [[ -n $write ]]; then
	cp target/traffic.md docs/traffic.md
elif [[ $# -eq 0 ]]; then
	# Ignore the last column: it is the kernel version, which differs between machines.
	rows() { sed -n 's/^\(| .*\) | [^|]* |$/\1/p' "$1"; }
	diff <(rows docs/traffic.md) <(rows target/traffic.md) >&2 ||
		die "docs/traffic.md (<) differs from the results of the tests (>): run ./x traffic"
fi
