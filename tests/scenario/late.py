#!/usr/bin/env python3
"""Host events that arrive up to six hours late (`feed.event_window: 6h`): the message on the wire that an event tells of is long
past, and the final verdict is that of the event in time.

Then the scenes of events57.py, where both halves agree, where the event is alone, explained, and where nothing was in view: each
event in time, and again five hours and a half late, when what was in view is out of view and the other way round.

usage: late.py --bin CROSSTAP --forge FORGE [--only ID] [-v]
Last line: `N passed, N failed`."""
import argparse, concurrent.futures, json, os, subprocess, sys, tempfile
from events57 import DS, PLAIN, ROWS, SIP, Scene, cases, event, offer, replay, scene, spoken
from traps import GW
from wire import *

HOUR = 3600


def wire(at):
    w = Scene()
    w.here()
    w.sight(-1500)
    if at is not None:
        offer(w, at)
    for i in range(1, 40):          # the sensor's clock goes on
        w.set(600 * i).arp(GW, ip(1), ip(9))
    return w.text()


def clock(late):
    """events of a computer that nobody asks about, which only show how late the feed is: what follows them in a file enters when the
    packets have reached the last; no further apart than events may lie ahead of the packets"""
    at = [x for x in range(-85000, int(late), 20000)] + [late]
    return [event(20222, at=x, provider="RasClient", computer="SRV-99.corp.lab", addresses=(ip(99),), record=900 + i, param1="{%032X}" % i)
            for i, x in enumerate(at)]


def final(a, text, late):
    who = dict(provider=DS, computer="SRV-30.corp.lab", addresses=(SIP,))
    seen = event(1042, param1="(10.0.0.66)", **who)
    feed = (clock(late) if late else []) + [seen]
    with tempfile.TemporaryDirectory() as d:
        script, pcap, conf, events = (os.path.join(d, x) for x in ("s", "w.pcap", "c.yaml", "e.jsonl"))
        open(script, "w").write(text)
        subprocess.run([a.forge, "-o", pcap, script], check=True, capture_output=True)
        json.dump({"authority": [dict(PLAIN, name="test")], "feed": {"synced": True, "event_window": "6h"}}, open(conf, "w"))
        open(events, "w").write("".join(json.dumps(e) + "\n" for e in feed))
        p = subprocess.run([a.bin, "-q", "-r", pcap, "-c", conf, "-e", events], capture_output=True, text=True)
    if p.returncode:
        return "exit %d: %s" % (p.returncode, p.stderr.strip()[:200])
    last = {}
    for line in p.stdout.splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = (i["detection"], i["verdict"], i["severity"], tuple((e["event_id"], e["role"]) for e in i["host_events"]))
    return last


CASES = "both", "host alone", "explained", "out of view"
LATE = 5.5 * HOUR


def compare(job):
    """an event in time and the same late: (verdict, severity) of each"""
    a, (name, scenes, further, sight, _, r) = job
    own = [event(r["id"], provider=r["provider"], **r["who"], **r["data"])] + further
    got = []
    for feed in (own, clock(LATE) + own):
        w = scene(r, scenes, sight)
        if not sight:
            w.leases(int(LATE) - 600)
            w.sight(LATE - 1500, LATE - 300)
        for i in range(1, 40):
            w.set(600 * i).arp(GW, ip(1), ip(9))
        wrong, last = replay(a, w, r["auth"], feed, event_window="6h")
        if wrong:
            got.append(wrong)
            continue
        verdict, incident = spoken(r, last)
        got.append((verdict, incident["severity"] if incident else None))
    return r["id"], name, got


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
    jobs = [(a, c) for r in ROWS if a.only in ("", str(r["id"])) and (not r["window"] or r["window"][1] <= HOUR) for c in cases(r) if c[0] in CASES]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, name, got in pool.map(compare, jobs):
            good = got[0] == got[1]
            passed, failed = passed + good, failed + (not good)
            if not good or a.v:
                print("%-6s %5d %-12s in time %s, late %s" % ("ok" if good else "FAILED", number, name, *got))
    for name, at, want in (("inside the window", -30, "confirmed"), ("outside of the window", -80, "probable")):
        text = wire(at)
        for late in (0, 60, HOUR, 3 * HOUR, int(5.9 * HOUR)):
            got = final(a, text, late)
            verdicts = {v[1] for v in got.values() if v[0] == "dhcpv4-rogue-server"} if isinstance(got, dict) else got
            good = verdicts == {want}
            passed, failed = passed + good, failed + (not good)
            if not good or a.v:
                print("%-6s %s, %5d s late: %s" % ("ok" if good else "FAILED", name, late, got))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
