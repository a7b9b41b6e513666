#!/usr/bin/env bash
# packaging/install.sh FOLDER: installs the files of packaging/build.sh below FOLDER,
# which stands for /. Each kind of package installs its own additional files.
#
#   SBINDIR  directory of the program (/usr/sbin)
#   UNITDIR  directory of the units (/usr/lib/systemd/system)
#   ZSHDIR   directory of the completion for zsh (/usr/share/zsh/site-functions)
set -euo pipefail
root=${1:?"usage: install.sh FOLDER"}
cd "$(dirname "$0")/.."
sbindir=${SBINDIR:-/usr/sbin}
unitdir=${UNITDIR:-/usr/lib/systemd/system}
zshdir=${ZSHDIR:-/usr/share/zsh/site-functions}
made=target/package
shopt -s nullglob

# put MODE FILE PATH
put() {
	install -D -m "$1" "$2" "$root$3"
}

put 755 "$made/ipvsadm" "$sbindir/ipvsadm"
ln -sf ipvsadm "$root$sbindir/ipvsadm-save"
ln -sf ipvsadm "$root$sbindir/ipvsadm-restore"
put 755 packaging/control /usr/libexec/ipvsadm/control
put 644 packaging/ipvsadm.service "$unitdir/ipvsadm.service"
put 644 packaging/ipvsadm-rs@.service "$unitdir/ipvsadm-rs@.service"
put 644 packaging/ipvsadm-serve.service "$unitdir/ipvsadm-serve.service"
put 644 packaging/ipvsadm-watch.service "$unitdir/ipvsadm-watch.service"
put 644 packaging/ipvsadm.tmpfiles /usr/lib/tmpfiles.d/ipvsadm.conf
install -d "$root/etc/ipvsadm/rs"
for file in prometheus-alerts.yml grafana-dashboard.json; do
	put 644 "packaging/$file" "/usr/share/ipvsadm/$file"
done

for page in man/*.[1-9]; do
	put 644 "$page" "/usr/share/man/man${page##*.}/${page##*/}"
done

put 644 "$made/completion.bash" /usr/share/bash-completion/completions/ipvsadm
put 644 "$made/completion.zsh" "$zshdir/_ipvsadm"
put 644 "$made/completion.fish" /usr/share/fish/vendor_completions.d/ipvsadm.fish
# bash and fish look for a file with the name of the command; zsh reads the names in the file.
for name in ipvsadm-save ipvsadm-restore; do
	ln -sf ipvsadm "$root/usr/share/bash-completion/completions/$name"
	ln -sf ipvsadm.fish "$root/usr/share/fish/vendor_completions.d/$name.fish"
done
