#!/bin/sh
# Layout (STYLE: tabs of 8, 110 columns, function name at column 0).  .c files are what clang-format makes of them; headers
# hold hand-laid tables that it cannot keep, so they are judged by the rules alone (160 columns there, in comments and in tables).  usage: format.sh [TREE]
cd "${1:-.}" || exit 2
fmt=${CLANG_FORMAT:-clang-format}
files() {
	for folder in dissectors hostfeed correlate sensor pcaps tests deploy; do
		[ -d $folder ] && find $folder -name "$1"
	done | LC_ALL=C sort
}
n=0 bad=0
for file in $(files '*.c'); do
	n=$((n + 1))
	$fmt --style=file --dry-run -Werror "$file" >/dev/null 2>&1 && continue
	echo "$file: $($fmt --style=file "$file" | diff "$file" - | grep -c '^<') lines are laid out in another way"
	bad=$((bad + 1))
done
for file in $(files '*.[ch]'); do
	lines=$(expand -t 8 "$file" | awk 'length($0) > 160 { print FNR ": " length($0) " columns" }'
		grep -n '[[:blank:]]$' "$file" | sed 's/:.*/: blank at the end/'
		grep -nE '^        ' "$file" | sed 's/:.*/: indented with blanks/')
	[ -z "$lines" ] && continue
	echo "$lines" | head -n 5 | sed "s,^,$file:,"
	bad=$((bad + 1))
done
[ $n -eq 0 ] && { echo "no source found"; exit 2; }
echo "$n sources, $bad laid out in another way"
[ $bad -eq 0 ]
