#!/usr/bin/env bash
# page-picture.sh: runs `ipvsadm serve' under traffic in a guest, and writes what Chromium
# shows as docs/page.png, a picture of the README.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

vip=192.0.2.80:80

# inside FOLDER: the guest is client, director and real servers at once.
inside() {
	local folder=$1 number url=http://127.0.0.1:9469/
	export PATH=$top/target/debug:$PATH
	echo lvs1 >/proc/sys/kernel/hostname
	mkdir -p /tmp/site
	head -c 20000 /dev/zero >/tmp/site/index.html
	ip address add "${vip%:*}/32" dev lo
	ipvsadm -A -t "$vip" -s wlc
	for number in 1 2 3 4; do
		ip address add "10.0.0.1$number/32" dev lo
		busybox httpd -p "10.0.0.1$number:8080" -h /tmp/site
		ipvsadm -a -t "$vip" -r "10.0.0.1$number:8080" -m -w "$number"
	done
	ipvsadm -A -u 192.0.2.53:53 -s rr
	ipvsadm -a -u 192.0.2.53:53 -r 10.0.0.11:53 -m
	ipvsadm drain -t "$vip" -r 10.0.0.11:8080 --detach --reason 'new kernel'
	ipvsadm serve &
	# The rate of the requests rises and falls.
	while :; do
		curl -s "http://$vip/?[1-$((5 + SECONDS / 9 % 4 * 12))]" >/dev/null
		sleep 0.3
	done &
	for number in 1 2 3 4 5; do
		sleep 60 3<>"/dev/tcp/${vip/://}" &
	done
	sleep 45
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1200,860 \
		--screenshot="$folder/page.png" "$url" 2>/dev/null
	test -s "$folder/page.png"
}

if [[ ${1:-} == --inside ]]; then
	inside "$2"
	exit
fi
cd "$top"
need_compiler
ensure chromium=chromium curl=curl busybox=busybox-static ip=iproute2
cargo build --quiet --bin ipvsadm
folder=$(mktemp -d /tmp/ipvs-picture.XXXXXX)
trap 'rm -rf "$folder"' EXIT
IPVS_VM_SHARE=$folder scripts/vm.sh scripts/page-picture.sh --inside "$folder"
mv "$folder/page.png" docs/page.png
