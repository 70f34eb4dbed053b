#!/usr/bin/env python3
"""Rows of a DHCP server's audit log that tell of trouble (DETECTIONS.md 10): 12 to 15, 22 and 62, 11006, 11009, 11014 and 11015.  For
each the wire half and the row, the row at both ends of its window and outside, the row alone, out of view, explained, with another
key, and told by the suspect's own computer.  And what an echo is worth: beside a hard fact one H, beside none nothing.

usage: auditrows.py --bin CROSSTAP --forge FORGE [--only ID] [-v]
Clocks are declared synchronised: two seconds of tolerance, and an audit log has whole seconds.  Last line: `N passed, N failed`."""
import argparse, concurrent.futures, json, os, subprocess, sys, tempfile
from auditlog import by, row4, row6
from events57 import CIP, CLI, SIP, SRV, Scene, bad_macs, event, ghosts, offer
from fires import decline6
from neighbours import SIX, given_back, refused_beside, six_taken, solicits, taken
from traps import GW, S1, S2, X, with_
from wire import *

HOSTS = [{"name": "DS1.corp.lab", "mac": S1}, {"name": "SRV-30.corp.lab", "mac": SRV}, {"name": "BAD.corp.lab", "mac": X}]
PLAIN = with_(hosts=HOSTS, dhcp6_servers=[{"mac": S1}, {"mac": S2}])
SIX_NET = dict(PLAIN, prefixes=["10.0.0.0/24", "fd00::/64"])
HEADS = {4: "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID\n", 6: "ID,Date,Time,Description,IPv6 Address\n"}
FLOOD, STARVE, ROGUE, ROGUE6, ND, FLOOD6 = ("dhcp-discover-flood", "dhcp-starvation", "dhcpv4-rogue-server", "dhcpv6-rogue-server", "nd-spoof",
                                            "dhcpv6-solicit-flood")
SPEAKS, BESIDE, SILENT, MUTE = "speaks", "listed", "silent", "not for it"
EPS = 2
CASES = []


def case(row, name, want, wire, text, authority=PLAIN, sight=True, detection=None, long=0):
    CASES.append(dict(row=row, name=name, want=want, wire=wire, text=text, authority=authority, sight=sight, detection=detection, long=long))


def rows(number, detection, window, wire, want, key, other, lag=0, authority=PLAIN, long=0):
    """`key` and `other`: what the row names, and something else; lag: for how long the wire half goes on"""
    make = row6 if number > 10000 else row4
    log = HEADS[6 if number > 10000 else 4]
    line = make(number, 0, **key)
    cut = lambda **kw: case(number, detection=detection, authority=authority, long=long, **kw)
    cut(name="both, from a file", want=want, wire=[(wire, -1)], text=log + line)
    cut(name="both, from a declared server", want=want, wire=[(wire, -1)], text=by("DS1.corp.lab", line))
    cut(name="both, from another computer", want=want, wire=[(wire, -1)], text=by("SRV-30.corp.lab", line))
    cut(name="told by the suspect", want=MUTE, wire=[(wire, -1)], text=by("BAD.corp.lab", line))
    cut(name="another key", want=MUTE, wire=[(wire, -1)], text=log + make(number, 0, **other))
    cut(name="early, inside", want=want, wire=[(wire, window[0] - EPS + 0.5 + lag)], text=log + line)
    cut(name="late, inside", want=want, wire=[(wire, window[1] + EPS - 0.5)], text=log + line)
    cut(name="early, outside", want=MUTE, wire=[(wire, window[0] - EPS - 1)], text=log + line)
    cut(name="late, outside", want=MUTE, wire=[(wire, window[1] + EPS + 1 + lag)], text=log + line)
    return lambda name, want, wire=(), text=log + line, **kw: case(number, name, want, list(wire), text, **dict(dict(authority=authority, detection=detection), **kw))


MAC50, DUID50 = dict(m=CLI), Wire.duid(CLI)
# ---- nobody had an address left: as 1063 ----
for number in (14, 22):
    full = dict(address="10.0.0.0", m=CLI)
    more = rows(number, FLOOD, (-3600, 300), bad_macs, "confirmed", full, dict(address="10.9.0.0", m=CLI), long=3700)
    more("the client alone is named", "confirmed", [(bad_macs, -1)], HEADS[4] + row4(number, 0, m=CLI))
    more("a client that nobody saw", "confirmed", [(bad_macs, -1)], HEADS[4] + row4(number, 0, m=mac(999)))
    more("alone", "refuted", detection=STARVE)
    more("new clients without life", "host-only", [(ghosts, -5)], detection=STARVE)
    more("new clients that live", "refuted", [(lambda w, at: ghosts(w, at, True), -5)], detection=STARVE)
    more("out of view", "unverifiable", sight=False, detection=STARVE)
# ---- another server: as 1042 ----
more = rows(62, ROGUE, (-60, 10), offer, "confirmed", dict(address=ip(66)), dict(address=ip(77)))
more("alone", "refuted")
more("out of view", "unverifiable", sight=False)
more("a declared server, out of view", "refuted", text=HEADS[4] + row4(62, 0, address=ip(2)), sight=False)
# ---- echoes: alone they say nothing, in view or not ----
gone = dict(address=ip(150), m=mac(300))
for number, wire, detection, want, key, other, lag in (
        (12, given_back, STARVE, BESIDE, gone, dict(address=ip(150), m=mac(999)), 0),
        (13, taken, ND, SPEAKS, dict(address=CIP), dict(address=ip(51)), 4),
        (15, refused_beside, ROGUE, SPEAKS, dict(address=CIP, m=CLI), dict(address=CIP, m=mac(999)), 0),
        (11006, six_taken, ND, SPEAKS, dict(address=SIX, duid=DUID50), dict(address="fd00::9", duid=Wire.duid(mac(999))), 4),
        (11014, six_taken, ND, SPEAKS, dict(address=SIX, duid=DUID50), dict(address="fd00::9", duid=Wire.duid(mac(999))), 4),
        (11015, six_taken, ND, SPEAKS, dict(address=SIX), dict(address="fd00::9"), 4)):
    more = rows(number, detection, (-60, 5), wire, want, key, other, lag)
    more("alone", SILENT)
    more("out of view", SILENT, sight=False)


def declined(w, at):
    decline6(w.set(at - 40), X)


six_of = lambda i: dict(address="2001:db8::%x" % (0x66 + i), duid=Wire.duid(mac(i)))
# ---- DHCPv6: no address left ----
more = rows(11009, FLOOD6, (-1800, 300), solicits, SPEAKS, dict(prefix="fd00::"), dict(prefix="2001:db8:9::"), lag=20, authority=SIX_NET, long=2000)
more("alone", SILENT)
more("out of view", SILENT, sight=False)
more("the subnet in the other column", SPEAKS, [(solicits, -1)], HEADS[6] + row6(11009, 0, address="fd00::"))


# ---- an echo beside no hard fact is no H ----
def contradicts(w, at):
    """two servers, nothing declared: the second says another resolver"""
    w.set(-900).dora(S1, ip(2), mac(20), 500, ip(60), dns=ip(1))
    w.set(at).dora(X, ip(66), CLI, 501, CIP, dns="9.9.9.9")


ECHO = [json.dumps(event(number, provider="Microsoft-Windows-Dhcp-Client", computer="LAP-50.corp.lab", addresses=(CIP,), record=number,
                         InterfaceId="12", Address1=CIP, Address2=ip(66))) + "\n" for number in (50010, 50013)]
OPEN = dict(hosts=HOSTS)
for name, echo, authority, want in (
        ("no echo, nothing declared", "", OPEN, "suspected"), ("an echo beside no hard fact", ECHO[1], OPEN, "suspected"),
        ("two of them", ECHO[0] + ECHO[1], OPEN, "suspected"), ("no echo beside a hard fact", "", PLAIN, "probable"),
        ("an echo beside a hard fact", ECHO[1], PLAIN, "confirmed")):
    case("echo", name, want, [(contradicts, -1)], echo, authority=authority, sight=authority is PLAIN, detection=ROGUE)
case("echo", "told by the suspect", "probable", [(contradicts, -1)], ECHO[1].replace("LAP-50", "BAD").replace("lap-50", "bad").replace(CIP, ip(66)), detection=ROGUE)
for number in (11006, 11014, 11015):
    case(number, "the declined address, no hard fact", BESIDE, [(declined, -1)], HEADS[6] + "".join(row6(number, 0, **six_of(i)) for i in range(5)), detection=ROGUE6)


def one(job):
    a, c = job
    w = Scene()
    w.here()
    if c["sight"]:
        w.sight(-1500)
        w.leases()
        w.set(-600).others()
    for f, at in c["wire"]:
        f(w, at)
    if c["long"]:
        w.set(-c["long"]).arp(GW, ip(1), ip(1))
    w.set(700).arp(GW, ip(1), ip(1))
    with tempfile.TemporaryDirectory() as d:
        p = lambda n: os.path.join(d, n)
        open(p("s"), "w").write(w.text())
        q = subprocess.run([a.forge, "-o", p("w.pcap"), p("s")], capture_output=True, text=True)
        if q.returncode:
            return c, "forge: " + q.stderr.strip()
        json.dump({"authority": [dict(c["authority"], name="test")], "feed": {"synced": True}}, open(p("c.yaml"), "w"))
        open(p("e"), "w").write(c["text"])
        seen = []
        for extra in ([], ["--events-as-given=first"], ["--events-as-given=last"]):
            q = subprocess.run([a.bin, "-q", "-r", p("w.pcap"), "-c", p("c.yaml")] + (["-e", p("e")] if c["text"] else []) + extra, capture_output=True, text=True)
            if q.returncode:
                return c, "exit %d: %s" % (q.returncode, q.stderr.strip()[:200])
            last = {}
            for x in q.stdout.splitlines():
                i = json.loads(x)["incident"]
                last[i["id"]] = i
            seen.append(sorted((i["detection"], i["verdict"], tuple(sorted((e["event_id"], e["role"]) for e in i["host_events"])), bool(i["facts"]))
                               for i in last.values()))
    if not seen[0] == seen[1] == seen[2]:
        return c, "it depends on the order: %s" % seen
    number, mine = c["row"], [i for i in seen[0] if i[0] == c["detection"]]
    listed = [(v, role) for _, v, events, facts in mine for n, role in events if n == number and (facts or c["want"] not in (SPEAKS, BESIDE))]
    spoke = [v for v, role in listed if role == "corroborates"]
    beside = any(facts for _, _, _, facts in mine)
    good = {SPEAKS: "confirmed" in spoke if c["detection"] != FLOOD6 else bool(spoke), BESIDE: bool(listed) and "confirmed" not in spoke,
            SILENT: not any(n == number for _, _, events, _ in seen[0] for n, _ in events), MUTE: beside and not any(
                n == number and role == "corroborates" and facts and v == "confirmed" for _, v, events, facts in mine for n, role in events)}.get(c["want"])
    if good is None:
        good = c["want"] in ([v for _, v, _, _ in mine] if number == "echo" else [v for v, _ in listed])
    return c, None if good else "%s" % (seen[0],)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for c, wrong in pool.map(one, [(a, c) for c in CASES if a.only in ("", str(c["row"]))]):
            passed, failed = passed + (not wrong), failed + bool(wrong)
            if wrong or a.v:
                print("%-6s %6s %-34s %-12s %s" % ("FAILED" if wrong else "ok", c["row"], c["name"], c["want"], wrong or ""))
    print("%d rows, %d cases" % (len({c["row"] for c in CASES}), passed + failed))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
