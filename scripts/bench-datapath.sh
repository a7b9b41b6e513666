#!/usr/bin/env bash
# bench-datapath.sh [--write] [ROUNDS]
#
# Measures requests per second through IPVS (NAT, DR, TUN) and through nginx, both
# as an HTTP proxy and as a TCP proxy (stream). Director and real servers are the
# same in all runs. Client, director and real servers share one CPU, so the ratios
# compare the total cost of a request. Prints the medians of ROUNDS (5) alternating
# runs as a table; --write puts the table into docs/datapath.md.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

write='' inside='' rounds=5
for word; do
	case $word in
		--write) write=1 ;;
		--inside) inside=1 ;;
		*[!0-9]* | 0 | '') die "usage: bench-datapath.sh [--write] [ROUNDS]" ;;
		*) rounds=$word ;;
	esac
done
seconds=3
clients=16
setup=$top/scripts/netns-setup.sh
ways=(straight nat dr tun stream http)

# Unpack Debian's nginx instead of installing it, because the package starts a server.
fetch_nginx() {
	nginx=$top/target/testbed/nginx
	if [[ ! -x $nginx/usr/sbin/nginx ]]; then
		say "downloading nginx"
		rm -rf "$nginx"
		mkdir -p "$nginx"
		(cd "$nginx" && apt-get download -qq -oAPT::Sandbox::User=root nginx libnginx-mod-stream) >/dev/null ||
			die "could not download Debian's nginx: run apt-get update, check apt's sources"
		local package
		for package in "$nginx"/*.deb; do
			dpkg -x "$package" "$nginx"
		done
	fi
	"$nginx/usr/sbin/nginx" -v 2>/dev/null || die "nginx does not run: $(ldd "$nginx/usr/sbin/nginx" | grep 'not found')"
}

# start_nginx HOST: starts nginx with the configuration from stdin
start_nginx() {
	local place=/run/lvs-netns/nginx-$1
	mkdir -p "$place"
	{
		echo "load_module $PROXY/usr/lib/nginx/modules/ngx_stream_module.so;"
		echo "user root; worker_processes 1; pid $place/pid; error_log $place/log; events { worker_connections 1024; }"
		cat
	} >"$place/conf"
	"$setup" exec "$1" "$PROXY/usr/sbin/nginx" -p "$place" -e "$place/log" -c "$place/conf"
}

plain_http() {
	printf '%s_temp_path /run/lvs-netns/scratch; ' client_body proxy fastcgi uwsgi scgi
	echo "access_log off; keepalive_requests 10000000;"
}

start_proxies() {
	start_nginx director <<-END
		http {
			$(plain_http)
			upstream real { server ${rip1%:*}:8000; server ${rip2%:*}:8000; keepalive 32; }
			server {
				listen 8001;
				location / { proxy_pass http://real; proxy_http_version 1.1; proxy_set_header Connection ""; }
			}
		}
		stream {
			upstream real { server ${rip1%:*}:8000; server ${rip2%:*}:8000; }
			server { listen 8002; proxy_pass real; }
		}
	END
}

# measure WAY PORT ADDRESS
measure() {
	local way=$1 url=http://$3:$2/ kind answer rate
	for kind in kept new; do
		local options=()
		[[ $kind == kept ]] || options=(-H 'Connection: close')
		answer=$("$setup" exec client timeout 60 wrk -t1 "-c$clients" "-d${seconds}s" "${options[@]}" "$url")
		if grep -qE 'Non-2xx|Socket errors' <<<"$answer"; then
			die "$way: requests failed: $answer"
		fi
		rate=$(sed -n 's/^Requests\/sec: *//p' <<<"$answer")
		echo "$way $kind $rate" >>"$RESULTS/rates"
		say "$way $kind $rate"
	done
}

round() {
	local mode method host vip rip1 rip2
	for mode in nat dr tun; do
		"$setup" up --mode "$mode"
		# shellcheck source=/dev/null
		. /run/lvs-netns/env
		for host in rs1 rs2; do
			start_nginx "$host" <<-END
				http {
					$(plain_http)
					server { listen 8000; location / { return 200 "$host\n"; } }
				}
			END
		done
		case $mode in
			nat) method=-m ;;
			dr) method=-g ;;
			tun) method=-i ;;
		esac
		"$setup" exec director "$IPVSADM" -R <<-END
			-A -t $vip:8000 -s rr
			-a -t $vip:8000 -r ${rip1%:*}:8000 $method
			-a -t $vip:8000 -r ${rip2%:*}:8000 $method
		END
		if [[ $mode == nat ]]; then
			start_proxies
			"$setup" exec router ip route add 203.0.113.0/24 via 192.0.2.2
			measure straight 8000 "${rip1%:*}"
			measure stream 8002 "$vip"
			measure http 8001 "$vip"
		fi
		measure "$mode" 8000 "$vip"
	done
}

median() {
	awk -v way="$1" -v kind="$2" '$1 == way && $2 == kind { print $3 }' "$RESULTS/rates" |
		sort -n | awk '{ rate[NR] = $1 } END { print (rate[int((NR + 1) / 2)] + rate[int(NR / 2) + 1]) / 2 }'
}

table() {
	local way kept new least_kept least_new
	least_kept=$(median http kept)
	least_new=$(median http new)
	echo "| Setup | requests/s, connections kept | against nginx HTTP | requests/s, one connection each | against nginx HTTP |"
	echo "|---|---|---|---|---|"
	for way in "${ways[@]}"; do
		kept=$(median "$way" kept)
		new=$(median "$way" new)
		awk -v name="$(name "$way")" -v kept="$kept" -v new="$new" -v a="$least_kept" -v b="$least_new" \
			'BEGIN { printf "| %s | %.0f | %.2f | %.0f | %.2f |\n", name, kept, kept / a, new, new / b }'
	done
}

# span PROXY KIND: prints the smallest and the largest ratio of IPVS to PROXY
span() {
	local way base
	base=$(median "$1" "$2")
	for way in nat dr tun; do
		awk -v a="$(median "$way" "$2")" -v b="$base" 'BEGIN { printf "%.2f\n", a / b }'
	done | sort -n | sed -n '1p; $p' | paste -sd- | sed 's/-/ to /'
}

# against WAY KIND: prints the ratio of WAY to NAT
against() {
	awk -v a="$(median "$1" "$2")" -v b="$(median nat "$2")" 'BEGIN { printf "%.2f\n", a / b }'
}

conclusion() {
	cat <<-END

		In the field, a load balancer in the kernel serves several times as many requests as a proxy, and
		DR serves more than NAT, because answers do not pass the director. The first factor is smaller
		here, because clients and servers use the same CPU. With connections kept, IPVS serves
		$(span http kept) times as many requests as the HTTP proxy, and $(span stream kept) times as
		many as the TCP proxy. With one connection each, the factors are $(span http new) and
		$(span stream new). The difference between DR and NAT cannot be measured here: DR serves
		$(against dr kept) and $(against dr new) times as many requests as NAT, but the director has no CPU or wire of its own
		that answers could fill.

		The row without a load balancer is no upper bound: in that row one real server answers, in the
		other rows two share the work. It is $(against straight kept) of NAT with connections kept, and $(against straight new) with one
		connection each.
	END
}

name() {
	case $1 in
		straight) echo "no load balancer: straight to one real server, routed by the director" ;;
		stream) echo "nginx stream (TCP proxy)" ;;
		http) echo "nginx HTTP proxy, connections to real servers kept" ;;
		*) echo "IPVS ${1^^}" ;;
	esac
}

if [[ -n $inside ]]; then
	trap '"$setup" down' EXIT
	for ((number = 0; number < rounds; number++)); do
		round
	done
	exit
fi

cd "$top"
need_root
ensure wrk=wrk ip=iproute2 busybox=busybox-static timeout=coreutils
fetch_nginx
need_compiler
release_program
export IPVSADM=$program PROXY=$nginx
RESULTS=$(mktemp -d /tmp/datapath.XXXXXX)
export RESULTS IPVS_VM_SHARE=$RESULTS
trap 'rm -rf "$RESULTS"' EXIT
IPVS_VM_TIMEOUT=${IPVS_VM_TIMEOUT:-1800} "$top/scripts/vm.sh" "$top/scripts/bench-datapath.sh" --inside "$rounds"
table
if [[ -n $write ]]; then
	{
		cat <<-END
			# What a request costs

			Client, router, director and two real servers (nginx, a fixed answer of four bytes) run in network
			namespaces of one kernel with one CPU. Work on one host slows down all others, so each ratio
			compares the total cost of a request. \`wrk\` with $clients connections, medians of $rounds alternating
			runs of $seconds seconds. \`scripts/bench-datapath.sh --write\` writes this page.

		END
		table
		conclusion
	} >docs/datapath.md
fi
