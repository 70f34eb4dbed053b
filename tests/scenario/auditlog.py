#!/usr/bin/env python3
"""What the DHCP server's audit log adds to a mirror that misses unicast answers (DETECTIONS.md 1.2 and 10): with its leases the
sensor knows that the questions were answered (V_S4), so that an event 1042 about a server that nobody heard is refuted; without
them it is unverifiable.  However log and event arrive, the verdict is the same.

usage: auditlog.py --bin CROSSTAP --forge FORGE [-v]
Last line: `N passed, N failed`."""
import argparse, itertools, json, os, subprocess, sys, tempfile
from datetime import datetime, timezone
from events57 import PLAIN, SIP, T0, Scene, event
from traps import GW, S1
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
# name, the log, verdict of 1042
CASES = (("no log", None, "unverifiable"), ("leased and renewed", log(), "refuted"), ("assigned from BOOTP", log(ids=(20, 21)), "refuted"),
         ("within 5 s", log(late=4), "refuted"), ("long after", log(late=30), "unverifiable"),
         ("other clients", log(other=True), "unverifiable"), ("half of them", log(n=12), "unverifiable"),
         ("no leases but denials", log(ids=(15,)), "unverifiable"))


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
        last[i["id"]] = (i["detection"], i["verdict"], i["severity"], tuple(e["role"] for e in i["host_events"]), tuple(i["vantage"]["missing"]))
    return last


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as d:
        script, pcap, conf = (os.path.join(d, x) for x in ("s", "w.pcap", "c.yaml"))
        open(script, "w").write(mirror())
        subprocess.run([a.forge, "-o", pcap, script], check=True, capture_output=True)
        json.dump({"authority": [dict(PLAIN, name="test")], "feed": {"synced": True}}, open(conf, "w"))
        for name, leases, want in CASES:
            files, first = [SEEN] + ([leases] if leases else []), None
            for order, extra in itertools.product(list(itertools.permutations(files)), ([], ["--events-as-given=first"], ["--events-as-given=last"])):
                got = run(a, pcap, conf, order, extra)
                first = got if first is None else first
                verdicts = {v[1] for v in got.values() if v[0] == "dhcpv4-rogue-server"} if isinstance(got, dict) else got
                good = verdicts == {want} and got == first
                passed, failed = passed + good, failed + (not good)
                if not good or a.v:
                    print("%-6s %s, %s %s: %s" % ("ok" if good else "FAILED", name, len(order), " ".join(extra), got))
            print("%-24s %s" % (name, want))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
