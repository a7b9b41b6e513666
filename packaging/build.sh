#!/usr/bin/env bash
# packaging/build.sh: builds the program and generates the completion scripts and
# the list of licences, for packaging/install.sh. Needs cargo in PATH.
#
#   CARGO_TARGET_DIR  where cargo builds (target)
#   IPVSADM_PROGRAM   path of the program, if packaging/compile.sh has already built
#                     it from these sources
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo_home=${CARGO_HOME:-$HOME/.cargo}

program=${IPVSADM_PROGRAM:-}
if [[ -z $program ]]; then
	packaging/compile.sh
	program=$CARGO_TARGET_DIR/release/ipvsadm
fi

made=$PWD/target/package
rm -rf "$made"
mkdir -p "$made"
cp "$program" "$made/ipvsadm"

for shell in bash zsh fish; do
	"$program" completions "$shell" >"$made/completion.$shell"
done

# Prints the crates in the program and their licences. If a crate offers a choice,
# takes the MIT licence if possible. Prints each licence text once.
licences() {
	local crate version terms folder file sum
	local -A texts=() users=()
	while IFS='|' read -r crate terms; do
		read -r crate version _ <<<"$crate"
		[[ $crate != ipvsadm ]] || continue
		printf '%s %s: %s\n' "$crate" "${version#v}" "$terms"
		for folder in "$cargo_home"/registry/src/*/"$crate-${version#v}"; do
			files=("$folder"/*LICENSE*MIT* "$folder"/*license*mit*)
			[[ $terms == *MIT* && $terms != *AND* && ${#files[@]} -gt 0 ]] ||
				files=("$folder"/*LICEN[SC]E* "$folder"/*license* "$folder"/COPYING* "$folder"/UNLICENSE*)
			for file in "${files[@]}"; do
				sum=$(sha256sum <"$file")
				texts[$sum]=$file
				users[$sum]+=" $crate"
			done
		done
	done < <(cargo tree --locked --edges normal --prefix none --no-dedupe --format '{p}|{l}' | sort -u)
	for sum in "${!texts[@]}"; do
		printf '%s\n' "${users[$sum]# }|${texts[$sum]}"
	done | sort | while IFS='|' read -r crate file; do
		printf '\n%s\nThe licence of %s:\n\n' "$(printf '=%.0s' {1..72})" "$crate" | fold -s -w 78
		cat "$file"
	done
}
shopt -s nullglob
licences >"$made/third-party.txt"
