#!/bin/bash
# Instructions that crosstap needs for two small fixed mixes, counted by callgrind: unlike times they are the same on a busy
# machine.  Fails where a count is more than 5 % above the one in instructions.txt; one more than 5 % below it asks for a new
# number there.  Counts belong to the release preset on amd64 with Debian 12's compiler: other builds are skipped (77), and so
# is a machine without valgrind.
# usage: instructions.sh BUILD [--print]      --print: the lines of instructions.txt as they would be now
# Last line: `N passed, N failed`.
set -u
build=${1:?build folder}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
skip() {
	echo "skipped: $1"
	exit 77
}
command -v valgrind >/dev/null || skip "no valgrind"
[ "$(uname -m)" = x86_64 ] || skip "counts are of amd64"
grep -q '^CMAKE_INTERPROCEDURAL_OPTIMIZATION.*=ON' "$build/CMakeCache.txt" || skip "$build is not of the release preset"
gcc --version | grep -q ' 12\.' || skip "counts are of gcc 12"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
echo 'authority: []' >"$work/none.yaml"

# captures that say what they say for good: a new one in the tree does not change the mix
captures=()
for c in dhcp4/lease dhcp6/exchange dns/lookups nd/basics arp/arp tls/tls12 teredo/qualify scenario/mitm6-default/capture; do
	captures+=("$top/pcaps/$c.pcap")
done

count() { # mix: instructions
	every=50
	[ "$1" = storm ] && every=1
	"$build/tests/bench/bench_traffic" "$work/$1.pcap" 20000 $every "${captures[@]}" >/dev/null || return 1
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$build/crosstap" -q -r "$work/$1.pcap" -c "$work/none.yaml" \
		2>"$work/log" >/dev/null
	sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log"
}

passed=0 failed=0
for mix in span storm; do
	now=$(count $mix)
	[ -n "$now" ] || { echo "$mix: not counted"; cat "$work/log"; exit 1; }
	if [ "${2-}" = --print ]; then
		echo "$mix $now"
		continue
	fi
	then=$(sed -n "s/^$mix \([0-9]*\)$/\1/p" "$here/instructions.txt")
	per=$((now * 1000 / then))
	printf '%-6s %12d instructions, %12d in the tree: %d.%d %%\n' $mix "$now" "$then" $((per / 10)) $((per % 10))
	if [ $per -gt 1050 ]; then failed=$((failed + 1)); else passed=$((passed + 1)); fi
	[ $per -lt 950 ] && echo "$mix: better by more than 5 %: put the new count into tests/bench/instructions.txt"
done
[ "${2-}" = --print ] && exit 0
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
