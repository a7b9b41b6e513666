#!/usr/bin/env bash
# order.sh: runs commands of the classic language in a guest, and writes order.ld, by
# which the linker places the functions that run in most of them next to each other. A
# short command spends most of its time on page faults, and the kernel maps 64 KiB of
# code around each. Run it after a change to the start of the program.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

# Prints a line for each function of the program that COMMAND runs.
# functions_of COMMAND [ARG...], with the rules on standard input
functions_of() {
	local trace
	trace=$(mktemp)
	valgrind --quiet --tool=callgrind --demangle=no --callgrind-out-file="$trace" "$program" "$@" >/dev/null
	# The file gives each name once, behind its number.
	awk -v program="$program" '
		match($0, /^c?ob=\([0-9]+\)/) { id = number(); if (named()) object[id] = named(); if (!called) here = object[id] }
		match($0, /^c?fn=\([0-9]+\)/) { id = number(); if (named()) name[id] = named(); if (!called && here == program) print name[id] }
		function number() { called = /^c/; return substr($0, 1 + called, RLENGTH - called) }
		function named() { return substr($0, RLENGTH + 2) }
	' "$trace" | sed "s/'[0-9]*$//" | sort -u
	rm "$trace"
}

# Prints the functions of commands that change one object, and then those of other commands. What
# several commands run comes several times.
trace() {
	local service=(-t 192.0.2.80:80) rules
	rules=$(mktemp)
	ip link set lo up
	{
		functions_of -A "${service[@]}" -s rr
		functions_of -a "${service[@]}" -r 10.0.0.11:80 -m -w 3
		functions_of -e "${service[@]}" -r 10.0.0.11:80 -m -w 5
	} | by_frequency
	{
		functions_of -L -n
		functions_of -L -n --stats
		functions_of -S -n
		"$program" -S -n >"$rules"
		functions_of -C
		functions_of -R <"$rules"
		sed -i 's/-w 5/-w 7/' "$rules"
		functions_of apply "$rules"
		functions_of -d "${service[@]}" -r 10.0.0.11:80
		functions_of -D "${service[@]}"
	} | by_frequency
}

# Prints each line once, the most frequent ones first.
by_frequency() {
	sort | uniq -c | sort -k1,1nr -k2 | sed 's/^ *[0-9]* //'
}

# Reads names of functions, and prints the linker script. The hashes in a name change with
# the compiler and the directory of the build.
script() {
	cat <<-END
		/* Written by scripts/order.sh: functions that classic commands run, first those of -A, -a and -e. */
		SECTIONS
		{
		  .text :
		  {
	END
	sed -E '/^(_[ZR]|main$)/!d; s/17h[0-9a-f]{16}E.*/17h*/; s/Cs[0-9a-zA-Z]+_/Cs*_/g' |
		awk '!seen[$0]++ { print "    *(.text*." $0 ")" }'
	printf '  }\n}\nINSERT BEFORE .init;\n'
}

if [[ ${1:-} == --inside ]]; then
	program=$2
	trace
	exit
fi
cd "$top"
need_compiler
ensure valgrind=valgrind
CARGO_PROFILE_RELEASE_STRIP=none release_program
LC_ALL=C scripts/vm.sh scripts/order.sh --inside "$program" | LC_ALL=C script >target/order.ld
grep -q netlink target/order.ld || die "no function of the program was traced: see target/order.ld"
mv target/order.ld order.ld
