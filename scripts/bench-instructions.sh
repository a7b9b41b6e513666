#!/usr/bin/env bash
# bench-instructions.sh [--write|--check] [TABLE...]
#
# Counts the user and kernel instructions that this program and Debian's ipvsadm
# execute on the kernel that Debian ships. QEMU's software emulation with -icount
# advances the guest's clock by one nanosecond per instruction. The counts are
# therefore reproducible to one percent, whatever the load of this machine. A TABLE
# is SERVICESxSERVERS, SERVICESxSERVERS-ipv6 with IPv6 addresses, or
# SERVICESxSERVERS-mixed with firewall marks and tunnels; N-connections lists N UDP
# connections.
#
#   --write  counts every table of docs/scale.md, and writes that page
#   --check  fails if the small table needs 10 % more than docs/scale.md says
#
#   IPVS_KERNEL_CACHE  directory of the kernel (target/testbed/kernel-6.12)
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$top"
mode=
case ${1-} in --write | --check)
	mode=$1
	shift
	;;
esac
small=500x3
documented=("$small" 1000x3 2000x3 10000x3 1000x3-ipv6 2000x3-ipv6 2000x3-mixed 10000-connections)
tables=("$@")
if [[ ${#tables[@]} -eq 0 ]]; then
	case $mode in
		--write) tables=("${documented[@]}") ;;
		--check) tables=("$small") ;;
		*) tables=(2000x3 2000x3-ipv6) ;;
	esac
fi
for table in "${tables[@]}"; do
	[[ $table =~ ^[0-9]+(x[0-9]+(-ipv6|-mixed)?|-connections)$ ]] || die "'$table' is not a table: use 2000x3, 2000x3-ipv6, 2000x3-mixed or 1000-connections"
done
need_root
need_compiler
ensure qemu-system-x86_64=qemu-system-x86 busybox=busybox-static cpio=cpio xz=xz-utils script=bsdutils
reference=$(reference)
cache=${IPVS_KERNEL_CACHE:-$top/target/testbed/kernel-6.12}

# Unpack Debian's current 6.12 kernel; do not install it.
fetch_kernel() {
	local name try
	[[ ! -e $cache/vmlinuz ]] || return 0
	mkdir -p "$cache"
	for try in 1 2; do
		name=$(apt-cache search --names-only '^linux-image-6\.12\.[0-9.]+\+deb12-amd64$' | awk '{print $1}' | sort -V | tail -n 1)
		[[ -n $name || $try == 2 ]] || apt-get update -qq >&2
	done
	[[ -n $name ]] || die "no 6.12 kernel in this machine's Debian sources"
	(
		cd "$cache"
		apt-get download -qq -oAPT::Sandbox::User=root "$name" >&2 || die "could not download $name"
		rm -rf tree
		dpkg -x "$name"_*.deb tree
		rm -f "$name"_*.deb
		mv tree/boot/vmlinuz-* vmlinuz
	)
}

# Pack the programs, their libraries and the modules into an initramfs.
make_root() {
	local root=$1 name file library binary script
	script=$(command -v script)
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,mods,lib64,lib/x86_64-linux-gnu,etc,var/lib}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for name in sh mount mkdir awk grep tail ip unshare insmod pidof poweroff sleep stty; do ln -s busybox "$root/bin/$name"; done
	cp "$ours" "$root/bin/ours"
	ln -s ours "$root/bin/ipvsadm-restore"
	cp "$reference" "$root/bin/reference"
	cp "$script" "$root/bin/script"
	for binary in "$ours" "$reference" "$script"; do
		ldd "$binary" | awk '$3 ~ /^\// {print $3} $1 ~ /^\// {print $1}'
	done | sort -u | while read -r library; do
		case $library in
			*/ld-linux*) cp -L "$library" "$root/lib64/" ;;
			*) cp -L "$library" "$root/lib/x86_64-linux-gnu/" ;;
		esac
	done
	cc -O2 -static -o "$root/bin/options" benches/probes/options.c
	for name in "${modules[@]}"; do
		file=$(find "$cache/tree" -name "$name.ko*" | head -n 1)
		case $file in
			'') ;;
			*.xz) xz -dc "$file" >"$root/mods/$name.ko" ;;
			*) cp "$file" "$root/mods/$name.ko" ;;
		esac
	done
	cp benches/probes/guest.sh "$root/guest.sh"
	cat >"$root/init" <<-END
		#!/bin/sh
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		mkdir -p /dev/pts
		mount -t devpts pts /dev/pts
		for m in ${modules[*]}; do [ ! -f /mods/\$m.ko ] || insmod /mods/\$m.ko; done
		sh /guest.sh ${tables[*]} >/dev/ttyS0 2>/dev/ttyS1
		poweroff -f
	END
	chmod +x "$root/init"
}

# Runs guest.sh in the guest and prints its output.
run_guest() {
	local status=0
	(cd "$scratch/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$scratch/initrd.gz"
	timeout "${IPVS_VM_TIMEOUT:-1800}" qemu-system-x86_64 \
		-accel tcg,thread=single -icount shift=0,sleep=off -cpu max -smp 1 -m 1500 \
		-kernel "$cache/vmlinuz" -initrd "$scratch/initrd.gz" \
		-append "console=ttyS1 quiet panic=-1 mitigations=off" -display none -no-reboot -monitor none \
		-serial file:"$scratch/out" -serial file:"$scratch/console" </dev/null >&2 || status=$?
	tr -d '\r' <"$scratch/out" | grep -v '^end$' || true
	if [[ $status -ne 0 ]] || ! grep -q '^end' "$scratch/out" || grep -q ' failed ' "$scratch/out"; then
		tail -n 20 "$scratch/console" >&2
		die "the guest did not finish"
	fi
}

# figures < COUNTS: prints one line per operation with the counts of both programs
figures() {
	awk '
		{ key = $1 " " $3; if (!(key in seen)) { seen[key] = 1; order[++n] = key } count[key, $2] = $4 }
		END {
			for (i = 1; i <= n; i++) {
				split(order[i], part, " ")
				if (part[1] != table) {
					table = part[1]
					printf "\n%-18s %12s %12s %8s\n", table, "ipvsadm 1.31", "ours", "ratio"
				}
				theirs = count[order[i], "reference"]; mine = count[order[i], "ours"]
				floor = count[order[i], "floor"]
				if (floor != "") {
					printf "  %-16s %12s %12s\n", "floor, " part[2], "", floor
				} else {
					ratio = theirs != "" && mine > 0 ? sprintf("%.1f", theirs / mine) : ""
					printf "  %-16s %12s %12s %8s\n", part[2], theirs, mine, ratio
				}
			}
		}'
}

# check < COUNTS: compares our counts with those of the same tables in docs/scale.md
check() {
	awk -v margin=1.1 '
		NR == FNR {
			if ($2 == "ipvsadm") table = $1
			else if ($0 ~ /^  [^ ]/ && $1 != "floor,") known[table, $1] = NF > 2 ? $3 : $2
			next
		}
		$2 == "ours" && ($1, $3) in known {
			seen++
			if ($4 > known[$1, $3] * margin) {
				printf "%s %s: %s million instructions, %s in docs/scale.md\n", $1, $3, $4, known[$1, $3]
				bad = 1
			}
		}
		END {
			if (!seen) { print "docs/scale.md has no figures of these tables"; bad = 1 }
			exit bad
		}' docs/scale.md -
}

modules=(crc32c_generic libcrc32c nf_defrag_ipv6 nf_defrag_ipv4 nf_conntrack ip_vs ip_vs_rr)
release_program
ours=$program
fetch_kernel
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
make_root "$scratch/root"
run_guest >"$scratch/counts"
figures <"$scratch/counts" | tee "$scratch/figures"
case $mode in
	--check) check <"$scratch/counts" >&2 || die "a table needs over 10 % more instructions than in docs/scale.md" ;;
	--write)
		kernel=$(basename "$cache"/tree/boot/config-*)
		scripts/scale-page.sh "${kernel#config-}" <"$scratch/figures" >docs/scale.md
		;;
esac
