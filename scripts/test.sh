#!/usr/bin/env bash
# Every test: those that need no kernel here, the others on a kernel with IPVS
# (the running one where it has IPVS, else user-mode Linux guests, two at once).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# A test binary, and what of it runs in one guest: the longest first.
shards=(
	'prepare crash'
	'compat --skip random'
	'prepare --skip crash'
	'compat random'
	'apply'
	'kernel'
)

# IPVS_TEST_SHARDS limits the run to these, a line each, and leaves traffic and
# the packages out.
traffic=1
if [[ -n ${IPVS_TEST_SHARDS:-} ]]; then
	mapfile -t limited <<<"$IPVS_TEST_SHARDS"
	traffic=
fi

# run_shard BINARY [FILTER...]: one guest; prints what it said when it has ended.
run_shard() {
	local name=$1 binary log status=0
	binary=$(sed -n "s|.*\"executable\":\"\([^\"]*/$name-[0-9a-f]*\)\".*|\1|p" "$logs/build" | tail -n 1)
	[[ -n $binary ]] || die "cargo built no test binary '$name'"
	shift
	log=$(mktemp "$logs/log.XXXXXX")
	"$top/scripts/vm.sh" "$binary" "$@" >"$log" 2>&1 || status=$?
	printf '\n== %s %s\n' "$name" "$*"
	cat "$log"
	return "$status"
}

cd "$top"
command -v cargo >/dev/null || die "missing: cargo; install Rust with rustup first"
need_root
ensure cc=gcc ip=iproute2 strace=strace python3=python3 setpriv=util-linux \
	arptables-legacy=arptables nft=nftables
IPVSADM_REFERENCE=$(reference)
logs=$(mktemp -d "$top/target/test.XXXXXX")
trap 'rm -rf "$logs"' EXIT
export top IPVSADM_REFERENCE logs IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800}

for dir in tests/*/; do
	name=$(basename "$dir")
	case $name in common | cli | traffic | package) continue ;; esac
	[[ " ${shards[*]} " == *" $name "* ]] || die "tests/$name is in no shard of scripts/test.sh"
done

[[ -n $traffic ]] || shards=("${limited[@]}")
cargo test --lib --bins --test cli --test tidy
cargo test --doc
cargo test --tests --no-run --message-format=json >"$logs/build"
export -f run_shard
# Up to 7.0 a dump resumes by an index over all namespaces of a kernel.
guests=2
if have_ipvs; then guests=1; fi
# shellcheck disable=SC2016 # for the shell that xargs starts
printf '%s\n' "${shards[@]}" |
	xargs -P $guests -I {} bash -c '. "$top/scripts/lib.sh"; run_shard {}' || die "tests failed, see above"
[[ -z $traffic ]] || scripts/traffic.sh
[[ -z $traffic ]] || scripts/package-test.sh
say "every test passed"
