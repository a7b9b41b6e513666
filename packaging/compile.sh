#!/usr/bin/env bash
# packaging/compile.sh: builds the release program so that it contains no path of
# this machine. Needs cargo in PATH. Every script that needs a release build calls
# this one, because cargo recompiles everything if the flags differ.
#
#   CARGO_TARGET_DIR  where cargo builds (target)
set -euo pipefail
cd "$(dirname "$0")/.."
cargo_home=${CARGO_HOME:-$HOME/.cargo}

cargo fetch --locked
for sources in "$cargo_home"/registry/src/*/; do
	RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${sources%/}=/crates"
done
export RUSTFLAGS
cargo build --release --locked --bin ipvsadm
