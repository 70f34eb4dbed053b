#!/usr/bin/env python3
"""The false-positive traps and the evasions of DETECTIONS.md 11, made with forge, in one table.

usage: traps.py --bin CROSSTAP --forge FORGE [--only SUBSTR] [-v] [--keep DIR]

A trap may end with no verdict above the one listed (none: nothing raised, that is no suspected, probable or confirmed), and with
that one where it is refuted or unverifiable; an evasion must reach the one listed.  The table names for each case the verdict that
the document states, the one wanted and all that were seen.  Where the document is there (CROSSTAP_SHARED), its traps and evasions
and the ones here must be the same, in its words.  Exit status 1 when a line disagrees.  Last line: `N passed, N failed`."""
import argparse, json, os, re, struct, subprocess, sys, tempfile
from wire import *
import handshake, logon

RANK = {"none": 0, "info": 0, "refuted": 0, "unverifiable": 0, "host-only": 0, "suspected": 1, "probable": 2, "confirmed": 3}
S1, S2, S3, GW, RELAY, X = mac(2, 0xaa), mac(3, 0xaa), mac(4, 0xaa), mac(1, 0xaa), mac(5, 0xaa), mac(66, 0x66)
DECLARED = {"prefixes": ["10.0.0.0/24"], "dhcp4_servers": [{"ip": [ip(2)], "mac": S1}], "routers": [{"ip": [ip(1)], "mac": GW}],
            "resolvers": [ip(1)]}
CASES = []


def case(name, want, authority=None, at_least=False, events=None):
    def add(f):
        CASES.append((name, want, authority, at_least, events, f))
        return f
    return add


def with_(**kw):
    return dict(DECLARED, **kw)


TWO = with_(dhcp4_servers=[{"ip": [ip(2)], "mac": S1}, {"ip": [ip(3)], "mac": S2}])


# ---- DHCPv4 traps ----
@case("split-scope pair answers every DISCOVER", "none", TWO)
@case("load-balanced failover, both answer", "none", TWO)
def split(w):
    for i in range(6):
        c = mac(i)
        w.client(1, c, 100 + i)
        w.server(2, S1, ip(2), c, 100 + i, ip(50 + i))
        w.server(2, S2, ip(3), c, 100 + i, ip(150 + i))
        w.client(3, c, 100 + i, "+o4(54,%s)+o4(50,%s)" % (ip(2), ip(50 + i)))
        w.server(5, S1, ip(2), c, 100 + i, ip(50 + i))
        w.announce(c, ip(50 + i))
        w.wait(2)


@case("two relays forward the same OFFER", "none", with_(relays=[{"ip": [ip(1)], "mac": GW}, {"ip": [ip(5)], "mac": RELAY}],
      dhcp4_servers=[{"ip": ["172.16.0.2"]}]))
@case("two relays forward the same OFFER, nothing declared", "none")
def two_relays(w):
    for i in range(4):
        c = mac(i)
        for kind in (2, 5):
            w.client(1 if kind == 2 else 3, c, 7 + i, "" if kind == 2 else "+o4(54,172.16.0.2)+o4(50,%s)" % ip(60 + i))
            for r, a in ((GW, ip(1)), (RELAY, ip(5))):
                w.server(kind, r, a, c, 7 + i, ip(60 + i), sid="172.16.0.2")
        w.announce(c, ip(60 + i))
        w.wait(3)


@case("INFORM answered by three authorised servers", "none",
      with_(dhcp4_servers=[{"ip": [ip(2)], "mac": S1}, {"ip": [ip(3)], "mac": S2}, {"ip": [ip(4)], "mac": S3}]))
def inform(w):
    c = mac(1)
    w.announce(c, ip(60))
    w.client(8, c, 9, src=ip(60), ciaddr=ip(60))
    for s, a in ((S1, ip(2)), (S2, ip(3)), (S3, ip(4))):
        w.server(5, s, a, c, 9, ANY, l2dst=c, dst=ip(60))


def pxe(w, extra="", ask=True):
    c = mac(1)
    w.client(1, c, 9, '+o4(60,"PXEClient:Arch:00007")' if ask else "")
    w.server(2, S1, ip(2), c, 9, ip(60))
    w.server(2, S2, ip(7), c, 9, ANY, router=None, dns=None, extra='+o4(60,"PXEClient")' + extra)
    w.client(3, c, 9, "+o4(54,%s)+o4(50,%s)" % (ip(2), ip(60)))
    w.server(5, S1, ip(2), c, 9, ip(60))
    w.announce(c, ip(60))


case("proxyDHCP, declared", "none", with_(pxe_servers=[{"ip": [ip(7)], "mac": S2}]))(pxe)
case("proxyDHCP, none declared", "info", DECLARED)(pxe)


@case("home router plugged in backwards, nothing declared", "suspected")
def backwards(w):
    w.dora(S1, ip(2), mac(1), 5, ip(50))
    w.wait(10)
    c = mac(2)
    w.client(1, c, 6)
    w.server(2, S1, ip(2), c, 6, ip(51))
    w.server(2, X, "192.168.137.1", c, 6, "192.168.137.20", router="192.168.137.1", dns="192.168.137.1")
    w.client(3, c, 6, "+o4(54,192.168.137.1)+o4(50,192.168.137.20)")
    w.server(5, X, "192.168.137.1", c, 6, "192.168.137.20", router="192.168.137.1", dns="192.168.137.1")


@case("NIC team on the server, both MACs declared", "none", with_(dhcp4_servers=[{"ip": [ip(2)], "mac": [S1, S2]}]))
@case("NIC team on the server, nothing declared", "none")
def team(w):
    for i in range(6):
        nic = S1 if i % 2 else S2
        w.arp(S1, ip(2), ip(1), l2=nic)
        w.dora(nic, ip(2), mac(i), 30 + i, ip(50 + i))
        w.wait(400)


def power(w, offers):
    w.others()
    for i in range(500):
        c = mac(i)
        a = "10.0.%d.%d" % (4 + i // 200, 10 + i % 200)
        w.client(1, c, 1000 + i)
        if offers:
            w.server(2, S1, ip(2), c, 1000 + i, a, l2dst=c, dst=a)
        w.client(3, c, 1000 + i, "+o4(54,%s)+o4(50,%s)" % (ip(2), a))
        if offers:
            w.server(5, S1, ip(2), c, 1000 + i, a, l2dst=c, dst=a)
        w.announce(c, a)
        w.wait(0.03)
    w.wait(30)
    w.others()


case("500-host power restore", "refuted", with_(prefixes=["10.0.0.0/16"]))(lambda w: power(w, True))
case("500-host power restore, mirror without unicast answers", "refuted", with_(prefixes=["10.0.0.0/16"]))(lambda w: power(w, False))


@case("guest Wi-Fi with randomised MACs, all ARP", "refuted", DECLARED)
def guest(w):
    w.others()
    for i in range(120):
        m = "%02x:%02x:5e:%02x:00:01" % ((i * 7) & 0xfc | 2, i, i)
        w.dora(S1, ip(2), m, 3000 + i, ip(10 + i), pause=0.2)
        w.wait(1.5)
    w.wait(30)
    w.others()


def clones(w):
    """forty desktops of one template take leases and sleep"""
    w.baseline(S1, ip(2))
    w.others()
    for i in range(40):
        c, params = mac(600 + i, 0x0d), "+o4(55,u8:1+u8:3+u8:15+u8:6)"
        w.client(1, c, 600 + i, params)
        w.server(2, S1, ip(2), c, 600 + i, ip(60 + i))
        w.client(3, c, 600 + i, params + "+o4(54,%s)+o4(50,%s)" % (ip(2), ip(60 + i)))
        w.server(5, S1, ip(2), c, 600 + i, ip(60 + i))
        w.wait(2)
    w.wait(30)
    w.others()


case("VDI clones boot and sleep, their template declared", "none", with_(vdi_templates=["1,3,15,6"]))(clones)
case("VDI clones boot and sleep, another template declared", "probable", with_(vdi_templates=["1,3,15,44"]), True)(clones)


def bridge(w, n, talk):
    w.others()
    b = mac(9, 0xb0)
    for i in range(n):
        a = ip(20 + i)
        w.dora(S1, ip(2), mac(i), 400 + i, a, l2=b, alive=False)
        w.wait(0.5)
        w.arp(b, ANY, a)
        w.arp(b, a, a)
        if talk:
            w.talk(mac(i), a, l2=b)
        w.wait(3 if n < 20 else 0.4)
    w.wait(40)
    w.others()


case("MAC-rewriting bridge, 30 hosts that talk", "none", DECLARED)(lambda w: bridge(w, 30, True))
case("MAC-rewriting bridge, 15 hosts of which only ARP is seen", "none", with_(bridges=[mac(9, 0xb0)]))(lambda w: bridge(w, 15, False))


@case("ipvlan host: 12 client-ids on one MAC, all leases used", "none", DECLARED)
def ipvlan(w):
    w.others()
    for i in range(12):
        a = ip(30 + i)
        w.dora(S1, ip(2), mac(1), 60 + i, a, cid="ff%08x" % i, alive=False)
        w.wait(0.3)
        w.announce(mac(1), a)
        w.talk(mac(1), a)
        w.wait(2)
    w.wait(40)
    w.others()


@case("routes and proxy from a declared server", "none", DECLARED)
def routes(w):
    for i in range(3):
        w.dora(S1, ip(2), mac(i), 70 + i, ip(50 + i),
               extra='+o4(121,hex:080a0a000001)+o4(249,hex:080a0a000001)+o4(252,"http://wpad.corp.example/wpad.dat")')
        w.wait(5)


@case("mirror with both sides of a relay", "none", with_(relays=[{"ip": [ip(5)], "mac": RELAY}]))
@case("mirror with both sides of a relay, nothing declared", "none")
def both_sides(w):
    for i in range(4):
        c = mac(i)
        for up, down in ((1, 2), (3, 5)):
            extra = "" if up == 1 else "+o4(54,%s)+o4(50,%s)" % (ip(2), ip(60 + i))
            w.client(up, c, 80 + i, extra)
            w.client(up, c, 80 + i, extra, src=ip(5), dst=ip(2), l2=RELAY, l2dst=S1, giaddr=ip(5))
            w.server(down, S1, ip(2), c, 80 + i, ip(60 + i), l2dst=RELAY, dst=ip(5), giaddr=ip(5), dport=67)
            w.server(down, RELAY, ip(5), c, 80 + i, ip(60 + i), sid=ip(2), giaddr=ip(5))
        w.announce(c, ip(60 + i))
        w.wait(4)


@case("DHCP quoted in an ICMP port unreachable", "none", DECLARED)
def quoted(w):
    w.frame("eth %s %s / ip4 %s %s proto=1 / bytes hex:0303000000000000+hex:450000f4000000004011000000000000+10.0.0.9+10.0.0.60+"
            "u16:67+u16:68+u16:220+u16:0+hex:02010600+u32:9+rep(20,u8:0)+rep(208,u8:0)+hex:63825363+o4(53,u8:2)+o4(54,10.0.0.9)+u8:255"
            % (mac(1), X, ip(60), ip(9)))


@case("DHCP service stops, 60 live hosts repeat DISCOVER", "info", DECLARED)
def stops(w):
    w.others()
    for i in range(60):
        w.dora(S1, ip(2), mac(i), 500 + i, ip(20 + i))
        w.wait(20)
    for k in range(3):
        for i in range(60):
            w.arp(mac(i), ip(20 + i), ip(1))
            w.client(1, mac(i), 900 + i)
        w.wait(16)
    w.others()
    w.wait(20)
    w.others()


@case("blank NIC repeats an all-zero chaddr", "none", DECLARED)
@case("blank NIC repeats a broadcast chaddr", "none", DECLARED)
def blank(w):
    m = "00:00:00:00:00:00" if w.case.endswith("all-zero chaddr") else FF
    for i in range(30):
        w.client(1, m, 600 + i, l2=mac(1))
        w.wait(4)


@case("service moved to a second declared server", "none", TWO)
def moved(w):
    for i in range(8):
        s, a = (S1, ip(2)) if i < 4 else (S2, ip(3))
        w.dora(s, a, mac(i), 640 + i, ip(50 + i))
        w.wait(30)


@case("INIT-REBOOT: ACK and NAK from two declared servers", "none", TWO)
def init_reboot(w):
    w.client(3, mac(1), 650, "+o4(50,%s)" % ip(50))
    w.server(6, S2, ip(3), mac(1), 650, ANY)
    w.server(5, S1, ip(2), mac(1), 650, ip(50))


@case("a lone server, nothing declared", "info")
def lone(w):
    for i in range(5):
        w.dora(S1, ip(2), mac(i), 660 + i, ip(50 + i), dns=ip(2), router=ip(2))
        w.query(mac(i), ip(50 + i), S1, ip(2), "www.corp.example")
        w.answer(S1, ip(2), mac(i), ip(50 + i), "www.corp.example", "192.0.2.7")
        w.wait(20)


# ---- IPv6 and name traps ----
def pio(p="2001:0db8:1::"):
    return "nd(3,u8:64+u8:192+u32:86400+u32:14400+u32:0+%s)" % p


@case("one server for DHCPv6 and DNS with a ULA outside the RA prefix, nothing declared", "info")
def d6_dns_ula(w):
    for i in range(3):
        w.ra(GW, options=pio("2001:470:1::"), flags=0xc0)
        w.sarr(S1, mac(i), 10 + 2 * i, "fd00:5::%d" % (10 + i), dns="fd00:5::2")
        w.na(S1, "fd00:5::2")
        w.query(mac(i), "fd00:5::%d" % (10 + i), S1, "fd00:5::2", "www.corp.example", six=True, kind=28)
        w.answer(S1, "fd00:5::2", mac(i), "fd00:5::%d" % (10 + i), "www.corp.example", "2001:470:9::9", six=True, kind=28)
        w.wait(10)


@case("small gateway answers every name with itself", "none")
def captive(w):
    w.dora(GW, ip(1), mac(1), 5, ip(50))
    for i, n in enumerate(("router.home", "www.example.com", "mail.example.net", "wpad.home")):
        w.query(mac(1), ip(50), GW, ip(1), n, ident=i)
        w.answer(GW, ip(1), mac(1), ip(50), n, ip(1), ident=i)
        w.wait(1)


@case("a router stops: lifetime 0 with Prf set", "none")
@case("a declared router stops: lifetime 0 with Prf set", "none", DECLARED)
def stops6(w):
    for _ in range(4):
        w.ra(GW, options=pio(), flags=0x08)
        w.wait(200)
    w.ra(GW, lifetime=0, options=pio(), flags=0x08)


@case("randomised MAC takes over its own address", "none")
@case("randomised MAC takes over its own address, servers declared", "none", DECLARED)
def randomised(w):
    w.dora(S1, ip(2), mac(1), 5, ip(50))
    w.na(mac(1), "2001:470:1::50")
    w.wait(30)
    w.dora(S1, ip(2), mac(2, 0x42), 6, ip(50))
    w.na(mac(2, 0x42), "2001:470:1::50")
    w.wait(30)


@case("DHCPv6 not declared beside a declared DHCPv4 role", "info", DECLARED)
def undeclared6(w):
    for i in range(3):
        w.ra(GW, options=pio("2001:470:1::"), flags=0xc0)
        w.sarr(S1, mac(i), 10 + 2 * i, "2001:470:1::%d" % (10 + i), dns="2001:470:1::2")
        w.wait(10)


@case("home router announces itself by link-local DNS and is the default router", "none")
def home(w):
    w.dora(GW, ip(1), mac(1), 5, ip(50), router=ip(1), dns=ip(1))
    w.arp(GW, ip(1), ip(50), op=2, dst=mac(1))
    for i in range(3):
        w.ra(GW, options=pio("2001:470:1::") + "+nd(25,u16:0+u32:1800+%s)" % ll(GW), flags=0x40)
        w.sarr(GW, mac(i), 10 + 2 * i, "2001:470:1::%d" % (10 + i), dns=ll(GW))
        w.wait(10)


@case("mesh border router: lifetime 0 with RIO", "info")
def mesh(w):
    for _ in range(4):
        w.ra(GW, options=pio("2001:470:1::"))
        w.ra(X, lifetime=0, options="nd(24,u8:64+u8:0+u32:1800+hex:fd00000700000000)")
        w.wait(60)


@case("resolver host sends an RDNSS-only RA, in the authorised list", "none", with_(routers=[{"mac": GW}, {"mac": S1}]))
def rdnss_only(w):
    for _ in range(4):
        w.ra(GW, options=pio("2001:470:1::"))
        w.ra(S1, lifetime=0, options="nd(25,u16:0+u32:1800+2001:470:1::2)")
        w.wait(60)


@case("DHCPv6 behind a relay: DUID is not the L2 source", "none", with_(relays=[{"mac": RELAY}], dhcp6_servers=[{"duid": ["00030001" + S1.replace(":", "")]}]))
def relayed6(w):
    for i in range(3):
        c = mac(i)
        for up, down in ((1, 2), (3, 7)):
            w.d6client(up, c, 40 + i, server=w.duid(S1) if up == 3 else None)
            w.d6server(down, RELAY, c, 40 + i, "2001:470:1::%d" % (20 + i), dns="2001:470:1::2", duid=w.duid(S1))
        w.dad(c, "2001:470:1::%d" % (20 + i))
        w.wait(5)


@case("VRRPv3 failover changes the MAC of the RA", "none", with_(routers=[{"mac": [GW, S2]}]))
def vrrp(w):
    for i in range(6):
        w.ra(GW if i < 3 else S2, src="fe80::1", options=pio("2001:470:1::"))
        w.wait(60)


def seen_event(ip_, at, record=1):
    return {"@timestamp": at, "event": {"provider": "Microsoft-Windows-DHCP-Server", "code": "1042"},
            "winlog": {"provider_name": "Microsoft-Windows-DHCP-Server", "event_id": "1042", "record_id": record, "channel": "System",
                       "computer_name": "SRV-DHCP01.corp.example", "event_data": {"param1": "(%s)" % ip_}}}


@case("1042 names the failover partner", "refuted", TWO, events=[seen_event(ip(3), "2023-11-14T22:13:40Z")])
def partner(w):
    split(w)
    w.wait(600)
    w.others()


NIGHT = dict(TWO, dhcp6_servers=[{"mac": S1}, {"mac": S2}], resolvers=[ip(2), ip(3)])


def told(number, at, who, a, **data):
    minutes, seconds = divmod(20 + at, 60)
    return {"@timestamp": "2023-11-14T22:%02d:%02dZ" % (13 + minutes, seconds), "host": {"name": who.lower() + ".corp.lab", "ip": [a]},
            "winlog": {"provider_name": "Microsoft-Windows-DHCP-Server", "event_id": str(number), "record_id": number + at, "channel": "System",
                       "computer_name": who + ".corp.lab", "event_data": data}}


NO_DIRECTORY = [told(1059, 425, "DC1", ip(2)), told(1059, 432, "DHCP3", ip(4)), told(1059, 565, "DC2", ip(3)), told(1059, 571, "DHCP3", ip(4))]
STARTS = [told(1041, 424, "DC1", ip(2)), told(1054, 426, "DC1", ip(2)), told(1044, 612, "DC1", ip(2), param1="", param2="corp.lab")]


def night(w, answer):
    """both controllers are restarted one after the other; `answer`: TCP flags with which a service that is not ready answers"""
    hosts = [(mac(i), ip(50 + i)) for i in range(25)]
    dc = {1: (S1, ip(2)), 2: (S2, ip(3))}
    start = w.at

    def at(t):
        w.at = start + t

    def asks(m, a, n, flags, sport):
        w.frame("eth %s %s / ip4 %s %s / tcp %d 389 seq=5 flags=2" % (m, dc[n][0], a, dc[n][1], sport))
        if flags:
            w.frame("eth %s %s / ip4 %s %s / tcp 389 %d seq=9 ack=6 flags=%d" % (dc[n][0], m, dc[n][1], a, sport, flags))

    w.announce(S3, ip(4))
    for i, (m, a) in enumerate(hosts):      # a usual evening
        w.dora(S1, ip(2), m, 30 + i, a)
        w.sarr(S1, m, 500 + 2 * i, "2001:db8::%x" % (0x50 + i))
        w.talk_tcp(m, a, *dc[1 + i % 2], 445, [], sport=41000 + i)
        w.wait(8)
    at(300)                                 # the first one is silent; its clients turn to the other
    for i, (m, a) in enumerate(hosts[:8]):
        asks(m, a, 1, 0, 42000 + i)
        w.talk_tcp(m, a, *dc[2], 445, [], sport=42500 + i)
        w.client(1, m, 90 + i)
        w.server(2, *dc[2], m, 90 + i, a)
        w.wait(5)
    at(400)                                 # so is the second; the first one's DHCP service starts before its directory
    w.announce(*dc[1])
    for i, (m, a) in enumerate(hosts[:6]):
        asks(m, a, 1, answer, 43000 + i)
        asks(m, a, 2, 0, 43100 + i)
        w.wait(1)
    for m, a, n in ((S1, ip(2), 2), (S3, ip(4), 1)):
        asks(m, a, n, answer if n == 1 else 0, 43200 + n)
    for i, (m, a) in enumerate(hosts[:4]):  # it has a new DUID: the machine was set up anew
        w.sarr(S1, m, 700 + 2 * i, "2001:db8::%x" % (0x50 + i), duid="00010001aabbccdd" + S1.replace(":", ""))
        w.dora(S1, ip(2), m, 130 + i, a)
    at(540)
    w.announce(*dc[2])
    for i, (m, a) in enumerate(hosts[8:12]):
        asks(m, a, 2, answer, 44000 + i)
        asks(m, a, 1, answer, 44100 + i)
        w.wait(2)
    asks(S2, ip(3), 1, answer, 44200)
    asks(S3, ip(4), 2, answer, 44201)
    at(900)                                 # and all is well again
    for i, (m, a) in enumerate(hosts):
        asks(m, a, 1 + i % 2, 18, 45000 + i)
        w.dora(*dc[1 + i % 2], m, 160 + i, a)
        w.wait(4)
    w.wait(300).others()


case("DC patch night, 1059 everywhere, services that refuse", "refuted", NIGHT, events=NO_DIRECTORY + STARTS)(lambda w: night(w, 20))
case("DC patch night, 1059 everywhere, servers that are silent", "refuted", NIGHT, events=NO_DIRECTORY + STARTS)(lambda w: night(w, 0))
case("DC patch night, no event", "none", NIGHT)(lambda w: night(w, 20))


def absences():
    """each event that absence refutes (events57.py), with all packets, with some that were dropped, and with a restart meanwhile"""
    from events57 import ROWS, T0, event, scene

    def build(r, how):
        def f(w):
            w.lines = scene(r, [], True).text().splitlines()
            if how == "drops":
                w.drops = T0 + 20
            elif how == "restart":
                w.restart = T0 - 50, T0 + 5
        return f
    for r in ROWS:
        if r["alone"] != "refuted":
            continue
        events = [event(r["id"], provider=r["provider"], **r["who"], **r["data"])]
        for name, want, how in (("nothing lost", "refuted", ""), ("packets dropped", "unverifiable", "drops"), ("the sensor restarted", "unverifiable", "restart")):
            yield "absence: %s %d, %s" % (r["provider"].split("-")[-1], r["id"], name), want, r["auth"], False, events, build(r, how)


@case("each frame twice from two mirrored ports", "none", TWO)
def doubled(w):
    inner = Wire()
    split(inner)
    for line in inner.lines:
        at, rest = line.split(" ", 1)
        t = float(at[2:])
        w.lines += ["t=%.6f %s" % (t, rest), "t=%.6f %s" % (t + 0.0004, rest)]
    w.at = inner.at


@case("wireless controller proxies DHCP under a virtual server identifier, nothing declared", "none")
@case("wireless controller proxies DHCP under a virtual server identifier, declared", "none", with_(dhcp4_servers=[{"ip": ["192.0.2.1"], "mac": S1}]))
def controller(w):
    for i in range(6):
        c = mac(i)
        w.client(1, c, 900 + i)
        w.server(2, S1, ip(2), c, 900 + i, ip(50 + i), sid="192.0.2.1")
        w.client(3, c, 900 + i, "+o4(54,192.0.2.1)+o4(50,%s)" % ip(50 + i))
        w.server(5, S1, ip(2), c, 900 + i, ip(50 + i), sid="192.0.2.1")
        w.announce(c, ip(50 + i))
        w.wait(20)


@case("first DHCPv6 server of the site, nothing declared", "suspected")
@case("first DHCPv6 server of the site, declared", "none", with_(dhcp6_servers=[{"mac": S1}]))
def rollout(w):
    for i in range(3):
        w.d6client(1, mac(i), 70 + i)
        w.wait(20)
    for i in range(3):
        w.ra(GW, options=pio("2001:470:1::"), flags=0xc0)
        w.sarr(S1, mac(i), 80 + 2 * i, "2001:470:1::%d" % (10 + i), dns="2001:470:1::2")
        w.wait(10)


# ---- evasions: at least this where authority is declared ----
@case("OFFER with giaddr set, not from a relay", "probable", DECLARED, True)
def e_giaddr(w):
    w.client(1, mac(1), 5)
    w.server(2, X, ip(66), mac(1), 5, ip(70), router=ip(66), dns=ip(66), giaddr=ip(1))


@case("undeclared option 54 behind the router's MAC", "probable", DECLARED, True)
def e_behind_router(w):
    w.client(1, mac(1), 5)
    w.server(2, GW, "192.0.2.9", mac(1), 5, ip(70), dns="192.0.2.9")


@case("yiaddr 0, PXEClient and 252 to an ordinary client", "probable", DECLARED, True)
def e_pxe(w):
    pxe(w, '+o4(252,"http://10.0.0.66/wpad.dat")', ask=False)


@case("flood with unicast MACs, L2 source = chaddr, no REQUEST", "probable", DECLARED, True)
def e_flood(w):
    w.baseline(S1, ip(2))
    w.others()
    for i in range(150):
        m = mac(i * 7919, 0x10)
        w.client(1, m, 7000 + i * 13)
        w.server(2, S1, ip(2), m, 7000 + i * 13, ip(20 + i % 200), l2dst=m)
        w.wait(0.1)
        if i % 20 == 0:
            w.others()
    w.wait(30)
    w.others()


@case("starvation with a forged giaddr", "probable", DECLARED, True)
def e_starve_giaddr(w):
    w.others()
    for i in range(60):
        m, a = mac(i * 7919, 0x10), ip(20 + i)
        w.client(1, m, 7000 + i, l2=X, giaddr=ip(222))
        w.server(2, S1, ip(2), m, 7000 + i, a, giaddr=ip(222), l2dst=X, dport=67)
        w.client(3, m, 7000 + i, "+o4(54,%s)+o4(50,%s)" % (ip(2), a), l2=X, giaddr=ip(222))
        w.server(5, S1, ip(2), m, 7000 + i, a, giaddr=ip(222), l2dst=X, dport=67)
        w.wait(0.5)
    w.wait(30)
    w.others()


@case("starvation with one chaddr and changing client-ids", "probable", DECLARED, True)
def e_starve_cid(w):
    w.others()
    for i in range(60):
        w.dora(S1, ip(2), X, 7000 + i, ip(20 + i), cid="ff%08x" % (i * 2654435761 % 2**32), alive=False)
        w.wait(0.5)
    w.wait(30)
    w.others()


@case("starvation by one MAC that ARPs for all its leases", "probable", DECLARED, True)
def e_starve_arp(w):
    w.others()
    for i in range(60):
        m, a = mac(i * 7919, 0x10), ip(20 + i)
        w.dora(S1, ip(2), m, 7000 + i, a, l2=X, alive=False)
        w.arp(X, ANY, a)
        w.arp(X, a, a)
        w.wait(0.5)
    w.wait(30)
    w.others()


@case("starvation from a new MAC per lease, one a minute", "suspected", DECLARED, True)
@case("the same once the usual share of ghosts is known", "probable", DECLARED, True)
def e_starve_slow(w):
    if w.case.startswith("the same"):
        w.baseline(S1, ip(2))
    for i in range(40):
        w.others()
        w.dora(S1, ip(2), mac(i * 7919, 0x10), 7000 + i, ip(20 + i), alive=False)
        w.wait(60)
    w.others()


# ---- logons, updates, routes ----
NONCE = bytes.fromhex("5f1c8e2290ab037d")


@case("a member of the domain logs on to its file server", "none", DECLARED)
@case("a corporate proxy asks for a logon, nothing declared", "none")
def logs_on(w):
    files, c = mac(20, 0xaa), mac(1)
    w.dora(S1, ip(2), c, 5, ip(50))
    w.announce(files, ip(20))
    if w.case.startswith("a member"):
        w.talk_tcp(c, ip(50), files, ip(20), 445, logon.smb2_logon(NONCE))
        w.talk_tcp(c, ip(50), files, ip(20), 389, logon.ldap_logon(NONCE), sport=50001)
    else:
        ask, told = logon.http("CONNECT vpn.corp.lab:443 HTTP/1.1", "Host: vpn.corp.lab"), logon.http(
            "HTTP/1.1 407 Proxy Authentication Required", "Proxy-Authenticate: NTLM", "Content-Length: 0")
        w.talk_tcp(c, ip(50), files, ip(20), 8080, [(True, ask), (False, told)])


@case("a web proxy passes on a logon, nothing declared", "none")
@case("a load balancer passes on a logon, declared", "none", with_(proxies=[ip(66)]))
def passes_on(w):
    files, c = mac(20, 0xaa), mac(1)
    for m, a in ((files, ip(20)), (X, ip(66)), (c, ip(50))):
        w.announce(m, a)
    turns = logon.http_logon(NONCE)
    far, near = w.tcp(X, ip(66), files, ip(20), 80, turns, sport=51000), w.tcp(c, ip(50), X, ip(66), 8080, turns)
    for n, _ in enumerate(turns):   # a request comes from the client, an answer from the server
        for leg in ((near, far) if turns[n][0] else (far, near)):
            next(leg)


@case("the first update is refused, the second is signed", "none", DECLARED)
@case("the same, nothing declared", "none")
def secure_update(w):
    c, zone = mac(1), "q(name:corp.lab,6)"
    w.dora(S1, ip(2), c, 5, ip(50), dns=ip(2) if w.case.startswith("the same") else ip(1))
    r, a = (S1, ip(2)) if w.case.startswith("the same") else (GW, ip(1))
    w.frame("eth %s %s / ip4 %s %s / udp 50000 53 / bytes dns(7,0x0100,1,0,0,0,%s)" % (c, r, ip(50), a, zone))
    w.frame("eth %s %s / ip4 %s %s / udp 53 50000 / bytes dns(7,0x8580,1,1,0,1,%s+rr(name:corp.lab,6,60,name:dc.corp.lab+name:h.corp.lab+u32:1+u32:2+u32:3+u32:4+u32:5)+rr(name:dc.corp.lab,1,60,%s))" % (
        r, c, a, ip(50), zone, a))
    w.frame("eth %s %s / ip4 %s %s / udp 50001 53 / bytes dns(8,0x2800,1,0,1,0,%s+rr(name:ws.corp.lab,1,1200,%s))" % (c, r, ip(50), a, zone, ip(50)))
    w.frame("eth %s %s / ip4 %s %s / udp 53 50001 / bytes dns(8,0xa805,1,0,0,0,%s)" % (r, c, a, ip(50), zone))
    w.talk_tcp(c, ip(50), r, a, 53, [(True, logon.tkey())])


@case("routes from a declared server, and traffic along them", "none", DECLARED)
@case("lone server with routes, nothing declared", "info")
def routes_used(w):
    w.announce(GW, ip(1))
    w.dora(S1, ip(2), mac(1), 5, ip(50), extra="+o4(121,hex:0cac100a000001)")
    for _ in range(3):
        w.frame('eth %s %s / ip4 %s 172.16.5.5 / udp 40000 5060 / bytes "clear"' % (mac(1), GW, ip(50)))
        w.wait(2)


# ---- tunnels ----
ISATAP, NO_ISATAP = with_(isatap_routers=[ip(4)]), with_(isatap_routers=[])
TEREDO = with_(teredo_servers=["192.0.2.1"])
HOST, PEER, ISA = mac(11), mac(12), mac(4, 0xaa)
RS6 = "ip6 fe80::8000:ffff:ffff:fffd ff02::2 hop=255 / icmp6 type=133 u32:0"
RA6 = "ip6 fe80::8000:f227:3fff:fdfe fe80::8000:ffff:ffff:fffd hop=255 / icmp6 ra(0,0,0,0,2000)+nd(3,u8:64+u8:0x40+u32:7200+u32:7200+u32:0+2001:0:c000:201::) type=134"
AUTH = "u16:1+u8:0+u8:0+u64:77+u8:0"
CLIENT6, PEER6 = teredo("192.0.2.1", "203.0.113.11", 50000), teredo("192.0.2.1", "203.0.113.12", 50001)


def tunnel_event(number, at, computer, addresses, **data):
    return {"@timestamp": "2023-11-14T22:13:%06.3fZ" % (20 + at), "host": {"name": computer.lower(), "ip": addresses},
            "winlog": {"provider_name": "Microsoft-Windows-Iphlpsvc", "event_id": str(number), "record_id": 900 + number,
                       "channel": "System", "computer_name": computer, "event_data": data}}


UP = [tunnel_event(4200, 0.5, "WS-11.corp.lab", [ip(11)], ProtocolType="1", Interface="isatap.{1}", Address="fe80::5efe:10.0.0.11")]


def isatap_host(w, router=None, u=0, between=""):
    """asks for a router, gets its advertisement, uses it"""
    router = router or ip(4)
    w.others()
    w.arp(HOST, ip(11), router)
    w.arp(ISA, router, ip(11), op=2, dst=HOST, tha=HOST)
    for _ in range(3):
        w.isatap_rs(HOST, ISA, ip(11), router, u, between)
        w.isatap_ra(ISA, HOST, router, ip(11))
        w.in4(HOST, ISA, ip(11), router, "ip6 2001:db8:41::%s 2001:db8::80 / icmp6 type=128 u16:1+u16:1" % isatap_id(ip(11)))
        w.wait(4)


case("ISATAP router in the list, link-up event of the host", "none", ISATAP, events=UP)(isatap_host)
case("ISATAP router set by policy, nothing declared", "info", DECLARED)(isatap_host)
case("ISATAP router set by policy, link-up event of the host, nothing declared", "info", DECLARED, events=UP)(isatap_host)


@case("listed ISATAP router forwards from host to host", "none", ISATAP)
@case("ISATAP router that hosts solicited forwards from host to host, nothing declared", "info", DECLARED)
def forwards(w):
    isatap_host(w)
    w.in4(ISA, HOST, ip(4), ip(11), "ip6 2001:db8:41::%s 2001:db8:41::%s / icmp6 type=129 u16:1+u16:1" % (isatap_id(ip(12)), isatap_id(ip(11))))


@case("configured tunnel to a broker", "none", NO_ISATAP)
@case("configured tunnel to a broker, nothing declared", "none")
def broker(w):
    for i in range(5):
        w.in4(HOST, GW, ip(11), "198.51.100.1", "ip6 2001:db8:1::2 2001:db8::80 / icmp6 type=128 u16:1+u16:%d" % i)
        w.in4(GW, HOST, "198.51.100.1", ip(11), "ip6 2001:db8::80 2001:db8:1::2 / icmp6 type=129 u16:1+u16:%d" % i, ttl=55)
        w.in4(HOST, GW, ip(11), "192.88.99.1", "ip6 2002:a00:b::1 2001:db8::80 / icmp6 type=128 u16:1+u16:%d" % i)
        w.wait(1)


def qualifies(w, server="192.0.2.1"):
    w.others()
    w.arp(HOST, ip(11), ip(1))
    for _ in range(3):
        w.teredo(HOST, GW, ip(11), server, 50000, 3544, RS6, AUTH)
        w.teredo(GW, HOST, server, ip(11), 3544, 50000, RA6, AUTH + "+u16:0+u16:0x3caf+u32:0x34ff8ef4")
        w.teredo(HOST, GW, ip(11), "203.0.113.12", 50000, 50001, "ip6 %s %s nh=59" % (CLIENT6, PEER6))
        w.wait(30)


case("Teredo by the listed server, the client behind a translator", "none", TEREDO)(qualifies)
case("Teredo, nothing declared", "suspected", DECLARED)(qualifies)


@case("Teredo peers that meet each other over a relay's port 3544", "none", TEREDO)
def relay(w):
    for i in range(5):
        w.teredo(HOST, GW, "203.0.113.11", "198.51.100.9", 50000, 3544, "ip6 %s 2001:db8::80 / icmp6 type=128 u16:1+u16:%d" % (CLIENT6, i))
        w.teredo(GW, HOST, "198.51.100.9", "203.0.113.11", 3544, 50000, "ip6 2001:db8::80 %s / icmp6 type=129 u16:1+u16:%d" % (CLIENT6, i))
        w.teredo(HOST, GW, "203.0.113.11", "203.0.113.12", 50000, 3544, "ip6 %s %s / icmp6 type=128 u16:1+u16:%d" % (
            CLIENT6, teredo("192.0.2.1", "203.0.113.12", 3544), i))
        w.wait(1)


@case("UDP payloads that begin like IPv6", "none", TEREDO)
def no_tunnel(w):
    for i in range(5):
        w.teredo(HOST, GW, ip(11), "203.0.113.12", 50000, 50001, "ip6 2001:db8::1 2001:db8::2 / icmp6 type=128 u16:1+u16:%d" % i)
        w.frame('eth %s %s / ip4 %s 203.0.113.12 / udp 50000 3544 / bytes "GET /%d HTTP/1.0"' % (HOST, GW, ip(11), i))


# ---- tunnels that evade ----
case("ISATAP router that is not listed, no answer", "probable", NO_ISATAP, True)(lambda w: w.isatap_rs(HOST, ISA, ip(11), ip(4)))
case("ISATAP router that is not listed, used", "confirmed", NO_ISATAP, True)(isatap_host)
case("ISATAP router that is not listed, link-up event of the host", "confirmed", NO_ISATAP, True, events=UP)(
    lambda w: w.isatap_rs(HOST, ISA, ip(11), ip(4)))
case("ISATAP with a universal identifier", "probable", NO_ISATAP, True)(lambda w: isatap_host(w, u=1))
case("ISATAP solicitation behind an extension header", "probable", NO_ISATAP, True)(
    lambda w: w.isatap_rs(HOST, ISA, ip(11), ip(4), between="dst / "))
case("ISATAP solicitation behind a fragment header", "probable", NO_ISATAP, True)(
    lambda w: w.isatap_rs(HOST, ISA, ip(11), ip(4), between="frag id=7 / "))
case("ISATAP inside a VLAN tag", "probable", NO_ISATAP, True)(lambda w: w.frame(
    "eth %s %s / vlan 7 / ip4 %s %s proto=41 / ip6 fe80::%s ff02::2 hop=255 / icmp6 type=133 u32:0" % (HOST, ISA, ip(11), ip(4), isatap_id(ip(11)))))
case("Teredo by a server that is not listed", "probable", TEREDO, True)(lambda w: qualifies(w, "198.51.100.1"))
case("Teredo server of this link, its own event", "confirmed", DECLARED, True, events=[
    tunnel_event(4000, 0.1, "SRV-11.corp.lab", [ip(4)])])(lambda w: (w.arp(ISA, ip(4), ip(11)), w.teredo(HOST, ISA, ip(11), ip(4), 50000, 3544, RS6, AUTH),
    w.teredo(ISA, HOST, ip(4), ip(11), 3544, 50000, RA6, AUTH)))
case("ISATAP name answered by a rogue server's resolver", "confirmed", NO_ISATAP, True)(lambda w: named(w, "isatap.corp.lab"))


def named(w, name):
    w.dora(X, ip(66), HOST, 5, ip(11), dns=ip(66))
    w.query(HOST, ip(11), X, ip(66), name)
    w.answer(X, ip(66), HOST, ip(11), name, ip(66))
    w.isatap_rs(HOST, X, ip(11), ip(66))


# ---- VPN ----
VPN_MAC, LEAF = mac(30, 0xaa), [handshake.certificate("vpn.corp.lab", serial=n + 1, year=23 + n) for n in range(2)]
HASH = [handshake.sha256(c) for c in LEAF]
FORGED = handshake.certificate("vpn.corp.lab", "Corp Lab Root CA", 9, 24)
FORGED_HASH = handshake.sha256(FORGED)


def vpn(*leaves, **kw):
    return with_(vpn_servers=[dict({"sni": "vpn.corp.lab", "ip": [ip(30)], "leaf_sha256": list(leaves)}, **kw)])


def mismatch(at, sha256):
    return handshake.sstp_event(6, 700, at, "LAP-01.corp.lab", ip(50), SHA1CertificateHash="", SHA256CertificateHash=sha256.upper())


def dial(w, cert, s, a, sport=50000, **kw):
    c = mac(1)
    for m, x in ((c, ip(50)), (VPN_MAC, ip(30)), (X, ip(66))):
        w.announce(m, x)
    w.talk_tcp(c, ip(50), s, a, 443, handshake.session(cert, "vpn.corp.lab", **kw), sport=sport)
    w.wait(2)


@case("VPN certificate renewed, both declared", "none", vpn(*HASH))
@case("VPN blue and green certificates, both declared", "none", vpn(*HASH))
@case("VPN certificate renewed by the server, the new one not declared yet", "none", vpn(HASH[0]))
@case("VPN certificate renewed, nothing declared", "none")
def renewed(w):
    for n in range(6):
        dial(w, LEAF[n % 2 if "green" in w.case else n // 3], VPN_MAC, ip(30), 50000 + n, random=n + 1)
        w.wait(60)


OFFLOAD = dict(DECLARED, vpn_servers=vpn(HASH[0])["vpn_servers"] + [{"sni": "vpn.corp.lab", "ip": [ip(66)], "leaf_sha256": [FORGED_HASH]}])


@case("TLS off-loader before the VPN server, listed, event 6 with its hash", "refuted", OFFLOAD, events=[mismatch(3, FORGED_HASH)])
@case("TLS off-loader before the VPN server, not listed, event 6 with its hash", "confirmed", vpn(HASH[0]), True, events=[mismatch(3, FORGED_HASH)])
def offloaded(w):
    dial(w, FORGED, X, ip(66))


@case("captive portal before the VPN is reached", "info", vpn(*HASH),
      events=[handshake.sstp_event(1, 701, 3, "LAP-01.corp.lab", ip(50), ErrorMessage="The certificate's CN name does not match the passed value.")])
def portal(w):
    c = mac(1)
    w.announce(c, ip(50))
    w.talk_tcp(c, ip(50), GW, "198.51.100.7", 443, handshake.session(FORGED, "portal.example", accepted=False))


@case("VPN over TLS 1.3, event 6 with the server's hash", "refuted", vpn(*HASH), events=[mismatch(3, HASH[0])])
@case("VPN over TLS 1.3, event 6 with its hash, no hash declared", "info", vpn(), events=[mismatch(3, HASH[0])])
@case("evasion: VPN over TLS 1.3, event 6 with another hash", "probable", vpn(*HASH), True, events=[mismatch(3, FORGED_HASH)])
def hidden(w):
    dial(w, None, VPN_MAC, ip(30), tls13=True)


@case("evasion: VPN through a spoofed address, TLS 1.3, event 6 with another hash", "confirmed", vpn(*HASH), True, events=[mismatch(16, FORGED_HASH)])
@case("evasion: VPN through a spoofed address, TLS 1.3, no event", "probable", vpn(*HASH), True)
def spoofed(w):
    c = mac(1)
    dial(w, None, VPN_MAC, ip(30), tls13=True)
    w.wait(10)
    w.arp(X, ip(30), ip(50), op=2, dst=c, tha=c)
    w.talk_tcp(c, ip(50), X, ip(30), 443, handshake.session(None, "vpn.corp.lab", tls13=True, random=5), sport=50009)
    w.arp(VPN_MAC, ip(30), ip(30))
    w.wait(5)


@case("evasion: VPN certificate in segments of 40 bytes, issuer copied", "probable", vpn(HASH[0]), True)
def segments(w):
    c = mac(1)
    for m, x in ((c, ip(50)), (X, ip(66))):
        w.announce(m, x)
    turns = [(by, data[i:i + 40]) for by, data in handshake.session(FORGED, "vpn.corp.lab") for i in range(0, len(data), 40)]
    w.talk_tcp(c, ip(50), X, ip(66), 443, turns)


# The ids under which `--explain` knows them, with the beginnings of the names of their cases; an evasion has none.
IDS = {
    "TRAP-SPLIT-SCOPE": ["split-scope pair", "load-balanced failover"], "TRAP-TWO-RELAYS": ["two relays forward"], "TRAP-INFORM": ["INFORM answered"],
    "TRAP-PROXY-DHCP": ["proxyDHCP"], "TRAP-WLC-PROXY": ["wireless controller"], "TRAP-HOME-ROUTER": ["home router plugged in"],
    "TRAP-NIC-TEAM": ["NIC team"], "TRAP-POWER-RESTORE": ["500-host"], "TRAP-RANDOM-MACS": ["guest Wi-Fi"], "TRAP-BRIDGE": ["MAC-rewriting"],
    "TRAP-IPVLAN": ["ipvlan"], "TRAP-SERVER-ROUTES": ["routes and proxy from", "routes from a declared", "lone server with routes"],
    "TRAP-RELAY-MIRROR": ["mirror with both sides"], "TRAP-QUOTED": ["DHCP quoted"], "TRAP-SERVICE-STOPS": ["DHCP service stops"],
    "TRAP-BLANK-NIC": ["blank NIC"], "TRAP-SERVICE-MOVED": ["service moved"], "TRAP-INIT-REBOOT": ["INIT-REBOOT"], "TRAP-LONE-SERVER": ["a lone server"],
    "TRAP-D6-ULA": ["one server for DHCPv6"], "TRAP-CAPTIVE-GATEWAY": ["small gateway"], "TRAP-ROUTER-STOPS": ["a router stops", "a declared router stops"],
    "TRAP-RANDOM-MAC-ADDRESS": ["randomised MAC takes"], "TRAP-D6-UNDECLARED": ["DHCPv6 not declared"], "TRAP-D6-ROLLOUT": ["first DHCPv6 server"],
    "TRAP-HOME-DNS": ["home router announces"], "TRAP-MESH": ["mesh border"], "TRAP-RDNSS-ONLY": ["resolver host sends"],
    "TRAP-D6-RELAYED": ["DHCPv6 behind a relay"], "TRAP-VRRP": ["VRRPv3"], "TRAP-1042-PARTNER": ["1042 names"], "TRAP-VDI-CLONES": ["VDI clones boot"], "TRAP-PATCH-NIGHT": ["DC patch night"], "TRAP-ABSENCE": ["absence:"], "TRAP-TWO-MIRRORS": ["each frame twice"],
    "TRAP-LOGON": ["a member of the domain", "a corporate proxy", "a web proxy passes", "a load balancer passes"],
    "TRAP-DNS-UPDATE": ["the first update is refused", "the same, nothing declared"],
    "TRAP-ISATAP": ["ISATAP router in the list", "ISATAP router set by policy", "listed ISATAP router", "ISATAP router that hosts solicited"],
    "TRAP-TUNNEL-BROKER": ["configured tunnel"], "TRAP-TEREDO": ["Teredo by the listed", "Teredo, nothing declared", "Teredo peers"],
    "TRAP-LIKE-IPV6": ["UDP payloads"], "TRAP-RENEWAL": ["VPN certificate renewed", "VPN blue and green"], "TRAP-OFFLOADER": ["TLS off-loader before the VPN server, listed"],
    "TRAP-PORTAL": ["captive portal"], "TRAP-TLS13": ["VPN over TLS 1.3"],
}


# The document's words: how the trap begins there and the verdict that it states; one that stands twice is two of its traps.  Those
# without words come from other sections.
STATED = {
    "TRAP-SPLIT-SCOPE": [("split-scope pair", "none"), ("load-balanced failover", "none")], "TRAP-TWO-RELAYS": [("two relays/VRRP", "none")],
    "TRAP-INFORM": [("INFORM answered", "none")], "TRAP-PROXY-DHCP": [("proxyDHCP", "none; none declared: info")], "TRAP-WLC-PROXY": [("WLC DHCP proxy", "learned, none")],
    "TRAP-HOME-ROUTER": [("Windows ICS", "suspected while authority is unknown")], "TRAP-NIC-TEAM": [("NIC team", "none")],
    "TRAP-POWER-RESTORE": [("500-host power restore", "D4-RATE info, flood refuted")], "TRAP-RANDOM-MACS": [("guest Wi-Fi", "refuted")],
    "TRAP-VDI-CLONES": [("VDI clones", "ghost allow-list")], "TRAP-BRIDGE": [("MAC-rewriting", "none")], "TRAP-IPVLAN": [("ipvlan", "none")],
    "TRAP-SERVER-ROUTES": [("121, 249 or 252", "none")], "TRAP-RELAY-MIRROR": [("mirror with both sides", "none")], "TRAP-QUOTED": [("DHCP quoted", "none")],
    "TRAP-SERVICE-STOPS": [("DHCP service stops", "info")], "TRAP-BLANK-NIC": [("blank NIC", "none")], "TRAP-SERVICE-MOVED": [("service moved", "none")],
    "TRAP-INIT-REBOOT": [("INIT-REBOOT", "none")], "TRAP-LONE-SERVER": [("lone server", "info")], "TRAP-D6-ULA": [("one server for DHCPv6", "info")],
    "TRAP-CAPTIVE-GATEWAY": [("small gateway", "none")], "TRAP-ROUTER-STOPS": [("a router that stops", "none")], "TRAP-RANDOM-MAC-ADDRESS": [("randomised MAC", "none")],
    "TRAP-D6-UNDECLARED": [("DHCPv6 not declared", "info")], "TRAP-HOME-DNS": [("home router announcing", "none")], "TRAP-MESH": [("mesh border router", "info")],
    "TRAP-RDNSS-ONLY": [("resolver host sending", "none")], "TRAP-D6-RELAYED": [("DHCPv6 behind relay", "none")],
    "TRAP-D6-ROLLOUT": [("first legitimate DHCPv6", "suspected, then refuted by cfg")], "TRAP-VRRP": [("VRRPv3", "none")],
    "TRAP-RENEWAL": [("certificate renewal", "none")], "TRAP-OFFLOADER": [("TLS offload", "refuted once listed")],
    "TRAP-PORTAL": [("Autopilot/captive portal", "1 = info")], "TRAP-1042-PARTNER": [("1042 naming", "refuted")], "TRAP-PATCH-NIGHT": [("DC patch night", "refuted")],
    "TRAP-ABSENCE": [("sensor restart or drops", "every absence claim unverifiable")], "TRAP-TWO-MIRRORS": [("duplicate packets", "dedupe")],
}
EVASIONS = {
    "OFFER with giaddr set": "OFFER with giaddr set", "undeclared option 54": "undeclared option 54", "yiaddr 0 + PXEClient": "yiaddr 0, PXEClient",
    "flood with unicast MACs": "flood with unicast MACs", "starvation with a forged giaddr": "starvation with a forged giaddr",
    "with one chaddr": "starvation with one chaddr", "with one MAC": "starvation by one MAC", "from a new MAC per lease": "starvation from a new MAC",
}


def trap_of(name):
    found = [i for i, starts in IDS.items() if any(name.startswith(s) for s in starts)]
    return found[0] if len(found) == 1 else None


def same_ids(binary):
    """what is wrong with the two lists, or nothing"""
    text = subprocess.run([binary, "--explain", "traps"], capture_output=True, text=True).stdout
    told = dict(zip(re.findall(r"^(TRAP-\S+):", text, re.M), re.findall(r"^  at most: (\S+)", text, re.M)))
    wrong = ["the program %s %s" % ("knows no" if i in IDS else "alone knows", i) for i in set(told) ^ set(IDS)]
    wrong += ["no trap has the case " + c[0] for c in CASES if not c[3] and not trap_of(c[0])]
    for i in IDS:
        wants = [c[1] for c in CASES if not c[3] and trap_of(c[0]) == i]
        most = max(wants, key=lambda v: RANK[v], default="")
        if not wants or RANK[most] != RANK.get(told.get(i), -1):
            wrong.append("%s: cases want %s, --explain says %s" % (i, wants, told.get(i)))
    return wrong


def same_document():
    """what differs between the document's traps and evasions and those here; None without it"""
    path = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "design", "DETECTIONS.md")
    if not os.path.exists(path):
        return None
    text = open(path).read()
    text = text[text.index("\n## 11."):text.index("\n## 12.")].split("\n", 2)[2]
    traps, evasions = text.split("\nEvasions that must")
    traps = [x.strip() for x in re.split(r" \| |\n\| ", traps) if x.strip()]
    evasions = [x.strip() for x in re.split(r" \| |; ", evasions.split(": ", 1)[1])]
    here = [(start, stated, i) for i, words in STATED.items() for start, stated in words]
    wrong = ["the document's trap is none here: " + t for t in traps if sum(t.startswith(h[0]) for h in here) != 1]
    for start, stated, i in here:
        found = [t for t in traps if t.startswith(start)]
        if len(found) != 1 or not ("(" + stated in found[0] or ": " + stated in found[0]):
            wrong.append("%s: the document does not say \"%s ... %s\"" % (i, start, stated))
    wrong += ["the document's evasion has no case: " + x for x in evasions
              if not any(x.startswith(e) and any(c[3] and c[0].startswith(n) for c in CASES) for e, n in EVASIONS.items())]
    return wrong + ["%s stands for no trap" % i for i in STATED if i not in IDS]


def worst(records):
    """the final verdicts, the strongest first, and the incidents"""
    last = {r["incident"]["id"]: r["incident"] for r in records}
    order = list(RANK)
    return sorted({i["verdict"] for i in last.values()}, key=order.index, reverse=True) or ["none"], last.values()


def captured(pcap):
    """the file's header, and (time, the record's bytes) of each frame"""
    b = open(pcap, "rb").read()
    order, at, out = "<" if b[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">", 24, []
    nano = b[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    while at + 16 <= len(b):
        s, f, n, _ = struct.unpack_from(order + "4I", b, at)
        out.append((s + f / (1e9 if nano else 1e6), b[at:at + 16 + n]))
        at += 16 + n
    return b[:24], out


def with_drops(pcap, when):
    """the capture as pcapng, in which an interface statistics block tells at `when` that half of the packets were dropped"""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    def stamp(t):
        return struct.pack("<II", int(t * 1e6) >> 32, int(t * 1e6) & 0xffffffff)
    _, frames = captured(pcap)
    out = [block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)), block(1, struct.pack("<HHI", 1, 0, 0))]
    lost = block(5, struct.pack("<I", 0) + stamp(when) + struct.pack("<HHQ", 4, 8, 1000) + struct.pack("<HHQ", 5, 8, 500) + struct.pack("<HH", 0, 0))
    for t, record in frames:
        if lost and t > when:
            out.append(lost)
            lost = b""
        data = record[16:]
        out.append(block(6, struct.pack("<I", 0) + stamp(t) + struct.pack("<II", len(data), len(data)) + data))
    open(pcap, "wb").write(b"".join(out) + lost)


def in_two(pcap, away):
    """the capture without what came while the sensor was away, in two files"""
    head, frames = captured(pcap)
    names = [pcap + ".1", pcap + ".2"]
    for name, mine in zip(names, ([x for t, x in frames if t < away[0]], [x for t, x in frames if t > away[1]])):
        open(name, "wb").write(head + b"".join(mine))
    return names


def run(a, c, where):
    name, want, authority, at_least, events, build = c
    w = Wire()
    w.case = name
    build(w)
    script, pcap = os.path.join(where, "wire.forge"), os.path.join(where, "wire.pcap")
    open(script, "w").write(w.text())
    p = subprocess.run([a.forge, "-o", pcap, script], capture_output=True, text=True)
    if p.returncode:
        return False, "forge: " + p.stderr.strip(), []
    if hasattr(w, "drops"):
        with_drops(pcap, w.drops)
    cmd, told_by = [a.bin, "-q"], []
    if authority:
        conf = os.path.join(where, "authority.yaml")
        json.dump({"authority": [dict(authority, name="test")]}, open(conf, "w"))
        cmd += ["-c", conf]
    if events:
        feed = os.path.join(where, "events.jsonl")
        open(feed, "w").write("".join(json.dumps(e) + "\n" for e in events))
        told_by = ["-e", feed]
    parts, records = in_two(pcap, w.restart) if hasattr(w, "restart") else [pcap], []
    for part in parts:
        state = ["--state", os.path.join(where, "state")] if len(parts) > 1 else []
        p = subprocess.run(cmd + ["-r", "cap0=" + part] + state + (told_by if part == parts[-1] else []), capture_output=True, text=True)
        if p.returncode:
            return False, "exit %d: %s" % (p.returncode, p.stderr.strip()), []
        records += [json.loads(x) for x in p.stdout.splitlines()]
    seen, incidents = worst(records)
    ok = RANK[seen[0]] >= RANK[want] if at_least else RANK[seen[0]] <= RANK[want]
    if not at_least and want in ("refuted", "unverifiable"):
        ok = ok and want in seen and not ({"refuted", "unverifiable", "host-only"} - {want}) & set(seen)
    return ok, ", ".join(seen), incidents


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("--keep")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    CASES.extend(absences())
    passed = failed = skipped = 0
    for wrong in (same_ids(a.bin), same_document()):
        if wrong is None:
            print("skipped, no corpus: the document itself")
            skipped += 1
            continue
        passed, failed = passed + (not wrong), failed + bool(wrong)
        for w in wrong:
            print("FAILED " + w)
    print("%-6s %-23s %-82s %-36s %-15s %s" % ("", "trap", "case", "the document says", "wanted", "seen"))
    for c in CASES:
        if a.only not in c[0]:
            continue
        with tempfile.TemporaryDirectory() as d:
            where = a.keep or d
            ok, got, incidents = run(a, c, where)
        passed, failed = passed + ok, failed + (not ok)
        trap = "evasion" if c[3] else trap_of(c[0]) or "?"
        stated = STATED[trap][0][1] if trap in STATED else "-"
        print("%-6s %-23s %-82s %-36s %s %-12s %s" % ("ok" if ok else "FAILED", trap, c[0], stated, ">=" if c[3] else "<=", c[1], got))
        if a.v or not ok:
            for i in incidents:
                print("         %s: %s by %s, %s" % (i["detection"], i["verdict"], i["actor"]["mac"] or i["actor"]["ip"],
                      ", ".join("%s %s x%d" % (f["id"], f["grade"], f["count"]) for f in i["facts"])))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
