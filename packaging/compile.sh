#!/usr/bin/env bash
# packaging/compile.sh: builds the release program, without the paths of this
# machine in it. Needs cargo in PATH. Every script that needs a release build
# calls this one: with other flags cargo would compile everything again.
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
