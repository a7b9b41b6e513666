# shellcheck shell=bash
# What the scripts share. Source it; it runs nothing by itself.

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# Debian keeps half of the tools here, and a user's PATH often lacks it.
for dir in /usr/local/sbin /usr/sbin /sbin; do
	case :$PATH: in
		*:$dir:*) ;;
		*) PATH=$PATH:$dir ;;
	esac
done
export PATH

say() { printf '%s\n' "$*" >&2; }

die() {
	say "${0##*/}: $*"
	exit 1
}

need_root() {
	[[ $EUID -eq 0 ]] || die "this needs root: run it again with sudo"
}

# install_packages PACKAGE...
install_packages() {
	command -v apt-get >/dev/null ||
		die "missing: $*; install what provides them here (these are Debian's package names)"
	[[ $EUID -eq 0 ]] || die "missing Debian packages: run 'sudo apt-get install $*' first"
	local lock=-oDPkg::Lock::Timeout=300
	say "installing $*"
	DEBIAN_FRONTEND=noninteractive apt-get "$lock" install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return
	apt-get "$lock" update -qq >/dev/null || die "apt-get update failed: check the network and apt's sources"
	DEBIAN_FRONTEND=noninteractive apt-get "$lock" install -y -qq --no-install-recommends "$@" >/dev/null ||
		die "apt-get could not install: $*"
}

# ensure COMMAND=PACKAGE...
ensure() {
	local pair missing=()
	for pair; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
}

# What cargo links with: Debian's gcc alone has no libc.
need_linker() {
	command -v cc >/dev/null || install_packages gcc libc6-dev
}

# Cargo where rustup puts it, and its linker.
need_compiler() {
	[[ ! -d $HOME/.cargo/bin ]] || PATH=$PATH:$HOME/.cargo/bin
	command -v cargo >/dev/null || die "missing: cargo; install Rust from https://rustup.rs for this user, then run this again"
	need_linker
}

# built NAME: the path of a test or benchmark, from what cargo says of it on stdin
built() {
	sed -n "s|.*\"executable\":\"\([^\"]*/$1-[0-9a-f]*\)\".*|\1|p" | tail -n 1
}

# True where tests can use the running kernel: it has IPVS, and we are root in
# the initial user namespace (IPVS refuses every other one, reads included).
have_ipvs() {
	case ${IPVS_TESTBED:-} in
		host) return 0 ;;
		uml) return 1 ;;
		'') ;;
		*) die "IPVS_TESTBED is '$IPVS_TESTBED': set it to host or uml, or not at all" ;;
	esac
	local inside outside count key value
	[[ $EUID -eq 0 ]] || return 1
	read -r inside outside count </proc/self/uid_map || return 1
	[[ "$inside $outside $count" == "0 0 4294967295" ]] || return 1
	while read -r key value; do
		# bit 12 is CAP_NET_ADMIN, bit 21 CAP_SYS_ADMIN (for network namespaces)
		[[ $key != CapEff: ]] || (((0x$value >> 12 & 1) && (0x$value >> 21 & 1))) || return 1
	done </proc/self/status
	[[ -e /proc/net/ip_vs ]] || modprobe -q ip_vs 2>/dev/null || return 1
	[[ -e /proc/net/ip_vs ]]
}

# True where the running kernel has nftables' family for ARP.
has_nft_arp() {
	unshare --net nft add table arp probe 2>/dev/null
}

# Prints the path of Debian's own ipvsadm, unpacked below target/ and not
# installed: what this project replaces, and what its tests compare with.
reference() {
	local dir=$top/target/testbed/reference binary deb packages=() missing
	if ! binary=$(reference_binary "$dir"); then
		ensure apt-get=apt dpkg=dpkg
		mkdir -p "$dir"
		deb=$(mktemp -d "$dir.XXXXXX")
		# apt drops root for downloads, and complains where it cannot write.
		(cd "$deb" && { apt-get download -qq -oAPT::Sandbox::User=root ipvsadm 2>/dev/null ||
			{ [[ $EUID -eq 0 ]] && apt-get update -qq && apt-get download -qq -oAPT::Sandbox::User=root ipvsadm; }; }) >&2 ||
			{ rm -rf "$deb"; die "could not download Debian's ipvsadm package: check the network and apt's sources"; }
		dpkg -x "$deb"/ipvsadm_*.deb "$dir"
		rm -rf "$deb"
		binary=$(reference_binary "$dir") || die "no ipvsadm in Debian's ipvsadm package, look into $dir"
	fi
	if missing=$(ldd "$binary" | grep 'not found'); then
		local name
		for name in libnl-3-200 libnl-genl-3-200 libpopt0; do
			[[ $missing == *"${name%%-[0-9]*}"* || $name == libpopt0 ]] || continue
			apt-cache show "${name}t64" >/dev/null 2>&1 && name+=t64
			packages+=("$name")
		done
		install_packages "${packages[@]}"
	fi
	printf '%s\n' "$binary"
}

reference_binary() {
	local path
	for path in "$1"/usr/sbin/ipvsadm "$1"/sbin/ipvsadm; do
		[[ -x $path ]] || continue
		printf '%s\n' "$path"
		return
	done
	return 1
}
