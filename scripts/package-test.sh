#!/usr/bin/env bash
# package-test.sh [TEST...]: builds the Debian package and the RPM, and tests them
# (tests/package) in Debian systems inside a User-mode Linux guest, never on this
# machine, even if its kernel has IPVS. Downloads Debian packages from the network.
#
#   IPVS_PACKAGE_BUILT  if not empty, test the packages that were built before
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# Other programs that the tests run with ipvsadm, and what these programs need.
field=(ipvsadm ldirectord keepalived ctdb sosreport python3 procps kmod rpm
	bash-completion zsh fish)

cd "$top"
need_root
need_compiler
ensure mmdebstrap=mmdebstrap unshare=util-linux flock=util-linux
testbed=$top/target/testbed
mkdir -p "$testbed/roots" "$testbed/debian"
# A second run at the same time waits until everything is built.
exec 9>"$testbed/roots/lock"
flock 9

# root NAME PACKAGE...: creates a root directory with this machine's Debian release, once
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

# documented: prints each command in the documents that builds a package, once
documented() {
	grep -ohE '^( {4})?scripts/package\.sh[^#]*' README.md docs/install.md | awk '{ $1 = $1 } !seen[$0]++'
}

# older_rpm: builds an earlier release with another rule file, to upgrade from
older_rpm() {
	local out=$top/target/rpm
	sed -e 's/^Release: .*/Release: 0/' \
		-e '/^install .*ipvsadm.rules/a echo "# of release 0" >>%{buildroot}%{rules}' \
		packaging/ipvsadm.spec >"$out/older.spec"
	release_program
	IPVSADM_PROGRAM=$program rpmbuild -bb --nodeps --quiet \
		--define "_topdir $out" --define "_rpmdir $out/older" "$out/older.spec"
}

if [[ -z ${IPVS_PACKAGE_BUILT:-} ]]; then
	documented | while read -r command; do
		say "the documents say: $command"
		bash -euc "$command --lint" </dev/null
	done
	older_rpm
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
flock -u 9
exec 9>&-

export IPVS_TESTBED=uml IPVS_VM_MEM=${IPVS_VM_MEM:-2048M} IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}
# The tests wait much of the time, so run two machines at once on one CPU.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-2}
tests=$(cargo test --test package --no-run --message-format=json-render-diagnostics | built package)
[[ -n $tests ]] || die "cargo built no test binary 'package'"
exec scripts/vm.sh "$tests" "$@"
