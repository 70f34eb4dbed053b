#!/bin/sh
# clang-tidy with the tree's own .clang-tidy over what compile_commands.json names.  BUILD is a configured build.
# usage: BUILD=build/dev tidy.sh [FILE...]
BUILD=${BUILD:-build/dev}
[ -f "$BUILD/compile_commands.json" ] || { echo "$BUILD: no compile_commands.json"; exit 2; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# clang does not know gcc's own flags.
sed -E 's/-f(no-)?(stack-clash-protection|lto[^ "]*|fat-lto-objects|cf-protection)//g' "$BUILD/compile_commands.json" \
	>"$work/compile_commands.json"
if [ $# -gt 0 ]; then files=$*; else
	files=$(python3 -B - "$work/compile_commands.json" <<-'END'
		import json, os, sys
		for e in json.load(open(sys.argv[1])):
		    f = os.path.relpath(e["file"])
		    if f.split("/")[0] in ("dissectors", "hostfeed", "correlate", "sensor", "pcaps"):
		        print(f)
	END
	)
fi
[ -n "$files" ] || { echo "no source found"; exit 2; }
# shellcheck disable=SC2086
printf '%s\n' $files | sort -u | xargs -P "$(nproc)" -n 4 clang-tidy -p "$work" --quiet --warnings-as-errors='*' \
	>"$work/out" 2>"$work/err"
status=$?
grep -E 'warning:|error:' "$work/out" | sort -u | head -n 40
# shellcheck disable=SC2086
echo "$(printf '%s\n' $files | sort -u | wc -l) sources, $(grep -cE 'warning:|error:' "$work/out") complaints"
exit $((status != 0))
