# shellcheck shell=bash
# What bench.sh and peers.sh share: the workloads and the price of a command.  Sourced with the build folder as
# the first argument; makes the folder $work.
set -u
build=${1:?build folder}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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
