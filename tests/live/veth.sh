#!/bin/bash
# Live equals replay: captures are sent over a veth pair at their own pace and the sensor at the other end must find what
# it finds in the file.  Runs in a network namespace of its own; every capture has its own pair, all at the same time.
# usage: veth.sh CROSSTAP [SECONDS]      SECONDS: how much of each capture is sent (62)
bin=${1:?path of crosstap} seconds=${2:-62}
shared=${CROSSTAP_SHARED:-../shared}
if [ -z "${CROSSTAP_NETNS-}" ]; then
	bin=$(readlink -f "$bin")
	for how in "-n" "-rn"; do
		# a veth pair may be refused where a namespace is not
		if unshare $how ip link add ctprobe0 type veth peer name ctprobe1 2>/dev/null; then
			CROSSTAP_NETNS=1 exec unshare $how "$0" "$bin" "$seconds"
		fi
	done
	echo "skipped, no right to make a network namespace with a veth pair"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
command -v tcpreplay >/dev/null || { echo "skipped, tcpreplay is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
work=$(mktemp -d) || exit 2
started=
sensor=()
finish() {
	# shellcheck disable=SC2086
	[ -n "$started" ] && kill $started 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

# in out: the first SECONDS of a capture
head_of() {
	python3 -B - "$1" "$2" "$seconds" <<-'END'
		import struct, sys
		data, off, first = open(sys.argv[1], "rb").read(), 24, None
		with open(sys.argv[2], "wb") as out:
		    out.write(data[:24])
		    while off + 16 <= len(data):
		        sec, usec, cap, _ = struct.unpack_from("<IIII", data, off)
		        first = first or sec + usec / 1e6
		        if sec + usec / 1e6 - first > float(sys.argv[3]):
		            break
		        out.write(data[off:off + 16 + cap])
		        off += 16 + cap
	END
}

# JSON lines: id, detection and verdict of each finding's last record
final() {
	python3 -B - "$1" <<-'END'
		import json, sys
		last = {}
		for line in open(sys.argv[1]):
		    i = json.loads(line)["incident"]
		    last[i["id"]] = (i["detection"], i["verdict"])
		for k, v in sorted(last.items()):
		    print(k, *v)
	END
}

names="mitm6-default" n=0
[ -d "$shared/pcaps/lab" ] && names="$names dhcpv4-rogue-one-victim rogue-ra-guard-evasion dhcp-flood-yersinia benign-pxe-proxydhcp"
for name in $names; do
	dir=$shared/pcaps/lab/$name
	[ -d "$dir" ] || dir=pcaps/scenario/$name
	a=cta$n b=ctb$n
	ip link add $a mtu 9000 type veth peer name $b mtu 9000 || exit 2
	for link in $a $b; do
		# the kernel's own solicitations are no part of the capture
		echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6
		ip link set $link arp off up || exit 2
	done
	head_of "$dir/capture.pcap" "$work/$name.pcap"
	mkdir "$work/$name.evidence"
	"$bin" -q -i $b -c "$dir/authority.yaml" --set "evidence.folder=$work/$name.evidence" >"$work/$name.live" 2>"$work/$name.err" &
	started="$started $!"
	sensor[n]=$!
	n=$((n + 1))
done
sleep 1
n=0 senders=
for name in $names; do
	tcpreplay -q -i cta$n "$work/$name.pcap" >"$work/$name.sent" 2>&1 &
	senders="$senders $!"
	n=$((n + 1))
done
# shellcheck disable=SC2086
wait $senders
sleep 2
n=0 passed=0 failed=0
for name in $names; do
	kill -TERM "${sensor[n]}" 2>/dev/null
	wait "${sensor[n]}"
	status=$?
	dir=$shared/pcaps/lab/$name
	[ -d "$dir" ] || dir=pcaps/scenario/$name
	"$bin" -q -r "ctb$n=$work/$name.pcap" -c "$dir/authority.yaml" >"$work/$name.file"
	final "$work/$name.live" >"$work/live" && final "$work/$name.file" >"$work/file"
	evidence=$(python3 -B tests/scenario/evidence.py --live "$work/$name.live" "$work/$name.evidence" "$work/$name.pcap" 2>&1)
	if [ $status -eq 0 ] && cmp -s "$work/live" "$work/file" && [ "$evidence" = "${evidence% files} files" ]; then
		echo "ok     $name: $(grep -c . "$work/file") findings, live as from the file; evidence: $evidence"
		passed=$((passed + 1))
	else
		echo "FAILED $name: exit $status; < file, > live; evidence: $evidence"
		diff "$work/file" "$work/live"
		tail -n 3 "$work/$name.err"
		failed=$((failed + 1))
	fi
	n=$((n + 1))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
