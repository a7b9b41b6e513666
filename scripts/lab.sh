#!/usr/bin/env bash
# lab.sh [--mode nat|dr|tun] [--family 4|6] [--prepare none|manual|program]
#
# Builds the small network of netns-setup.sh (client, router, director and two real
# servers) and opens a shell on the director. ipvsadm in this shell is the program
# built from this tree. When you leave the shell, the network is removed, and the
# guest, if there is one, ends.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

setup=$top/scripts/netns-setup.sh
bin=/run/lvs-netns/bin

# A command for each host, and the program.
commands() {
	local host
	mkdir -p "$bin"
	for host in client router director rs1 rs2; do
		cat >"$bin/$host" <<-END
			#!/bin/bash
			[[ \$# -gt 0 ]] || set -- env "LAB_HOST=$host" bash --rcfile $bin/../bashrc -i
			exec ip netns exec lvs-$host "\$@"
		END
		chmod +x "$bin/$host"
	done
	ln -sf "$IPVSADM" "$bin/ipvsadm"
	cat >"$bin/../bashrc" <<-END
		PATH=$bin:\$PATH HISTFILE=
		PS1='\${LAB_HOST}# '
		source <(ipvsadm completions bash)
	END
}

greeting() {
	local vip service url rip1 rip2 mode family method=-m
	local picture="client --- router --- director, rs1, rs2"
	# shellcheck source=/dev/null
	. /run/lvs-netns/env
	case $mode in
		nat) picture="client --- router --- director --- rs1, rs2" ;;
		dr) method=-g ;;
		tun) method=-i ;;
	esac
	cat <<-END

		Linux $(uname -r), LVS/${mode^^} over IPv$family. You are on the director.

		  $picture
		  virtual address $vip, HTTP servers $rip1 (rs1) and $rip2 (rs2)

		  client, router, director, rs1, rs2
		      each is a command: "client ip address" runs ip on the client,
		      "rs1" alone opens a shell there
		  ipvsadm
		      $IPVSADM

		Try:
	END
	if [[ -z $(ipvsadm -S -n) ]]; then
		cat <<-END
			  ipvsadm -A -t $service -s rr
			  ipvsadm -a -t $service -r $rip1 $method
			  ipvsadm -a -t $service -r $rip2 $method
		END
	fi
	cat <<-END
		  client curl -s "$url"
		  ipvsadm -L -n --stats
		  ipvsadm set -t $service -r $rip1 weight=0
		  ipvsadm director status
		  rs1 ipvsadm rs status

		exit (or Ctrl-D) takes everything down.

	END
}

inside() {
	commands
	# Run it in the director's namespace: the initial namespace's table may be this machine's.
	export PATH=$bin:$PATH LAB_HOST=director
	director "$0" --greeting
	director || true
}

if [[ ${1:-} == --greeting ]]; then
	greeting
	exit
elif [[ ${1:-} == --inside ]]; then
	shift
	if [[ $# -gt 0 ]]; then
		trap '"$setup" down' EXIT
		"$setup" up "$@"
	fi
	inside
	exit
fi

mode=nat family=4 prepare=program
while [[ $# -gt 0 ]]; do
	case $1 in
		--mode) mode=${2:?"--mode needs nat, dr or tun"} ;;
		--family) family=${2:?"--family needs 4 or 6"} ;;
		--prepare) prepare=${2:?"--prepare needs none, manual or program"} ;;
		-h | --help) help_of "$0" && exit ;;
		*) die "no option $1: see lab.sh --help" ;;
	esac
	shift 2
done
check_network "$mode" "$family" "$prepare"
need_terminal "the shell"
need_compiler
ensure_network_tools
cargo build --locked --bin ipvsadm --manifest-path "$top/Cargo.toml"
export IPVSADM=${CARGO_TARGET_DIR:-$top/target}/debug/ipvsadm
exec "$top/scripts/vm.sh" --terminal "$0" --inside --mode "$mode" --family "$family" --prepare "$prepare"
