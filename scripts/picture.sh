#!/usr/bin/env bash
# picture.sh: runs the program in a terminal of a guest and draws the results as
# docs/tour.svg and docs/top.svg, the pictures of the README.
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

# A director with three real servers and clients on one host; \`top' for a minute.
live() {
	export PATH=$top/target/debug:$PATH LC_ALL=C.UTF-8
	cd "$(mktemp -d)"
	local host port
	for host in 192.0.2.80 10.0.0.11 10.0.0.12 10.0.0.13; do ip address add "$host/32" dev lo; done
	head -c 8000 /dev/zero >page
	for host in 11 12 13; do
		for port in 8080 8443; do busybox httpd -p "10.0.0.$host:$port" -h .; done
	done
	ipvsadm -R <<-END
		-A -t 192.0.2.80:80 -s wrr
		-a -t 192.0.2.80:80 -r 10.0.0.11:8080 -m -w 3
		-a -t 192.0.2.80:80 -r 10.0.0.12:8080 -m -w 2
		-a -t 192.0.2.80:80 -r 10.0.0.13:8080 -m -w 3
		-A -t 192.0.2.80:443 -s wlc
		-a -t 192.0.2.80:443 -r 10.0.0.11:8443 -m -w 1 -x 20
		-a -t 192.0.2.80:443 -r 10.0.0.12:8443 -m -w 1
		-A -u [2001:db8::80]:53 -s rr
		-a -u [2001:db8::80]:53 -r [2001:db8::21]:53 -m -w 1
		-a -u [2001:db8::80]:53 -r [2001:db8::22]:53 -m -w 0
	END
	ipvsadm drain -t 192.0.2.80:80 -r 10.0.0.13:8080 --detach >/dev/null
	clients 80 0 &
	clients 443 0.3 &
	timeout --foreground 75 script -qec "stty cols 110 rows 17; exec ipvsadm top --interval 500ms" output >/dev/null </dev/null || true
	# Without the end, when the terminal is given back, and without the last line of script.
	sed 's/\x1b\[?1049l.*//; /^Script done/d' output
}

# clients PORT PAUSE: requests one after the other, in waves.
clients() {
	local i
	for ((i = 0; ; i++)); do
		busybox wget -q -O /dev/null "http://192.0.2.80:$1/page" || true
		sleep "$2"
		((i % 400 < 250)) || sleep 0.1
	done
}

case ${1:-} in --inside-tour) tour ;; --inside-top) live ;; esac
[[ ${1:-} != --inside-* ]] || exit 0
cd "$top"
need_compiler
ensure script=bsdutils
cargo build --quiet --bin ipvsadm --example picture

# draw NAME COLUMNS ROWS MARK < OUTPUT: draws a picture, which must contain MARK.
draw() {
	target/debug/examples/picture "$2" "$3" >"target/$1.svg"
	grep -q "$4" "target/$1.svg" || die "the run failed: see target/$1.svg"
	mv "target/$1.svg" "docs/$1.svg"
}

export TERM=xterm-256color
[[ $# -gt 0 ]] || set -- tour top
for name in "$@"; do
	case $name in
		tour)
			script -qec 'scripts/vm.sh --terminal scripts/picture.sh --inside-tour' /dev/null </dev/null |
				sed '0,/^BEGIN/d' | draw tour "$columns" "$rows" 'apply new.rules'
			;;
		top) scripts/vm.sh scripts/picture.sh --inside-top | draw top 110 17 drain ;;
		*) die "there is no picture '$name': tour, top" ;;
	esac
done
