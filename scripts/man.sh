#!/usr/bin/env bash
# The manual: checks its pages, or with --write makes the parts that come from
# the tables of the program.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
case ${1:-} in
	'') ensure mandoc=mandoc man=man-db ;;
	--write) export IPVSADM_WRITE_MAN=1 ;;
	*) die "usage: man.sh [--write]" ;;
esac
cargo test --test cli "manual::${1:+the_parts}"
