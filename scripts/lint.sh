#!/usr/bin/env bash
# lint.sh: checks the format, the findings of clippy and rustdoc, and the scripts
# (by shellcheck). Every finding fails.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[[ $# -eq 0 ]] || die "lint.sh takes no arguments"
cd "$top"
need_compiler
ensure shellcheck=shellcheck
cargo fmt --check
cargo clippy --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet
shellcheck --external-sources x .ci/* scripts/*.sh packaging/*.sh packaging/control
