#!/usr/bin/env bash
# kernel.sh SUITE: fetches the User-mode Linux kernel of another Debian suite
# (trixie: 6.12, sid: newer) into target/testbed/kernels/SUITE and prints the
# path of its linux.uml, for vm.sh:
#   IPVS_VM_KERNEL=$(scripts/kernel.sh sid) scripts/test.sh
# The apt configuration of this machine is not changed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

suite=${1:?"usage: kernel.sh SUITE, for example: kernel.sh trixie"}
[[ $suite =~ ^[a-z]+$ ]] || die "'$suite' is not the name of a Debian suite such as trixie or sid"
dir=$top/target/testbed/kernels/$suite
kernel=$dir/tree/usr/bin/linux.uml

# linux.uml needs the C library of its own suite: patch the path into a copy of it.
fetch() {
	local new=$1 packages=(user-mode-linux libc6) options loader binary
	options=(-qq "-oDir::Etc::sourceparts=$new/sources" -oDir::Etc::sourcelist=/nonexistent
		"-oDir::State::Lists=$new/lists" "-oDir::Cache=$new/cache" -oAPT::Sandbox::User=root)
	mkdir -p "$new"/{sources,lists/partial,cache/archives/partial,debs,tree}
	local source
	for source in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		[[ ! -s $source ]] || break
	done
	[[ -s $source ]] || die "/etc/apt has no Debian source, so it is not known where to fetch packages from"
	case $source in
		# The first stanza is the main archive; not every release has a security suite of that name.
		*.sources) sed -e '/^$/q' -e "s/^Suites:.*/Suites: $suite/" -e 's/^Components:.*/Components: main/' "$source" >"$new/sources/suite.sources" ;;
		*) awk -v suite="$suite" '$1 == "deb" { $(NF > 3 && $2 ~ /^\[/ ? 4 : 3) = suite; print; exit }' "$source" >"$new/sources/suite.list" ;;
	esac
	apt-get "${options[@]}" update >&2
	(cd "$new/debs" && apt-get "${options[@]}" download "${packages[@]}" >&2)
	local deb
	for deb in "$new"/debs/*.deb; do dpkg -x "$deb" "$new/tree"; done
	binary=$new/tree/usr/bin/linux.uml
	loader=$(find "$new/tree" -name 'ld-linux-*.so.*' | head -n 1)
	[[ -n $loader && -x $binary ]] || die "the packages of $suite contain no linux.uml or no C library"
	# Give the binary the paths that are valid after the move.
	loader=$dir/${loader#"$new"/}
	cp "$binary" "$binary.new"
	patchelf --set-interpreter "$loader" --set-rpath "$dir/tree/usr/lib/$(uname -m)-linux-gnu" "$binary.new"
	mv "$binary.new" "$binary"
	rm -rf "$new"/{lists,cache,debs,sources}
}

if [[ ! -x $kernel ]]; then
	ensure apt-get=apt dpkg=dpkg patchelf=patchelf
	mkdir -p "${dir%/*}"
	new=$(mktemp -d "$dir.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	fetch "$new"
	rm -rf "$dir"
	mv "$new" "$dir"
fi
"$kernel" --version >/dev/null || die "$kernel does not run here; remove $dir to fetch it again"
printf '%s\n' "$kernel"
