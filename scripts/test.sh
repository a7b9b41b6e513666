#!/usr/bin/env bash
# test.sh [SUITE [NAME...]]
#
# Without SUITE, runs every test except those of the packages (package-test.sh).
# Tests that need a kernel with IPVS run on the running kernel if it has IPVS, and
# otherwise in User-mode Linux guests: two at a time, and a third one at low priority.
# With SUITE, builds and runs only that suite; with NAME, only those of its tests
# whose names contain NAME. Arguments that begin with a dash go to the test binary:
# --list, --exact, --nocapture, --skip NAME.
#
#   test.sh kernel                   the suite tests/kernel
#   test.sh kernel timeouts          its tests with "timeouts" in the name
#   test.sh compat --list            the names of its tests
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# Each row is a test binary and a selection of its tests that runs in one guest, the
# longest row first. 'absent' needs a kernel without IPv6 that has not loaded IPVS, so
# it always runs in a guest.
shards=(
	'compat --skip random'
	'prepare --skip crash'
	'apply'
	'prepare crash'
	'traffic'
	'docs'
	'completion'
	'absent'
	'kernel'
	'scripts'
)
# This row never waits, and its speed does not matter: it uses the CPU time that the
# other rows leave.
filler='compat random'

# Suites that need no kernel with IPVS. unit: unit tests of src; doc: its doc tests.
here=(unit doc tidy cli manual)

# on_kernel BINARY SUITE [WORD...]: runs a test binary on the kernel of its suite
on_kernel() {
	local binary=$1 suite=$2
	shift 2
	case $suite in
		prepare) IPVS_VM_SHARE=$share PREPARE_LEFT_OUT=$share/left-out "$top/scripts/vm.sh" "$binary" "$@" ;;
		absent) IPVS_TESTBED=uml IPVS_VM_APPEND=ipv6.disable=1 "$top/scripts/vm.sh" "$binary" "$@" ;;
		# This suite starts guests itself.
		scripts) as_builder "$binary" "$@" ;;
		*) "$top/scripts/vm.sh" "$binary" "$@" ;;
	esac
}

# run_shard SUITE [FILTER...]: runs tests and prints their output after they end.
run_shard() {
	local name=$1 run log status=0
	shift
	run=(on_kernel "$(binary "$name")" "$name")
	[[ $name != traffic ]] || run=("$top/scripts/traffic.sh")
	log=$(mktemp "$logs/log.XXXXXX")
	SECONDS=0
	"${run[@]}" "$@" >"$log" 2>&1 || status=$?
	printf '\n== %s %s: %s seconds\n' "$name" "$*" "$SECONDS"
	cat "$log"
	return "$status"
}

# binary SUITE: prints the path of the test binary that cargo built
binary() {
	local path
	path=$(built "$1" <"$logs/build")
	[[ -n $path ]] || die "cargo built no test binary '$1'"
	echo "$path"
}

# without_ipvs BINARY: runs the tests of ARP rules that the guest's kernel left out on
# the running kernel. Debian's User-mode Linux has no ARP family of nftables, and
# since 7.2 no arp_tables either.
without_ipvs() {
	has_nft_arp || die "neither kernel has an ARP filter: --arp arptables is not tested"
	IPVS_TESTBED=host "$top/scripts/vm.sh" "$1" arptables
}

# tools SUITE: installs the programs that its tests start
tools() {
	ensure ip=iproute2
	case $1 in
		cli | manual) ensure mandoc=mandoc man=man-db ;;
		completion) ensure zsh=zsh fish=fish setpriv=util-linux ;;
		absent | kernel | tidy | unit | doc) ;;
		*) ensure strace=strace python3=python3 setpriv=util-linux arptables-legacy=arptables \
			nft=nftables curl=curl jq=jq busybox=busybox-static sysctl=procps \
			modprobe=kmod keepalived=keepalived ;;
	esac
	[[ ! $1 =~ ^(apply|cli)$ ]] || unpack promtool=prometheus
	[[ $1 != apply ]] || ensure chromium=chromium
}

# one_suite SUITE [WORD...]
one_suite() {
	local suite=$1 binary
	shift
	[[ " ${suites[*]} " == *" $suite "* ]] || unknown suite "$suite" "${suites[@]}"
	case $suite in
		package) exec scripts/package-test.sh "$@" ;;
		traffic) exec scripts/traffic.sh "$@" ;;
	esac
	need_compiler
	tools "$suite"
	case $suite in
		unit | doc)
			[[ $suite == doc ]] && target=(--doc) || target=(--lib --bins)
			cargo test "${target[@]}" -- "$@"
			return
			;;
		manual) target=(--example manual) ;;
		*) target=(--test "$suite") ;;
	esac
	[[ $suite != docs ]] || cargo build --examples
	binary=$(cargo test "${target[@]}" --no-run --message-format=json-render-diagnostics | built "$suite")
	[[ -n $binary ]] || die "cargo built no test binary '$suite'"
	case " $* " in
		*' --list '*) exec "$binary" "$@" ;;
	esac
	if [[ $# -gt 0 ]] && ! "$binary" --list "$@" | grep -q ': test$'; then
		die "no test of the suite $suite has a name with $*: see ./x test $suite --list"
	fi
	if [[ " ${here[*]} " == *" $suite "* ]]; then
		cargo test --quiet "${target[@]}" -- "$@"
		return
	fi
	IPVSADM_REFERENCE=$(reference)
	share=$(mktemp -d /tmp/ipvs-test.XXXXXX)
	trap 'rm -rf "$share"' EXIT
	export IPVSADM_REFERENCE IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}
	on_kernel "$binary" "$suite" "$@"
	[[ ! -s $share/left-out ]] || without_ipvs "$binary"
}

cd "$top"
suites=("${here[@]}")
for dir in tests/*/; do
	name=$(basename "$dir")
	case $name in common | cli | proptest-regressions) continue ;; esac
	suites+=("$name")
	[[ $name == package || " ${shards[*]} " == *" $name "* ]] ||
		die "tests/$name is in no shard of scripts/test.sh"
done
if [[ $# -gt 0 ]]; then
	one_suite "$@"
	exit
fi

need_compiler
for name in cli completion docs apply; do tools "$name"; done
IPVSADM_REFERENCE=$(reference)
logs=$(mktemp -d "$top/target/test.XXXXXX")
share=$logs/share
mkdir "$share"
trap 'rm -rf "$logs"' EXIT
export top IPVSADM_REFERENCE logs share IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}

cargo test --lib --bins --test cli --test tidy --example manual
cargo test --doc
cargo test --tests --no-run --message-format=json-render-diagnostics >"$logs/build"
cargo build --examples # tests/docs runs them
export -f run_shard binary on_kernel
guests=2 # at once
# shellcheck disable=SC2016 # for the shells that run it
shard='. "$top/scripts/lib.sh"; run_shard'
if have_ipvs; then
	# Up to Linux 7.0, a dump resumes by an index over all namespaces of the kernel.
	guests=1
	shards+=("$filler")
else
	setsid nice -n 15 bash -c "$shard $filler" &
	filling=$!
	trap 'kill -- "-$filling" 2>/dev/null || true; rm -rf "$logs"' EXIT
fi
printf '%s\n' "${shards[@]}" | xargs -P $guests -I {} bash -c "$shard {}" || failed=1
[[ -z ${filling:-} ]] || wait "$filling" || failed=1
if ! have_ipvs && { has_nft_arp || [[ -s $share/left-out ]]; }; then
	without_ipvs "$(binary prepare)" || failed=1
fi
[[ -z ${failed:-} ]] || die "tests failed, see above"
say "every test passed"
