#!/usr/bin/env bash
# Every test but those of the packages (package-test.sh): those that need no
# kernel here, the others on a kernel with IPVS (the running one where it has
# IPVS, else user-mode Linux guests, two at once and one in what they leave).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# A test binary, and what of it runs in one guest: the longest first. 'absent'
# wants a kernel without IPv6 that has not loaded IPVS: a guest in any case.
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
)
# One that never waits, and that nothing hurries, fills the time in which the
# others wait.
filler='compat random'

# run_shard SUITE [FILTER...]: prints what it said when it has ended.
run_shard() {
	local name=$1 run log status=0
	shift
	case $name in
		traffic) run=("$top/scripts/traffic.sh") ;;
		prepare) run=(env "IPVS_VM_SHARE=$logs/share" "PREPARE_LEFT_OUT=$logs/share/left-out" "$top/scripts/vm.sh" "$(binary prepare)" "$@") ;;
		absent) run=(env IPVS_TESTBED=uml IPVS_VM_APPEND=ipv6.disable=1 "$top/scripts/vm.sh" "$(binary absent)" "$@") ;;
		*) run=("$top/scripts/vm.sh" "$(binary "$name")" "$@") ;;
	esac
	log=$(mktemp "$logs/log.XXXXXX")
	SECONDS=0
	"${run[@]}" >"$log" 2>&1 || status=$?
	printf '\n== %s %s: %s seconds\n' "$name" "$*" "$SECONDS"
	cat "$log"
	return "$status"
}

# binary SUITE: the path of what cargo built
binary() {
	local path
	path=$(built "$1" <"$logs/build")
	[[ -n $path ]] || die "cargo built no test binary '$1'"
	echo "$path"
}

cd "$top"
need_root
need_compiler
ensure ip=iproute2 strace=strace python3=python3 setpriv=util-linux \
	arptables-legacy=arptables nft=nftables mandoc=mandoc man=man-db zsh=zsh fish=fish \
	curl=curl jq=jq busybox=busybox-static sysctl=procps \
	modprobe=kmod keepalived=keepalived
IPVSADM_REFERENCE=$(reference)
logs=$(mktemp -d "$top/target/test.XXXXXX")
mkdir "$logs/share"
trap 'rm -rf "$logs"' EXIT
export top IPVSADM_REFERENCE logs IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}

for dir in tests/*/; do
	name=$(basename "$dir")
	case $name in common | cli | package | proptest-regressions) continue ;; esac
	[[ " ${shards[*]} " == *" $name "* ]] || die "tests/$name is in no shard of scripts/test.sh"
done

cargo test --lib --bins --test cli --test tidy
cargo test --doc
cargo test --tests --no-run --message-format=json >"$logs/build"
cargo build --examples # tests/docs runs them
export -f run_shard binary
guests=2 # at once
# shellcheck disable=SC2016 # for the shells that run it
shard='. "$top/scripts/lib.sh"; run_shard'
if have_ipvs; then
	# Up to 7.0 a dump resumes by an index over all namespaces of a kernel.
	guests=1
	shards+=("$filler")
else
	setsid nice -n 15 bash -c "$shard $filler" &
	filling=$!
	trap 'kill -- "-$filling" 2>/dev/null || true; rm -rf "$logs"' EXIT
fi
printf '%s\n' "${shards[@]}" | xargs -P $guests -I {} bash -c "$shard {}" || failed=1
[[ -z ${filling:-} ]] || wait "$filling" || failed=1
# Debian's User-mode Linux has no ARP family of nftables, and since 7.2 no arp_tables either.
if ! have_ipvs; then
	if has_nft_arp; then
		IPVS_TESTBED=host scripts/vm.sh "$(binary prepare)" arptables || failed=1
	elif [[ -s $logs/share/left-out ]]; then
		die "neither kernel has an ARP filter: --arp arptables is not tested"
	fi
fi
[[ -z ${failed:-} ]] || die "tests failed, see above"
say "every test passed"
