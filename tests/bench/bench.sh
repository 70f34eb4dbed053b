#!/bin/bash
# CPU time (user and system) of crosstap for a capture, as a multiple of the bare libpcap loop over the same file: runs in
# turn, best of each, page cache warm.  Also nanoseconds a packet and the largest resident size.
# usage: bench.sh BUILD [ROUNDS]      BUILD: a release build with crosstap and tests/bench
# Last line: the state that is taken at start, and what one more tracked host costs.
# Workloads: span (a mirrored port), storm (control traffic alone), tls (bulk behind handshakes).
# With a limit in CROSSTAP_BENCH_MAX ("span 2.5 storm 5") a ratio above it makes the exit status 1.
rounds=${2:-5}
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"

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
