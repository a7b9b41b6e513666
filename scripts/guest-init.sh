#!/bin/bash
# Process 1 of the guest that vm.sh starts; never run it by hand. The guest's root
# file system is the host's own and writable, so an overlay must cover it first.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

work=${0%/*}
trap 'echo "guest-init: line $LINENO failed"; busybox poweroff -f' ERR

mount -n -t proc proc /proc
if [[ -e $work/started ]]; then
	echo "guest-init: the guest restarted by itself"
	busybox poweroff -f
fi
: >"$work/started"
mapfile -d '' -t config <"$work/config"
mapfile -d '' -t environment <"$work/environment"
mapfile -d '' -t command <"$work/command"
directory=${config[0]} modules=${config[1]} share=${config[2]} terminal=${config[3]}
release=$(uname -r)

insmod "$modules"/kernel/fs/overlayfs/overlay.ko*
mount -n -t tmpfs -o size=80% tmpfs "$work/layers"
root=$work/layers/new
mkdir "$work"/layers/{upper,scratch,new}
mount -n -t overlay -o "lowerdir=/,upperdir=$work/layers/upper,workdir=$work/layers/scratch" overlay "$root"

mkdir -p "$root/lib/modules/$release" "$root/run" "$root/.host"
mount -n --bind "$modules" "$root/lib/modules/$release"
mount -n --bind "$work" "$root$work"
[[ -z $share ]] || mount -n --bind "$share" "$root$share"
mount -n -t proc proc "$root/proc"
mount -n -t sysfs sysfs "$root/sys"
mount -n -t devtmpfs devtmpfs "$root/dev"
mkdir -p "$root"/dev/{pts,shm}
mount -n -t devpts -o ptmxmode=666 devpts "$root/dev/pts"
mount -n -t tmpfs tmpfs "$root/dev/shm"
for path in "$directory" "$share" "${command[0]}"; do
	[[ $path/ != /run/* ]] || keep_run=1
done
[[ -n ${keep_run:-} ]] || mount -n -t tmpfs tmpfs "$root/run"

# Not chroot: the kernel starts modprobe itself, in the root of process 1.
pivot_root "$root" "$root/.host"
cd /
umount -n -l /.host
rmdir /.host
ln -sfn /proc/self/fd /dev/fd
for stream in 0:stdin 1:stdout 2:stderr; do
	ln -sfn "/proc/self/fd/${stream%:*}" "/dev/${stream#*:}"
done

echo ipvs-guest >/proc/sys/kernel/hostname
ip link set lo up
# The command's output must reach the host soon, not after 30 seconds.
echo 5 >/proc/sys/vm/dirty_writeback_centisecs
echo 5 >/proc/sys/vm/dirty_expire_centisecs

trap - ERR
set +e
cd "$directory"
if [[ -n $terminal ]]; then
	env -i "${environment[@]}" setsid --ctty --wait "${command[@]}" </dev/tty1 >/dev/tty1 2>&1
	status=$?
	echo "$status" >"$work/status"
	sync
	busybox poweroff -f
fi

# Use pipes: if a program opens /dev/stdout again, a file would be truncated.
mkfifo -m 666 /dev/.stdout /dev/.stderr
cat </dev/.stdout >>"$work/stdout" &
relays=($!)
cat </dev/.stderr >>"$work/stderr" &
relays+=($!)

# setsid also keeps env from reading a command with a "=" in it as a variable.
env -i "${environment[@]}" setsid "${command[@]}" </dev/null >/dev/.stdout 2>/dev/.stderr
status=$?

# A daemon that the command left running may hold the pipes open for ever. A relay that sleeps has
# already copied all output.
for relay in "${relays[@]}"; do
	while read -r _ _ state _ <"/proc/$relay/stat" && [[ $state != [SZ] ]]; do
		sleep 0.02
	done 2>/dev/null
	kill "$relay" 2>/dev/null
	wait "$relay"
done
echo "$status" >"$work/status"
sync
busybox poweroff -f
