#!/usr/bin/env bash
# man.sh: writes those parts of man/ that tools/manual generates from the tables of
# the program. ./x test manual checks that these parts are up to date.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

[[ $# -eq 0 ]] || die "man.sh takes no arguments: it writes, and ./x test manual checks"
cd "$top"
need_compiler
cargo run --quiet --example manual
