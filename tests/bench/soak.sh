#!/bin/bash
# Memory does not grow with the input: control traffic from ever new hosts, a tenth and then all of it, through the release
# build with small tables, which are full within the tenth; the largest resident size must then be the same but for 4 MiB,
# and nothing may crash.
# Then eight hours' worth of traffic through the live path, in SECONDS (soak.py).
# usage: soak.sh BUILD [PACKETS [SECONDS]]
set -u
build=${1:?build folder} packets=${2:-6000000} live=${3:-150}
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mapfile -t captures < <(find "$top/pcaps" -name '*.pcap' | LC_ALL=C sort)
first=
for n in $((packets / 10)) "$packets"; do
	"$build/tests/bench/bench_traffic" "$work/storm.pcap" "$n" 1 "${captures[@]}" || exit 2
	read -r rss seconds status < <(python3 -B - "$build/crosstap" "$work/storm.pcap" <<-'END'
		import os, subprocess, sys, time
		t = time.time()
		p = subprocess.Popen([sys.argv[1], "-q", "--set", "limits.hosts=1024", "--set", "limits.events=1024", "-r", sys.argv[2]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		_, status, use = os.wait4(p.pid, 0)
		print(use.ru_maxrss, "%.1f" % (time.time() - t), os.waitstatus_to_exitcode(status))
	END
	)
	echo "$n packets: $rss KiB at most, $seconds s, exit $status"
	case $status in 0 | 1) ;; *) echo "0 passed, 1 failed"; exit 1 ;; esac
	first=${first:-$rss}
done
passed=0 failed=0
if [ "$rss" -le $((first + 4096)) ]; then passed=1; else failed=1; fi
python3 -B "$top/tests/bench/soak.py" "$build" "$live" | tee "$work/live"
read -r p f s < <(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' "$work/live")
if [ -z "${f-}" ]; then
	echo "the live soak did not end"
	failed=$((failed + 1))
fi
passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0}))
echo "$passed passed, $failed failed${s:+, $s skipped}"
[ "$failed" -eq 0 ]
