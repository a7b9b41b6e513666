#!/usr/bin/env bash
# lint.sh: runs rustfmt, clippy, rustdoc and shellcheck. Any finding makes it fail.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[[ $# -eq 0 ]] || die "lint.sh takes no arguments"
cd "$top"
need_compiler
ensure shellcheck=shellcheck
cargo fmt --check
cargo clippy --all-targets -- -D warnings
cargo clippy --no-default-features -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet
shellcheck --external-sources x .ci/* scripts/*.sh packaging/*.sh packaging/control
