#!/usr/bin/env python3
"""Each statistic of DETECTIONS.md 3 and 4 just below and just above its threshold.

usage: stats.py --bin crosstap --forge forge [--only SUBSTR]
       stats.py --table          what is replayed: fact, threshold, case, frames, how long, what must come of it

A case is a story on the wire and the fact that it must show with a grade of at least E1 (`fires`), or must not (`silent`).
A few tell of a segment where nobody served: the first roll-out ends as suspected, an attack is confirmed by a host's event.
Stories of what is learned are replayed a second time in two halves with --state between them, and must end the same; those
of a silence a third time with an outage of two hours there, which must not count as silence.
Each threshold is named in the words of DETECTIONS.md, has a case on either side, and where that file is at hand, is there: every
number that a condition of section 4, a flood of section 5, or the learning of sections 3 and 8 compares with.
Last line: `N passed, N failed`.
"""
import argparse, json, os, re, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from datetime import datetime, timezone
import handshake
from wire import Wire, mac, ip, ll

S, SIP, X, XIP, R = mac(2, 0xa0), ip(2), mac(0x66, 0xee), ip(66), mac(1, 0xa1)
HOUR, DAY = 3600.0, 86400.0
DECLARED = {"name": "test", "prefixes": ["10.0.0.0/24"], "dhcp4_servers": [{"ip": [SIP], "mac": S}], "routers": [{"ip": [ip(1)], "mac": R}]}
CASES = []


def case(fact, name, fires, authority=DECLARED, least="E1", split=False, rule=()):
    def add(f):
        CASES.append((fact, name, fires, authority, least, split, f, rule))
        return f
    return add


def each(fact, what, pairs, authority=DECLARED, least="E1", split=False, rule=()):
    """one builder for both sides of a threshold: [(name, fires, arguments)]; `rule`: its words in DETECTIONS.md, a name fires for
    one of them and is silent for one of them"""
    def add(f):
        for name, fires, arguments in pairs:
            CASES.append((fact, what + ": " + name, fires, authority, least, split, lambda w, a=arguments: f(w, *a), rule))
        return f
    return add


# ---- section 4 ----
@each("D4-GHOST", "unused leases", [("5 in a row", True, (5, ())), ("4 in a row", False, (4, ())), ("5, a used one among them", False, (5, (2,))),
                                     ("6, a used one among them", True, (6, (2,)))],
      rule=["+2.77 for a ghost, -1.56 otherwise, floor 0, alarm > 13.8"])
def ghosts(w, n, used):
    w.others()
    for i in range(n):
        w.others()
        if i in used:
            w.dora(S, SIP, mac(i, 0x22), 900 + i, ip(150 + i))
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(10 + i), alive=False)
        w.wait(120)
    w.others()  # the last one had its ten seconds


@each("D4-GHOST", "five unused leases of", [("a declared template", False, ("01030f06",)), ("an undeclared one", True, ("0103060f",)),
                                           ("a declared vendor class", False, ("01",))], authority=dict(DECLARED, vdi_templates=["1,3,15,6", "desktop pool"]))
def clones(w, params):
    what = "+o4(55,hex:%s)" % params + ("+o4(60,\"desktop pool\")" if params == "01" else "")
    for i in range(5):
        w.others()
        w.client(1, mac(i, 0x11), 100 + i, what)
        w.server(2, S, SIP, mac(i, 0x11), 100 + i, ip(10 + i))
        w.client(3, mac(i, 0x11), 100 + i, "+o4(54,%s)+o4(50,%s)" % (SIP, ip(10 + i)) + what)
        w.server(5, S, SIP, mac(i, 0x11), 100 + i, ip(10 + i))
        w.wait(120)
    w.others()


@each("D4-GHOST", "keys that get an OFFER and ask for nothing", [("5", True, (5,)), ("4", False, (4,))])
def ghost_keys(w, n):
    for i in range(n):
        w.others()
        w.client(1, mac(i, 0x11), 100 + i)
        w.server(2, S, SIP, mac(i, 0x11), 100 + i, ip(10 + i))
        w.wait(120)
    w.others()


@each("D4-FANOUT", "one source, unused keys", [("5 in a minute", True, (5, 10, 0)), ("4 in a minute", False, (4, 10, 0)),
                                              ("12 in an hour", True, (12, 240, 0)), ("11 in an hour", False, (11, 240, 0)),
                                              ("12 in more than an hour", False, (12, 340, 0)),
                                              ("12 of 15 new keys unused", True, (12, 200, 3)), ("12 of 16 new keys unused", False, (12, 200, 4))],
      rule=[">= 5 (cfg) new unused client keys in 60 s or >= 12 in 1 h", ">= 80 % of its new keys of that hour unused"])
def fanout(w, n, pause, used):
    w.others()
    for i in range(used):
        w.dora(S, SIP, mac(i, 0x22), 900 + i, ip(150 + i), l2=X)
        for _ in range(2):
            w.talk(X, ip(150 + i))
        w.wait(12)
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(10 + i), alive=False, l2=X)
        w.wait(pause)
    w.wait(12)
    w.others()


@each("D4-BADMAC", "group addresses", [("3 in a minute", True, (3, 20)), ("2 in a minute", False, (2, 20)), ("3 in more than a minute", False, (3, 40))],
      rule=[">= 3 distinct chaddr or L2 sources with the group bit in requests of 60 s"])
def badmac(w, n, pause):
    for i in range(n):
        w.client(1, "03:00:00:00:00:%02x" % i, 100 + i, l2=X)
        w.wait(pause)


@each("D4-XID", "one transaction id", [("5 clients in a minute", True, (5, 10)), ("4 clients in a minute", False, (4, 10)),
                                        ("5 clients in more than a minute", False, (5, 20))], rule=[">= 5 distinct chaddr in 60 s"])
def xid(w, n, pause):
    for i in range(n):
        w.client(1, mac(i, 0x11), 4711, l2=X)
        w.wait(pause)


@each("D4-RATE", "new clients in ten seconds", [("13", True, (13,)), ("12", False, (12,))], least="E0",
      rule=["10 s buckets: S=max(0,S+x-lam-k), k=max(.5,sqrt lam), alarm S>max(12,12 sqrt lam)"])
def rate(w, n):
    w.at = 1700000001.0
    for i in range(n):
        w.client(1, mac(i, 0x11), 100 + i)
        w.wait(0.1)
    w.wait(30)
    w.client(1, mac(0, 0x11), 99)
    w.wait(20)


@each("D4-STOCK", "unused leases, pool unknown", [("25", True, (25,)), ("24", False, (24,))], rule=[">= 25 when pool size unknown"])
def stock(w, n):
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(10 + i), alive=False, lease=86400)
        w.wait(120)
    w.others()


@each("D4-STOCK", "unused leases, pool of 50 known after a week", [("10", True, (10, 7.1)), ("9", False, (9, 7.1)), ("10, a day after the first lease", False, (10, 1))],
      rule=[">= 20 % of pool"])
def stock_of_pool(w, n, days):
    w.dora(S, SIP, mac(1, 0x22), 900, ip(100))
    w.dora(S, SIP, mac(2, 0x22), 901, ip(149))
    w.wait(days * DAY)
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(101 + i), alive=False, lease=86400)
        w.wait(120)
    w.others()


@each("D4-STOCK", "unused leases, pool of 10 known after a week", [("5", True, (5,)), ("4", False, (4,))], rule=[">= 20 % of pool and >= 5"])
def stock_of_small_pool(w, n):
    """two are a fifth; hours apart with used ones between them, so that nothing else counts them"""
    w.dora(S, SIP, mac(1, 0x22), 900, ip(100))
    w.dora(S, SIP, mac(2, 0x22), 901, ip(109))
    w.wait(7.1 * DAY)
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(101 + i), alive=False, lease=86400)
        w.wait(12)
        w.others()
        w.wait(3700)


@each("D4-GHOST", "where a tenth of all leases is never used", [("9 in a row", False, (3, 9)), ("10 in a row", True, (3, 10))],
      rule=["baseline ghost share must be <= 5 %"])
@each("D4-GHOST", "where nobody knows how many are never used", [("5 in a row", True, (0, 5))], rule=["baseline ghost share must be <= 5 %"])
def usual_ghosts(w, rounds, n):
    k = 0
    for _ in range(rounds):
        for i in range(10):
            w.others()
            w.dora(S, SIP, mac(k, 0x33), 2000 + k, ip(50 + k), alive=i > 0)
            w.wait(120)
            k += 1
    w.wait(12 * 60)
    ghosts(w, n, ())


@each("D4-RACE", "an undeclared server answers", [("29 s after the declared one", True, (29,)), ("31 s after", False, (31,)), ("alone", False, (0,))],
      rule=[">= 2 server-ids or >= 2 L2 sources answer one transaction within 30 s"])
def race(w, late):
    w.client(1, mac(1, 0x11), 100)
    if late:
        w.server(2, S, SIP, mac(1, 0x11), 100, ip(10))
    w.wait(late)
    w.server(2, X, XIP, mac(1, 0x11), 100, ip(11))
    w.wait(1)


# ---- section 4: one circuit of a relay ----
RELAY, RIP = mac(5, 0xa2), ip(5)
RELAYED = dict(DECLARED, relays=[{"ip": [RIP], "mac": RELAY}])


def behind(w, m, xid, a, port):
    circuit, how = "+o4(82,o4(1,hex:bb%02x)+o4(2,hex:00))" % port, dict(l2=RELAY, l2dst=S, giaddr=RIP, src=RIP, dst=SIP)
    back = dict(l2dst=RELAY, dst=RIP, giaddr=RIP, dport=67, extra=circuit)
    w.client(1, m, xid, circuit, **how)
    w.server(2, S, SIP, m, xid, a, **back)
    w.client(3, m, xid, "+o4(54,%s)+o4(50,%s)" % (SIP, a) + circuit, **how)
    w.server(5, S, SIP, m, xid, a, **back)


@each("D4-CIRCUIT", "a port with 3 new clients a day, and then", [
    ("5 in a minute", True, ([3] * 30, 5, 14)), ("4 in a minute", False, ([3] * 30, 4, 14)), ("5 in more than a minute", False, ([3] * 30, 5, 16)),
    ("12 in an hour", True, ([3] * 30, 12, 320)), ("11 in an hour", False, ([3] * 30, 11, 320)), ("12 in more than an hour", False, ([3] * 30, 12, 340))],
    authority=RELAYED, split=True, rule=[">= 5 new client keys in 60 s or >= 12 in 1 h"])
@each("D4-CIRCUIT", "5 in a minute on a port with", [
    ("4 new ones on 15 of 30 days, 2 on the others", True, ([4, 2] * 15, 5, 14)), ("4 on 16 of 30", False, ([4, 2] * 14 + [4, 4], 5, 14)),
    ("4 a day", False, ([4] * 30, 5, 14)), ("one client, for a day", True, ([1], 5, 14)), ("no history", False, ([], 5, 14)),
    ("one client, heard each day for 40 days", True, ([1] + [0] * 39, 5, 14))],
    authority=RELAYED, split=True, rule=["while its 30-day median is <= 3"])
def circuit(w, days, n, pause):
    w.dora(S, SIP, mac(0, 0x22), 5, ip(200))
    k, start = 0, w.at
    for day, new in enumerate(days):
        for i in range(new):
            w.at = start + day * DAY + i * HOUR
            behind(w, mac(k, 0x33), 1000 + k, ip(10 + k % 180), 1)
            k += 1
        if not new:
            w.at = start + day * DAY
            behind(w, mac(0, 0x33), 5000 + day, ip(10), 1)
    w.at = start + len(days) * DAY
    halves(w)
    for i in range(n):
        behind(w, mac(i, 0x11), 100 + i, ip(10 + (k + i) % 180), 1)
        w.wait(pause)
    w.wait(15)
    w.others()


# ---- section 4: impact ----
def known(w, answered):
    """forty hosts on three days, and within the last hour, of whom so many are answered"""
    w.others()
    for day in range(4):
        for i in range(40):
            if day < 3 or i < answered:
                w.dora(S, SIP, mac(i, 0x22), 1000 * day + i, ip(20 + i), l2dst=mac(i, 0x22), dst=ip(20 + i))
            else:
                w.client(1, mac(i, 0x22), 1000 * day + i)
            w.wait(20)
        w.wait(4200 if day < 3 else 120)


@each("D4-NOOFFER", "new clients without an offer", [
    ("30 in a minute", True, (40, 30, 0, 1.5)), ("29 in a minute", False, (40, 29, 0, 1.5)), ("30 in more than a minute", False, (40, 30, 0, 2.2)),
    ("30, of whom 5 get one", True, (40, 30, 5, 1.5)), ("30, of whom 6 get one", False, (40, 30, 6, 1.5)),
    ("30, after 38 of 40 got one", True, (38, 30, 0, 1.5)), ("30, after 37 of 40 got one", False, (37, 30, 0, 1.5))], least="E0",
      rule=[">= 30 distinct clients sent DISCOVER in 60 s", "answered < 20 % of them, after >= 95 % in the previous hour"])
def nooffer(w, before, n, answered, pause):
    known(w, before)
    for i in range(n):
        w.client(1, mac(500 + i, 0x11), 900 + i)
        if i % 6 == 5 and i // 6 < answered or i == 1 and answered == 6:
            w.server(2, S, SIP, mac(500 + i, 0x11), 900 + i, ip(90 + i), l2dst=mac(500 + i, 0x11), dst=ip(90 + i))
        w.wait(pause)
    w.wait(6)
    w.others()
    w.wait(70)
    for i in range(3):  # what makes it an attack, so that its effect is told
        w.client(1, "03:00:00:00:00:%02x" % i, 100 + i, l2=X)
        w.server(2, S, SIP, "03:00:00:00:00:%02x" % i, 100 + i, ip(130 + i))
        w.wait(1)
    w.wait(15)


@each("D4-EXHAUSTED", "clients in a row without an offer", [
    ("3", True, (5, 5, 3, None, True)), ("2", False, (5, 5, 2, None, True)), ("3, each has it after 4.8 s", False, (5, 5, 3, 4.8, True)),
    ("3, each has it after 5.2 s", True, (5, 5, 3, 5.2, True)), ("3, after 4 clients of that hour", False, (4, 4, 3, None, True)),
    ("3, after 18 of 20 had one", True, (20, 18, 3, None, True)), ("3, after 17 of 20 had one", False, (20, 17, 3, None, True)),
    ("3, the server is not heard any more", False, (5, 5, 3, None, False))], least="E0",
      rule=["3 client keys in a row without OFFER for 5 s", "after >= 90 % of >= 5 keys of the hour before got one",
            "while the server still sends any frame"])
def exhausted(w, before, answered, n, late, server):
    w.others()
    for i in range(before):
        if i % 6 == 5 and before - answered > i // 6:  # one of six at most: no row of its own
            w.client(1, mac(i, 0x22), 900 + i)
        else:
            w.dora(S, SIP, mac(i, 0x22), 900 + i, ip(100 + i))
        w.wait(30)
    for i in range(n):
        w.client(1, mac(i, 0x11), 100 + i)
        if late:
            w.wait(late)
            w.server(2, S, SIP, mac(i, 0x11), 100 + i, ip(20 + i))
        w.wait(8)
        if server:
            w.arp(S, SIP, ip(1))
    for i in range(4):  # what makes it an attack, so that its effect is told; the first of them is no group address
        m = "%02x:00:00:00:00:%02x" % (3 if i else 2, i)
        w.client(1, m, 300 + i, l2=X)
        if server:
            w.server(2, S, SIP, m, 300 + i, ip(130 + i))
        w.wait(1)
    w.wait(15)


@each("D4-DECL", "DECLINEs of leases whose address another station claims", [
    ("5 of 3 clients", True, (5, 3, 60, 5)), ("4 of 3 clients", False, (4, 3, 60, 4)), ("5 of 2 clients", False, (5, 2, 60, 5)),
    ("5 of 3 clients in more than ten minutes", False, (5, 3, 155, 5)), ("5, it claims 3 of them", True, (5, 3, 60, 3)),
    ("5, it claims 2 of them", False, (5, 3, 60, 2))],
      rule=[">= 5 DECLINEs from >= 3 chaddr in 10 min", "one MAC answered ARP probes for >= 3 of those addresses"])
def decline(w, n, clients, pause, claimed):
    w.others()
    for i in range(n):
        c, a = mac(i % clients, 0x11), ip(40 + i)
        w.dora(S, SIP, c, 100 + i, a, alive=False)
        w.arp(c, "0.0.0.0", a)
        if i >= n - claimed:
            w.arp(X, a, "0.0.0.0", op=2, dst=c, tha=c)
        w.client(4, c, 200 + i, "+o4(54,%s)+o4(50,%s)" % (SIP, a))
        w.wait(pause)


@each("D4-QUIET", "20 clients that start at once", [("18 of them show a sign of life", True, (20, 18)), ("17 of them", False, (20, 17))], least="E0",
      rule=[">= 90 % of the counted keys, answered or not, are known or show a sign of life"])
def boot_storm(w, n, alive):
    """asked through a relay's copies nobody would be tested: each asks itself, and shares of the silent ones take no lease"""
    w.others()
    for i in range(n):
        if i < alive:
            w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(10 + i))
        else:
            w.client(1, mac(i, 0x11), 100 + i)
        w.wait(0.2)
    w.wait(14)
    w.others()


# ---- section 5: DHCPv6 floods ----
@each("D6-FLOOD", "one source, identities", [("10 in a minute", True, (10, 6)), ("9 in a minute", False, (9, 6)), ("10 in more than a minute", False, (10, 7))],
      rule=[">= 10 client DUIDs in 60 s"])
def duids(w, n, pause):
    for i in range(n):
        w.d6client(1, X, 100 + i, duid="0001000100000000%012x" % i, iaid=i)
        w.wait(pause)


@each("D6-FLOOD", "one IAID under identities", [("5", True, (5,)), ("4", False, (4,))], rule=["one IAID with >= 5 DUIDs"])
def iaids(w, n):
    for i in range(n):
        w.d6client(1, X, 100 + i, duid="0001000100000000%012x" % i, iaid=7)
        w.wait(5)


@each("D6-FLOOD", "new identities in a minute", [("50 of 10 silent sources", True, (50, 10, 0)), ("49", False, (49, 10, 0)), ("50 of 9 sources", False, (50, 9, 0)),
                                                ("50 of 10 sources, 2 of them hosts", True, (50, 10, 2)), ("50 of 10, 3 of them hosts", False, (50, 10, 3))],
      rule=[">= 50 new DUIDs in 60 s", "from >= 10 L2 sources of which >= 80 % sent no frame but DHCPv6"])
def identities(w, n, sources, hosts):
    w.others()
    for i in range(hosts):
        w.dad(mac(i, 0x11), ll(mac(i, 0x11)))
    for i in range(n):
        w.d6client(1, mac(i % sources, 0x11), 100 + i, duid="0001000100000000%012x" % i, iaid=i)
        w.wait(1)
    w.wait(12)
    w.others()


# ---- section 3: silence ----
SILENCE = [("10 questions of 2 clients in 24 h", True, (10, 2, 24.1)), ("9 questions", False, (9, 2, 24.1)), ("one client", False, (10, 1, 24.1)),
           ("23 h", False, (10, 2, 23))]
RULE_SILENCE = [">= 24 h with >= 10 Solicits from >= 2 clients and no server message"]
OUTAGE = 30


def silence(w, n, clients, hours, ask):
    for i in range(n):
        ask(i % clients, i)
        w.wait(hours * HOUR / n)
    halves(w)


def halves(w):
    """here a restart comes: packets on both sides of it are near enough that there was no outage"""
    w.others()
    w.cut = len(w.lines)
    w.wait(OUTAGE)


@each("D4-ROGUE", "first DHCPv4 server after a silence", SILENCE, authority=None, split=True, rule=RULE_SILENCE)
def silence4(w, n, clients, hours):
    silence(w, n - 1, clients, hours, lambda c, i: w.client(1, mac(c, 0x11), 100 + i))
    w.client(1, mac(0, 0x11), 500)
    w.server(2, X, XIP, mac(0, 0x11), 500, ip(10))


@each("D6-ROGUE", "first DHCPv6 server after a silence", SILENCE, authority=None, split=True, rule=RULE_SILENCE)
def silence6(w, n, clients, hours):
    silence(w, n - 1, clients, hours, lambda c, i: w.d6client(1, mac(c, 0x11), 100 + i))
    w.d6client(1, mac(0, 0x11), 500)
    w.d6server(2, X, mac(0, 0x11), 500, "2001:470:1::10")


@each("RA-ROGUE", "first router after a silence", SILENCE, authority=None, split=True, rule=RULE_SILENCE)
def silence_ra(w, n, clients, hours):
    silence(w, n, clients, hours, lambda c, i: w.frame(
        "eth %s 33:33:00:00:00:02 / ip6 %s ff02::2 hop=255 / icmp6 u32:0 type=133" % (mac(c, 0x11), ll(mac(c, 0x11)))))
    w.ra(X)


# ---- section 3: learned ----
LEARNED = [("24 h, 20 transactions, 5 clients", True, (20, 5, 24.1)), ("23 h", False, (20, 5, 23)), ("19 transactions", False, (19, 5, 24.1)),
           ("4 clients", False, (20, 4, 24.1))]
RULE_LEARNED = [">= 24 h, >= 20 completed transactions with >= 5 clients"]


@each("D4-ROGUE", "a newcomer beside a server of", LEARNED, authority=None, split=True, rule=RULE_LEARNED)
def learned4(w, n, clients, hours):
    for i in range(n):
        w.dora(S, SIP, mac(i % clients, 0x11), 100 + i, ip(10 + i % clients))
        w.wait(hours * HOUR / (n - 1))
    halves(w)
    w.client(1, mac(0, 0x11), 500)
    w.server(2, X, XIP, mac(0, 0x11), 500, ip(10))


@each("D6-ROGUE", "a newcomer beside a DHCPv6 server of", LEARNED, authority=None, split=True, rule=RULE_LEARNED)
def learned6(w, n, clients, hours):
    for i in range(n):
        w.sarr(S, mac(i % clients, 0x11), 100 + 2 * i, "2001:470:1::%x" % (16 + i % clients))
        w.wait(hours * HOUR / (n - 1))
    halves(w)
    w.d6client(1, mac(0, 0x11), 500)
    w.d6server(2, X, mac(0, 0x11), 500, "2001:470:1::99")


@each("RA-ROGUE", "a newcomer beside a router of", [(name.replace("transactions", "advertisements").replace("clients", "hosts"), fires, a)
                                                   for name, fires, a in LEARNED], authority=None, split=True, rule=RULE_LEARNED)
def learned_ra(w, n, clients, hours):
    for i in range(n):
        for c in range(clients):
            w.na(mac(c, 0x11), ll(mac(c, 0x11)))
        w.ra(R)
        w.wait(hours * HOUR / (n - 1))
    halves(w)
    w.ra(X)


@case("D6-ROGUE", "a DHCPv6 server that has always been there, beside another of 24 h", False, None)
def pair(w):
    for i in range(24):
        s = S if i % 2 else R
        w.sarr(s, mac(i % 5, 0x11), 100 + 2 * i, "2001:470:1::%x" % (16 + i % 5))
        w.wait(2 * HOUR)


def later(lines, seconds):
    return ["t=%.6f %s" % (float(x.split(" ", 1)[0][2:]) + seconds, x.split(" ", 1)[1]) for x in lines]


def facts_of(records):
    last = {}
    for r in records:
        last[r["incident"]["id"]] = r["incident"]
    return {(f["id"], f["grade"]) for i in last.values() for f in i["facts"]}


def crosstap(a, args):
    p = subprocess.run([a.bin, "-q", *args], capture_output=True, text=True)
    if p.returncode:
        return "exit %d: %s" % (p.returncode, p.stderr.strip()[-200:]), []
    return None, [json.loads(x) for x in p.stdout.splitlines()]


def replay(a, where, parts, conf):
    state, told = os.path.join(where, "state"), []
    if os.path.exists(state):
        os.remove(state)
    for part in parts:
        script, pcap = os.path.join(where, "wire.forge"), os.path.join(where, "wire.pcap")
        open(script, "w").write("\n".join(part) + "\n")
        p = subprocess.run([a.forge, "-o", pcap, script], capture_output=True, text=True)
        if p.returncode:
            return "forge: " + p.stderr.strip(), []
        wrong, records = crosstap(a, ["-r", "cap0=" + pcap, *conf, *(["--state", state] if len(parts) > 1 else [])])
        if wrong:
            return wrong, []
        told += records
    return None, told


def run(a, c, where):
    fact, name, fires, authority, least, split, build, _ = c
    w = Wire()
    build(w)
    conf = []
    if authority:
        path = os.path.join(where, "authority.yaml")
        json.dump({"authority": [authority]}, open(path, "w"))
        conf = ["-c", path]
    ways = [("", [w.lines], fires)]
    if split:
        ways.append(("in two halves it ", [w.lines[:w.cut], w.lines[w.cut:]], fires))
        if "silence" in name:  # two hours in which nobody listened are no part of it
            ways.append(("with an outage it ", [w.lines[:w.cut], later(w.lines[w.cut:], 2 * HOUR)], fires))
    for what, parts, want in ways:
        wrong, told = replay(a, where, parts, conf)
        if wrong:
            return wrong
        got = any(i == fact and g >= least for i, g in facts_of(told))
        if got != want:
            return what + ("fires" if got else "is silent")
    return None


# ---- section 3 and 11: the first roll-out where nobody ever served, and an attack there ----
STORIES = []
RANK = ("info", "refuted", "unverifiable", "host-only", "suspected", "probable", "confirmed")
HOST, HIP, HLL = mac(1, 0x11), ip(101), ll(mac(1, 0x11))


def story(name, verdict, events=()):
    """at most `verdict` where there is no event, at least where there is one"""
    def add(f):
        STORIES.append((name, verdict, events, f))
        return f
    return add


def host_event(provider, number, after, **data):
    """an event of the host so long after the moment that the scene keeps as `w.then`"""
    return lambda then: {
        "@timestamp": datetime.fromtimestamp(then + after, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "host": {"name": "ws-1.corp.lab", "ip": [HIP], "mac": [HOST]},
        "winlog": {"provider_name": provider, "event_id": str(number), "record_id": 7, "channel": "System", "computer_name": "WS-1.corp.lab", "event_data": data}}


IPHLPSVC, DNS_CLIENT = "Microsoft-Windows-Iphlpsvc", "Microsoft-Windows-DNS-Client"
ISATAP = [host_event(IPHLPSVC, 4100, 30, IsatapRouter=XIP, ErrorCode="0")]
RESOLVER = [host_event(DNS_CLIENT, 1018, 5, QueryName="files.corp.lab", DnsAddress=ll(X))]


def quiet_day(w, ask):
    silence(w, 12, 4, 24.5, ask)
    for i in range(6):
        w.na(mac(i, 0x11), ll(mac(i, 0x11)))
    w.announce(HOST, HIP)


def asks4(w):
    quiet_day(w, lambda c, i: w.client(1, mac(c, 0x11), 100 + i))


def asks6(w):
    quiet_day(w, lambda c, i: w.d6client(1, mac(c, 0x11), 100 + i))


def asks_ra(w):
    quiet_day(w, lambda c, i: w.frame("eth %s 33:33:00:00:00:02 / ip6 %s ff02::2 hop=255 / icmp6 u32:0 type=133" % (mac(c, 0x11), ll(mac(c, 0x11)))))


@story("DHCPv4 is rolled out", "suspected")
def rollout4(w):
    asks4(w)
    w.announce(S, SIP)
    for i in range(6):
        w.dora(S, SIP, mac(i, 0x11), 900 + i, ip(101 + i))
        w.talk(mac(i, 0x11), ip(101 + i))
        w.query(mac(i, 0x11), ip(101 + i), R, ip(1), "files.corp.lab")
        w.answer(R, ip(1), mac(i, 0x11), ip(101 + i), "files.corp.lab", ip(20))
        w.wait(60)


@story("a rogue DHCPv4 server there, and the host's event", "confirmed", ISATAP)
def attack4(w):
    asks4(w)
    w.announce(X, XIP)
    w.dora(X, XIP, HOST, 900, HIP, router=XIP, dns=XIP)
    w.then = w.at
    w.wait(60)


@story("DHCPv6 is rolled out", "suspected")
def rollout6(w):
    asks6(w)
    for i in range(6):
        w.sarr(S, mac(i, 0x11), 900 + 2 * i, "2001:470:1::%x" % (16 + i), dns="2001:470:1::53")
        w.wait(60)


@story("a rogue DHCPv6 server there, and the host's event", "confirmed", ISATAP)
def attack6(w):
    asks6(w)
    w.announce(X, XIP)
    w.sarr(X, HOST, 900, "2001:470:1::10", dns=ll(X))
    w.then = w.at
    w.wait(60)


@story("a router is rolled out", "suspected")
def rollout_ra(w):
    asks_ra(w)
    for _ in range(4):
        w.ra(R, options="nd(3,u8:64+u8:0xc0+u32:7200+u32:3600+u32:0+2001:470:1::)")
        w.wait(2)
        for i in range(6):
            w.dad(mac(i, 0x11), "2001:470:1::%x" % (16 + i))
        w.wait(200)


@story("a rogue router there that names itself as resolver, and the host's event", "confirmed", RESOLVER)
def attack_ra(w):
    asks_ra(w)
    w.announce(X, XIP)
    w.ra(X, options="nd(25,u16:0+u32:1800+%s)" % ll(X))
    w.wait(1)
    w.then = w.at
    w.wait(60)


def ends(a, s, where):
    """the strongest verdict; with events also what it is without them"""
    name, verdict, events, build = s
    w = Wire()
    build(w)
    script, pcap, feed = (os.path.join(where, x) for x in ("story.forge", "story.pcap", "story.jsonl"))
    open(script, "w").write(w.text())
    subprocess.run([a.forge, "-o", pcap, script], check=True, capture_output=True)
    found = []
    for told in ([], list(events)) if events else ([],):
        open(feed, "w").write("".join(json.dumps(e(w.then)) + "\n" for e in told))
        wrong, records = crosstap(a, ["-r", "cap0=" + pcap, *(["-e", feed] if told else [])])
        last = {r["incident"]["id"]: r["incident"]["verdict"] for r in records}
        found.append(wrong or max(last.values(), key=RANK.index, default="info"))
    if any(x not in RANK for x in found):
        return found[-1]
    if not events:
        return None if RANK.index(found[0]) <= RANK.index(verdict) and found[0] == "suspected" else "ends as " + found[0]
    return None if found[1] == verdict and RANK.index(found[0]) < RANK.index(verdict) else "ends as %s without the event, %s with it" % tuple(found)


# ---- section 8: the certificate that a VPN server used to show ----
VPN, VIP, NAME = mac(30, 0xa3), ip(30), "vpn.corp.lab"
LEARNS = dict(DECLARED, vpn_servers=[{"sni": NAME, "ip": [VIP]}])
OWN, RENEWED = handshake.certificate(NAME, year=22), handshake.certificate(NAME, serial=2)
OTHERS = [handshake.certificate(NAME, "Another CA %d" % i, 3 + i) for i in range(5)]


def dial(w, client, cert, **kw):
    w.sessions = getattr(w, "sessions", 0) + 1
    w.talk_tcp(mac(client, 0x44), ip(100 + client), VPN, VIP, 443, handshake.session(cert, NAME, random=1 + w.sessions % 250, **kw), sport=40000 + w.sessions)


def weeks(w, cert, clients, days, ago=0.0):
    """so many clients, one after the other, each tenth of the days"""
    start = w.at
    for i in range(11):
        w.at = start + i * days * DAY / 10
        dial(w, i % clients, cert)
    w.wait(ago * DAY)


@each("SSTP-CERT", "another certificate, after one that was shown to", [
    ("3 clients for 7 days", True, (3, 7.01)), ("2 clients for 7 days", False, (2, 7.01)), ("3 clients for 6.9 days", False, (3, 6.9))],
    authority=LEARNS, split=True, rule=["over >= 7 days and >= 3 clients"])
def leaf(w, clients, days):
    weeks(w, OWN, clients, days)
    halves(w)
    dial(w, 7, OTHERS[0])


@each("SSTP-CERT", "after a week of one certificate, another", [
    ("of the same issuer and later", False, (OWN, RENEWED)), ("of the same issuer and the same day", True, (OWN, handshake.certificate(NAME, serial=9, year=22))),
    ("of the same issuer and earlier", True, (OWN, handshake.certificate(NAME, serial=9, year=21))), ("of another issuer and later", True, (OWN, OTHERS[0])),
    ("when the first one is past its time", False, (handshake.certificate(NAME, year=21), OTHERS[0]))],
    authority=LEARNS, split=True, rule=["valid until its notAfter"])
def renewal(w, old, new):
    weeks(w, old, 3, 7.01)
    halves(w)
    dial(w, 7, new)


@each("SSTP-CERT", "a renewed certificate, shown to one client, and again after", [("6.9 days", False, (6.9,)), ("7.1 days", True, (7.1,))], authority=LEARNS,
      rule=["two leaves are tolerated for 7 days after a renewal (same issuer, later notBefore)"])
def renewed_again(w, days):
    weeks(w, OWN, 3, 7.01)
    dial(w, 1, RENEWED)
    w.wait(days * DAY)
    dial(w, 1, RENEWED)


@case("SSTP-CERT", "a renewed certificate that three clients are shown for ten days", False, LEARNS)
def renewed_for_good(w):
    weeks(w, OWN, 3, 7.01)
    weeks(w, RENEWED, 3, 10)


@each("SSTP-CERT", "four certificates of different issuers in turn, each day", [("for ten days", False, (0,)), ("then one that nobody saw before", True, (1,))],
      authority=LEARNS, split=True)
def rotating(w, foreign):
    start = w.at
    for day in range(10):
        for k in range(4):
            for c in range(3):
                w.at = start + (day + k / 4 + c / 24) * DAY
                dial(w, c, OTHERS[k])
    halves(w)
    dial(w, 7, OTHERS[4] if foreign else OTHERS[2])


@each("SSTP-CERT", "two certificates of different issuers in turn, the second from the third day on, shown to", [
    ("3 clients before the week is over", False, (3, 0)), ("2 clients", True, (2, 0)), ("3 clients, the second after the week of the first", True, (3, 7.2))],
    authority=LEARNS)
def beside(w, clients, since):
    start = w.at
    for day in range(10):
        for c in range(3):
            w.at = start + (day + c / 24) * DAY
            dial(w, c, OWN)
        for c in range(clients):
            w.at = start + (day + 0.5 + c / 24) * DAY
            if day >= (since or 3):
                dial(w, c, OTHERS[0])


@case("SSTP-CERT", "a certificate that one client alone was shown in the first week, and again after it", True, LEARNS)
def one_victim(w):
    start = w.at
    for i in range(12):
        w.at = start + i * 0.7 * DAY
        dial(w, i % 3, OWN)
        if i in (3, 11):
            w.wait(60)
            dial(w, 7, OTHERS[0])


def resumed(w, client, sid=b"\7" * 32):
    """the session of an earlier connection goes on: no certificate is shown (RFC 5246 7.3)"""
    hello = handshake.client_hello(NAME, random=77)
    at = hello.index(b"\x4d" * 32) + 32
    body = hello[9:at] + b"\x20" + sid + hello[at + 1:]
    answer = handshake.message(2, b"\3\3" + b"\x78" * 32 + b"\x20" + sid + b"\xc0\x2b\0\0\0") + handshake.record(20, b"\1") + handshake.record(22, bytes(40))
    rest = [(True, handshake.record(20, b"\1") + handshake.record(22, bytes(40))), (True, handshake.record(23, bytes(210))), (False, handshake.record(23, bytes(180)))]
    w.talk_tcp(mac(client, 0x44), ip(100 + client), VPN, VIP, 443, [(True, handshake.message(1, body)), (False, answer)] + rest, sport=39999)


@each("SSTP-CERT", "after a week of one certificate, a session that shows", [("another one", True, (1,)), ("none: TLS 1.3", False, (2,)), ("none: resumed", False, (3,))],
      authority=LEARNS, split=True)
def hidden(w, how):
    weeks(w, OWN, 3, 7.01)
    halves(w)
    if how == 3:
        resumed(w, 7)
    else:
        dial(w, 7, OTHERS[0], tls13=how == 2)


# ---- the thresholds themselves ----
COMPARES = re.compile(r"(?:>=|<=|[<>]) ?[\d.]+")
# Where the words stand that are no row of a table.
PLACES = {"D4-EXHAUSTED": "Pool observed exhausted", "D4-QUIET": "Boot storm refutation"}
SECTIONS = {RULE_SILENCE[0]: "- Silence baseline", RULE_LEARNED[0]: "- `learned`", **dict.fromkeys((
    "over >= 7 days and >= 3 clients", "valid until its notAfter",
    "two leaves are tolerated for 7 days after a renewal (same issuer, later notBefore)"), "H = event hash")}


def rules():
    """{(fact, words): [does a case fire?, is one silent?]}"""
    found = {}
    for fact, _, fires, _, _, _, _, words in CASES:
        for x in words:
            found.setdefault((fact, x), [False, False])[not fires] = True
    return found


def said_of(text, fact, words=None):
    """what DETECTIONS.md says there: its lines"""
    start = SECTIONS.get(words) or PLACES.get(fact) or "| %s |" % fact
    return [x for x in text.splitlines() if x.startswith(start)]


def covers(line, words):
    """places in the line"""
    at = line.find(words)
    return set(range(at, at + len(words))) if at >= 0 else set()


def thresholds(check):
    found = rules()
    for (fact, words), (fires, silent) in sorted(found.items()):
        check(fires and silent, "%s, %s: a case on either side" % (fact, words))
    path = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "design/DETECTIONS.md")
    if not os.path.exists(path):
        print("skipped, no corpus: the thresholds are not compared with DETECTIONS.md (CROSSTAP_SHARED says where)")
        return False
    text = open(path).read()
    for fact, words in sorted(found):
        check(any(words in x for x in said_of(text, fact, words)), "%s, %s: said in DETECTIONS.md" % (fact, words))
    counted = {x.split(" | ")[0][2:] for x in text.splitlines() if re.match(r"\| (D4-|D6-FLOOD)", x)} | set(PLACES)
    for fact in sorted(counted):
        for line in said_of(text, fact):
            condition = line.split(" | ")[1] if line.startswith("|") else line
            mine = set().union(*(covers(condition, words) for f, words in found if f == fact))
            left = [m.group() for m in COMPARES.finditer(condition) if m.start() not in mine]
            check(not left, "%s: no number without a case%s" % (fact, "; left: " + ", ".join(left) if left else ""))
    return True


def table():
    for fact, name, fires, _, least, split, build, words in CASES:
        w = Wire()
        build(w)
        times = [float(x.split(" ", 1)[0][2:]) for x in w.lines]
        print("%-12s | %-82s | %-9s | %5d frames, %9.0f s%-11s | %s" % (fact, name, "fires" if fires else "is silent", len(w.lines),
                                                                 max(times) - min(times), ", a restart" if split else "", "; ".join(words)))
    for name, verdict, events, build in STORIES:
        w = Wire()
        build(w)
        print("%-12s | %-82s | %-9s | %5d frames, %9.0f s%-11s |" % ("", name, verdict, len(w.lines), w.at - 1700000000, ", an event" if events else ""))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin")
    p.add_argument("--forge")
    p.add_argument("--only", default="")
    p.add_argument("--table", action="store_true")
    a = p.parse_args()
    if a.table:
        return table()
    if not a.bin or not a.forge:
        p.error("--bin and --forge are needed")
    count = {True: 0, False: 0}

    def check(ok, what):
        count[bool(ok)] += 1
        print("%-6s %s" % ("ok" if ok else "FAILED", what))
    compared = thresholds(check) if not a.only else True
    passed = failed = 0
    with tempfile.TemporaryDirectory() as where:
        for c in CASES:
            if a.only not in c[0] + " " + c[1]:
                continue
            wrong = run(a, c, where)
            print("%-6s %-10s %-70s %s" % ("FAILED" if wrong else "ok", c[0], c[1], wrong or ("fires" if c[2] else "is silent")))
            passed, failed = passed + (not wrong), failed + bool(wrong)
        for s in STORIES:
            if a.only in s[0]:
                wrong = ends(a, s, where)
                check(not wrong, "%s: %s" % (s[0], wrong or s[1]))
    passed, failed = passed + count[True], failed + count[False]
    print("%d passed, %d failed%s" % (passed, failed, "" if compared else ", 1 skipped"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
