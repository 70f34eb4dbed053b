#!/usr/bin/env python3
"""The 57 events of DETECTIONS.md 10 against forged wire halves: both halves agree, the event alone, the packets alone, the
benign explanation and the same without it, the event where nothing can be seen, and the wire half at both ends of the
window, just inside and just outside.

usage: events57.py --bin CROSSTAP --forge FORGE [--only ID] [--table] [-v]
--table prints what was found, event by case, and why a case does not exist where it does not.
Clocks are declared synchronised: the tolerance is two seconds.  Last line: `N passed, N failed`."""
import argparse, json, os, subprocess, sys, tempfile, concurrent.futures
from datetime import datetime, timezone
from traps import GW, S1, S2, X, with_
from wire import *
import handshake, logon

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
TWO_SERVERS = with_(dhcp4_servers=[{"ip": [ip(2)], "mac": S1}, {"ip": [ip(66)], "mac": X}])


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

    def leases(self, later=0):
        """known clients, all answered: a day later each asks again"""
        self.set(-92100 + later).baseline(S1, ip(2))
        for i in range(25):
            self.set(-1400 + later + i).sarr(S2, mac(i, 0xba), 700 + 10 * i, "fd00::%x" % (0x100 + i))

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


def rogue_check(w, at, by=X, byip=ip(66), domain="evil1"):
    w.set(at).frame('eth %s %s / ip4 %s %s / udp 68 67 / dhcp4 xid=77 mac=%s ciaddr=%s o4(53,u8:8)+o4(43,o4(0x5e,""))+u8:255' % (SRV, FF, SIP, BCAST, SRV, SIP))
    w.server(5, by, byip, SRV, 77, ANY, dst=BCAST, extra='+o4(43,o4(0x5f,"%s"+u8:0))' % domain)


def offer(w, at, s=X, sip=ip(66)):
    c = mac(77)
    w.set(at).client(1, c, 901 + int(at) % 97)
    w.server(2, s, sip, c, 901 + int(at) % 97, ip(90))


def spoof(w, at, a=SIP, to=CLI, owner=SRV):
    w.set(at - 5).arp(owner, a, a)
    w.set(at).arp(X, a, CIP, op=2, dst=to, tha=to)
    w.set(at + 0.3).arp(owner, a, a)


def flood(w, at):
    w.set(at)
    for i in range(700):
        w.frame("eth %s %s / ip4 %s %s / tcp %d 443 seq=1 flags=2" % (X, SRV, ip(66), SIP, 1024 + i), step=0.0001)


def routed(w, at, options="+o4(121,hex:1000ac100a000042)"):
    """a stranger's lease, by default with a route to 172.16.0.0/16 by 10.0.0.66 (RFC 3442)"""
    w.set(at).client(1, CLI, 600 + int(at) % 97)
    for kind in (2, 5):
        w.server(kind, X, ip(66), CLI, 600 + int(at) % 97, CIP, extra=options)


def bad_macs(w, at):
    """group addresses as client addresses"""
    for i in range(3):
        w.set(at + i * 0.01).client(1, "03:66:00:00:%02x:%02x" % (i, int(at) % 251), 800 + i, l2=X)


def many(w, at, n, step=0.0003):
    """that many DISCOVERs at once, of a source that makes up group addresses too"""
    for i in range(n):
        w.set(at + i * step).client(1, "%02x:66:00:%02x:%02x:%02x" % (3 if i % 9 == 0 else 2, i // 256, i % 256, int(at) % 251), 4000 + i, l2=X)


def ghosts(w, at, alive=0):
    """four new clients; the lease of none, or of all, is used"""
    for i in range(4):
        w.set(at - 100 + 20 * i).dora(S1, ip(2), mac(200 + i), 500 + i, ip(180 + i), alive=alive)


def directory(w, at, answer=18, c=SRV, cip=SIP):
    """a connection to the directory of the domain, on the DHCP server that is declared"""
    w.set(at).frame("eth %s %s / ip4 %s %s / tcp 45000 389 seq=5 flags=2" % (c, S1, cip, ip(2)))
    w.frame("eth %s %s / ip4 %s %s / tcp 389 45000 seq=9 ack=6 flags=%d" % (S1, c, ip(2), cip, answer))


def everybody_refused(w, at):
    for i, (c, a) in enumerate(((SRV, SIP), (CLI, CIP), (S2, ip(3)))):
        directory(w, at + i * 0.1, 20, c, a)


def wpad(w, at):
    routed(w, at, '+o4(252,"http://10.0.0.66/wpad.dat")')


def solicited(w, at):
    w.set(at).isatap_rs(SRV, X, SIP, ip(66))


def advertised(w, at):
    w.set(at - 1).na(SRV, SRV6)
    w.set(at).ra(X)


def tamper(w, at):
    """the channel of two partners, long before; then another station speaks for one of them"""
    partners(w, -1400)
    w.set(at).frame('eth %s %s / ip4 %s %s / tcp 50000 647 seq=1012 ack=9009 flags=24 / bytes "bind update"' % (X, SRV, ip(2), SIP))


def alive(w, at):
    w.set(at).arp(S1, ip(2), ip(2))


def refuses(w, at):
    w.set(at).frame("eth %s %s / ip4 %s %s / tcp 45000 647 seq=5 flags=2" % (SRV, S1, SIP, ip(2)))
    w.frame("eth %s %s / ip4 %s %s / tcp 647 45000 seq=9 ack=6 flags=20" % (S1, SRV, ip(2), SIP))


def binding(kind, n=1):
    """a failover message (draft-ietf-dhc-failover-12, 6.1): 3 is an update, 4 its acknowledgement"""
    return bytes((0, 20, kind, 12)) + (1700100000).to_bytes(4, "big") + n.to_bytes(4, "big") + bytes(8)


def updates(w, at, acknowledged=False):
    partners(w, at, [(True, binding(3)), (True, binding(3, 2))] + [(False, binding(4))] * acknowledged)


def proxy(w, at, by=S2, a=ip(3)):
    """a web proxy that wants a logon by NTLM (RFC 9110 15.5.8, 11.7.1)"""
    turns = [(c, d.replace(b"401 Unauthorized", b"407 Proxy Authentication Required").replace(b"WWW-Authenticate", b"Proxy-Authenticate"))
             for c, d in logon.http_logon(bytes(range(8)))]
    w.set(at).announce(by, a)
    w.talk_tcp(CLI, CIP, by, a, 8080, turns, sport=46000)


def partners(w, at, turns=((True, b"bind update"), (False, b"bind ack"))):
    w.set(at)
    w.talk_tcp(S1, ip(2), SRV, SIP, 647, list(turns), finish=False)


def event(number, at=0, computer="SRV-30.corp.lab", addresses=(SIP, SRV6), provider=SSTP, record=1, **data):
    stamp = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"@timestamp": stamp, "host": {"name": computer.lower(), "ip": list(addresses)},
            "winlog": {"provider_name": provider, "event_id": str(number), "record_id": record, "channel": "System",
                       "computer_name": computer, "event_data": data}}


# Why a case does not exist where it does not.
NOTES = {
    "a": "no packet belongs to the event",
    "b": "the document lists no explanation",
    "c": "what agrees with it is another host's event",
    "d": "a declared server explains nothing away: then the reporter is the intruder",
}
CASES = ("both", "host alone", "wire alone", "explained", "explanation removed", "out of view", "early, inside", "early, outside", "late, inside", "late, outside")
ROWS = []


def row(ids, provider, window, wire=None, benign=None, alone="host-only", auth=AUTH, blind="unverifiable", data=None, who=None, also=None,
        agreed="confirmed", edges=None, sight=(-1500,), leases=False, explain=None, more=(), never=None, lone="silence"):
    """id, provider, window; wire half, benign half; verdict of the event alone, authority, verdict out of view; event data, who
    reports; further events; verdict when both agree; cases of the edges where they are not the wire half moved; when connections
    are seen; known clients; what changes in the row for its explanation to hold; further cases; notes on cases that do not exist; what the packets
    alone are (DETECTIONS.md 4 to 8: nothing, an E1 without and with authority, self-proving)"""
    for n in ids if isinstance(ids, tuple) else (ids,):
        ROWS.append(dict(id=n, provider=provider, window=window, wire=wire, benign=benign, alone=alone, auth=auth, blind=blind,
                         data=data or {}, who=who or {}, also=also, agreed=agreed, edges=edges, sight=sight, leases=leases,
                         explain=explain, more=more, never=never or {}, lone=lone))


def ceases(last):
    """edges of what goes away: it may go on for as long as the clocks may differ, and comes back inside the window or after it"""
    def edges(r):
        start, end = r["window"]
        back = lambda at: [(last, start - 20 if start else -20), (last, at)]
        if start:
            yield "early, inside", [(last, start - EPS + INSIDE)], "confirmed"
            yield "early, outside", [(last, start - OUTSIDE)], "!confirmed"
        else:
            yield "early, inside", [(last, EPS - INSIDE)], "confirmed"
            yield "early, outside", [(last, OUTSIDE)], "!confirmed"
        if start:
            back = lambda at: [(last, -20), (last, at)]
        yield "late, inside", back(end + EPS - INSIDE), "!confirmed"
        yield "late, outside", back(end + OUTSIDE), "confirmed"
    return edges


CLIENT = dict(computer="LAP-50.corp.lab", addresses=(CIP,))
COID = {"CoId": "{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}"}
NONE = dict.fromkeys(CASES, "a")        # neither half on the wire
WORK = {"from": "2023-11-16T02:45:00+01:00", "to": "2023-11-16T02:15:00Z"}     # a quarter of an hour around the events, at 02:00 UTC
LATER = {"from": "2023-11-16T02:30:00Z", "to": "2023-11-16T05:00:00Z"}
DOMAIN = {"param1": "1", "param2": "corp.lab"}
PARTNER = {"param1": "10.0.0.2", "param2": "corp.lab"}
PEER = {"param1": "10.0.0.66", "param2": "evil1"}
UNEXPLAINED = {"explained": "b", "explanation removed": "b"}


def declared(r, **kw):
    return dict(auth=dict(r, **kw))


# Iphlpsvc
row(4000, IPH, (-5, 3600), teredo_answer, auth=with_(teredo_servers=[ip(9)]), explain=declared(PLAIN, teredo_servers=[SIP]), sight=(-1500, 3500), lone="probable")
row(4001, IPH, (-30, 60), teredo_closed, never=UNEXPLAINED)
row(4002, IPH, (-120, 10), spoof, alone="refuted", auth=with_(routers=[{"ip": [ip(1)], "mac": GW}, {"ip": [SIP], "mac": SRV}]), leases=True, data={"Interface": SIP, "ErrorCode": "1"}, lone="probable")
row(4003, IPH, (-60, 5), name_answer, no_name, auth=PLAIN, data={"ServerName": "teredo.corp.lab", "ErrorCode": "0x2afc"}, lone="probable")
row(4004, IPH, None, blind="host-only", data={"ErrorCode": "5"}, never=NONE)
row(4005, IPH, (0, 600), lambda w, at: teredo_answer(w, -20), edges=ceases(teredo_answer), sight=(-1500, 900), never=UNEXPLAINED, lone="suspected")
row(4100, IPH, (-120, 60), lambda w, at: name_answer(w, at, name="isatap.corp.lab"), auth=with_(isatap_routers=[ip(9)]),
    data={"IsatapRouter": ip(66), "ErrorCode": "0"}, explain=declared(PLAIN, isatap_routers=[ip(66)]), lone="probable")
row(4200, IPH, (-60, 300), solicited, alone="refuted", sight=(-1500, 350), auth=with_(isatap_routers=[ip(9)]),
    data={"ProtocolType": "1", "Interface": "isatap", "Address": "fe80::5efe:10.0.0.30"}, lone="probable")
ROUTER = {"IsatapRouter": ip(66), "ErrorCode": "0"}
UP_GLOBAL = {"data": {"ProtocolType": "1", "Interface": "isatap", "Address": "2001:db8::5efe:10.0.0.30"}}
for found in [r for r in ROWS if r["id"] == 4200]:
    found["more"] = (("no router before", [], [], "host-only info", UP_GLOBAL),
                     ("a router was told before", [], [event(4100, -590, provider=IPH, record=2, **ROUTER)], "host-only low", UP_GLOBAL),
                     ("a router was told long before", [], [event(4100, -610, provider=IPH, record=2, **ROUTER)], "host-only info", UP_GLOBAL),
                     ("a router was told after", [], [event(4100, 5, provider=IPH, record=2, **ROUTER)], "host-only info", UP_GLOBAL),
                     ("another host's router", [], [event(4100, -100, "LAP-50.corp.lab", (CIP,), IPH, 2, **ROUTER)], "host-only info", UP_GLOBAL))
row(4201, IPH, (-60, 60), lambda w, at: tunnel_out(w, -30), edges=ceases(tunnel_out), data={"ProtocolType": "0", "Interface": "6TO4"}, never=UNEXPLAINED)
row(4202, IPH, (-60, 10), advertised, auth=PLAIN, data={"ProtocolType": "1", "Interface": "isatap", "UpdateType": "1", "ErrorCode": "5"},
    leases=True, explain=dict(data={"ProtocolType": "1", "Interface": "isatap", "UpdateType": "1", "ErrorCode": "0x490"}), lone="probable")
row(4300, IPH, (-5, 3600), lambda w, at: tls(w, at, port=8443), auth=PLAIN, data={"ServerUrl": "https://da.corp.lab:8443/IPHTTPS"},
    sight=(-1500, 2200, 3700), explain=dict(auth=AUTH))
row(4301, IPH, (0, 600), reset, sight=(-1500, 900), never=UNEXPLAINED)
row(4302, IPH, (-60, 60), reset, data={"ErrorCode": "5", "IpHTTPSReasonCode": "1"}, never=UNEXPLAINED)
BOUND = {"ClientMachineName": "LAP-50$", "TunnelSourceIP": "fd00:1::9", "RemoteIP": CIP}
row(4303, IPH, (-120, 10), tls, alone="refuted", data=BOUND, more=(
    ("two outer addresses", [], [event(4303, -30, provider=IPH, record=2, **dict(BOUND, TunnelSourceIP="fd00:1::a", RemoteIP=ip(51)))], "confirmed high"),
    ("one address twice", [], [event(4303, -30, provider=IPH, record=2, **BOUND)], "refuted")))
row(4304, IPH, (-300, 120), tls, data=BOUND, never=UNEXPLAINED)
row(4400, IPH, (-10, 5), lambda w, at: name_answer(w, at, name="www.example.org", a="203.0.113.9"), lambda w, at: name_answer(w, at, GW, ip(1), "www.example.org", "203.0.113.9"),
    auth=PLAIN, data={"AddrLength": "16", "ClientIP": CIP, "QuestionName": "www.example.org", "TranslatedIPv4Address": str(0x097100cb)})
SITE = dict(data={"SiteName": "HQ"}, explain=declared(AUTH, changes=[WORK]), more=(("work at another time", [], [], "host-only", declared(AUTH, changes=[LATER])),))
row(4500, IPH, None, blind="host-only", never=NONE, **SITE)
row(4501, IPH, (0, 1800), lambda w, at: tls(w, -100), edges=ceases(tls), sight=(-1500, 1900), **SITE)
# DHCP-Server
row(1020, DS, (-1800, 300), bad_macs, alone="refuted", leases=True, auth=PLAIN, data={"param1": "10.0.0.0", "param2": "90", "param3": "10"}, lone="probable", more=(
    ("new clients without life", [(ghosts, -5)], [], "host-only"),
    ("new clients that live", [(lambda w, at: ghosts(w, at, True), -5)], [], "refuted")))
row(1063, DS, (-3600, 300), bad_macs, alone="refuted", leases=True, auth=PLAIN, data={"param1": "10.0.0.0"}, lone="probable", more=(
    ("new clients without life", [(ghosts, -5)], [], "host-only"),
    ("new clients that live", [(lambda w, at: ghosts(w, at, True), -5)], [], "refuted")))
row(1338, DS, (-120, 30), lambda w, at: many(w, at, 1100), alone="refuted", leases=True, auth=PLAIN, lone="confirmed", more=(
    ("a flood that the queue holds", [(lambda w, at: many(w, at, 900), -5)], [], "!confirmed"),
    ("a flood in slow motion", [(lambda w, at: many(w, at, 1100, 0.002), -5)], [], "!confirmed"),
    ("new clients without life", [(ghosts, -5)], [], "host-only"),
    ("new clients that live", [(lambda w, at: ghosts(w, at, True), -5)], [], "refuted")))
row(1042, DS, (-60, 10), offer, alone="refuted", leases=True, auth=PLAIN, data={"param1": "(10.0.0.66)"}, more=(
    ("the answer to its check", [(rogue_check, -5)], [], "confirmed"),), lone="probable")
row(1045, DS, (-120, 30), rogue_check, lambda w, at: rogue_check(w, at, S1, ip(2)), leases=True, auth=PLAIN, lone="confirmed")
row(1046, DS, (-300, 30), rogue_check, lambda w, at: rogue_check(w, at, S1, ip(2)), leases=True, auth=PLAIN, data=DOMAIN, more=(
    ("its directory answers", [(directory, -100)], [], "refuted"),
    ("its directory refuses", [(lambda w, at: (directory(w, at, 20), directory(w, at + 1, 18, CLI, CIP)), -100)], [], "confirmed medium"),
    ("its directory is spoofed", [(lambda w, at: spoof(w, at, ip(2), SRV, S1), -100)], [], "confirmed critical")), lone="confirmed")
row(1051, DS, (-86400, 60), lambda w, at: offer(w, at, SRV, SIP), alone="refuted", leases=True, auth=PLAIN, data=DOMAIN, lone="probable")
row(1052, DS, (-120, 10), rogue_check, leases=True, auth=PLAIN, data=PEER, lone="confirmed", never={"explained": "d", "explanation removed": "d"}, more=(
    ("another domain was told", [(lambda w, at: rogue_check(w, at, domain="other.lab"), -5)], [], "!confirmed"),
    ("the server is declared", [], [], "host-only " + SRV, dict(auth=TWO_SERVERS)),
    ("and told its domain", [(rogue_check, -5)], [], "confirmed high " + SRV, dict(auth=TWO_SERVERS))))
row(1053, DS, (-120, 10), offer, leases=True, auth=PLAIN, data=PEER, explain=dict(auth=TWO_SERVERS), more=(
    ("the answer to its check", [(rogue_check, -5)], [], "confirmed"),), lone="probable")
row(1059, DS, (-300, 30), lambda w, at: name_answer(w, at, name="_ldap._tcp.dc._msdcs.corp.lab", a=ip(66)), everybody_refused, auth=PLAIN, more=(
    ("its directory alone fails", [(lambda w, at: (directory(w, at, 20), directory(w, at + 1, 18, CLI, CIP)), -100)], [], "confirmed low"),
    ("it refuses, the name is good", [(lambda w, at: (name_answer(w, at, GW, ip(1), "_ldap._tcp.dc._msdcs.corp.lab", ip(2)), directory(w, at + 1, 20),
                                                      directory(w, at + 2, 18, CLI, CIP)), -100)], [], "refuted"),
    ("no such name", [(lambda w, at: no_name(w, at, "_ldap._tcp.dc._msdcs.corp.lab"), -100)], [], "confirmed low")), lone="probable")
row(20255, DS, (-600, 120), tamper, alone="refuted", data=PARTNER, sight=(-1500, 200), more=(
    ("its partner lives", [(alive, 100)], [], "host-only"),
    ("planned work", [(alive, 100)], [], "refuted", declared(AUTH, changes=[WORK])),
    ("its partner's port refuses", [(refuses, -30), (alive, 100)], [], "confirmed low")), lone="probable")
row(20256, DS, (-60, 10), tamper, updates, data=PARTNER, sight=(-1500, 20), more=(
    ("some are acknowledged", [(lambda w, at: updates(w, at, True), 5)], [], "host-only high"),), lone="probable")
# RasSstp, servers
row((7, 9, 10, 17), SSTP, None, blind="host-only", data={"ErrorMessage": "x"}, never=dict(NONE, **UNEXPLAINED))
row(8, SSTP, (-60, 300), reset, tls)
row(22, SSTP, (-60, 600), reset, tls, sight=(-1500, 700))
row(11, SSTP, (-60, 600), reset, tls, sight=(-1500, 700))
row(21, SSTP, (-60, 600), lambda w, at: tls(w, at, OTHER), tls, sight=(-1500, 700), lone="probable")
row(25, SSTP, (-60, 600), lambda w, at: tls(w, at, OTHER), sight=(-1500, 700), never=UNEXPLAINED, lone="probable")
row(12, SSTP, (-60, 600), reset, sight=(-1500, 700), data={"CertificateName": "vpn.corp.lab"}, never=UNEXPLAINED)
row(13, SSTP, (-60, 600), lambda w, at: reset(w, at, True), sight=(-1500, 700), data={"CertificateName": "vpn.corp.lab"}, never=UNEXPLAINED)
row(20, SSTP, (-600, 60), flood, alone="refuted")
HASH = lambda at: event(6, at, record=9, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OWN), **CLIENT, **COID)


def later_hash(r):
    for name, at, want in (("early, inside", INSIDE - EPS, "confirmed"), ("early, outside", -OUTSIDE, "!confirmed"),
                           ("late, inside", 86400 + EPS - INSIDE, "confirmed"), ("late, outside", 86400 + OUTSIDE, "!confirmed")):
        yield name, [], want, [HASH(at)]


row((18, 19), SSTP, (0, 86400), blind="host-only", edges=later_hash, also=lambda: [HASH(600)],
    never=dict(UNEXPLAINED, **{"wire alone": "c"}))
row(24, SSTP, (-86400, 86400), lambda w, at: (tls(w, -5), tls(w, at, OTHER, six=True)), lambda w, at: (tls(w, -5), tls(w, at, six=True)), sight=(-1500, 85500), lone="probable")
THIRD = handshake.certificate("vpn.corp.lab", "Third CA", 3)
row(32, SSTP, (-86400, 86400), lambda w, at: tls(w, at, OTHER), tls, sight=(-1500, 85500), data={"param1": handshake.sha256(OWN), "param2": handshake.sha256(OTHER)}, more=(
    ("nobody announced work", [], [], "host-only medium", declared(AUTH, changes=[LATER])),
    ("work was announced", [], [], "host-only low", declared(AUTH, changes=[WORK])),
    ("a listed third certificate", [(lambda w, at: tls(w, at, THIRD), -5)], [], "host-only low", declared(AUTH, vpn_servers=[
        {"sni": "vpn.corp.lab", "ip": [SIP, SRV6], "leaf_sha256": [handshake.sha256(OWN), handshake.sha256(THIRD)]}])),
    ("a third certificate", [(lambda w, at: tls(w, at, THIRD), -5)], [], "confirmed high"),), lone="probable")
# RasSstp, clients
row(15, SSTP, (-60, 5), lambda w, at: name_answer(w, at, name="vpn.corp.lab", a=ip(66), c=CLI, cip=CIP), lambda w, at: no_name(w, at, "vpn.corp.lab", CLI, CIP), who=CLIENT, lone="probable")
row(33, SSTP, (-120, 120), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, sight=(-1500, 200), lone="probable")
row(1, SSTP, (-90, 5), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, lone="probable")
row((2, 5), SSTP, (-120, 5), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, lone="probable")
row((3, 4, 16), SSTP, (-60, 5), lambda w, at: tls(w, at, OTHER), tls, who=CLIENT, data=COID, lone="probable")
row(6, SSTP, (-90, 5), lambda w, at: tls(w, at, OTHER), who=CLIENT, data=dict(COID, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OTHER)),
    alone="probable", blind="probable", explain=dict(data=dict(COID, SHA1CertificateHash="", SHA256CertificateHash=handshake.sha256(OWN))), more=(
    ("TLS 1.3", [(lambda w, at: tls(w, at, OTHER, tls13=True), -5)], [], "probable V_LEAF"),), lone="probable")
row(14, SSTP, (-60, 60), routed, who=CLIENT, alone="refuted", leases=True, sight=(-1500, 100), auth=PLAIN, lone="probable")
row(23, SSTP, (-300, 5), wpad, proxy, who=CLIENT, data=COID, auth=with_(proxies=[ip(3)]), more=(
    ("a proxy that is not listed", [(lambda w, at: proxy(w, at, X, ip(66)), -5)], [], "host-only"),), lone="probable")


def replay(a, w, auth, events, **feed):
    """(what went wrong, None), or (None, the last record of each incident)"""
    with tempfile.TemporaryDirectory() as d:
        p = lambda n: os.path.join(d, n)
        open(p("s"), "w").write(w.text())
        q = subprocess.run([a.forge, "-o", p("w.pcap"), p("s")], capture_output=True, text=True)
        if q.returncode:
            return "forge: " + q.stderr.strip(), None
        json.dump({"authority": [dict(auth, name="test")], "feed": dict(feed, synced=True)}, open(p("c.yaml"), "w"))
        cmd = [a.bin, "-q", "-r", p("w.pcap"), "-c", p("c.yaml")]
        if events:
            open(p("e.jsonl"), "w").write("".join(json.dumps(e) + "\n" for e in events))
            cmd += ["-e", p("e.jsonl")]
        q = subprocess.run(cmd, capture_output=True, text=True)
        if q.returncode:
            return "exit %d: %s" % (q.returncode, q.stderr.strip()[:200]), None
    last = {}
    for x in q.stdout.splitlines():
        i = json.loads(x)["incident"]
        last[i["id"]] = i
    return None, last


def scene(r, scenes, sight):
    w = Scene()
    w.here()
    if sight:
        w.sight(*r["sight"])
        if r["leases"]:
            w.leases()
    for f, at in scenes:
        f(w, at)
    if r["window"] and r["window"][0] < -3000:
        w.set(r["window"][0] - 60).arp(GW, ip(1), ip(1))
    to = r["window"][1] if r["window"] else 0
    w.set(max(to, 60) + 30).arp(GW, ip(1), ip(1))
    return w


def spoken(r, last, told=True):
    """the strongest verdict of an incident that the event speaks in, and that incident; "context" where it only stands beside
    packets of another time that accuse its subject, "silence" where no incident has it; without an event, of any incident"""
    rank = ["info", "refuted", "unverifiable", "host-only", "suspected", "probable", "confirmed"]
    got = [i for i in last.values() if not i.get("members") and (not told or any(
        e["event_id"] == r["id"] and e["role"] != "context" or i["verdict"] == "refuted" and e["event_id"] == r["id"] for e in i["host_events"]))]
    best = max(got, key=lambda i: rank.index(i["verdict"]), default=None)
    beside = any(e["event_id"] == r["id"] for i in last.values() for e in i["host_events"])
    return best["verdict"] if best else "context" if beside else "silence", best


def run(a, r, scenes, events, sight):
    wrong, last = replay(a, scene(r, scenes, sight), r["auth"], events)
    return (wrong, None) if wrong else spoken(r, last, bool(events))


def cases(r):
    """name, scenes, further events (None: not even the event), in view?, wanted, the row as this case has it; wanted: a verdict,
    ! and one that it must not be, further words: the severity, a bit of sight that is said to be missing"""
    wire, benign, window, also = r["wire"], r["benign"], r["window"], r["also"]
    if r["alone"]:
        yield "host alone", [], [], True, r["alone"], r
    yield "out of view", [], [], False, r["blind"], r
    mid = -1 if window and window[0] < 0 else 5
    both = [(wire, mid)] if wire else []
    if wire or also:
        yield "both", both, also() if also else [], True, r["agreed"], r
    if wire:
        yield "wire alone", both, None, True, r["lone"], r
    if benign or r["explain"]:
        yield "explained", [(benign, mid)] if benign else [], [], True, "refuted", dict(r, **(r["explain"] or {}))
        yield "explanation removed", [], [], True, "!refuted", r
    elif r["alone"] == "refuted":  # that nothing was seen is what explains it
        yield "explained", [], [], True, "refuted", r
        yield "explanation removed", both, [], True, "!refuted", r
    if r["edges"]:
        for name, scenes, want, *events in r["edges"](r):
            yield name, scenes, events[0] if events else [], True, want, r
    elif wire:
        for name, at, want in (("early, inside", window[0] - EPS + INSIDE, r["agreed"]), ("early, outside", window[0] - OUTSIDE, "!" + r["agreed"]),
                               ("late, inside", window[1] + EPS - INSIDE, r["agreed"]), ("late, outside", window[1] + OUTSIDE, "!" + r["agreed"])):
            yield name, [(wire, at)], [], True, want, r
    for name, scenes, events, want, *change in r["more"]:
        yield name, scenes, events, True, want, dict(r, **(change[0] if change else {}))


def fits(want, got, incident):
    verdict, *more = want.split()
    if verdict[0] == "!":
        return got not in (verdict[1:], "silence") and ":" not in got
    return got == verdict and all(x in (incident["severity"], incident["actor"]["mac"], *incident["vantage"]["missing"]) for x in more)


def one(job):
    a, (name, scenes, further, sight, want, r) = job
    events = [] if further is None else [event(r["id"], provider=r["provider"], **r["who"], **r["data"])] + further
    got, incident = run(a, r, scenes, events, sight)
    return r["id"], name, want, got, fits(want, got, incident)


def matrix(found):
    print("event  " + " ".join("%-13s" % c for c in CASES) + " further cases")
    notes = {}
    for r in ROWS:
        notes.setdefault(r["id"], {}).update(r["never"])
    for number, row in found.items():
        cell = lambda c: row[c][0] + ("" if row[c][1] else " WRONG") if c in row else "- (%s)" % notes[number].get(c, "?")
        further = [c for c in row if c not in CASES]
        print("%5d  %s %s" % (number, " ".join("%-13s" % cell(c) for c in CASES),
                              "; ".join("%s: %s" % (c, cell(c)) for c in further)))
    for letter, why in NOTES.items():
        print("(%s) %s" % (letter, why))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("--table", action="store_true")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    jobs = [(a, c) for r in ROWS if a.only in ("", str(r["id"])) for c in cases(r)]
    passed = failed = 0
    found = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, name, want, got, ok in pool.map(one, jobs):
            passed, failed = passed + ok, failed + (not ok)
            found.setdefault(number, {})[name] = got, ok
            if a.v or not ok:
                print("%-6s %5d %-24s wanted %s, got %s" % ("ok" if ok else "FAILED", number, name, want, got))
    # a case that is neither tried nor explained away is a gap
    for number in found:
        known = {c for r in ROWS if r["id"] == number for c in r["never"]}
        for c in CASES:
            if c not in found[number] and c not in known:
                failed += 1
                print("FAILED %5d %-24s there is no such case, and no reason is given" % (number, c))
    if a.table:
        matrix(found)
    print("%d events, %d cases" % (len(found), passed + failed))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
