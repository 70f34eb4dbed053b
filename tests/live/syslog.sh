#!/bin/bash
# A real rsyslogd on loopback gets what the JSON file gets: a replay with a file and two syslog outputs, UDP and TCP, then
# (id, revision, verdict) of all three compared.  The daemon is private: own configuration, ports and pid file.
# usage: syslog.sh CROSSTAP
bin=${1:?path of crosstap}
rsyslogd=$(command -v rsyslogd || ls /usr/sbin/rsyslogd 2>/dev/null)
[ -n "$rsyslogd" ] || { echo "skipped, rsyslogd is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
scenario=pcaps/scenario/mitm6-default
work=$(mktemp -d) || exit 2
daemon=
finish() {
	[ -n "$daemon" ] && kill "$daemon" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT
port=$((20000 + $$ % 20000))
cat >"$work/rsyslog.conf" <<END
global(workDirectory="$work" maxMessageSize="64k")
module(load="imudp")
module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\n")
input(type="imudp" address="127.0.0.1" port="$port" ruleset="udp")
input(type="imtcp" address="127.0.0.1" port="$((port + 1))" ruleset="tcp")
ruleset(name="udp") { action(type="omfile" file="$work/udp.log" template="raw") }
ruleset(name="tcp") { action(type="omfile" file="$work/tcp.log" template="raw") }
END
"$rsyslogd" -n -i "$work/pid" -f "$work/rsyslog.conf" >"$work/rsyslog.err" 2>&1 &
daemon=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	(exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null && break
	sleep 0.3
done
cat $scenario/authority.yaml - >"$work/conf.yaml" <<END

sensor: {name: t1}
output:
  - {type: file, path: "$work/incidents.jsonl"}
  - {type: syslog, host: 127.0.0.1, port: $port, transport: udp}
  - {type: syslog, host: 127.0.0.1, port: $((port + 1)), transport: tcp}
END
"$bin" -q -r $scenario/capture.pcap -e $scenario/events.jsonl -c "$work/conf.yaml" || { echo "crosstap failed"; exit 1; }
want=$(grep -c . "$work/incidents.jsonl")
for _ in $(seq 30); do
	[ "$(cat "$work/udp.log" "$work/tcp.log" 2>/dev/null | grep -c .)" -ge $((2 * want)) ] && break
	sleep 0.2
done
python3 -B - "$work" <<'END'
import json, re, sys
work, passed, failed = sys.argv[1], 0, 0
def check(name, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%-6s %s%s" % ("ok" if good else "FAILED", name, "" if good else ": " + str(why)[:600]))
def lines(name):
    try:
        return [l for l in open("%s/%s.log" % (work, name), encoding="utf-8").read().splitlines() if l]
    except FileNotFoundError:
        return []
want = sorted((i["id"], i["rev"], i["verdict"]) for i in (json.loads(l)["incident"] for l in open(work + "/incidents.jsonl")))
head = re.compile(r'^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) t1 crosstap \S+ ([a-z0-9-]+) \[meta sequenceId="\d+"\]\[incident@32473((?: [a-z_]+="(?:[^"\\\]]|\\["\\\]])*")*)\](?: (.*))?$')
for name in ("udp", "tcp"):
    got, odd = [], []
    for line in lines(name):
        m = head.match(line)
        if not m:
            odd.append(line)
            continue
        sd = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m[4]))
        got.append((sd["id"], int(sd["rev"]), sd["verdict"]))
        if name == "tcp" and json.loads(m[5])["incident"]["id"] != sd["id"]:
            odd.append(line)
        if name == "udp" and len(line.encode()) > 1400:
            odd.append("%d bytes: %s" % (len(line.encode()), line))
    check("%s: every line is RFC 5424 with the structured data it should have" % name, not odd and got, odd[:1])
    check("%s: (id, rev, verdict) as in the file, %d records" % (name, len(want)), sorted(got) == want, set(want) ^ set(got))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
END
