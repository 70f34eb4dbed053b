#!/bin/sh
# A check that cannot fail checks nothing: each one is run on a small tree that is right, then on one that is not.
lint=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$lint/../.." && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# expectation name command...: `good` must give 0, `bad` must give 1
expect() {
	want=$1 name=$2
	shift 2
	"$@" >"$work/out" 2>&1
	got=$?
	if { [ "$want" = good ] && [ $got -eq 0 ]; } || { [ "$want" = bad ] && [ $got -eq 1 ]; }; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$name: wanted $want, exit $got"
		sed 's/^/    /' "$work/out"
	fi
}

# name: a tree in which every check is content
tree() {
	t=$work/$1
	mkdir -p "$t/dissectors/core" "$t/hostfeed" "$t/correlate" "$t/sensor" "$t/pcaps/arp" "$t/tests/lint"
	cp "$top/.clang-format" "$top/.clang-tidy" "$t/"
	cat >"$t/dissectors/core/sum.h" <<-'END'
		#ifndef SUM_H
		#define SUM_H
		int sum_of(const unsigned char *p, unsigned long n);
		#endif
	END
	printf '#include <string.h>\n\n#include "sum.h"\n\nint\nsum_of(const unsigned char *p, unsigned long n)\n{\n' >"$t/dissectors/sum.c"
	printf '\tunsigned char first = 0;\n\tif (n > 0)\n\t\tmemcpy(&first, p, 1);\n\treturn first;\n}\n' >>"$t/dissectors/sum.c"
	echo 'int host_of(int x);' >"$t/hostfeed/host.h"
	printf '#include "sum.h"\n\n#include "host.h"\n\nint\nhost_of(int x)\n{\n\treturn x;\n}\n' >"$t/hostfeed/host.c"
	printf '#!/bin/sh\necho "$1"\n' >"$t/tests/run.sh"
	printf '{"frame":1,"proto":"arp","op":1}\n' >"$t/pcaps/arp/a.obs.jsonl"
	: >"$t/pcaps/arp/a.pcap"
	echo origin >"$t/pcaps/arp/README.md"
}

# tree: the object of its dissector
object() {
	cc -std=c11 -O1 -fno-builtin -w -I"$1/dissectors/core" -c "$1/dissectors/sum.c" -o "$1/sum.o"
}

# tree: the build folder that tidy wants
commands() {
	mkdir -p "$1/build"
	printf '[{"directory":"%s","file":"%s/dissectors/sum.c","command":"cc -std=c11 -I%s/dissectors/core -c %s/dissectors/sum.c"}]\n' \
		"$1" "$1" "$1" "$1" >"$1/build/compile_commands.json"
}

in_tree() { (cd "$1" && shift && "$@"); }

tree right
object "$work/right"
commands "$work/right"
for check in layers golden words format shell; do
	expect good "$check on a right tree" sh "$lint/$check.sh" "$work/right"
done
expect good "pure on a right tree" bash "$lint/pure.sh" "$work/right/sum.o"
expect good "tidy on a right tree" in_tree "$work/right" env BUILD="$work/right/build" sh "$lint/tidy.sh"

tree layers
printf '#include "host.h"\n' >>"$work/layers/dissectors/sum.c"
expect bad "layers: a dissector that looks at the host feed" sh "$lint/layers.sh" "$work/layers"
tree layers3
echo 'int f(struct bytes b) { return b.p[9]; }' >>"$work/layers3/dissectors/sum.c"
expect bad "layers: a dissector that indexes a view" sh "$lint/layers.sh" "$work/layers3"
tree layers2
echo 'int e;' >"$work/layers2/sensor/eve.h"
printf '#include "../sensor/eve.h"\n' >"$work/layers2/correlate/x.c"
expect bad "layers: the engine that looks at an encoder" sh "$lint/layers.sh" "$work/layers2"

for call in 'printf("%d", (int)n)' 'malloc(n)' 'time(0)' 'write(1, p, n)' 'snprintf((char *)0, 0, "x")' 'open("x", 0)'; do
	tree "pure"
	printf '#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>\n
		int sum_of(const unsigned char *p, unsigned long n) { return (int)(long)%s + (int)n + *p; }\n' "$call" \
		>"$work/pure/dissectors/sum.c"
	object "$work/pure"
	expect bad "pure: $call" bash "$lint/pure.sh" "$work/pure/sum.o"
done
tree static
printf 'int sum_of(const unsigned char *p, unsigned long n)\n{\n\tstatic int calls;\n\t(void)n;\n\treturn p[0] + calls++;\n}\n' \
	>"$work/static/dissectors/sum.c"
object "$work/static"
expect bad "pure: a static local" bash "$lint/pure.sh" "$work/static/sum.o"
tree global
printf 'int calls;\nint sum_of(const unsigned char *p, unsigned long n)\n{\n\t(void)n;\n\treturn p[0] + calls++;\n}\n' \
	>"$work/global/dissectors/sum.c"
object "$work/global"
expect bad "pure: a global" bash "$lint/pure.sh" "$work/global/sum.o"

tree count
printf '{"frame":1,"proto":"arp","total":7}\n' >"$work/count/pcaps/arp/a.obs.jsonl"
expect bad "golden: a counter" sh "$lint/golden.sh" "$work/count"
tree header
printf '{"oracle":"tshark","version":"4.0.17","frames":1}\n' >"$work/header/pcaps/arp/a.obs.jsonl"
expect bad "golden: the reader's version" sh "$lint/golden.sh" "$work/header"
tree alone
: >"$work/alone/pcaps/arp/b.pcap"
expect bad "golden: a capture without expectation" sh "$lint/golden.sh" "$work/alone"

tree todo
echo '/* TODO: the rest */' >>"$work/todo/hostfeed/host.h"
expect bad "words: work left open" sh "$lint/words.sh" "$work/todo"
tree path
echo 'see /home/somebody/notes' >"$work/path/pcaps/arp/README.md"
expect bad "words: a path of one machine" sh "$lint/words.sh" "$work/path"

tree brace
printf 'int half(int x) {\n    return x/2; }\n' >"$work/brace/sensor/half.c"
expect bad "format: another style" sh "$lint/format.sh" "$work/brace"
tree wide
printf '/* %0170d */\n' 7 >"$work/wide/sensor/wide.h"
expect bad "format: a header of 170 columns" sh "$lint/format.sh" "$work/wide"

tree tidy
printf '#include "sum.h"\n\nint\nsum_of(const unsigned char *p, unsigned long n)\n{\n\tconst unsigned char *q = n ? p : 0;\n\tif (n == 0)\n\t\treturn *q;\n\treturn 0;\n}\n' \
	>"$work/tidy/dissectors/sum.c"
commands "$work/tidy"
expect bad "tidy: a null dereference" in_tree "$work/tidy" env BUILD="$work/tidy/build" sh "$lint/tidy.sh"

tree shell
printf '#!/bin/sh\nif [ $1 = x; then\n' >"$work/shell/tests/run.sh"
expect bad "shell: a script that does not parse" sh "$lint/shell.sh" "$work/shell"
tree python
printf '#!/usr/bin/env python3\ndef f(:\n' >"$work/python/tests/x.py"
expect bad "shell: Python that does not parse" sh "$lint/shell.sh" "$work/python"

# what counts the cases: a skip is none of the failures, a program that is missing is one
cat >"$work/junit.xml" <<'END'
<testsuite><testcase name="a" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>skipped, no x
</system-out></testcase><testcase name="b" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="c" status="run"><system-out>3 passed, 0 failed, 1 skipped
</system-out></testcase><testcase name="d" status="fail"><failure/></testcase></testsuite>
END
tallied() { [ "$(python3 -B "$lint/../tally.py" x "$work/junit.xml" | tail -n 1)" = "= $*" ]; }
expect good "tally: passed, failed, skipped" tallied 3 2 2
expect bad "tally: another sum" tallied 3 3 1

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
