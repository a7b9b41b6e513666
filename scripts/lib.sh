# shellcheck shell=bash
# Functions that the scripts share. Source this file; it only defines them.

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

# need_terminal WHAT
need_terminal() {
	[[ -t 0 && -t 1 ]] || die "$1 needs a terminal: standard input or output is something else"
}

need_root() {
	[[ $EUID -eq 0 ]] || die "this script needs root: run it again with sudo"
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

# unpack COMMAND=PACKAGE: adds COMMAND to PATH. The package is unpacked below target/,
# not installed: prometheus would start a server on this machine.
unpack() {
	local name=${1#*=} dir deb
	dir=$top/target/testbed/$name
	if [[ ! -x $dir/usr/bin/${1%%=*} ]] && ! command -v "${1%%=*}" >/dev/null; then
		ensure apt-get=apt dpkg=dpkg
		mkdir -p "$dir"
		deb=$(mktemp -d "$dir.XXXXXX")
		fetch_package "$name" "$deb" || { rm -rf "$deb"; die "could not download Debian's package $name: check the network and apt's sources"; }
		dpkg -x "$deb/$name"_*.deb "$dir"
		rm -rf "$deb"
	fi
	PATH=$PATH:$dir/usr/bin
}

# fetch_package PACKAGE FOLDER: downloads the .deb. Without "Sandbox", apt would drop
# root privileges and complain if it cannot write to FOLDER.
fetch_package() (
	cd "$2" || exit
	fetch=(apt-get download -qq -oAPT::Sandbox::User=root "$1")
	"${fetch[@]}" 2>/dev/null || { [[ $EUID -eq 0 ]] && apt-get update -qq && "${fetch[@]}"; }
) >&2

# Installs the linker for cargo: Debian's gcc alone has no libc.
need_linker() {
	command -v cc >/dev/null || install_packages gcc libc6-dev
}

# Finds cargo, also where rustup installs it, and a linker. Under sudo, finds the cargo
# of the calling user too.
need_compiler() {
	[[ ! -d $HOME/.cargo/bin ]] || PATH=$PATH:$HOME/.cargo/bin
	[[ -n $(builder_home) ]] || type -P cargo >/dev/null ||
		die "missing: cargo; install Rust from https://rustup.rs for this user, then run the same command again"
	need_linker
}

# Prints the home of the user who called sudo, if that user has a cargo.
builder_home() {
	local home
	[[ $EUID -eq 0 && -n ${SUDO_USER:-} && $SUDO_USER != root ]] || return 0
	home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
	[[ ! -x $home/.cargo/bin/cargo ]] || printf '%s\n' "$home"
}

# as_builder COMMAND [ARG...]: runs COMMAND as the user who owns cargo. A build by root
# would leave files in target/ that the user's next build could not replace.
as_builder() {
	local home
	home=$(builder_home)
	if [[ -n $home ]]; then
		runuser -u "$SUDO_USER" -- env "HOME=$home" "PATH=$home/.cargo/bin:$PATH" "$@"
	else
		env "$@"
	fi
}

cargo() {
	as_builder cargo "$@"
}

# Builds the release program, and sets program to its path.
release_program() {
	as_builder "$top/packaging/compile.sh"
	# shellcheck disable=SC2034 # for the callers
	program=${CARGO_TARGET_DIR:-$top/target}/release/ipvsadm
}

# check_network MODE FAMILY [PREPARE]: checks the options of netns-setup.sh
check_network() {
	local mode=$1 family=$2 prepare=${3:-none}
	[[ $mode =~ ^(nat|dr|tun)$ ]] || die "--mode is '$mode': use nat, dr or tun"
	[[ $family =~ ^[46]$ ]] || die "--family is '$family': use 4 or 6"
	[[ $prepare =~ ^(none|manual|program)$ ]] ||
		die "--prepare is '$prepare': use none, manual or program"
}

# Installs what netns-setup.sh runs.
ensure_network_tools() {
	ensure ip=iproute2 sysctl=procps busybox=busybox-static curl=curl modprobe=kmod setsid=util-linux
}

# help_of SCRIPT: prints the header comment of SCRIPT
help_of() {
	sed -n '2,/^set /{/^# shellcheck/d;/^#/s/^# \{0,1\}//p}' "$1"
}

# unknown WHAT WORD CANDIDATE...: exits, and names the candidates and the nearest one to WORD
unknown() {
	local what=$1 word=$2 near
	shift 2
	near=$(nearest "$word" "$@")
	say "${0##*/}: no $what '$word'${near:+: did you mean $near?}"
	die "the ${what}s are: $*"
}

# nearest WORD CANDIDATE...: prints the candidate that begins with WORD, or whose
# distance is at most a third of its letters
nearest() {
	local word=$1 candidate best='' least away
	shift
	least=$((${#word} / 3 + 1))
	for candidate; do
		[[ -z $word || $candidate != "$word"* ]] || { printf '%s\n' "$candidate" && return; }
		away=$(distance "$word" "$candidate")
		((away > least)) || { best=$candidate least=$((away - 1)); }
	done
	printf '%s\n' "$best"
}

# distance A B: how many letters to insert, delete, replace or swap with the next
distance() {
	local a=$1 b=$2 i j cost value
	local -A d
	for ((i = 0; i <= ${#a}; i++)); do d[$i,0]=$i; done
	for ((j = 0; j <= ${#b}; j++)); do d[0,$j]=$j; done
	for ((i = 1; i <= ${#a}; i++)); do
		for ((j = 1; j <= ${#b}; j++)); do
			cost=1
			[[ ${a:i-1:1} != "${b:j-1:1}" ]] || cost=0
			value=$((d[$((i - 1)),$((j - 1))] + cost))
			((d[$((i - 1)),$j] + 1 >= value)) || value=$((d[$((i - 1)),$j] + 1))
			((d[$i,$((j - 1))] + 1 >= value)) || value=$((d[$i,$((j - 1))] + 1))
			if ((i > 1 && j > 1)) && [[ ${a:i-1:1}${a:i-2:1} == "${b:j-2:2}" ]]; then
				((d[$((i - 2)),$((j - 2))] + 1 >= value)) || value=$((d[$((i - 2)),$((j - 2))] + 1))
			fi
			d[$i,$j]=$value
		done
	done
	printf '%s\n' "${d[${#a},${#b}]}"
}

# built NAME: reads cargo's messages on stdin and prints the path of that test or benchmark
built() {
	sed -n "s|.*\"executable\":\"\([^\"]*/$1-[0-9a-f]*\)\".*|\1|p" | tail -n 1
}

# True if tests can use the running kernel: it has IPVS, and we are root in the
# initial user namespace (in any other, IPVS rejects even reads).
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

# True if the running kernel has the ARP family of nftables.
has_nft_arp() {
	unshare --net nft add table arp probe 2>/dev/null
}

# Prints the path of Debian's own ipvsadm, which the tests compare with. It is
# unpacked below target/, not installed.
reference() {
	local dir=$top/target/testbed/reference binary deb packages=() missing
	if ! binary=$(reference_binary "$dir"); then
		ensure apt-get=apt dpkg=dpkg
		mkdir -p "$dir"
		deb=$(mktemp -d "$dir.XXXXXX")
		fetch_package ipvsadm "$deb" ||
			{ rm -rf "$deb"; die "could not download Debian's ipvsadm package: check the network and apt's sources"; }
		dpkg -x "$deb"/ipvsadm_*.deb "$dir"
		rm -rf "$deb"
		binary=$(reference_binary "$dir") || die "Debian's ipvsadm package contains no ipvsadm: look into $dir"
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
