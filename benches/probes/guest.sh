# shellcheck shell=busybox
# Runs in the guest of scripts/bench-instructions.sh, under busybox: prints
# "TABLE PROGRAM WHAT MILLIONS" for each table, and "end" when all went well.
# With -icount the guest's clock advances by a nanosecond an instruction.
PATH=/bin

now() { grep -m1 'now at' /proc/timer_list | awk '{print $3}'; }

# count TABLE PROGRAM WHAT COMMAND
count() {
	local start end status=0
	start=$(now)
	eval "$4" >/dev/null 2>/tmp/complaints || status=$?
	end=$(now)
	if [ "$status" = 0 ]; then
		echo "$1 $2 $3 $(echo "$start" "$end" | awk '{printf "%.1f", ($2 - $1) / 1e6}')"
	else
		echo "$1 $2 $3 failed $status $(tail -n 1 /tmp/complaints)"
	fi
}

# refresh TABLE: counts a refresh of top on a screen of 80x24. Between two refreshes top waits, so
# this is the processor time of the process, not the time that passes.
refresh() {
	local pid='' before=0 after=0
	script -q -c 'stty cols 80 rows 24; exec /bin/ours top' /dev/null </dev/null >/dev/null &
	# The first rates need some seconds.
	sleep 20
	pid=$(pidof ours) || { echo "$1 ours top failed" && return; }
	# Wait for the end of a refresh. A wake-up without one costs less than a tenth of this.
	while [ "$before" = 0 ] || [ $((after - before)) -lt 300000 ]; do
		before=$(spent "$pid")
		sleep 0.1
		after=$(spent "$pid")
	done
	sleep 0.3
	before=$(spent "$pid")
	# Four refreshes, 2 seconds apart.
	sleep 9
	after=$(spent "$pid")
	kill "$pid"
	wait
	echo "$1 ours top $(echo "$before" "$after" | awk '{printf "%.1f", ($2 - $1) / 4e6}')"
}

# spent PID: processor time of a process in nanoseconds, of which one is an instruction
spent() { awk '{print $1}' "/proc/$1/schedstat"; }

# rules KIND SERVICES SERVERS WEIGHT: a rule file; WEIGHT is that of the last
# real server. Addresses lie apart: the kernel hashes by their low bytes.
rules() {
	awk -v kind="$1" -v n="$2" -v d="$3" -v last="$4" 'BEGIN {
		for (i = 0; i < n; i++) {
			high = int(i / 250) % 250; low = i % 250 + 1
			method = "-m"; suffix = ""
			if (kind == "6") {
				key = "-t [2001:db8:1::" sprintf("%x:%x", high, low) "]:80"
			} else if (kind == "mixed" && i % 3 == 1) {
				key = "-f " i + 1
			} else {
				key = "-t 10." int(i / 62500) "." high "." low ":80"
			}
			if (kind == "mixed" && i % 3 == 2) method = "-i"
			print "-A " key " -s rr"
			for (j = 0; j < d; j++) {
				port = method == "-i" ? 80 : 8000 + j
				host = method == "-i" ? j : 0
				weight = i == n - 1 && j == d - 1 ? last : 1
				if (kind == "6")
					server = "[2001:db8:2::" sprintf("%x:%x", high, low) "]:" port
				else
					server = "172." 16 + host "." high "." low ":" port
				print "-a " key " -r " server " " method " -w " weight
			}
		}
	}'
}

# Everything that is counted on one table by one program, in a new namespace.
table() {
	local name=$1 kind=$2 services=$3 servers=$4 who=$5
	ip link set lo up
	# What is read of a program's file for the first time is not the program's own, nor is what the
	# kernel still does for the namespace before.
	"/bin/$who" -L --timeout >/dev/null
	sleep 3
	count "$name" "$who" start "/bin/$who -L --timeout"
	count "$name" "$who" -R "/bin/$who -R </tmp/rules"
	count "$name" "$who" -Ln "/bin/$who -L -n"
	count "$name" "$who" --stats "/bin/$who -L -n --stats"
	count "$name" "$who" --rate "/bin/$who -L -n --rate"
	count "$name" "$who" -S "/bin/$who -S -n"
	if [ "$who" = ours ]; then
		count "$name" ours apply "/bin/ours apply /tmp/changed"
		count "$name" ours restore "/bin/ipvsadm-restore </tmp/changed"
		refresh "$name"
	fi
	count "$name" "$who" -A "/bin/$who -A -t 10.255.0.1:99 -s rr"
	[ "$kind" = 4 ] || return 0
	if [ "$who" = ours ]; then
		count "$name" floor read "/bin/options read"
		/bin/ours -C
	fi
}

connections() {
	ip link set lo up
	ip addr add 10.255.0.9/32 dev lo
	/bin/ours -A -u 10.255.0.9:53 -s rr
	/bin/ours -a -u 10.255.0.9:53 -r 127.0.0.1:5353 -m
	/bin/options connect "$1"
	for who in reference ours; do
		count "$1-connections" "$who" -Lc "/bin/$who -L -c -n"
	done
}

if [ "${1:-}" = inside ]; then
	shift
	"$@"
	exit
fi
# The first large table of a boot makes the kernel set up its per-CPU memory.
rules 4 2000 3 1 >/tmp/rules
unshare -n sh "$0" inside eval 'ip link set lo up; /bin/reference -R </tmp/rules'
for name in "$@"; do
	case $name in
		*-connections) unshare -n sh "$0" inside connections "${name%-connections}"; continue ;;
		*-ipv6) kind=6 ;;
		*-mixed) kind=mixed ;;
		*) kind=4 ;;
	esac
	size=${name%%-*}
	services=${size%x*} servers=${size#*x}
	rules "$kind" "$services" "$servers" 1 >/tmp/rules
	rules "$kind" "$services" "$servers" 2 >/tmp/changed
	for who in reference ours; do
		unshare -n sh "$0" inside table "$name" "$kind" "$services" "$servers" "$who"
	done
	[ "$kind" = 4 ] || continue
	unshare -n sh "$0" inside eval "ip link set lo up; count $name floor change '/bin/options change $services $servers'"
done
echo end
