#!/bin/bash
# Programs of the field beside crosstap: CPU time (user and system) for the same file, as a multiple of the bare libpcap loop,
# runs in turn, best of each, page cache warm; and how much memory each took.  They do other work than crosstap: the table says
# what a packet costs, not who is better.
# usage: peers.sh BUILD [ROUNDS]      BUILD: a release build with crosstap and tests/bench
# Debian has them: apt install tcpdump tshark libndpi-bin p0f softflowd.  One that is not installed is skipped, and said so.
rounds=${2:-3}
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"

# name program: the command for $file in array `run`
command_of() {
	case $1 in
	libpcap) run=("$count" "$file") ;;
	crosstap) run=("$bin" -q -r "$file" -c "$work/none.yaml") ;;
	tcpdump) run=(tcpdump -n -r "$file" -w /dev/null 'udp port 67 or udp port 546 or udp port 547 or udp port 53 or icmp6 or arp or tcp port 443') ;;
	p0f) rm -f "$work/p0f.log" && run=(p0f -r "$file" -o "$work/p0f.log") ;;
	softflowd) run=(softflowd -d -r "$file") ;;
	ndpiReader) run=(ndpiReader -q -i "$file") ;;
	tshark) run=(tshark -n -r "$file" -T fields -e frame.number -e dhcp.option.dhcp -e dhcpv6.msgtype -e dns.qry.name -e tls.handshake.type) ;;
	esac
}

# What a program that did its work leaves behind, where its exit status does not say so.
worked() { [ "$1" != p0f ] || [ -s "$work/p0f.log" ]; }

version_of() {
	case $1 in
	libpcap) tcpdump --version 2>&1 | sed -n 's/^libpcap version \([0-9.]*\).*/\1/p' ;;
	crosstap) "$bin" --version | sed 's/.* //' ;;
	ndpiReader) ndpiReader -h 2>&1 | sed -n 's/^Welcome to nDPI \([0-9.]*\).*/\1/p' | head -n 1 ;;
	p0f) p0f -h 2>&1 | sed -n 's/.*p0f \([0-9.b]*\).*/\1/p' | head -n 1 ;;
	softflowd) softflowd -h 2>&1 | sed -n 's/^This is softflowd version \([0-9.]*[0-9]\).*/\1/p' ;;
	*) "$1" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*[0-9]\).*/\1/p' ;;
	esac
}

declare -A best rss known
for load in span storm; do
	file=$work/$load.pcap
	workload "$load" || { echo "$load: no workload"; exit 2; }
	n=$("$count" "$file" | sed 's/ .*//')
	for ((i = 0; i < rounds; i++)); do
		for name in libpcap tcpdump crosstap softflowd p0f ndpiReader tshark; do
			[ $name = libpcap ] || [ $name = crosstap ] || command -v $name >/dev/null || continue
			[ $i -gt 0 ] && [ $name = tshark ] && continue # a hundred times the loop: once is enough
			command_of $name
			if ! { out=$(cost "${run[@]}") && worked "$name"; }; then
				known[$name]="failed on $load"
				continue
			fi
			read -r t kib <<<"$out"
			best[$name,$load]=$(printf '%s\n%s\n' "${best[$name,$load]-999999}" "$t" | sort -g | head -n 1)
			rss[$name]=$(printf '%s\n%s\n' "${rss[$name]-0}" "$kib" | sort -g | tail -n 1)
		done
	done
	rm -f "$file"
	echo "$load: $n packets, bare loop $(awk -v b="${best[libpcap,$load]}" -v n="$n" 'BEGIN { printf "%.0f", b / n * 1e9 }') ns a packet"
done
printf '%-12s %-10s %8s %8s %10s\n' program version span storm 'peak KiB'
for name in libpcap tcpdump crosstap softflowd p0f ndpiReader tshark; do
	if [ -z "${best[$name,storm]-}" ]; then
		echo "$name: skipped, ${known[$name]-not installed}"
		continue
	fi
	awk -v n=$name -v v="$(version_of $name)" -v a="${best[$name,span]}" -v A="${best[libpcap,span]}" -v b="${best[$name,storm]}" \
		-v B="${best[libpcap,storm]}" -v r="${rss[$name]}" \
		'BEGIN { printf "%-12s %-10s %8.2f %8.2f %10d\n", n, v, a / A, b / B, r }'
done
