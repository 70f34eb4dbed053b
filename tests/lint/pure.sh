#!/bin/bash
# The pure folders call nothing with an effect and keep no state: undefined symbols of their objects, minus what they define
# themselves, against a short list; and no writable object.  The objects are compiled for this, without sanitizers and
# link-time optimisation, which both hide or add calls.
# usage: BUILD=build/dev pure.sh          the sources of dissectors/ and correlate/ that BUILD/compile_commands.json names
#        pure.sh OBJECT...                objects as they are
allow='^(mem(cpy|move|set|cmp|chr|mem)|str(len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn)|(MD5|SHA1|SHA256)[A-Z][A-Za-z]*'
allow="$allow"'|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
if [ $# -eq 0 ]; then
	BUILD=${BUILD:-build/dev}
	[ -f "$BUILD/compile_commands.json" ] || { echo "$BUILD: no compile_commands.json"; exit 2; }
	python3 -B - "$BUILD/compile_commands.json" "$work" >"$work/make" <<-'END'
		import json, os, shlex, sys
		commands, work = sys.argv[1:]
		for n, e in enumerate(json.load(open(commands))):
		    where = os.path.relpath(e["file"]).split("/")[0]
		    generated = os.path.basename(e["file"]).endswith("registry.c")
		    apart = os.path.relpath(e["file"]).startswith("dissectors/second/") # an archive of its own, with effects
		    called = os.path.relpath(e["file"]) == "hostfeed/skew.c" # arithmetic that correlate/ calls
		    if apart or where not in ("dissectors", "correlate") and not generated and not called:
		        continue
		    keep = [w for w in shlex.split(e["command"])[1:] if w[:2] in ("-I", "-D") and "FORTIFY" not in w]
		    print(shlex.join(["cc", "-std=c11", "-O1", "-fno-builtin", *keep, "-c", e["file"], "-o", "%s/%d.o" % (work, n)]))
	END
	[ -s "$work/make" ] || { echo "no source found"; exit 2; }
	sh -e "$work/make" || { echo "does not compile"; exit 2; }
	set -- "$work"/*.o
fi
nm "$@" | awk 'NF == 3 && $2 ~ /^[TDBRCVW]$/ { print $3 }' | sort -u >"$work/defined"
[ -s "$work/defined" ] || { echo "no symbols"; exit 2; }
nm "$@" | awk '$1 == "U" { print $2 }' | sort -u | comm -23 - "$work/defined" | grep -Ev "$allow" >"$work/wrong"
# The compiler writes constants with relocations to .data.rel.ro; nm calls them d like any writable object.
for object in "$@"; do
	objdump -t "$object" | awk '$4 ~ /^\.(data|bss)(\.|$)/ && $4 !~ /^\.data\.rel\.ro/ && $5 != "0000000000000000" &&
		$3 == "O" { print $NF " (writable object)" }
		$3 ~ /^\.(data|bss)(\.|$)/ && $3 !~ /^\.data\.rel\.ro/ && $2 == "O" { print $NF " (writable object)" }
		$4 == "*COM*" { print $NF " (writable object)" }'
done >>"$work/wrong"
cat "$work/wrong"
echo "$# objects, $(wc -l <"$work/defined") symbols, $(wc -l <"$work/wrong") that a pure folder must not have"
[ ! -s "$work/wrong" ]
