#!/bin/bash
# What goes wrong for months: the engine killed, the interface removed and back, the saved state torn, the first process killed.
# After each the sensor must be there again, say what happened, and know what it knew.  In a network namespace of its own.  What
# goes wrong around it (receivers, disks, clocks, feeds) is in faults.py, a broken configuration in reload.py.
# usage: faults.sh CROSSTAP
bin=${1:?path of crosstap}
skip() {
	echo "skipped, $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
if [ -z "${CROSSTAP_NETNS-}" ]; then
	command -v tcpreplay >/dev/null || skip "tcpreplay is not installed"
	for how in "-n" "-rn"; do
		if unshare $how ip link add ctprobe0 type veth peer name ctprobe1 2>/dev/null; then
			CROSSTAP_NETNS=1 exec unshare $how "$0" "$(readlink -f "$bin")"
		fi
	done
	skip "no right to make a network namespace with a veth pair"
fi
work=$(mktemp -d) || exit 2
sensor='' passed=0 failed=0
finish() {
	[ -n "$sensor" ] && kill -9 "$sensor" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT
check() {
	if [ "$2" = 0 ]; then
		echo "ok     $1"
		passed=$((passed + 1))
	else
		echo "FAILED $1"
		failed=$((failed + 1))
		tail -n 8 "$work/err"
	fi
}
link() {
	ip link add cta type veth peer name ctb
	for end in cta ctb; do
		echo 1 >/proc/sys/net/ipv6/conf/$end/disable_ipv6
		ip link set $end arp off up
	done
}
# how often TEXT stands in the messages; seconds
told() {
	for _ in $(seq $(($3 * 5))); do
		[ "$(grep -c "$2" "$work/err")" -ge "$1" ] && return 0
		sleep 0.2
	done
	return 1
}
child() {
	tr ' ' '\n' <"/proc/$sensor/task/$sensor/children" | while read -r p; do
		grep -q "role=$1" "/proc/$p/cmdline" && echo "$p"
	done
}
engine() { child engine; }
# are there records behind line $1 of incidents before it, and do their revisions count on?
ids() {
	python3 -B - "$work/out" "$1" <<-'END'
		import json, sys
		lines = [json.loads(l)["incident"] for l in open(sys.argv[1])]
		n = int(sys.argv[2])
		before = {i["id"]: i["rev"] for i in lines[:n]}
		again = [i for i in lines[n:] if i["id"] in before]
		ok = again and all(i["rev"] > before[i["id"]] for i in again)
		sys.exit(not ok)
	END
}
link
"$bin" -q -i ctb -c pcaps/scenario/mitm6-default/authority.yaml --set state.every=10s --state "$work/state" >"$work/out" 2>"$work/err" &
sensor=$!
told 1 "watching 1 interface" 10
check "it watches" $?
tcpreplay -q -x 20 -i cta pcaps/scenario/mitm6-default/capture.pcap >"$work/sent" 2>&1
for _ in $(seq 75); do
	[ "$work/state" -nt "$work/sent" ] && break
	sleep 0.2
done
sleep 11
lines=$(grep -c . "$work/out")
[ "$lines" -gt 0 ] && [ -s "$work/state" ]
check "it has found $lines records and saved its state" $?
kill -9 "$(engine)"
told 1 "engine: killed by signal 9, started again in 1 s" 5 && told 2 "watching 1 interface" 10
check "engine killed: told, and back" $?
tcpreplay -q -x 20 -i cta pcaps/scenario/mitm6-default/capture.pcap >"$work/sent" 2>&1
sleep 2

ip link del cta
told 1 "engine: ended with status" 10
check "interface removed: told" $?
# what it had found before it was killed ends with revisions that count on
ids "$lines"
check "engine killed: incidents go on as revisions of the same, counted up" $?
sleep 3
link
told 3 "watching 1 interface" 40
check "interface back: watched again" $?

kill -STOP "$(engine)"
truncate -s -40 "$work/state"
kill -9 "$(engine)"
told 1 "state: not read, it is damaged" 40 && told 4 "watching 1 interface" 40
check "saved state torn: told, and it watches without" $?

child=$(engine)
kill -9 "$sensor"
wait "$sensor" 2>/dev/null
for _ in $(seq 50); do
	[ -e "/proc/$child/status" ] || break
	grep -q '^State:.Z' "/proc/$child/status" && break
	sleep 0.2
done
[ ! -e "/proc/$child/status" ] || grep -q '^State:.Z' "/proc/$child/status"
check "first process killed: the engine does not outlive it" $?
sensor=
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
