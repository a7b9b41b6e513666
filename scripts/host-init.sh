#!/bin/bash
# vm.sh runs this script before COMMAND on the running kernel, in a separate mount
# namespace; never run it by hand. When COMMAND ends, everything that it wrote to
# /etc, /run and /var/lib is discarded: units, state files, named network namespaces.
set -euo pipefail
share=$1
shift

layers=$(mktemp -d /tmp/ipvs-host.XXXXXX)
mount -n -t tmpfs tmpfs "$layers"
mkdir "$layers/share"
[[ -z $share ]] || mount -n --bind "$share" "$layers/share"

# cover PLACE: mounts an overlay, so that PLACE keeps its files but discards changes
cover() {
	local place=$1 mine=$layers/${1//\//-}
	mkdir -p "$place" "$mine"/{upper,scratch}
	mount -n -t overlay -o "lowerdir=$place,upperdir=$mine/upper,workdir=$mine/scratch" overlay "$place" ||
		{ echo "host-init.sh: cannot mount an overlay on $place: use a guest, with IPVS_TESTBED=uml" >&2; exit 125; }
}

directory=$PWD
cover /etc
cover /var/lib
for path in "$directory" "$share" "$1"; do
	[[ $path/ != /run/* ]] || keep_run=1
done
# As in a guest, the names of this machine's network namespaces are hidden.
if [[ -n ${keep_run:-} ]]; then cover /run; else mount -n -t tmpfs -o mode=755 tmpfs /run; fi

[[ -z $share ]] || mount -n --bind "$layers/share" "$share"
# Unmount lazily: the layers are still in use below the directories that they cover.
umount -n -l "$layers"
rmdir "$layers"
cd "$directory"
exec "$@"
