#!/usr/bin/env bash
# picture.sh: runs the program in a terminal of a guest and draws the result as
# docs/tour.svg, the picture of the README.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

columns=80 rows=40

# What the picture shows: each command as typed, and its answer.
tour() {
	stty cols "$columns" rows "$rows"
	export PATH=$top/target/debug:$PATH
	cd "$(mktemp -d)"
	ipvsadm -A -t 192.0.2.80:80 -s wlc
	ipvsadm -a -t 192.0.2.80:80 -r 10.0.0.11:80 -m -w 3
	ipvsadm -a -t 192.0.2.80:80 -r 10.0.0.12:80 -m
	ipvsadm -S -n | sed 's/-w 3/-w 5/; s/10.0.0.12/10.0.0.13/' >new.rules
	printf 'BEGIN\n'
	local line
	for line in 'ipvsadm -L -n' 'ipvsadm diff new.rules' 'ipvsadm apply new.rules' \
		'ipvsadm -A -t 192.0.2.81 -s wrrr' 'ipvsadm set -t 192.0.2.80:80 -r 10.0.0.13:80 weight=0' \
		'ipvsadm -S -n'; do
		printf '\e[1m# %s\e[0m\n' "$line"
		eval "$line" || true
	done
}

if [[ ${1:-} == --inside ]]; then
	tour
	exit
fi
cd "$top"
need_compiler
ensure script=bsdutils
cargo build --quiet --bin ipvsadm --example picture
TERM=xterm-256color script -qec 'scripts/vm.sh --terminal scripts/picture.sh --inside' /dev/null </dev/null |
	sed '0,/^BEGIN/d' | target/debug/examples/picture "$columns" "$rows" >target/tour.svg
grep -q 'apply new.rules' target/tour.svg || die "the tour did not run: see target/tour.svg"
mv target/tour.svg docs/tour.svg
