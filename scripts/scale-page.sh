#!/usr/bin/env bash
# scale-page.sh KERNEL < FIGURES
#
# Prints docs/scale.md with the FIGURES that bench-instructions.sh counted on KERNEL.
set -euo pipefail
cat <<END
# Speed and scale

Counts of instructions, user and kernel, in millions: Debian's ipvsadm 1.31 and this program on
Debian's own kernel $1, in QEMU's software emulation. With \`-icount\` the guest's clock advances
by a nanosecond an instruction, so the counts repeat to the percent on any machine and do not depend
on what else it is doing. They are no times: a real processor executes some billion of them in a
second, and waits for memory besides. \`scripts/bench.sh instructions --write\` wrote this page.

- A table of \`2000x3\` has 2,000 services with 3 real servers each; \`ipv6\` the same with IPv6
  addresses; \`mixed\` a third each of services by mark, of tunnels and of masquerading.
- *start* is \`-L --timeout\`: what a process and its first question cost. *apply* changes the weight of
  one real server in a table that is loaded, *restore* is \`ipvsadm-restore\` of the same file onto it,
  which changes nothing. The old program has no apply, and its restore clears the table.
- *floor, read* is a C program that does nothing but read every service and real server by
  \`getsockopt\`; *floor, change* one that adds them by \`setsockopt\`. Both decode, check and print nothing
  (benches/probes/options.c).
- IPv4 tables are read by those socket options, and the list of services once more by netlink, which
  alone tells of IPv6 services and of persistence engines. Where a service has tunnels, \`-S\`, apply and
  restore ask netlink for its real servers too. IPv6 tables are read by netlink alone, and the list of
  services twice, to see that nothing was passed over while another program wrote.
- To clear and to reload is slow for any program: the kernel keeps a deleted real server for two
  minutes, and searches all of these whenever one is added.

\`\`\`text
millions of instructions
END
cat
printf '```\n'
