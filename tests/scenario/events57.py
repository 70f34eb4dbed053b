#!/usr/bin/env python3
"""The 57 events of DETECTIONS.md 10 against forged wire halves: both halves agree, the event alone, the packets alone, the
benign explanation, the event where nothing can be seen, and the wire half at both ends of the window, inside and outside.

usage: events57.py --bin CROSSTAP --forge FORGE [--only ID] [-v]
Clocks are declared synchronised: the tolerance is two seconds.  Last line: `N passed, N failed`."""
import argparse, json, os, subprocess, sys, tempfile, concurrent.futures
from datetime import datetime, timezone
from traps import GW, S1, S2, X, with_
from wire import *
import handshake

T0 = 1700100000.0               # of the event; the wire begins before it
EPS, INSIDE, OUTSIDE = 2.0, 0.5, 3.0
IPH, DS, SSTP = ("Microsoft-Windows-" + x for x in ("Iphlpsvc", "DHCP-Server", "RasSstp"))
SRV, SIP = mac(30, 0xdd), ip(30)        # the computer that reports
CLI, CIP = mac(31, 0xcc), ip(50)
SRV6 = "fd00::30"
OWN = handshake.certificate("vpn.corp.lab")
OTHER = handshake.certificate("vpn.corp.lab", "Other CA", 9)
AUTH = with_(vpn_servers=[{"sni": "vpn.corp.lab", "ip": [SIP, SRV6], "leaf_sha256": [handshake.sha256(OWN)]}])
PLAIN = with_()


class Scene(Wire):
    def set(self, at):
        self.at = T0 + at
        return self

    def text(self):     # frames are told in any order, written in the order of time
        return "\n".join(sorted(self.lines, key=lambda x: float(x.split()[0][2:]))) + "\n"

    def here(self):
        """the stations, and enough connections seen both ways"""
        self.set(-3000)
        for m, a in ((SRV, SIP), (CLI, CIP), (X, ip(66)), (S1, ip(2)), (GW, ip(1))):
            self.announce(m, a)
        self.na(SRV, SRV6)

    def leases(self):
        """known clients, all answered: a day later each asks again"""
        self.set(-92100).baseline(S1, ip(2))

    def sight(self, *when):
        for start in when:
            self.set(start)
            for i in range(30):
                self.talk_tcp(mac(100 + i, 0xba), ip(100 + i), GW, ip(1), 8080, [], sport=41000 + i + int(start) % 500)


# ---- wire halves; `at` is relative to the event ----
def syn(w, at, port=443, answer=None, six=False, sport=42000, c=None, cip=None):
    a, b = ("fd00::50", SRV6) if six else (cip or CIP, SIP)
    v, m = "ip6" if six else "ip4", c or CLI
    w.set(at).frame("eth %s %s / %s %s %s / tcp %d %d seq=5 flags=2" % (m, SRV, v, a, b, sport, port))
    if answer is not None:
        w.frame("eth %s %s / %s %s %s / tcp %d %d seq=9 ack=6 flags=%d" % (SRV, m, v, b, a, port, sport, answer))


def reset(w, at, six=False):
    syn(w, at, answer=20, six=six)


def tls(w, at, cert=OWN, six=False, port=443, **kw):
    w.set(at)
    w.talk_tcp(CLI, "fd00::50" if six else CIP, SRV, SRV6 if six else SIP, port, handshake.session(cert, "vpn.corp.lab", **kw), sport=43000 + int(at) % 997)


def teredo_answer(w, at):
    w.set(at).teredo(SRV, CLI, SIP, CIP, 3544, 50000, "ip6 fe80::8000:1 fe80::ffff:1 hop=255 / icmp6 ra(64,0,1800,0,0) type=134")


def teredo_closed(w, at):
    quoted = "45000054000000003f110000" + bytes(int(x) for x in CIP.split(".")).hex() + bytes(int(x) for x in SIP.split(".")).hex()
    w.set(at).frame("eth %s %s / ip4 %s %s proto=1 / bytes hex:0303fcfc00000000%sc3500dd800400000%s" % (
        SRV, CLI, SIP, CIP, quoted, "6000000000083bff" + "fe80" + "00" * 14 + "ff02" + "00" * 13 + "02" + "00" * 8))


def tunnel_out(w, at):
    w.set(at).in4(SRV, GW, SIP, ip(1), "ip6 2002:a00:1e::1 2002:a00:1::1 / udp 40000 40001 / bytes \"x\"")


def name_answer(w, at, r=X, rip=ip(66), name="teredo.corp.lab", a=ip(66), c=SRV, cip=SIP):
    w.set(at).query(c, cip, r, rip, name)
    w.answer(r, rip, c, cip, name, a)


def no_name(w, at, name="teredo.corp.lab", c=SRV, cip=SIP):
    w.set(at).query(c, cip, GW, ip(1), name)
    w.frame("eth %s %s / ip4 %s %s / udp 53 50000 / bytes dns(7,0x8183,1,0,0,0,q(name:%s,1))" % (GW, c, ip(1), cip, name))


def rogue_check(w, at, by=X, byip=ip(66)):
    w.set(at).frame('eth %s %s / ip4 %s %s / udp 68 67 / dhcp4 xid=77 mac=%s ciaddr=%s o4(53,u8:8)+o4(43,o4(0x5e,""))+u8:255' % (SRV, FF, SIP, BCAST, SRV, SIP))
    w.server(5, by, byip, SRV, 77, ANY, dst=BCAST, extra='+o4(43,o4(0x5f,"evil1"+u8:0))')


def offer(w, at, s=X, sip=ip(66)):
    c = mac(77)
    w.set(at).client(1, c, 901 + int(at) % 97)
    w.server(2, s, sip, c, 901 + int(at) % 97, ip(90))


def spoof(w, at, a=SIP, to=CLI):
    w.set(at).arp(X, a, CIP, op=2, dst=to, tha=to)
    w.set(at + 1).arp(SRV, a, a)


def flood(w, at):
    for i in range(700):
        w.set(at + i * 0.01)
        w.frame("eth %s %s / ip4 %s %s / tcp %d 443 seq=1 flags=2" % (X, SRV, ip(66), SIP, 1024 + i))


def event(number, at=0, computer="SRV-30.corp.lab", addresses=(SIP, SRV6), provider=SSTP, record=1, **data):
    stamp = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"@timestamp": stamp, "host": {"name": computer.lower(), "ip": list(addresses)},
            "winlog": {"provider_name": provider, "event_id": str(number), "record_id": record, "channel": "System",
                       "computer_name": computer, "event_data": data}}


# id, provider, event data, window, wire half, benign half, what the event alone is, authority, further keys of the row
ROWS = []


def row(ids, provider, window, wire=None, benign=None, alone="host-only", auth=AUTH, blind="unverifiable", data=None, who=None, also=None,
        agreed="confirmed", edges=True, sight=(-1500,), leases=False):
    for n in ids if isinstance(ids, tuple) else (ids,):
        ROWS.append(dict(id=n, provider=provider, window=window, wire=wire, benign=benign, alone=alone, auth=auth, blind=blind,
                         data=data or {}, who=who or {}, also=also, agreed=agreed, edges=edges, sight=sight, leases=leases))


CLIENT = dict(computer="LAP-50.corp.lab", addresses=(CIP,))
COID = {"CoId": "{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}"}
# Iphlpsvc
row(4001, IPH, (-30, 60), teredo_closed)
row(4005, IPH, (0, 600), lambda w, at: teredo_answer(w, -20), agreed="confirmed", edges=False, sight=(-1500, 900))
row(4003, IPH, (-60, 5), name_answer, no_name, auth=PLAIN, data={"ServerName": "teredo.corp.lab", "ErrorCode": "0x2afc"})
row(4004, IPH, None, blind="host-only", data={"ErrorCode": "5"})
row(4201, IPH, (-60, 60), lambda w, at: tunnel_out(w, -30), edges=False, data={"ProtocolType": "0", "Interface": "6TO4"})
row(4302, IPH, (-60, 60), reset, data={"ErrorCode": "5", "IpHTTPSReasonCode": "1"})
row(4301, IPH, (0, 600), reset, sight=(-1500, 900))
row(4300, IPH, (-5, 3600), lambda w, at: tls(w, at, port=8443), auth=PLAIN, data={"ServerUrl": "https://da.corp.lab:8443/IPHTTPS"}, sight=(-1500, 2200, 3700))
row(4303, IPH, (-120, 10), lambda w, at: tls(w, at), alone="refuted", data={"ClientMachineName": "LAP-50$", "TunnelSourceIP": "fd00:1::9", "RemoteIP": CIP})
row(4304, IPH, (-300, 120), lambda w, at: tls(w, at), data={"ClientMachineName": "LAP-50$", "TunnelSourceIP": "fd00:1::9", "RemoteIP": CIP})
row(4400, IPH, (-10, 5), lambda w, at: name_answer(w, at, name="www.example.org", a="203.0.113.9"), lambda w, at: name_answer(w, at, GW, ip(1), "www.example.org", "203.0.113.9"),
    auth=PLAIN, data={"AddrLength": "16", "ClientIP": CIP, "QuestionName": "www.example.org", "TranslatedIPv4Address": str(0x097100cb)})
row(4500, IPH, None, blind="host-only", data={"SiteName": "HQ"})
row(4501, IPH, (0, 1800), lambda w, at: tls(w, -100), edges=False, data={"SiteName": "HQ"}, sight=(-1500, 1900))
row(4002, IPH, (-120, 10), spoof, alone=None, auth=with_(routers=[{"ip": [ip(1), SIP], "mac": SRV}]), data={"Interface": SIP, "ErrorCode": "1"}, edges=False)
# DHCP-Server
row(1045, DS, (-120, 30), rogue_check, lambda w, at: rogue_check(w, at, S1, ip(2)), leases=True, auth=PLAIN)
row(1046, DS, (-300, 30), rogue_check, lambda w, at: rogue_check(w, at, S1, ip(2)), leases=True, auth=PLAIN, data={"param1": "1", "param2": "corp.lab"})
row(1042, DS, (-60, 10), offer, None, alone="refuted", leases=True, auth=PLAIN, data={"param1": "(10.0.0.66)"})
row(1052, DS, (-120, 10), offer, None, leases=True, auth=PLAIN, data={"param1": "10.0.0.66", "param2": "corp.lab"})
row(1053, DS, (-120, 10), offer, None, leases=True, auth=PLAIN, data={"param1": "10.0.0.66", "param2": "corp.lab"})
row(1051, DS, (-86400, 60), lambda w, at: offer(w, at, SRV, SIP), alone="refuted", leases=True, auth=PLAIN, edges=False, data={"param1": "1", "param2": "corp.lab"})
row(1059, DS, (-300, 30), lambda w, at: name_answer(w, at, name="_ldap._tcp.dc._msdcs.corp.lab", a=ip(66)), None, auth=PLAIN)
# RasSstp, servers
row((7, 9, 10, 17), SSTP, None, blind="host-only", data={"ErrorMessage": "x"})
row(8, SSTP, (-60, 300), reset, tls)
row(22, SSTP, (-60, 600), reset, tls, sight=(-1500, 700))
row(11, SSTP, (-60, 600), reset, tls, sight=(-1500, 700))
row(21, SSTP, (-60, 600), lambda w, at: tls(w, at, OTHER), tls, sight=(-1500, 700))
row(25, SSTP, (-60, 600), lambda w, at: tls(w, at, OTHER), sight=(-1500, 700))
row(12, SSTP, (-60, 600), reset, sight=(-1500, 700), data={"CertificateName": "vpn.corp.lab"})
row(13, SSTP, (-60, 600), lambda w, at: reset(w, at, True), sight=(-1500, 700), data={"CertificateName": "vpn.corp.lab"})
row(20, SSTP, (-600, 60), flood, alone="refuted", edges=False)
row((18, 19), SSTP, (0, 86400), blind="host-only", edges=False, agreed="confirmed",
    also=lambda: [event(6, 600, record=9, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OWN), **CLIENT, **COID)])
# RasSstp, clients
row(15, SSTP, (-60, 5), lambda w, at: name_answer(w, at, name="vpn.corp.lab", a=ip(66), c=CLI, cip=CIP), lambda w, at: no_name(w, at, "vpn.corp.lab", CLI, CIP), who=CLIENT)
row(33, SSTP, (-120, 120), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, edges=False, sight=(-1500, 200))
row((1, 2, 3, 4, 5, 16), SSTP, (-60, 5), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, edges=False)
row(6, SSTP, (-90, 5), lambda w, at: tls(w, at, OTHER), who=CLIENT, data=dict(COID, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OTHER)),
    edges=False, alone="probable", blind="probable")
row(6, SSTP, (-90, 5), who=CLIENT, data=dict(COID, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OWN)), alone="refuted", blind="refuted")
row(14, SSTP, (-60, 60), who=CLIENT, alone="refuted", leases=True, sight=(-1500, 100))
row(23, SSTP, (-300, 5), who=CLIENT, data=COID)
row(24, SSTP, (-86400, 86400), benign=lambda w, at: (tls(w, at), tls(w, at + 2, six=True)), sight=(), alone=None)
row(32, SSTP, (-86400, 86400), data={"param1": handshake.sha256(OWN), "param2": handshake.sha256(OTHER)}, sight=(), alone=None)
# what joins through facts: the windows are tried in the unit tests, each row at both its ends
row(4100, IPH, (-120, 60), lambda w, at: name_answer(w, at, name="isatap.corp.lab"), None, auth=with_(isatap_routers=[ip(9)]), edges=False,
    data={"IsatapRouter": ip(66), "ErrorCode": "0"})
row(4100, IPH, (-120, 60), auth=with_(isatap_routers=[ip(66)]), alone="refuted", blind="refuted", data={"IsatapRouter": ip(66), "ErrorCode": "0"})
row(4200, IPH, (-60, 300), alone="refuted", sight=(-1500, 350), data={"ProtocolType": "1", "Interface": "isatap", "Address": "fe80::5efe:10.0.0.30"})
row(4202, IPH, (-60, 10), alone=None, data={"ProtocolType": "1", "Interface": "isatap", "UpdateType": "1", "ErrorCode": "5"})
row(4202, IPH, (-60, 10), alone="refuted", blind="refuted", data={"ProtocolType": "1", "Interface": "isatap", "UpdateType": "1", "ErrorCode": "0x490"})
row(4000, IPH, (-5, 3600), sight=(-1500, 3500), auth=with_(teredo_servers=[ip(9)]))
row(4000, IPH, (-5, 3600), alone="refuted", blind="refuted", sight=(-1500, 3500), auth=with_(teredo_servers=[SIP]))
row(1020, DS, (-1800, 300), alone=None, data={"param1": "10.0.0.0", "param2": "90", "param3": "10"})
row(1063, DS, (-3600, 300), alone=None, data={"param1": "10.0.0.0"})
row(1338, DS, (-120, 30), alone="refuted", leases=True, auth=PLAIN)
row(20255, DS, (-600, 120), data={"param1": "10.0.0.2", "param2": "corp.lab"}, benign=None, alone="refuted", sight=(-1500, 200))
row(20255, DS, (-600, 120), lambda w, at: w.set(100).arp(S1, ip(2), ip(2)), agreed="host-only", alone=None, edges=False, data={"param1": "10.0.0.2", "param2": "corp.lab"},
    sight=(-1500, 200))
row(20256, DS, (-60, 10), data={"param1": "10.0.0.2", "param2": "corp.lab"})


def run(a, r, scenes, events, sight):
    w = Scene()
    w.here()
    if sight:
        w.sight(*r["sight"])
        if r["leases"]:
            w.leases()
    for f, at in scenes:
        f(w, at)
    to = r["window"][1] if r["window"] else 0
    w.set(max(to, 60) + 30).arp(GW, ip(1), ip(1))
    with tempfile.TemporaryDirectory() as d:
        p = lambda n: os.path.join(d, n)
        open(p("s"), "w").write(w.text())
        q = subprocess.run([a.forge, "-o", p("w.pcap"), p("s")], capture_output=True, text=True)
        if q.returncode:
            return "forge: " + q.stderr.strip()
        json.dump({"authority": [dict(r["auth"], name="test")], "feed": {"synced": True}}, open(p("c.yaml"), "w"))
        cmd = [a.bin, "-q", "-r", p("w.pcap"), "-c", p("c.yaml")]
        if events:
            open(p("e.jsonl"), "w").write("".join(json.dumps(e) + "\n" for e in events))
            cmd += ["-e", p("e.jsonl")]
        q = subprocess.run(cmd, capture_output=True, text=True)
        if q.returncode:
            return "exit %d: %s" % (q.returncode, q.stderr.strip()[:200])
    last = {}
    for x in q.stdout.splitlines():
        i = json.loads(x)["incident"]
        last[i["id"]] = i
    rank = ["info", "refuted", "unverifiable", "host-only", "suspected", "probable", "confirmed"]
    got = [i["verdict"] for i in last.values() if not i.get("members") and any(
        e["event_id"] == r["id"] and e["role"] != "context" or i["verdict"] == "refuted" and e["event_id"] == r["id"] for e in i["host_events"])]
    return max(got, key=rank.index, default="silence") if events else "no event" if not got else "event"


def cases(r):
    """name, scenes, events?, in view?, wanted: a verdict, or ! and one that it must not be"""
    wire, benign, window, also = r["wire"], r["benign"], r["window"], r["also"]
    if r["alone"]:
        yield "host alone", [], True, True, r["alone"]
    yield "out of view", [], True, False, r["blind"]
    if also:
        yield "both", [], "also", True, r["agreed"]
    if benign and not wire:
        yield "explained", [(benign, -5)], True, True, "refuted"
    if not wire:
        return
    mid = (-1 if window[0] < 0 else 5)
    yield "both", [(wire, mid)], True, True, r["agreed"]
    yield "wire alone", [(wire, mid)], False, True, "no event"
    if benign:
        yield "explained", [(benign, mid)], True, True, "refuted"
        yield "explanation removed", [], True, True, "!refuted"
    if r["edges"]:
        for name, at, want in (("early, inside", window[0] - EPS + INSIDE, r["agreed"]), ("early, outside", window[0] - OUTSIDE, "!" + r["agreed"]),
                               ("late, inside", window[1] + EPS - INSIDE, r["agreed"]), ("late, outside", window[1] + OUTSIDE, "!" + r["agreed"])):
            yield name, [(wire, at)], True, True, want


def one(job):
    a, r, (name, scenes, with_event, sight, want) = job
    events = [event(r["id"], provider=r["provider"], **r["who"], **r["data"])] if with_event else []
    if with_event == "also":
        events += r["also"]()
    got = run(a, r, scenes, events, sight)
    return r["id"], name, want, got, (got != want[1:] and ":" not in got) if want[0] == "!" else got == want


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    jobs = [(a, r, c) for r in ROWS if a.only in ("", str(r["id"])) for c in cases(r)]
    passed = failed = 0
    table = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, name, want, got, ok in pool.map(one, jobs):
            passed, failed = passed + ok, failed + (not ok)
            line = table.setdefault(number, [0, 0])
            line[0] += 1
            line[1] += ok
            if a.v or not ok:
                print("%-6s %5d %-20s wanted %s, got %s" % ("ok" if ok else "FAILED", number, name, want, got))
    print("event  cases  as the table says")
    for number, (n, good) in table.items():
        print("%5d  %5d  %d" % (number, n, good))
    print("%d events, %d cases" % (len(table), passed + failed))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
