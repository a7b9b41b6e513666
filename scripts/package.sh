#!/usr/bin/env bash
# package.sh [--lint] [deb|rpm]
#
# Builds the Debian package (or the RPM) from this tree, including uncommitted
# changes. The package is written to target/debian (or target/rpm). --lint checks it
# with lintian (or rpmlint).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

lint=
kind=deb
for word; do
	case $word in
		--lint) lint=1 ;;
		deb | rpm) kind=$word ;;
		*) die "no package '$word': usage: package.sh [--lint] [deb|rpm]" ;;
	esac
done
cd "$top"
need_compiler
ensure tar=tar git=git
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

# sources FOLDER: copies the tree without files that git ignores, or, if the tree was
# unpacked from an archive, without target
sources() {
	rm -rf "$1"
	mkdir -p "$1"
	if [[ -e .git ]]; then
		git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' path; do
			[[ ! -e $path ]] || printf '%s\0' "$path"
		done
	else
		find . -path ./target -prune -o -type f -print0
	fi | tar -c --null -T - | tar -x -C "$1"
}

# The package gets the program that was already built here from the same sources.
# Cargo would build the copy of the sources again, because its path differs.
compile() {
	release_program
	export IPVSADM_PROGRAM=$program
}

deb() {
	local out=$top/target/debian found
	ensure dh=debhelper dpkg-buildpackage=dpkg-dev make=make
	dpkg-query -W -f '${Status}' build-essential 2>/dev/null | grep -q ' installed' ||
		install_packages build-essential
	found=$(dpkg-parsechangelog -S Version)
	[[ ${found#*:} == "$version" ]] ||
		die "debian/changelog has version $found, Cargo.toml $version: make them equal"
	compile
	mkdir -p "$out"
	rm -f "$out"/ipvsadm*.*
	sources "$out/source"
	say "building the Debian package $found"
	(cd "$out/source" && as_builder dpkg-buildpackage -b -us -uc)
	[[ -z $lint ]] || lint_deb
	ls "$out"/ipvsadm_*.deb
}

lint_deb() {
	ensure lintian=lintian
	say "checking it with lintian"
	lintian --allow-root --tag-display-limit 0 --fail-on error,warning "$out"/ipvsadm_*.changes
}

rpm_package() {
	local out=$top/target/rpm found
	ensure rpmbuild=rpm
	found=$(sed -n 's/^Version: *//p' packaging/ipvsadm.spec)
	[[ $found == "$version" ]] ||
		die "packaging/ipvsadm.spec has version $found, Cargo.toml $version: make them equal"
	compile
	rm -rf "$out"
	mkdir -p "$out/SOURCES"
	sources "$out/ipvsadm-$version"
	tar -C "$out" -czf "$out/SOURCES/ipvsadm-$version.tar.gz" "ipvsadm-$version"
	rm -r "$out/ipvsadm-$version"
	say "building the RPM $version"
	# On distributions without RPM, no RPM package provides the build dependencies.
	as_builder rpmbuild -bb --nodeps --define "_topdir $out" packaging/ipvsadm.spec
	if [[ -n $lint ]]; then
		ensure rpmlint=rpmlint
		say "checking it with rpmlint"
		rpmlint --strict -c packaging/rpmlint.toml packaging/ipvsadm.spec "$out"/RPMS/*/*.rpm
	fi
	ls "$out"/RPMS/*/*.rpm
}

case $kind in
	deb) deb ;;
	rpm) rpm_package ;;
esac
