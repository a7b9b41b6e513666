#!/usr/bin/env bash
# traffic.sh [--write] [TEST...]: packets through all modes (tests/traffic), on a
# kernel with IPVS. Leaves the matrix of what was proven in target/traffic.md;
# --write also puts it into docs/traffic.md.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

write=
if [[ ${1:-} == --write ]]; then
	write=1
	shift
fi
cd "$top"
need_root
need_compiler
ensure ip=iproute2 nft=nftables arptables=arptables tc=iproute2 timeout=coreutils

share=$(mktemp -d /tmp/traffic.XXXXXX)
trap 'rm -rf "$share"' EXIT
triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${triple}_RUNNER=$top/scripts/vm.sh"
export IPVS_VM_SHARE=$share TRAFFIC_REPORT=$share/traffic.md
# They mostly wait for what must not come.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-4}

cargo test --test traffic "$@"
# ARP suppression by rules needs no IPVS, but a kernel with an ARP filter, which Debian's
# User-mode Linux has not: none has nftables' ARP family, and since 7.2 none has arp_tables.
if grep -qs 'kernel has no ARP filter' "$TRAFFIC_REPORT"; then
	has_nft_arp || die "neither kernel has nftables' ARP family: --arp nft is not tested"
	IPVS_TESTBED=host cargo test --test traffic -- by_nft by_arptables
fi
# Some tests have no row.
[[ -e $TRAFFIC_REPORT ]] || exit 0
mkdir -p target
cp "$TRAFFIC_REPORT" target/traffic.md
[[ -z $write ]] || cp target/traffic.md docs/traffic.md
