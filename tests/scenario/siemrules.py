#!/usr/bin/env python3
"""Three public SIEM rules as small reference programs, beside crosstap on the same captures and events.

usage: siemrules.py WIRE.pcap [EVENTS.jsonl]      prints the alerts of the rules

two-servers   two servers answer one DHCPv4 transaction within 30 s
discover-rate 75 DISCOVERs from 50 MACs within a minute
isatap-4100   event 4100 with a router that is not loopback
Each rule is told once an hour and place, as a SIEM would group it."""
import collections, datetime, json, mmap, os, statistics, struct, subprocess, sys

RULES = ("two-servers", "discover-rate", "isatap-4100")
MEANT = {"two-servers": ("dhcpv4-rogue-server",), "discover-rate": ("dhcp-discover-flood", "dhcp-starvation"), "isatap-4100": ("isatap-rogue-router", "mitm6", "dns-takeover")}
RAISED = ("suspected", "probable", "confirmed")


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def packets(path):
    """the classic format with microseconds or nanoseconds, little-endian or big-endian"""
    with open(path, "rb") as f:
        if os.path.getsize(path) < 24:
            return
        m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    magic = m[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1e-9 if 0xa1b23c4d in (int.from_bytes(magic, "little"), int.from_bytes(magic, "big")) else 1e-6
    head, at, end = struct.Struct(order + "IIII").unpack_from, 24, len(m)
    while at + 16 <= end:
        s, us, n, _ = head(m, at)
        yield s + us * unit, m, at + 16, n
        at += 16 + n


def dhcp(path):
    """(time, vlan, broadcast?, op, type, xid, chaddr, server id) of every DHCPv4 message in Ethernet, tagged or not"""
    for t, m, at, n in packets(path):
        vlan, o = 0, 12
        while m[at + o:at + o + 2] in (b"\x81\0", b"\x88\xa8") and o < 20:
            vlan, o = struct.unpack_from(">H", m, at + o + 2)[0] & 4095, o + 4
        if m[at + o:at + o + 2] != b"\x08\0" or m[at + o + 11] != 17:
            continue
        ihl = (m[at + o + 2] & 15) * 4
        u = o + 2 + ihl
        if n < u + 8 + 240 or m[at + u + 2:at + u + 4] not in (b"\0\x43", b"\0\x44"):
            continue
        b = at + u + 8
        kind, sid, p, end = 0, None, b + 240, at + n
        while p + 1 < end and m[p] != 255:
            if m[p] == 0:
                p += 1
                continue
            if m[p] == 53:
                kind = m[p + 2]
            elif m[p] == 54:
                sid = m[p + 2:p + 6]
            p += 2 + m[p + 1]
        yield t, vlan, m[at:at + 6] == b"\xff" * 6, m[b], kind, m[b + 4:b + 8], m[b + 28:b + 34], sid or m[at + o + 14:at + o + 18]


def alerts(wire, events):
    """[(time, rule, vlan or None)], each rule once an hour and place"""
    out, told = [], {}

    def tell(t, rule, place):
        if t - told.get((rule, place), 0) >= 3600:
            told[rule, place] = t
            out.append((t, rule, place))
    answers, asks, per = collections.OrderedDict(), collections.deque(), collections.Counter()
    for t, vlan, all_, op, kind, xid, ch, sid in dhcp(wire):
        if op == 2 and kind in (2, 5, 6):
            key = (vlan, xid, ch)
            got = answers.setdefault(key, (t, set()))
            if t - got[0] > 30:
                answers[key] = got = (t, set())
            got[1].add(sid)
            if len(got[1]) > 1:
                tell(t, "two-servers", vlan)
            while len(answers) > 50000:
                answers.popitem(last=False)
        elif op == 1 and kind == 1 and all_:
            asks.append((t, ch, vlan))
            per[ch] += 1
            while asks[0][0] < t - 60:
                _, old, _ = asks.popleft()
                per[old] -= 1
                if not per[old]:
                    del per[old]
            if len(asks) >= 75 and len(per) >= 50:
                tell(t, "discover-rate", collections.Counter(x[2] for x in asks).most_common(1)[0][0])
    if events and os.path.exists(events):
        for line in open(events):
            w = json.loads(line).get("winlog", {})
            if str(w.get("event_id")) == "4100" and w.get("provider_name", "").lower() == "microsoft-windows-iphlpsvc":
                router = w.get("event_data", {}).get("IsatapRouter", "")
                if router and not router.startswith("127.") and router != "::1":
                    tell(when(json.loads(line)["@timestamp"]), "isatap-4100", w.get("computer_name"))
    return out


def row(out, name, found, meant, of_meant, total, false, days, delay):
    out("| %s | %d of %d | %s | %d | %.2f | %s |" % (name, found, total, "%d of %d" % (meant, of_meant) if of_meant else "all", false, false / days,
        "%.1f s" % statistics.median(delay) if delay else "-"))


def month(out, d, truth, rows, false):
    got = alerts(os.path.join(d, "wire.pcap"), os.path.join(d, "events.jsonl"))
    ran = [a for a in truth["attacks"] if a["ran"]]
    out("")
    out("Side by side on the simulated month (false alarms: findings or alerts that belong to no attack):")
    out("")
    out("| who | attacks found | of those it could see | false alarms | a day | median delay |")
    out("|---|---|---|---|---|---|")
    mine = [(a, [f["raised"] for x, f in g.items() if x in a["expected"]]) for a, g, _ in rows if g is not None]
    row(out, "crosstap", sum(bool(x) for _, x in mine), 0, 0, len(ran), len(false), truth["days"], [min(x) - a["start"] for a, x in mine if x])
    for rule in RULES:
        hit, wrong, late = set(), 0, {}
        meant = [a for a in ran if set(a["expected"] + a["allowed"] * (rule == "isatap-4100")) & set(MEANT[rule])]
        for t, r, place in got:
            if r != rule:
                continue
            a = [a for a in meant if a["start"] - 5 <= t <= a["end"] + 600 and (rule == "isatap-4100" or a["segment"] == "cap0/%s" % place)]
            if not a:
                wrong += 1
            for x in a:
                hit.add(x["name"])
                late.setdefault(x["name"], t - x["start"])
        row(out, rule, len(hit), len(hit), len(meant), len(ran), wrong, truth["days"], list(late.values()))


def lab_findings(binary, d):
    cmd = [binary, "-q", "-r", os.path.join(d, "capture.pcap"), "-c", os.path.join(d, "authority.yaml")]
    if os.path.exists(os.path.join(d, "events.jsonl")):
        cmd += ["-e", os.path.join(d, "events.jsonl")]
    first = {}
    for line in subprocess.run(cmd, capture_output=True, timeout=120).stdout.decode().splitlines():
        r = json.loads(line)
        if r.get("incident", {}).get("verdict") in RAISED:
            first.setdefault(r["incident"]["detection"], when(r["timestamp"]))
    return first


def lab(out, binary):
    """false where there are no lab captures"""
    root = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps", "lab")
    if not os.path.isdir(root):
        print("skipped, no corpus: %s (CROSSTAP_SHARED says where)" % root)
        return False
    stat = {w: {"hit": 0, "meant": 0, "of": 0, "false": 0, "delay": []} for w in ("crosstap",) + RULES}
    attacks = benign = 0
    for name in sorted(os.listdir(root)):
        d = os.path.join(root, name)
        if not os.path.exists(os.path.join(d, "truth.json")):
            continue
        truth = json.load(open(os.path.join(d, "truth.json")))
        want = {e["detection"]: when(e["first_ts"]) for e in truth["expected"] if e.get("first_ts")}
        attacks += bool(want)
        benign += not want
        seen = lab_findings(binary, d)
        got = alerts(os.path.join(d, "capture.pcap"), os.path.join(d, "events.jsonl"))
        for who, s in stat.items():
            if who == "crosstap":
                t = min((seen[x] for x in want if x in seen), default=None)
                wrong = 0 if want else len(seen)
                fit = bool(want)
            else:
                fit = bool(set(want) & set(MEANT[who]))
                times = [x[0] for x in got if x[1] == who]
                t = min(times, default=None) if fit else None
                wrong = 0 if fit else len(times)
            s["of"] += fit
            s["false"] += wrong
            if want and t is not None:
                s["hit"] += 1
                s["delay"].append(t - min(want.values()))
    out("")
    out("Side by side on the lab captures (%d with an attack, %d without; false: alerts where nothing of the kind was done):" % (attacks, benign))
    out("")
    out("| who | attacks found | of those it could see | false alarms | a capture | median delay |")
    out("|---|---|---|---|---|---|")
    for who, s in stat.items():
        row(out, who, s["hit"], s["hit"], 0 if who == "crosstap" else s["of"], attacks, s["false"], attacks + benign, s["delay"])
    return True


def compare(out, binary, d, truth, rows, false):
    month(out, d, truth, rows, false)
    return lab(out, binary)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    for t, rule, place in alerts(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None):
        print("%s %s %s" % (datetime.datetime.fromtimestamp(t, datetime.timezone.utc).isoformat(), rule, place))
    return 0


if __name__ == "__main__":
    sys.exit(main())
