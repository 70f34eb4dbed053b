#!/bin/bash
# CPU time (user and system) of crosstap for a capture, as a multiple of the bare libpcap loop over the same file: runs in
# turn, best of each, page cache warm.  Also nanoseconds a packet and the largest resident size.
# usage: bench.sh BUILD [ROUNDS]      BUILD: a release build with crosstap and tests/bench
# Last line: the state that is taken at start, and what one more tracked host costs.
# Workloads: span (a mirrored port), storm (control traffic alone), tls (bulk behind handshakes).
# With a limit in CROSSTAP_BENCH_MAX ("span 2.5 storm 5") a ratio above it makes the exit status 1.
set -u
build=${1:?build folder} rounds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
shared=${CROSSTAP_SHARED:-$top/../shared}
bin=$build/crosstap count=$build/tests/bench/bench_count traffic=$build/tests/bench/bench_traffic tls=$build/tests/bench/bench_tls
packets=${CROSSTAP_BENCH_PACKETS:-1000000}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for tool in "$bin" "$count" "$traffic" "$tls"; do
	[ -x "$tool" ] || { echo "$tool is missing"; exit 2; }
done

# name span|storm|tls: the made file; tls is handshakes of real stacks, each followed by 1.4 MB of application data
workload() {
	if [ "$1" = tls ]; then
		zoo=$shared/pcaps/lab/tls-handshake-zoo/capture.pcap
		mapfile -t captures < <(find "$top/pcaps" -name '*.pcap' | LC_ALL=C sort)
		[ -f "$zoo" ] && captures=("$zoo")
		"$tls" "$work/$1.pcap" "$packets" 1500 "${captures[@]}" >/dev/null
	elif [ -f "$shared/bench/mix.c" ] && [ -d "$shared/pcaps/public" ] && [ -z "${CROSSTAP_BENCH_OWN-}" ]; then
		[ -x "$work/mix" ] || gcc -w -O2 -o "$work/mix" "$shared/bench/mix.c" -lpcap || return 1
		find "$shared/pcaps/public" "$shared/pcaps/lab" -name '*.pcap' -o -name '*.cap' -o -name '*.pcapng' |
			LC_ALL=C sort >"$work/files"
		if [ "$1" = span ]; then "$work/mix" "$work/$1.pcap" "$packets" 64 30 0; else
			"$work/mix" "$work/$1.pcap" "$packets" 64 0 1
		fi <"$work/files" >/dev/null 2>&1
	else
		every=50
		[ "$1" = storm ] && every=1
		mapfile -t captures < <(find "$top/pcaps" -name '*.pcap' | LC_ALL=C sort)
		"$traffic" "$work/$1.pcap" "$packets" $every "${captures[@]}"
	fi
}

# command...: CPU seconds and largest resident KiB
cost() {
	python3 -B - "$@" <<-'END'
		import os, resource, subprocess, sys
		p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		_, status, use = os.wait4(p.pid, 0)
		code = os.waitstatus_to_exitcode(status)
		print("%.6f %d" % (use.ru_utime + use.ru_stime, use.ru_maxrss))
		sys.exit(0 if code in (0, 1) else 3)
	END
}

echo 'authority: []' >"$work/none.yaml"
status=0
printf '%-6s %10s %12s %12s %8s %10s\n' load packets 'loop ns/pkt' 'ours ns/pkt' ratio 'peak KiB'
for load in span storm tls; do
	workload "$load" || { echo "$load: no workload"; exit 2; }
	n=$("$count" "$work/$load.pcap" | sed 's/ .*//')
	base=999999 ours=999999 rss=0
	for ((i = 0; i < rounds; i++)); do
		read -r t _ < <(cost "$count" "$work/$load.pcap")
		base=$(printf '%s\n%s\n' "$base" "$t" | sort -g | head -n 1)
		out=$(cost "$bin" -q -r "$work/$load.pcap" -c "$work/none.yaml") || { echo "$load: crosstap failed"; exit 1; }
		read -r t rss <<<"$out"
		ours=$(printf '%s\n%s\n' "$ours" "$t" | sort -g | head -n 1)
	done
	rm -f "$work/$load.pcap"
	max=$(echo "${CROSSTAP_BENCH_MAX-}" | sed -n "s/.*$load \([0-9.]*\).*/\1/p")
	awk -v l=$load -v n="$n" -v b="$base" -v o="$ours" -v r="$rss" -v max="${max:-0}" 'BEGIN {
		printf "%-6s %10d %12.1f %12.1f %8.2f %10d\n", l, n, b / n * 1e9, o / n * 1e9, o / b, r
		exit max > 0 && o / b > max }' || status=1
done

# state for one more tracked host: the program says at start what it takes
state() {
	"$bin" -v -r "$top/pcaps/scenario/mitm6-default/capture.pcap" --set limits.hosts="$1" 2>&1 >/dev/null | sed -n 's/.*state: \([0-9]*\) MiB/\1/p'
}
small=$(state 65536) large=$(state 1048576)
echo "state: $small MiB for 65536 hosts, $large MiB for 1048576: $(((large - small) * 1048576 / (1048576 - 65536))) bytes a tracked host"
exit $status
