#!/usr/bin/env bash
# bench.sh [tables|linear|restore|apply|connections]... | --write
# bench.sh datapath [--write] [ROUNDS]
#
# Measures the program beside Debian's ipvsadm on one kernel: all, or what is
# named; --write measures all and writes docs/scale.md. datapath: IPVS beside
# nginx. Not a test: it asserts nothing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
if [[ ${1-} == datapath ]]; then
	shift
	exec scripts/bench-datapath.sh "$@"
fi
write=
if [[ ${1-} == --write ]]; then
	write=1
	shift
	[[ $# -eq 0 ]] || die "--write measures everything: leave '$*' away"
fi
need_root
need_compiler
ensure ip=iproute2 strace=strace
IPVSADM_REFERENCE=$(reference)
export IPVSADM_REFERENCE
bench=$(cargo bench --bench classic --no-run --message-format=json | built classic)
[ -n "$bench" ] || die "cargo built no benchmark"
export IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-3000}
[[ -n $write ]] || exec "$top/scripts/vm.sh" "$bench" "$@"

# Long: a table of 50,000 real servers takes the old program 20 seconds.
figures=$(mktemp "$top/target/scale.XXXXXX")
trap 'rm -f "$figures"' EXIT
"$top/scripts/vm.sh" "$bench" | tee "$figures"
page() {
	cat <<-'END'
		# Speed and scale

		What `scripts/bench.sh` printed (`--write` writes this page): Debian's ipvsadm 1.31 and this
		program in one guest (user-mode Linux 6.1 with one CPU, where a system call and the start of a
		process are dear). Each run that changes a table has a network namespace of its own.

		- *In memory*: the same rules, read before, sent to the kernel in batches: what the kernel and the
		  requests cost, without a process and without parsing. *The prepared messages*: what `-R` sent, byte
		  for byte, sent again by a loop that does nothing else: what the kernel costs. Of what `-R` takes
		  beside it the median of all turns is given, since the machine is not equally fast in all of them.
		- `-Ln` reads `/proc/net/ip_vs`. The kernel gives a page of it for a read, and looks for the place
		  from the first service on each time: it is fast, but not linear. The other lists ask for each
		  service's real servers by netlink, two calls a service, and so does `apply`, which has to know
		  what is there to the last bit.
		- *apply of one weight* is to take at most 1.3 times as long as a list with all fields
		  (`-Ln --stats`, `-S -n`), since that is what it has to read. `-Ln` is no measure for it: the file
		  lacks thresholds, tunnels and flags.
		- To clear and to reload is slow for any program: the kernel keeps a deleted real server for two
		  minutes, and searches all of these whenever one is added.

	END
	printf '```text\n'
	cat "$figures"
	printf '```\n'
}
page >docs/scale.md
