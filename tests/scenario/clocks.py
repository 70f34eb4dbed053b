#!/usr/bin/env python3
"""Hosts whose clocks are wrong, and feeds that lose, repeat and delay.

usage: clocks.py --bin CROSSTAP --forge FORGE [--lab DIR] [--runs N] [--only SUBSTR] [--jobs N]

Forged: two stations give one client a wrong address for one name, three minutes apart; the client's event tells of the
first, by a clock that is three minutes ahead.  With the wide window it speaks against both; once six leases have shown the
clock's error it speaks against the first only, whatever the order of the events, and is said to be withdrawn from the other.
Further: a clock that is set in the middle, with and without the event that says so, one whose leases show nothing certain,
copies from two collectors.
Lab: the events of each scenario by clocks that are wrong by up to 5 minutes and set in the middle, a third lost, a third
twice, a third up to 2 h late.  No detection may be raised, and none may be stronger, than with the whole feed and right
clocks; where nothing is wrong nobody may be confirmed.  Last line: `N passed, N failed`."""
import argparse, concurrent.futures, copy, glob, json, os, random, subprocess, sys, tempfile
from datetime import datetime, timedelta, timezone
from traps import S1, X, with_
from wire import *

RANK = {v: n for n, v in enumerate(("info", "refuted", "unverifiable", "host-only", "suspected", "probable", "confirmed"))}
Y = mac(67, 0x66)
CLI, CIP, NAME = mac(31, 0xcc), ip(50), "files.corp.lab"
START, FIRST, AHEAD = 1700000000.0, 5000, 180   # the first wrong answer, s after the start; the clock's error
DHCP, DNS = "Microsoft-Windows-Dhcp-Client", "Microsoft-Windows-DNS-Client"
AUTH = with_(resolvers=[ip(2)])


def event(number, at, provider, record, **data):
    stamp = datetime.fromtimestamp(START + at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"@timestamp": stamp, "host": {"name": "ws-31.corp.lab", "ip": [CIP], "mac": [CLI]},
            "winlog": {"provider_name": provider, "event_id": str(number), "record_id": record, "channel": "System",
                       "computer_name": "WS-31.corp.lab", "event_data": data}}


def scene(leases):
    """the leases, one each 700 s; then the two answers"""
    w = Wire()
    w.at = START - 60
    for m, a in ((S1, ip(2)), (X, ip(66)), (Y, ip(67)), (CLI, CIP)):
        w.announce(m, a)
    for i in range(leases):
        w.at = START + 700 * i
        w.client(3, CLI, 500 + i, src=CIP, dst=ip(2), l2dst=S1, ciaddr=CIP)
        w.server(5, S1, ip(2), CLI, 500 + i, CIP)
    for at, m, a in ((FIRST, X, ip(66)), (FIRST + AHEAD, Y, ip(67))):
        w.at = START + at
        w.query(CLI, CIP, m, a, NAME, ident=at & 0xffff)
        w.answer(m, a, CLI, CIP, NAME, a, ident=at & 0xffff)
    w.at = START + FIRST + 3600
    w.arp(S1, ip(2), ip(1))
    return w


def leases(error, n=6, first=0):
    return [event(50013, 700 * i + 0.05 + error(i), DHCP, 100 + i, InterfaceId="7", Address1=CIP, Address2=ip(2)) for i in range(first, n)]


def run(a, w, events, extra=()):
    """what is told last of each incident, by MAC of the actor and detection"""
    with tempfile.TemporaryDirectory() as d:
        p = lambda n: os.path.join(d, n)
        open(p("s"), "w").write(w.text())
        q = subprocess.run([a.forge, "-o", p("w.pcap"), p("s")], capture_output=True, text=True)
        if q.returncode:
            raise SystemExit("forge: " + q.stderr.strip())
        json.dump({"authority": [dict(AUTH, name="test")]}, open(p("c.yaml"), "w"))
        open(p("e.jsonl"), "w").write("".join(json.dumps(e) + "\n" for e in events))
        q = subprocess.run([a.bin, "-v", "-r", p("w.pcap"), "-c", p("c.yaml"), "-e", p("e.jsonl"), *extra], capture_output=True, text=True)
        if q.returncode:
            raise SystemExit("exit %d: %s" % (q.returncode, q.stderr.strip()[:300]))
    last = {}
    for x in q.stdout.splitlines():
        i = json.loads(x)["incident"]
        if not i.get("members"):
            last[i["actor"].get("mac"), i["detection"]] = i
    return last, q.stderr


def role(last, m):
    """how the client's event speaks in the incident of that station: role, withdrawn?"""
    i = last.get((m, "dns-takeover"))
    e = [x for x in i["host_events"] if x["event_id"] == 3008] if i else []
    return (e[0]["role"], e[0].get("withdrawn", False)) if e else (None, False)


SPEAKS, OFF = ("corroborates", False), ("context", True)


def forged(a, check):
    told = event(3008, FIRST + AHEAD + 0.1, DNS, 200, QueryName=NAME, QueryType="1", QueryStatus="0", QueryResults=ip(66))
    w = scene(6)
    last, _ = run(a, w, [told])
    check(role(last, X) == SPEAKS and role(last, Y) == SPEAKS, "nothing known of the clock: the event speaks against both: %s %s" % (role(last, X), role(last, Y)))
    ahead = leases(lambda i: AHEAD)
    verdicts = set()
    for what, events, extra in (("in order", ahead + [told], ()), ("the leases last", [told] + ahead, ()), ("turned round", (ahead + [told])[::-1], ()),
                                ("all before the packets", [told] + ahead, ("--events-as-given=first",)),
                                ("all after the packets", ahead + [told], ("--events-as-given=last",))):
        last, err = run(a, w, events, extra)
        check(role(last, X) == SPEAKS and role(last, Y) == OFF, "six leases by a clock 3 min ahead, %s: against the first only: %s %s" % (what, role(last, X), role(last, Y)))
        check("clock +180.0" in err, "and the offset is told")
        verdicts.add(tuple(sorted((k[0] or "", k[1], i["verdict"], i["severity"]) for k, i in last.items())))
    check(len(verdicts) == 1, "the same verdicts in each order: %d" % len(verdicts))
    last, err = run(a, w, ahead[:4] + [told])
    check(role(last, X) == SPEAKS and role(last, Y) == SPEAKS and "clock unknown" in err, "four leases are too few")
    last, err = run(a, w, leases(lambda i: AHEAD if i < 3 else 0) + [told])
    check(role(last, X) == SPEAKS and role(last, Y) == SPEAKS and "clock unknown" in err, "a clock that was set in between: both")
    last, err = run(a, w, leases(lambda i: 0) + [told])
    check(role(last, Y) == SPEAKS, "a right clock: the event is the second's: %s" % (role(last, Y),))
    check(role(last, X) == OFF, "and not the first's: %s" % (role(last, X),))
    # two answers to one lease show nothing certain
    twice = scene(6)
    for i in range(6):
        twice.at = START + 700 * i + 100
        twice.server(5, S1, ip(2), CLI, 500 + i, CIP)
    twice.lines.sort(key=lambda x: float(x.split()[0][2:]))
    last, err = run(a, twice, ahead + [told])
    check("clock unknown" in err and role(last, Y) == SPEAKS, "each lease answered twice: not learned")
    # a second collector cuts the fractions; another host's clock is another's
    copies = copy.deepcopy(ahead + [told])
    for e in copies:
        e["@timestamp"] = e["@timestamp"][:19] + "Z"
    last, err = run(a, w, [e for pair in zip(ahead + [told], copies) for e in pair])
    check(role(last, Y) == OFF and "WS-31.corp.lab: 14, twice 7" in err, "copies of a second collector count once")
    other = copy.deepcopy(ahead)
    for e in other:
        e["host"] = {"name": "ws-32.corp.lab", "ip": [ip(51)], "mac": [mac(32, 0xcc)]}
        e["winlog"]["computer_name"] = "WS-32.corp.lab"
    last, err = run(a, w, other + [told])
    check(role(last, Y) == SPEAKS and "clock +" not in err, "leases of another computer say nothing of this one")
    last, err = run(a, w, ahead[:1] + ahead[3:] + [told])
    check("missing 96" in err, "records that never came are counted: 5 of 100 to 200 came")


# ---- a clock that is set, and says so ----
KERNEL, W32TIME = "Microsoft-Windows-Kernel-General", "Microsoft-Windows-Time-Service"


def stamp(at):
    return event(0, at, "", 0)["@timestamp"]


def kernel(at, by, record=300):
    """the clock is set at that time of the right clock, forward by so many seconds, to the right time"""
    return event(1, at + 0.01, KERNEL, record, NewTime=stamp(at), OldTime=stamp(at - by))


def other_host(events, m, a, name):
    events = copy.deepcopy(events)
    for e in events:
        e["host"] = {"name": name, "ip": [a], "mac": [m]}
        e["winlog"]["computer_name"] = name
    return events


def stepped(a, check):
    # fourteen leases, the first eight (up to 4900 s) by the wrong clock; the answers come at 5000 s and at 5180 s
    w = scene(14)
    w.lines.sort(key=lambda x: float(x.split()[0][2:]))

    def wrong(by):
        return leases(lambda i: by if i < 8 else 0, 14)

    def told(at, a=ip(66)):
        return event(3008, at, DNS, 200, QueryName=NAME, QueryType="1", QueryStatus="0", QueryResults=a)
    late, early = told(FIRST + AHEAD + 0.1), told(FIRST + 0.1)
    service = event(52, 5250.5, W32TIME, 301, TimeOffsetSeconds="14355438563950637")
    BOTH, FIRST_ONLY, SECOND_ONLY = (SPEAKS, SPEAKS), (SPEAKS, OFF), (OFF, SPEAKS)
    forged_step = kernel(5000, -9 * 3600)
    for what, events, want in (
            ("set back after the event, nobody says so", wrong(AHEAD) + [late], BOTH),
            ("the same, the kernel says so: it is of the first answer", wrong(AHEAD) + [late, kernel(5250, -AHEAD)], FIRST_ONLY),
            ("set back before the event: it is of the second", wrong(AHEAD) + [late, kernel(4950, -AHEAD)], SECOND_ONLY),
            ("set back, and the event's time was passed twice", wrong(AHEAD) + [late, kernel(5060, -AHEAD)], BOTH),
            ("set forward after the event: it is of the second", wrong(-AHEAD) + [early, kernel(5250, AHEAD)], SECOND_ONLY),
            ("set forward, nobody says so", wrong(-AHEAD) + [early], BOTH),
            ("the time service says only that it was set: before it is before", wrong(AHEAD) + [late, service], FIRST_ONLY),
            ("and shortly after it may be either", wrong(AHEAD) + [late, dict(service, **{"@timestamp": stamp(4950)})], BOTH),
            ("both say so: the kernel tells how far", wrong(AHEAD) + [late, dict(service, **{"@timestamp": stamp(4951)}), kernel(4950, -AHEAD)], SECOND_ONLY),
            ("half a second is no step", leases(lambda i: AHEAD, 14) + [late, kernel(5178, 0.5)], FIRST_ONLY),
            ("another computer's step", leases(lambda i: AHEAD, 14) + [late] + other_host([forged_step], mac(32, 0xcc), ip(51), "WS-32.corp.lab"), FIRST_ONLY),
            ("a step of nine hours that leases do not bear out: nothing is known, nothing is lost", leases(lambda i: AHEAD, 14) + [late, forged_step], BOTH)):
        seen = set()
        for order in (events, events[::-1], events[-1:] + events[:-1]):
            last, _ = run(a, w, order)
            seen.add((role(last, X), role(last, Y)))
        check(seen == {want}, "%s%s" % (what, "" if seen == {want} else ": %s" % sorted(seen)))
    # what the suspect's own computer says of its clock helps it nowhere
    events = wrong(AHEAD) + [late, kernel(5250, -AHEAD)]
    verdicts = []
    for own in ([], other_host([forged_step, kernel(4999, 300, 302)], X, ip(66), "WS-66.corp.lab")):
        last, _ = run(a, w, events + own)
        verdicts.append(sorted((k[0] or "", k[1], i["verdict"], i["severity"], role(last, k[0])) for k, i in last.items()))
    check(verdicts[0] == verdicts[1] and any(v[2] == "confirmed" for v in verdicts[0]), "steps of the suspect's own clock change no verdict")


# ---- the lab ----
def stamp_of(record):
    return datetime.fromisoformat((record.get("@timestamp") or record["event"]["created"]).replace("Z", "+00:00"))


def shift(record, seconds):
    t = (stamp_of(record) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if "@timestamp" in record:
        record["@timestamp"] = t
    else:
        record["event"]["created"] = t
    return record


def worse(rng, lines):
    """clocks wrong by up to 5 min and set in the middle, a third lost, a third twice, a third late"""
    records = [json.loads(x) for x in lines]
    times = [stamp_of(r) for r in records]
    middle = min(times) + (max(times) - min(times)) / 2
    error, out = {}, []
    for r, t in zip(records, times):
        if rng.random() < 1 / 3:
            continue
        mine = error.setdefault((r.get("host") or {}).get("name"), (rng.uniform(-300, 300), rng.uniform(-300, 300), rng.random() < 0.5))
        r = shift(r, mine[1] if mine[2] and t > middle else mine[0])
        late = rng.uniform(0, 7200) if rng.random() < 1 / 3 else 0
        for _ in range(2 if rng.random() < 1 / 3 else 1):
            out.append((t.timestamp() + late, json.dumps(r) + "\n"))
    return [x for _, x in sorted(out, key=lambda x: x[0])]


def judged(binary, d, events):
    cmd = [binary, "-q", "-r", os.path.join(d, "capture.pcap"), "-c", os.path.join(d, "authority.yaml"), "-e", events]
    p = subprocess.run(cmd, capture_output=True, timeout=120)
    if p.returncode:
        raise SystemExit("exit %d: %s" % (p.returncode, p.stderr.decode("utf-8", "replace")[-300:]))
    last = {}
    for line in p.stdout.splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = (i["detection"], i["verdict"], bool(i["facts"]))
    return last


def one(job):
    binary, d, lines, seed, whole = job
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "e.jsonl")
        open(path, "w").writelines(worse(random.Random(seed), lines))
        got = judged(binary, d, path)
    bad = []
    for i, (detection, verdict, facts) in got.items():
        was = whole.get(i, (detection, "info"))[1]
        # an event whose packets are out of its window is told alone: that is no claim about the wire
        if RANK[verdict] > max(RANK[was], RANK["host-only"]):
            bad.append("%s %s -> %s" % (detection, was, verdict))
    return bad


def lab(a, check):
    dirs = [os.path.dirname(p) for p in sorted(glob.glob(os.path.join(a.lab, "*", "truth.json"))) if a.only in p]
    runs = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for d in dirs:
            events = os.path.join(d, "events.jsonl")
            lines = [x for x in open(events) if x.strip()] if os.path.exists(events) else []
            if not lines:
                continue
            whole = judged(a.bin, d, events)
            jobs = [(a.bin, d, lines, 1000 + n, whole) for n in range(a.runs)]
            bad = [x for found in pool.map(one, jobs) for x in found]
            runs += len(jobs)
            check(not bad, "%s, %d damaged feeds: %s" % (os.path.basename(d), len(jobs), "; ".join(sorted(set(bad))[:3]) or "nothing stronger"))
    return runs


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--lab", default=os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps/lab"))
    ap.add_argument("--runs", type=int, default=4 if os.environ.get("CROSSTAP_TEST_MODE") == "quick" else 20)
    ap.add_argument("--only", default="")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    a = ap.parse_args()
    count = {True: 0, False: 0}

    def check(ok, what):
        count[bool(ok)] += 1
        print("%-6s %s" % ("ok" if ok else "FAILED", what))
    forged(a, check)
    stepped(a, check)
    runs = lab(a, check)
    if not runs:
        print("skipped, no corpus: no scenario under %s (CROSSTAP_SHARED says where)" % os.path.basename(a.lab))
    print("%d passed, %d failed%s" % (count[True], count[False], "" if runs else ", 1 skipped"))
    return 1 if count[False] else 0


if __name__ == "__main__":
    sys.exit(main())
