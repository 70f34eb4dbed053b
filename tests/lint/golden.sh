#!/bin/sh
# A golden file holds what its packets say and nothing that another change moves: no counters, versions, tool names, times
# of making.  Every capture has its expectation and its folder a README that says who vouches for it.  usage: golden.sh [TREE]
cd "${1:-.}" || exit 2
bad=0 n=0
complain() { echo "$*"; bad=$((bad + 1)); }
for file in $(find pcaps -name '*.obs.jsonl' | LC_ALL=C sort); do
	n=$((n + 1))
	# of TLS the version and a certificate's digest are what the packet says
	if sed -E '/"proto":"tls"/s/"version":"0x[0-9a-f]{4}"|"sha256":"[0-9a-f]{64}"//g' "$file" |
		grep -nEi '"(version|oracle|sha256|frames|records|by|count|counter|total|stats?|generated|tool|stream)"[[:space:]]*:'; then
		complain "$file: counters or versions"
	fi
	if grep -nEv '^\{.*"frame":[0-9]+.*"proto":"[a-z0-9]+".*\}$' "$file"; then
		complain "$file: a line that is no observation"
	fi
	capture=${file%.obs.jsonl}
	[ -f "$capture.pcap" ] || [ -f "$capture.pcapng" ] || complain "$file: no capture beside it"
done
for capture in $(find pcaps -path pcaps/scenario -prune -o \( -name '*.pcap' -o -name '*.pcapng' \) -print | LC_ALL=C sort); do
	[ -f "${capture%.*}.obs.jsonl" ] || complain "$capture: no expectation beside it"
	[ -f "${capture%/*}/README.md" ] || complain "$capture: its folder has no README"
done
[ $n -eq 0 ] && { echo "no golden file found"; exit 2; }
echo "$n golden files, $bad complaints"
[ $bad -eq 0 ]
