#!/bin/bash
# Checks that the testbed works: runs itself in the guest and tries, in private
# network namespaces, every kernel feature that the tests need. --kernel is as for
# vm.sh:
#   scripts/vm-check.sh [--kernel PATH]
set -euo pipefail
# shellcheck source=SCRIPTDIR/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

if [[ ${1:-} != --inside ]]; then
	IPVSADM=$(reference)
	ensure nft=nftables strace=strace python3=python3
	export IPVSADM
	exec "$top/scripts/vm.sh" "$@" "$top/scripts/vm-check.sh" --inside
fi

failed=0
check() {
	local what=$1 answer
	shift
	if answer=$(unshare -n bash -euc "ip link set lo up; $*" 2>&1); then
		echo "ok      $what"
	else
		echo "FAILED  $what: $answer"
		failed=1
	fi
}

uname -sr
check "ipvsadm lists" "$IPVSADM -Ln"
check "a service with a server" "
	$IPVSADM -A -t 10.0.0.1:80
	$IPVSADM -a -t 10.0.0.1:80 -r 10.0.0.2
	$IPVSADM -Ln | grep -q '10.0.0.2:80 *Route'"
for scheduler in rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh; do
	check "scheduler $scheduler" "$IPVSADM -A -t 10.0.0.1:80 -s $scheduler"
done
check "persistence engine sip" "$IPVSADM -A -u 10.0.0.1:5060 -p 60 --pe sip"
check "sync daemon" "ip link add d0 type dummy; ip addr add 10.9.0.1/24 dev d0; ip link set d0 up
	$IPVSADM --start-daemon master --mcast-interface d0; $IPVSADM --stop-daemon master"
for kind in dummy bridge "veth peer name v1"; do
	check "link ${kind%% *}" "ip link add l0 type $kind; ip link set l0 up"
done
check "tunnel ipip" "ip link add t0 type ipip local 10.0.0.1 remote 10.0.0.2"
check "tunnel sit" "ip link add t0 type sit local 10.0.0.1 remote 10.0.0.2"
check "tunnel ip6tnl" "ip link add t0 type ip6tnl local fc00::1 remote fc00::2"
check "tunnel gre" "ip link add t0 type gre local 10.0.0.1 remote 10.0.0.2"
# fou's netlink family does not load its module by itself
check "tunnel fou" "modprobe fou; ip fou add port 5555 ipproto 4"
check "tunnel gue" "modprobe fou; ip fou add port 5556 gue"
# Debian's UML has nftables' core but, in 6.1, only the bridge family
check "nft, bridge family" "nft add table bridge t"
check "marks by traffic control" "ip link add l0 type dummy; tc qdisc add dev l0 clsact
	tc filter add dev l0 ingress protocol ip flower ip_proto tcp dst_port 80 action skbedit mark 7"
check "strace" "strace -f -c true"
check "python3" "python3 -c 'import socket; socket.socket()'"
check "named network namespace" "ip netns add n1; ip netns exec n1 ip link; ip netns del n1"
exit "$failed"
