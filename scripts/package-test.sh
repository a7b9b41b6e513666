#!/usr/bin/env bash
# package-test.sh [TEST...]: builds the Debian package and the RPM, and tests them
# (tests/package) on Debian machines inside a user-mode Linux guest: never on
# this one, whatever its kernel can do. Needs the network, for Debian's packages.
#
#   IPVS_PACKAGE_BUILT  not empty: test what was built before
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# What of the field is tested, and what that needs.
field=(ipvsadm ldirectord keepalived ctdb sosreport python3 procps kmod)

cd "$top"
need_root
ensure mmdebstrap=mmdebstrap unshare=util-linux cpio=cpio
testbed=$top/target/testbed
mkdir -p "$testbed/roots" "$testbed/debian"

# root NAME PACKAGE...: a Debian of this machine's release, made once
root() {
	local name=$1 suite list
	shift
	list=$testbed/roots/$name.packages
	[[ ! -e $testbed/roots/$name || $(cat "$list") != "$*" ]] || return 0
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:?}")
	say "making a Debian $suite root with $*"
	rm -rf "$testbed/roots/.$name" "$testbed/roots/$name"
	mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "$*")" "$suite" "$testbed/roots/.$name"
	echo "$*" >"$list"
	mv "$testbed/roots/.$name" "$testbed/roots/$name"
}

if [[ -z ${IPVS_PACKAGE_BUILT:-} ]]; then
	scripts/package.sh deb
	scripts/package.sh rpm
	mkdir target/rpm/tree
	rpm2cpio target/rpm/RPMS/*/*.rpm | (cd target/rpm/tree && cpio --quiet -idm)
fi
root fresh systemd-sysv iproute2
root equipped systemd-sysv iproute2 kmod curl busybox-static
root field systemd-sysv iproute2 "${field[@]}"
if [[ ! -e $testbed/debian/ipvsadm.deb ]]; then
	fetched=$(mktemp -d "$testbed/debian/XXXXXX")
	trap 'rm -rf "$fetched"' EXIT
	fetch=(apt-get download -qq -oAPT::Sandbox::User=root ipvsadm)
	(cd "$fetched" && { "${fetch[@]}" || { apt-get update -qq && "${fetch[@]}"; }; })
	mv "$fetched"/ipvsadm_*.deb "$testbed/debian/ipvsadm.deb"
	trap - EXIT
	rmdir "$fetched"
fi

triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${triple}_RUNNER=$top/scripts/vm.sh"
export IPVS_TESTBED=uml IPVS_VM_MEM=${IPVS_VM_MEM:-2048M} IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}
# One CPU and much waiting: two machines at once.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-2}
cargo test --test package -- "$@"
