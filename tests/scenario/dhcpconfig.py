#!/usr/bin/env python3
"""Work on a declared DHCP server explains other options and second answers (DETECTIONS.md 10, rows 71 to 1044): two servers contradict
each other on a segment where nobody is declared, and a declared server of another segment tells of a change.  Explained for 24 h
after it, where the event names the subnet or the server that answers; not before, not later, not for anything else that the
suspect did, and never by the suspect's own computer or one that is no declared server.

usage: dhcpconfig.py --bin CROSSTAP --forge FORGE [-v]
Each case with events in time, all of them first, all of them last.  Last line: `N passed, N failed`."""
import argparse, concurrent.futures, json, os, subprocess, sys, tempfile
from datetime import datetime, timezone
from events57 import T0, Scene, event
from traps import GW, S1, S2, X, with_
from wire import *

DS = "Microsoft-Windows-DHCP-Server"
DAY, OLD = 86400, mac(9, 0xaa)
NET = "10.0.1."
SITE = dict(with_(dhcp4_servers=[{"ip": [ip(2)], "mac": S1}, {"ip": [ip(3)], "mac": S2}],
                  hosts=[{"name": "DS1.corp.lab", "mac": S1}, {"name": "DS2.corp.lab", "mac": S2}, {"name": "WS9.corp.lab", "mac": mac(9, 0xdd)},
                         {"name": "NEW.corp.lab", "mac": X}]), name="servers", segments=["cap0/*"])
HARD = dict(SITE, segments=["*"])


def office():
    """where the declared servers stand"""
    w = Scene()
    for at in (-2 * DAY, -DAY, 0, 700):
        w.set(at)
        for m, a in ((S1, ip(2)), (S2, ip(3)), (GW, ip(1)), (mac(9, 0xdd), ip(9))):
            w.arp(m, a, ip(1))
    return w


def guests(by=X, extra="", race=False, at=0):
    """nobody is declared: a server, and a second one that says another resolver"""
    w = Scene()
    w.set(-2 * DAY).announce(OLD, ip(2, NET))
    w.announce(by, ip(66, NET))
    for i in range(3):
        w.set(-2 * DAY + 60 * i).dora(OLD, ip(2, NET), mac(i, 0xba), 100 + i, ip(50 + i, NET), router=ip(1, NET), dns=ip(1, NET))
    w.set(at - 40).arp(by, ip(66, NET), ip(1, NET))
    c = mac(7, 0xba)
    w.set(at).client(1, c, 300)
    if race:
        w.server(2, OLD, ip(2, NET), c, 300, ip(60, NET), router=ip(1, NET), dns=ip(1, NET))
    w.server(2, by, ip(66, NET), c, 300, ip(61, NET), router=ip(1, NET), dns="9.9.9.9", extra=extra)
    w.set(700).arp(OLD, ip(2, NET), ip(1, NET))
    return w


def used():
    """and its client asks the resolver, which answers for everybody"""
    w = guests()
    c = mac(7, 0xba)
    w.set(1).client(3, c, 300, "+o4(54,%s)+o4(50,%s)" % (ip(66, NET), ip(61, NET)))
    w.server(5, X, ip(66, NET), c, 300, ip(61, NET), router=ip(1, NET), dns=ip(66, NET))
    w.announce(c, ip(61, NET))
    w.query(c, ip(61, NET), X, ip(66, NET), "wpad.corp.lab")
    w.answer(X, ip(66, NET), c, ip(61, NET), "wpad.corp.lab", ip(66, NET))
    return w


def told(number, at, computer="DS1.corp.lab", **data):
    return json.dumps(event(number, at, computer=computer, addresses=(), provider=DS, **data)) + "\n"


def scope(number, at=-3600, computer="DS1.corp.lab", net="10.0.1.0"):
    name = "param1" if number == 135 else "IP_ScopeName"
    return told(number, at, computer, **{name: "[[%s]guests]" % net, "OptionName": "006", "ClientName": "CORP\\admin"})


def partner(number, at=-3600, computer="DS1.corp.lab", who=None):
    return told(number, at, computer, param1=who or ip(66, NET), param2="guests", param3="NORMAL", param4="PARTNER DOWN")


def audit(number, at=-3600, computer="DS1.corp.lab"):
    stamp = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%m/%d/%y,%H:%M:%S")
    return "<13>Nov 16 02:00:00 %s dhcp: %02d,%s,Authorized(servicing),,corp.lab,,,0,6,,,,,,,,,0\n" % (computer, number, stamp)


ONE = dict(wire=guests, authority=SITE)
CASES = [("no event", "", "suspected", ONE)]
for number in (71, 76):
    CASES += [("%d of the subnet" % number, scope(number), "refuted", ONE),
              ("%d a day before, inside" % number, scope(number, -DAY), "refuted", ONE),
              ("%d more than a day before" % number, scope(number, -DAY - 5), "suspected", ONE),
              ("%d afterwards" % number, scope(number, 5), "suspected", ONE),
              ("%d of another subnet" % number, scope(number, net="10.0.2.0"), "suspected", ONE),
              ("%d told by a computer that is no server" % number, scope(number, computer="WS9.corp.lab"), "suspected", ONE),
              ("%d told by a computer that nobody knows" % number, scope(number, computer="DS7.corp.lab"), "suspected", ONE),
              ("%d told by the suspect" % number, scope(number, computer="NEW.corp.lab"), "suspected", ONE)]
for number in (20251, 20252, 20254):
    CASES += [("%d of the server, by address" % number, partner(number), "refuted", ONE),
              ("%d of the server, by name" % number, partner(number, who="NEW.corp.lab"), "refuted", ONE),
              ("%d more than a day before" % number, partner(number, -DAY - 5), "suspected", ONE),
              ("%d of another server" % number, partner(number, who="10.0.1.77"), "suspected", ONE),
              ("%d of another name" % number, partner(number, who="WS9.corp.lab"), "suspected", ONE),
              ("%d told by a computer that is no server" % number, partner(number, computer="WS9.corp.lab"), "suspected", ONE)]
OWN = dict(wire=lambda: guests(by=S2), authority=SITE)
CASES += [("135 names no IPv4 subnet", scope(135, net="2001:db8:1::"), "suspected", ONE),
          ("the suspect's own computer, declared elsewhere", scope(76, computer="DS2.corp.lab"), "suspected", OWN),
          ("another declared computer beside it", scope(76, computer="DS1.corp.lab"), "refuted", OWN),
          ("two answers to one question", scope(76), "refuted", dict(wire=lambda: guests(race=True), authority=SITE)),
          ("the same without an event", "", "suspected", dict(wire=lambda: guests(race=True), authority=SITE)),
          ("it goes on for longer than a day", scope(76, -DAY - 3600), "suspected", dict(wire=lambda: guests(race=True), authority=SITE)),
          ("poisoned names are no configuration", scope(76), "!refuted", dict(wire=used, authority=SITE)),
          ("a refused server stays refused", scope(76), "probable", dict(wire=guests, authority=HARD)),
          ("its partner is declared nowhere", partner(20254), "probable", dict(wire=guests, authority=HARD))]
# who serves where: these name no subnet, so the reporter must stand on the segment
BOTH = dict(SITE, hosts=SITE["hosts"] + [{"name": "DS3.corp.lab", "mac": OLD}], dhcp4_servers=SITE["dhcp4_servers"] + [{"ip": [ip(2, NET)], "mac": OLD}])
HERE = dict(wire=guests, authority=BOTH, home=True)
for number, make in ((1043, told), (1044, told), (51, audit), (53, audit), (55, audit)):
    CASES += [("%d elsewhere" % number, make(number, -3600), "suspected", ONE),
              ("%d of a server that stands there too" % number, make(number, -3600, "DS3.corp.lab"), "refuted", HERE),
              ("%d of it, a day and more before" % number, make(number, -DAY - 5, "DS3.corp.lab"), "suspected", HERE)]


def one(job):
    a, name, events, want, scene = job
    with tempfile.TemporaryDirectory() as d:
        p = lambda n: os.path.join(d, n)
        office_ = office()
        if scene.get("home"):  # the old server has a leg in the office as well, where it is declared
            for at in (-2 * DAY, -DAY, 0):
                office_.set(at).arp(OLD, ip(4), ip(1))
        for n, w in (("0", office_), ("1", scene["wire"]())):
            open(p("s" + n), "w").write(w.text())
            q = subprocess.run([a.forge, "-o", p(n + ".pcap"), p("s" + n)], capture_output=True, text=True)
            if q.returncode:
                return name, want, "forge: " + q.stderr.strip(), False
        json.dump({"authority": [scene["authority"]], "feed": {"synced": True}}, open(p("c.yaml"), "w"))
        open(p("e"), "w").write(events)
        seen = []
        for extra in ([], ["--events-as-given=first"], ["--events-as-given=last"]):
            q = subprocess.run([a.bin, "-q", "-r", p("0.pcap"), "-r", p("1.pcap"), "-c", p("c.yaml")] + (["-e", p("e")] if events else []) + extra,
                               capture_output=True, text=True)
            if q.returncode:
                return name, want, "exit %d: %s" % (q.returncode, q.stderr.strip()[:200]), False
            last = {}
            for x in q.stdout.splitlines():
                i = json.loads(x)["incident"]
                last[i["id"]] = i
            seen.append(sorted((i["verdict"], tuple(e["role"] for e in i["host_events"])) for i in last.values()
                               if i["detection"] == "dhcpv4-rogue-server" and i["segment"] == "cap1/0" and i["verdict"] != "info"))
    verdicts = {v for v, _ in seen[0]}
    good = seen[0] == seen[1] == seen[2] and (verdicts == {want} if want[0] != "!" else len(verdicts) > 0 and want[1:] not in verdicts)
    if want == "refuted":
        good = good and all("refutes" in roles for _, roles in seen[0])
    return name, want, seen, good


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, want, seen, good in pool.map(one, [(a,) + c for c in CASES]):
            passed, failed = passed + good, failed + (not good)
            print("%-6s %-52s %s%s" % ("ok" if good else "FAILED", name, want, "" if good and not a.v else ": %s" % (seen,)))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
