#!/usr/bin/env bash
# Every test: those that need no kernel here, the others on a kernel with IPVS
# (the running one where it has IPVS, else a user-mode Linux guest).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
command -v cargo >/dev/null || die "missing: cargo; install Rust with rustup first"
need_root
ensure cc=gcc ip=iproute2 strace=strace python3=python3
IPVSADM_REFERENCE=$(reference)
export IPVSADM_REFERENCE

here=(--lib --bins --test cli --test tidy)
kernel=()
for dir in tests/*/; do
	name=$(basename "$dir")
	case $name in
		common | cli) ;;
		*) kernel+=(--test "$name") ;;
	esac
done

cargo build --tests
cargo test "${here[@]}" "$@"
cargo test --doc
triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${triple}_RUNNER=$top/scripts/vm.sh"
cargo test "${kernel[@]}" "$@"
