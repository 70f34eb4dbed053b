#!/usr/bin/env python3
"""What a DHCP server's audit log adds to a mirror that misses unicast answers (DETECTIONS.md 1.2, 9 and 10): with its leases the
sensor knows that questions were answered (V_S4, V_S6), so that what nobody heard counts as not said; whose computer a name is;
and that a contested address was leased twice.  A log of a computer that is no declared server shows nothing.  However log and
event arrive, the verdict is the same.

usage: auditlog.py --bin CROSSTAP --forge FORGE [-v]
Last line: `N passed, N failed`."""
import argparse, itertools, json, os, subprocess, sys, tempfile
from datetime import datetime, timezone
from events57 import PLAIN, SIP, SRV, T0, Scene, event
from traps import GW, S1, S2, X, with_
from wire import *

DS = "Microsoft-Windows-DHCP-Server"
HEAD = ("\t\tMicrosoft DHCP Service Activity Log\n\n\nEvent ID  Meaning\n00\tThe log was started.\n\nID,Date,Time,Description,IP Address,"
        "Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),"
        "UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.\n")
CLIENTS, ASKED = 25, -1400


def mirror():
    """25 clients that were leased an address a day ago ask again; only their broadcasts are seen"""
    w = Scene()
    w.here()
    w.set(-92100)
    for i in range(CLIENTS):
        w.dora(S1, ip(2), mac(i, 0xba), 300 + i, ip(100 + i), pause=0.1)
        w.wait(10)
    w.sight(-1500)
    for i in range(CLIENTS):
        c = mac(i, 0xba)
        w.set(ASKED + 20 * i).client(1, c, 700 + i)
        w.client(3, c, 700 + i, "+o4(54,%s)+o4(50,%s)" % (ip(2), ip(100 + i)))
        w.wait(1).announce(c, ip(100 + i))
    w.set(700).arp(GW, ip(1), ip(1))
    return w.text()


def log(late=0, ids=(10, 11), other=False, n=CLIENTS):
    rows = ""
    for i in range(n):
        at = datetime.fromtimestamp(T0 + ASKED + 20 * i + late, timezone.utc)
        rows += "%d,%s,Assign,%s,h%d.corp.lab,%s,,%d,0,,,,,,,,,0\n" % (
            ids[i % len(ids)], at.strftime("%m/%d/%y,%H:%M:%S"), ip(100 + i), i, mac(i, 0xbb if other else 0xba).replace(":", "").upper(), 700 + i)
    return HEAD + rows


SEEN = json.dumps(event(1042, provider=DS, computer="SRV-30.corp.lab", addresses=(SIP,), param1="(10.0.0.66)")) + "\n"
D4, D6 = "Microsoft-Windows-Dhcp-Client", "Microsoft-Windows-DHCPv6-Client"
HOSTS = [{"name": "DS1.corp.lab", "mac": S1}, {"name": "DS2.corp.lab", "mac": S2}, {"name": "SRV-30.corp.lab", "mac": SRV}]
NAMED = with_(hosts=HOSTS, dhcp6_servers=[{"mac": S2}])
NAMED_BY_ID = with_(hosts=HOSTS, dhcp6_servers=[{"ip": [ll(S2)]}])


def by(computer, rows):
    """the rows as a forwarder sends them: the header says whose they are"""
    return "".join("<13>Nov 16 02:00:00 %s dhcp: %s\n" % (computer, x) for x in rows.splitlines() if x[:1].isdigit() and x[2:9].count(",") and "Meaning" not in x)


def row4(number, at, address="", m="", name="", text="x"):
    stamp = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%m/%d/%y,%H:%M:%S")
    return "%d,%s,%s,%s,%s,%s,,%d,0,,,,,,,,,0\n" % (number, stamp, text, address, name, m.replace(":", "").upper(), 700)


def row6(number, at, address="", duid="", name="", prefix=""):
    stamp = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%m/%d/%y,%H:%M:%S")
    return "%d,%s,x,%s,%s,,%d,%s,,,%s\n" % (number, stamp, address, name, len(duid) // 2, duid.upper(), prefix)


# ---- V_S6: clients that ask a server by name, whose Advertise the mirror did not show ----
def mirror6():
    w = Scene()
    w.here()
    w.na(S2, ll(S2))
    w.sight(-1500)
    for i in range(CLIENTS):
        c = mac(i, 0xba)
        w.set(ASKED + 20 * i).d6client(1, c, 700 + i)
        w.d6client(3, c, 800 + i, server=w.duid(S2))
        w.wait(2).dad(c, "fd00::%x" % (0x100 + i))
    w.set(700).arp(GW, ip(1), ip(1))
    return w.text()


def log6(late=0, ids=(11002, 11004, 11005), n=CLIENTS, other=False):
    return "".join(row6(ids[i % len(ids)], ASKED + 20 * i + late, "fd00::%x" % (0x100 + i), Wire.duid(mac(i, 0xbb if other else 0xba)), "h%d" % i) for i in range(n))


GIVEN = json.dumps(event(51010, provider=D6, computer="LAP-50.corp.lab", addresses=(), InterfaceId="12", StatusCode="0", Address="fe80::9")) + "\n"


# ---- identity: a stranger serves a client whose name only the log tells ----
def served(said=False, contested=False):
    w = Scene()
    w.here()
    w.sight(-1500)
    c = mac(3, 0xba)
    w.set(-900).client(1, c, 500, '+o4(81,u8:0+u8:0+u8:0+"h3.corp.lab")' if said else "")
    w.wait(1).announce(c, ip(103))
    if contested:
        w.set(-850).arp(X, ip(66), ip(66))
        w.frame("eth %s 01:00:5e:00:00:fc / ip4 %s 224.0.0.252 / udp 5355 5355 / bytes dns(7,0x8000,1,1,0,0,q(name:h3,1)+rr(name:h3,1,30,%s))" % (X, ip(66), ip(66)))
    for t in (-600, -300, -60):
        w.set(t).arp(X, ip(66), ip(1))
        w.arp(c, ip(103), ip(1))
    w.set(-5).dora(X, ip(66), c, 501, ip(103))
    w.set(700).arp(GW, ip(1), ip(1))
    return w.text()


LEASED = json.dumps(event(50013, provider=D4, computer="h3.corp.lab", addresses=(), InterfaceId="12", Address1=ip(103), Address2=ip(66))) + "\n"
H3 = row4(10, -890, ip(103), mac(3, 0xba), "h3.corp.lab")


# ---- one address, two clients ----
def contested():
    w = Scene()
    w.here()
    w.set(700).arp(GW, ip(1), ip(1))
    return w.text()


CLASH = json.dumps(event(4198, provider="Tcpip", computer="LAP-50.corp.lab", addresses=(), param1="", param2=ip(120), param3="02-CC-00-00-00-09")) + "\n"
TWO = row4(10, -4000, ip(120), mac(1, 0xba)) + row4(10, -900, ip(120), mac(2, 0xba))

# ---- how many addresses there are: ten leases that nobody uses, hours apart ----
def hoard(n=10):
    w = Scene()
    for i in range(n):
        w.set(-3700 * (n - i)).others()
        w.arp(S1, ip(2), ip(1))
        w.arp(SRV, SIP, ip(1))
        w.dora(S1, ip(2), mac(i, 0x11), 100 + i, ip(100 + i), alive=False, lease=864000)
        w.wait(15).others()
    w.set(700).others()
    w.arp(S1, ip(2), ip(1))
    return w.text()


def low(percent, left, at=0, computer="DS1.corp.lab", net="10.0.0.0"):
    return json.dumps(event(1020, at, provider=DS, computer=computer, addresses=(), param1=net, param2=str(percent), param3=str(left))) + "\n"


R4, V4, V6 = "dhcpv4-rogue-server", mirror(), mirror6()
ROGUE, ND = "dhcpv6-rogue-server", "nd-spoof"
# what is asked, the packets, the authority, the event, the detection: name, the log, verdict
CASES = (
    ("V_S4", V4, PLAIN, SEEN, R4, (
        ("no log", None, "unverifiable"), ("leased and renewed", log(), "refuted"), ("assigned from BOOTP", log(ids=(20, 21)), "refuted"),
        ("within 5 s", log(late=4), "refuted"), ("long after", log(late=30), "unverifiable"), ("other clients", log(other=True), "unverifiable"),
        ("half of them", log(n=12), "unverifiable"), ("no leases but denials", log(ids=(15,)), "unverifiable"))),
    ("V_S4, whose log", V4, NAMED, SEEN, R4, (
        ("a declared server's", by("DS1.corp.lab", log()), "refuted"), ("a server's of the other service", by("DS2.corp.lab", log()), "unverifiable"),
        ("the reporter's, no server", by("SRV-30.corp.lab", log()), "unverifiable"), ("of a name that nobody bears", by("DS7.corp.lab", log()), "unverifiable"))),
    ("V_S6", mirror6(), NAMED, GIVEN, ROGUE, (
        ("no log", None, "unverifiable"), ("requested, renewed, rebound", log6(), "host-only"), ("within 5 s", log6(late=4), "host-only"),
        ("long after", log6(late=30), "unverifiable"), ("other clients", log6(other=True), "unverifiable"), ("half of them", log6(n=12), "unverifiable"),
        ("asked only", log6(ids=(11000,)), "unverifiable"), ("a declared server's", by("DS2.corp.lab", log6()), "host-only"),
        ("a server's of the other service", by("DS1.corp.lab", log6()), "unverifiable"), ("a computer's that is no server", by("SRV-30.corp.lab", log6()), "unverifiable"))),
    ("V_S6, declared by address", mirror6(), NAMED_BY_ID, GIVEN, ROGUE, (("a declared server's", by("DS2.corp.lab", log6()), "host-only"),)),
    ("whose computer", served(), NAMED, LEASED, R4, (
        ("no log", None, "probable"), ("named in a lease", HEAD + H3, "confirmed"), ("a declared server's", by("DS1.corp.lab", H3), "confirmed"),
        ("a computer's that is no server", by("SRV-30.corp.lab", H3), "probable"),
        ("named after the attack began", HEAD + row4(10, -2, ip(103), mac(3, 0xba), "h3.corp.lab"), "probable"),
        ("another name", HEAD + row4(10, -890, ip(103), mac(3, 0xba), "h4.corp.lab"), "probable"),
        ("another client", HEAD + row4(10, -890, ip(103), S2, "h3.corp.lab"), "probable"))),
    ("a name that is contested", served(True, True), NAMED, LEASED, R4, (
        ("no log", None, "probable"), ("the full name that it said, leased", HEAD + H3, "confirmed"))),
    ("contested, nothing said", served(False, True), NAMED, LEASED, R4, (("named in a lease", HEAD + H3, "probable"),)),
    ("pool size, nothing told", hoard(), NAMED, "", "dhcp-starvation", (("ten of an unknown pool", None, "!D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(80, 9), "dhcp-starvation", (("ten of at most 47", None, "D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(80, 9, at=-20000), "dhcp-starvation", (("ten of at most 47, told before", None, "D4-STOCK"),)),
    ("pool size", hoard(9), NAMED, low(80, 9), "dhcp-starvation", (("nine of at most 47", None, "!D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(80, 19), "dhcp-starvation", (("ten of 100", None, "!D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(80, 9, net="10.0.9.0"), "dhcp-starvation", (("of another subnet", None, "!D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(80, 9, computer="SRV-30.corp.lab"), "dhcp-starvation", (("told by no server", None, "!D4-STOCK"),)),
    ("pool size", hoard(), NAMED, low(99, 9), "dhcp-starvation", (("a percentage that tells no size", None, "!D4-STOCK"),)),
    ("one address, two clients", contested(), NAMED, CLASH, ND, (
        ("no log", None, "unverifiable"), ("leased twice", HEAD + TWO, "refuted"), ("by a declared server", by("DS1.corp.lab", TWO), "refuted"),
        ("by the log of no server", by("SRV-30.corp.lab", TWO), "unverifiable"),
        ("released between", HEAD + TWO + row4(12, -2000, ip(120), mac(1, 0xba)), "unverifiable"),
        ("deleted between", HEAD + TWO + row4(16, -2000, ip(120), mac(1, 0xba)), "unverifiable"),
        ("run out between", HEAD + TWO + row4(18, -2000, ip(120), mac(1, 0xba)), "unverifiable"),
        ("released before", HEAD + TWO + row4(12, -5000, ip(120), mac(1, 0xba)), "refuted"),
        ("renewed by the first", HEAD + row4(10, -4000, ip(120), mac(1, 0xba)) + row4(11, -900, ip(120), mac(1, 0xba)), "unverifiable"),
        ("another address", HEAD + TWO.replace(ip(120), ip(121)), "unverifiable"),
        ("the second one afterwards", HEAD + row4(10, -4000, ip(120), mac(1, 0xba)) + row4(10, 60, ip(120), mac(2, 0xba)), "unverifiable"))),
)


def run(a, pcap, conf, files, extra):
    with tempfile.TemporaryDirectory() as d:
        cmd = [a.bin, "-q", "-r", pcap, "-c", conf, *extra]
        for i, text in enumerate(files):
            name = os.path.join(d, "e%d" % i)
            open(name, "w").write(text)
            cmd += ["-e", name]
        p = subprocess.run(cmd, capture_output=True, text=True)
    if p.returncode:
        return "exit %d: %s" % (p.returncode, p.stderr.strip()[:200])
    last = {}
    for line in p.stdout.splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = (i["detection"], i["verdict"], i["severity"], tuple(e["role"] for e in i["host_events"]), tuple(i["vantage"]["missing"]), tuple(f["id"] for f in i["facts"]))
    return last


def orders(files):
    """every order of the files, each as its times say, all events first, all events last"""
    return itertools.product(list(itertools.permutations(files)), ([], ["--events-as-given=first"], ["--events-as-given=last"]))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as d:
        script, pcap, conf = (os.path.join(d, x) for x in ("s", "w.pcap", "c.yaml"))
        for title, wire, authority, seen, detection, cases in CASES:
            open(script, "w").write(wire)
            subprocess.run([a.forge, "-o", pcap, script], check=True, capture_output=True)
            json.dump({"authority": [dict(authority, name="test")], "feed": {"synced": True}}, open(conf, "w"))
            for name, leases, want in cases:
                files, first = [x for x in (seen, leases) if x], None
                for order, extra in orders(files):
                    got = run(a, pcap, conf, order, extra)
                    first = got if first is None else first
                    verdicts = {v[1] for v in got.values() if v[0] == detection} if isinstance(got, dict) else got
                    if want.endswith("D4-STOCK") and isinstance(got, dict):
                        verdicts = {"D4-STOCK" if any("D4-STOCK" in v[5] for v in got.values()) else "!D4-STOCK"}
                    good = verdicts == {want} and got == first
                    passed, failed = passed + good, failed + (not good)
                    if not good or a.v:
                        print("%-6s %s, %s %s: %s" % ("ok" if good else "FAILED", name, len(order), " ".join(extra), got))
                print("%-26s %-34s %s" % (title, name, want))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
