#!/usr/bin/env bash
# scale-page.sh KERNEL < FIGURES
#
# Prints docs/scale.md with the FIGURES that bench-instructions.sh counted on KERNEL.
set -euo pipefail
figures=$(cat)

# share TABLE: percentage of a processor that `top' takes at its interval of 2 seconds, if
# the processor executes 2 billion instructions a second
share() {
	awk -v table="$1" '
		$2 == "ipvsadm" { is_wanted = $1 == table }
		is_wanted && $1 == "top" { printf "%.1f", $2 * 1e6 / 2 / 2e9 * 100 }' <<<"$figures"
}

cat <<END
# Speed and scale

Counts of instructions, user and kernel, in millions: Debian's ipvsadm 1.31 and this program on
Debian's own kernel $1, in QEMU's software emulation. With \`-icount\` the guest's clock advances
by one nanosecond for each instruction, so the counts are the same to a percent on any machine,
whatever else it is doing. They are not times: a real processor executes some billion instructions
a second, and also waits for memory. \`scripts/bench.sh instructions --write\` wrote this page.

- The table \`2000x3\` has 2,000 services with 3 real servers each. \`ipv6\` is the same with IPv6
  addresses. In \`mixed\`, a third of the services are by mark, a third use tunnels, and a third use
  masquerading.
- *start* is \`-L --timeout\`: the cost of a process and its first request. *apply* changes the weight
  of one real server in a loaded table, and records it. *restore* runs \`ipvsadm-restore\` with the
  file that is already loaded, so it changes and records nothing. The old program has no apply, and
  its restore clears the table.
- *top* is one refresh of \`ipvsadm top\` on a screen of 80x24. With a refresh every 2 seconds, the
  table \`1000x3\` takes $(share 1000x3) % of a processor that executes 2 billion instructions a second, and
  \`1000x3-ipv6\` takes $(share 1000x3-ipv6) %.
- *floor, read* is a C program that only reads every service and real server with \`getsockopt\`.
  *floor, change* is one that only adds them with \`setsockopt\`. Neither decodes, checks or prints
  anything (benches/probes/options.c).
- This program reads IPv4 tables with the same socket options. It then reads the list of services
  again with netlink, because only netlink reports IPv6 services and persistence engines. If a
  service has tunnels, \`-S\`, apply and restore also read its real servers with netlink. IPv6 tables
  are read with netlink only, and the list of services is read twice, to notice services that
  another program has added meanwhile.
- Clearing and reloading a table is slow with any program: the kernel keeps deleted real servers for
  two minutes, and searches all of them whenever a real server is added.

\`\`\`text
millions of instructions
END
printf '%s\n' "$figures"
printf '```\n'
