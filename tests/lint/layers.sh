#!/bin/sh
# Include order: dissectors <- hostfeed <- correlate <- sensor.  A file may include what lies in its own folder or in one
# to its left, and inside dissectors/ nobody but second/ may know nDPI.  And no dissector indexes a view itself: bytes_u8()
# and the cursor know where it ends.  usage: layers.sh [TREE]
cd "${1:-.}" || exit 2
order="dissectors hostfeed correlate sensor"
bad=0 seen=0
left=
for folder in $order; do
	left="$left $folder"
	for file in $(find "$folder" -name '*.[ch]' 2>/dev/null | LC_ALL=C sort); do
		seen=$((seen + 1))
		for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file"); do
			base=${header##*/}
			homes=$(find $order -name "$base" 2>/dev/null | sed 's,/.*,,' | sort -u)
			[ -z "$homes" ] && continue # generated, or another program's
			ok=0
			for home in $homes; do
				case " $left " in *" $home "*) ok=1 ;; esac
			done
			if [ $ok = 0 ]; then
				echo "$file includes \"$header\" of $homes: $folder may look at$left only"
				bad=$((bad + 1))
			fi
		done
	done
done
raw=$(grep -nE '[a-z]\.p\[' dissectors/*.c 2>/dev/null | grep -v '^dissectors/prefix.c:')
if [ -n "$raw" ]; then
	echo "$raw"
	echo "a view is indexed: use bytes_u8() or a cursor"
	bad=$((bad + 1))
fi
[ $seen -eq 0 ] && { echo "no source found"; exit 2; }
echo "$seen files, $bad includes against the order"
[ $bad -eq 0 ]
