#!/bin/sh
# The pure folders call nothing with an effect: undefined symbols of their archives, minus what the archives define, against
# a short list.  Wants a build without sanitizers.  usage: pure.sh ARCHIVE...   (an archive may lean on those before it)
[ $# -gt 0 ] || { echo "usage: pure.sh ARCHIVE..."; exit 2; }
allow='^(mem(cpy|move|set|cmp|chr|mem)|str(len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn)|(MD5|SHA1|SHA256)[A-Z][A-Za-z]*'
allow="$allow"'|__(memcpy|memmove|memset)_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__(u)?(div|mod|mul)[a-z]*[0-9]|__popcountdi2)$'
# With link-time optimisation an archive holds the compiler's own form, which only its own nm reads.
nm="nm"
for tool in gcc-nm llvm-nm-14 nm; do
	command -v $tool >/dev/null && $tool "$1" 2>/dev/null | grep -q ' T ' && { nm="$tool"; break; }
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
: >"$work/defined"
for archive in "$@"; do
	$nm "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[TDBRCVWtdbrn]$/ { print $3 }' | sort -u >>"$work/defined"
	sort -u -o "$work/defined" "$work/defined"
done
grep -q . "$work/defined" || { echo "no symbols in $*"; exit 2; }
for archive in "$@"; do
	$nm "$archive" 2>/dev/null | awk '$1 == "U" { print $2 } /^[^ ].*:$/ { next }' | sort -u |
		comm -23 - "$work/defined" | grep -Ev "$allow" >"$work/wrong"
	# Objects with state of their own are globals: only constants may live in a pure folder.
	$nm "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[BDCbd]$/ { print $3 " (writable object)" }' |
		grep -v '^\(\.\|__odr\|__gnu_lto\|__local\)' >>"$work/wrong"
	while read -r symbol; do
		echo "$(basename "$archive"): $symbol"
		bad=$((bad + 1))
	done <"$work/wrong"
done
echo "$(wc -l <"$work/defined") symbols in $# archives, $bad that a pure folder must not use"
[ $bad -eq 0 ]
