#!/usr/bin/env python3
"""Host events that arrive up to six hours late (`feed.event_window: 6h`): the message on the wire that an event tells of is long
past, and the final verdict is that of the event in time.

usage: late.py --bin CROSSTAP --forge FORGE [-v]
Last line: `N passed, N failed`."""
import argparse, json, os, subprocess, sys, tempfile
from events57 import DS, PLAIN, SIP, Scene, event, offer
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


def final(a, text, late):
    who = dict(provider=DS, computer="SRV-30.corp.lab", addresses=(SIP,))
    seen = event(1042, param1="(10.0.0.66)", **who)
    feed = ([event(1044, at=late, record=2, param1="", param2="corp.lab", **who)] if late else []) + [seen]   # the later one comes first
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


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
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
