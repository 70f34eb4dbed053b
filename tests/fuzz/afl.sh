#!/bin/bash
# AFL++ on the fuzz targets, as a second opinion beside libFuzzer: other mutations, other ways to schedule.
# usage: tests/fuzz/afl.sh BUILD SECONDS [TARGET...]        BUILD: a folder for its build, made where it is not there
# Builds every target (fuzz_*) with afl-clang-fast, AddressSanitizer and UndefinedBehaviorSanitizer in persistent mode, and
# runs each for so many seconds on one core, from the seeds of corpus/TARGET and what earlier runs found.  What crashed or hung
# stays in BUILD/afl/TARGET.  Prints a row for each target, then `N passed, N failed`; a crash, a hang or a target that does
# not start is a failure.  Debian: afl++
if [ $# -lt 2 ]; then
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$1 seconds=$2
shift 2
if ! command -v afl-clang-fast afl-fuzz >/dev/null; then
	echo "skipped, not installed: afl++"
	exit 77
fi
if [ ! -f "$build/CMakeCache.txt" ]; then
	CC=afl-clang-fast cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCROSSTAP_FUZZ=ON \
		>"$build.log" 2>&1 || { tail -5 "$build.log"; exit 1; }
fi
build=$(cd "$build" && pwd)
if [ $# -eq 0 ]; then
	for folder in "$here"/corpus/*; do
		set -- "$@" "${folder##*/}"
	done
fi
cmake --build "$build" -j2 --target "${@/#/fuzz_}" >"$build/build.log" 2>&1 || { tail -20 "$build/build.log"; exit 1; }

# No one waits for a crash's core file or tunes the machine's clock here; leaks are what the ASan tests look for.
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1
export AFL_IGNORE_SEED_PROBLEMS=1 ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0
export UBSAN_OPTIONS=abort_on_error=1:symbolize=0:halt_on_error=1

stat() { sed -n "s/^$1 *: *//p" "$2"; }

passed=0 failed=0
printf '%-20s %10s %8s %7s %8s %8s %5s\n' target execs execs/s corpus coverage crashes hangs
for t in "$@"; do
	out=$build/afl/$t
	mkdir -p "$out"
	afl-fuzz -V "$seconds" -t 5000 -m none -i "$here/corpus/$t" -o "$out" -- "$build/tests/fuzz/fuzz_$t" >"$out/log" 2>&1
	s=$out/default/fuzzer_stats
	if [ ! -f "$s" ]; then
		echo "$t: did not start, see $out/log"
		failed=$((failed + 1))
		continue
	fi
	crashes=$(stat saved_crashes "$s") hangs=$(stat saved_hangs "$s")
	printf '%-20s %10s %8s %7s %8s %8s %5s\n' "$t" "$(stat execs_done "$s")" "$(stat execs_per_sec "$s")" \
		"$(stat corpus_count "$s")" "$(stat bitmap_cvg "$s")" "$crashes" "$hangs"
	if [ "$crashes" = 0 ] && [ "$hangs" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
