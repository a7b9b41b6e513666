#!/bin/bash
# netns-setup.sh: builds a small LVS network in network namespaces (ip netns, lvs-*).
#
#   netns-setup.sh up [--mode nat|dr|tun] [--family 4|6] [--prepare none|manual|program]
#   netns-setup.sh down
#   netns-setup.sh exec client|router|director|rs1|rs2 COMMAND [ARG...]
#   netns-setup.sh status
#
#   client -- router --+-- director       nat: rs1 and rs2 on the director's back side
#                      |                  dr:  rs1 and rs2 on the director's network
#                      +-- (rs1, rs2)     tun: rs1 and rs2 on another network
#
# Both real servers answer HTTP requests (port 80, with nat 8080) with their name,
# over IPv4 and IPv6. --prepare chooses how director and real servers are prepared
# for the virtual address: not at all (none), by ip and sysctl (manual, the
# default), or by the verbs of the program that $IPVSADM names (program).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

hosts=(client router director rs1 rs2)
state=/run/lvs-netns
program=${IPVSADM:-ipvsadm}

usage() {
	help_of "$0"
}

on() {
	local host=$1
	shift
	ip netns exec "lvs-$host" "$@"
}

# wire HOST INTERFACE BRIDGE ADDRESS4 ADDRESS6; all from the documentation ranges:
#   outside 198.51.100.0/24  2001:db8:c::/64
#   front   192.0.2.0/24     2001:db8:f::/64
#   back    203.0.113.0/24   2001:db8:b::/64
wire() {
	local host=$1 interface=$2 bridge=$3 address4=$4 address6=$5
	ip -n lvs-switch link add "$host-$bridge" type veth peer name "$interface" netns "lvs-$host"
	ip -n lvs-switch link set "$host-$bridge" master "$bridge" up
	ip -n "lvs-$host" link set "$interface" up
	ip -n "lvs-$host" address add "$address4" dev "$interface"
	ip -n "lvs-$host" address add "$address6" dev "$interface" nodad
}

default_route() {
	ip -n "lvs-$1" route add default via "$2"
	ip -n "lvs-$1" -6 route add default via "$3"
}

# A new namespace inherits the IPv4 settings of the machine: reset them to the kernel's
# defaults.
make_host() {
	ip netns add "lvs-$1"
	ip -n "lvs-$1" link set lo up
	sysctls "$1" net.ipv4.conf.{all,default}.{rp_filter,arp_ignore,arp_announce,forwarding}=0 \
		net.ipv6.conf.{all,default}.{disable_ipv6,accept_dad,accept_ra}=0
}

sysctls() {
	local host=$1
	shift
	on "$host" sysctl -qw "$@"
}

build() {
	local host number bridge
	for host in "${hosts[@]}" switch; do
		make_host "$host"
	done
	for bridge in outside front back; do
		ip -n lvs-switch link add "$bridge" type bridge
		ip -n lvs-switch link set "$bridge" up
	done
	wire client eth0 outside 198.51.100.10/24 2001:db8:c::10/64
	wire router eth0 outside 198.51.100.1/24 2001:db8:c::1/64
	wire router eth1 front 192.0.2.1/24 2001:db8:f::1/64
	wire director eth0 front 192.0.2.2/24 2001:db8:f::2/64
	sysctls router net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	default_route client 198.51.100.1 2001:db8:c::1
	default_route director 192.0.2.1 2001:db8:f::1

	case $mode in
		nat) wire director eth1 back 203.0.113.1/24 2001:db8:b::1/64 ;;
		tun) wire router eth2 back 203.0.113.1/24 2001:db8:b::1/64 ;;
	esac
	for number in 1 2; do
		if [[ $mode == dr ]]; then
			wire "rs$number" eth0 front "192.0.2.1$number/24" "2001:db8:f::1$number/64"
			default_route "rs$number" 192.0.2.1 2001:db8:f::1
		else
			wire "rs$number" eth0 back "203.0.113.1$number/24" "2001:db8:b::1$number/64"
			default_route "rs$number" 203.0.113.1 2001:db8:b::1
		fi
	done
}

serve() {
	local host=$1 page=$state/$1
	mkdir -p "$page"
	echo "$host" >"$page/index.html"
	ip netns exec "lvs-$host" setsid busybox httpd -f -p "$rport" -h "$page" </dev/null >/dev/null 2>&1 &
	local tries
	for ((tries = 0; tries < 50; tries++)); do
		[[ $(on "$host" curl -s -m 2 "http://127.0.0.1:$rport/" 2>/dev/null) != "$host" ]] || return 0
		sleep 0.1
	done
	die "the HTTP server of $host does not answer on port $rport"
}

# Does with ip and sysctl what the verbs "director prepare" and "rs prepare" do, without checks.
# The order matters: suppress ARP first, add the address last.
prepare_manual() {
	local host
	ip -n lvs-director address add "$vip/$bits" dev eth0 "${quiet[@]}"
	if [[ $mode == nat ]]; then
		sysctls director net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
		return
	fi
	[[ $mode != tun ]] || modprobe "$tunnel_module" || die "no kernel module $tunnel_module: TUN needs it"
	for host in rs1 rs2; do
		sysctls "$host" net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		if [[ $mode == tun ]]; then
			sysctls "$host" "net.ipv4.conf.$device.rp_filter=0"
			ip -n "lvs-$host" link set "$device" up
		fi
		ip -n "lvs-$host" address add "$vip/$bits" dev "$device" "${quiet[@]}"
	done
}

prepare_program() {
	local host
	verb director director prepare --mode "$mode" --vip "$vip" --iface eth0
	for host in rs1 rs2; do
		case $mode in
			nat) verb "$host" rs prepare --mode nat --director "$gateway" ;;
			dr) verb "$host" rs prepare --mode dr --vip "$vip" ;;
			tun) verb "$host" rs prepare --mode tun --vip "$vip" --tunnel ipip --rip "${!host}" ;;
		esac
	done
}

verb() {
	local host=$1
	shift
	printf '%s# ipvsadm %s\n' "$host" "$*"
	on "$host" "$program" "$@"
}

up() {
	mode=nat family=4 prepare=manual
	while [[ $# -gt 0 ]]; do
		[[ $# -ge 2 ]] || die "$1 needs a value"
		case $1 in
			--mode) mode=$2 ;;
			--family) family=$2 ;;
			--prepare) prepare=$2 ;;
			*) die "no option $1: see netns-setup.sh --help" ;;
		esac
		shift 2
	done
	check_network "$mode" "$family" "$prepare"
	need_root
	ensure_network_tools

	if [[ -e $state/env && $(<"$state/asked") == "$mode $family $prepare" ]]; then
		say "already up: mode $mode, IPv$family, prepare $prepare"
		return
	fi
	down

	local net4=203.0.113 net6=2001:db8:b
	[[ $mode != dr ]] || net4=192.0.2 net6=2001:db8:f
	rport=80 device=lo
	[[ $mode != nat ]] || rport=8080
	# shellcheck disable=SC2034 # $state/env says them all
	if [[ $family == 4 ]]; then
		vip=192.0.2.80 bits=32 quiet=() url=http://192.0.2.80/
		rs1=$net4.11 rs2=$net4.12 gateway=$net4.1
		service=$vip:80 rip1=$rs1:$rport rip2=$rs2:$rport
		tunnel_module=ipip tunnel_device=tunl0
	else
		vip=2001:db8:f::80 bits=128 quiet=(nodad preferred_lft 0) url="http://[$vip]/"
		rs1=$net6::11 rs2=$net6::12 gateway=$net6::1
		service=[$vip]:80 rip1=[$rs1]:$rport rip2=[$rs2]:$rport
		tunnel_module=ip6_tunnel tunnel_device=ip6tnl0
	fi
	[[ $mode != tun ]] || device=$tunnel_device

	[[ -e /proc/sys/net/ipv6 ]] || modprobe ipv6 || die "this kernel has no IPv6: the testbed uses both families"
	mkdir -p "$state"
	echo "$mode $family $prepare" >"$state/asked"
	trap 'down; say "netns-setup.sh: up failed; everything was taken down again"' EXIT
	build
	serve rs1
	serve rs2
	[[ $prepare == none ]] || "prepare_$prepare"
	trap - EXIT
	# The output is a script to be sourced.
	local name
	for name in mode family vip service url rip1 rip2; do
		printf '%s=%q\n' "$name" "${!name}"
	done >"$state/env"
}

down() {
	local host pids
	# The state files of the verbs are outside of the namespaces.
	if [[ -e $state/asked && $(<"$state/asked") == *program ]]; then
		on director "$program" director undo >/dev/null || true
		for host in rs1 rs2; do
			on "$host" "$program" rs undo >/dev/null || true
		done
	fi
	for host in "${hosts[@]}" switch; do
		[[ -e /run/netns/lvs-$host ]] || continue
		pids=$(ip netns pids "lvs-$host")
		# shellcheck disable=SC2086 # a list
		[[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
		ip netns delete "lvs-$host"
	done
	rm -rf "$state"
}

status() {
	[[ -e $state/env ]] || die "the network does not exist: run netns-setup.sh up"
	cat "$state/env"
	local host
	for host in "${hosts[@]}"; do
		echo "$host"
		ip -n "lvs-$host" -brief address show | sed -n '/ [0-9a-f:.]*\//s/^/  /p'
		ip -n "lvs-$host" route show default | sed 's/^/  /'
		ip -n "lvs-$host" -6 route show default | sed 's/^/  /'
	done
	for host in rs1 rs2; do
		[[ -n $(ip netns pids "lvs-$host") ]] || die "the HTTP server of $host has ended: run netns-setup.sh down, then up"
	done
}

verb=${1:-}
[[ $# -eq 0 ]] || shift
case $verb in
	up) up "$@" ;;
	down)
		need_root
		down
		;;
	exec)
		[[ $# -ge 2 && " ${hosts[*]} " == *" $1 "* ]] || die "usage: netns-setup.sh exec ${hosts[*]/%/|} COMMAND [ARG...]"
		[[ -e /run/netns/lvs-$1 ]] || die "the network does not exist: run netns-setup.sh up"
		host=$1
		shift
		exec ip netns exec "lvs-$host" "$@"
		;;
	status) status ;;
	-h | --help | help) usage ;;
	*)
		usage >&2
		exit 2
		;;
esac
