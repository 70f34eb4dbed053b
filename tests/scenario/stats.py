#!/usr/bin/env python3
"""Each statistic of DETECTIONS.md 3 and 4 just below and just above its threshold.

usage: stats.py --bin crosstap --forge forge [--only SUBSTR]

A case is a story on the wire and the fact that it must show with a grade of at least E1 (`fires`), or must not (`silent`).
Stories of what is learned are replayed a second time in two halves with --state between them, and must end the same; those
of a silence a third time with an outage of two hours there, which must not count as silence.
Last line: `N passed, N failed`.
"""
import argparse, json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire import Wire, mac, ip, ll

S, SIP, X, XIP, R = mac(2, 0xa0), ip(2), mac(0x66, 0xee), ip(66), mac(1, 0xa1)
HOUR, DAY = 3600.0, 86400.0
DECLARED = {"name": "test", "prefixes": ["10.0.0.0/24"], "dhcp4_servers": [{"ip": [SIP], "mac": S}], "routers": [{"ip": [ip(1)], "mac": R}]}
CASES = []


def case(fact, name, fires, authority=DECLARED, least="E1", split=False):
    def add(f):
        CASES.append((fact, name, fires, authority, least, split, f))
        return f
    return add


def each(fact, what, pairs, authority=DECLARED, least="E1", split=False):
    """one builder for both sides of a threshold: [(name, fires, arguments)]"""
    def add(f):
        for name, fires, arguments in pairs:
            CASES.append((fact, what + ": " + name, fires, authority, least, split, lambda w, a=arguments: f(w, *a)))
        return f
    return add


# ---- section 4 ----
@each("D4-GHOST", "unused leases", [("5 in a row", True, (5, ())), ("4 in a row", False, (4, ())), ("5, a used one among them", False, (5, (2,))),
                                     ("6, a used one among them", True, (6, (2,)))])
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
                                              ("12 of 15 new keys unused", True, (12, 200, 3)), ("12 of 16 new keys unused", False, (12, 200, 4))])
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


@each("D4-BADMAC", "group addresses", [("3 in a minute", True, (3, 20)), ("2 in a minute", False, (2, 20)), ("3 in more than a minute", False, (3, 40))])
def badmac(w, n, pause):
    for i in range(n):
        w.client(1, "03:00:00:00:00:%02x" % i, 100 + i, l2=X)
        w.wait(pause)


@each("D4-XID", "one transaction id", [("5 clients in a minute", True, (5, 10)), ("4 clients in a minute", False, (4, 10)),
                                        ("5 clients in more than a minute", False, (5, 20))])
def xid(w, n, pause):
    for i in range(n):
        w.client(1, mac(i, 0x11), 4711, l2=X)
        w.wait(pause)


@each("D4-RATE", "new clients in ten seconds", [("13", True, (13,)), ("12", False, (12,))], least="E0")
def rate(w, n):
    w.at = 1700000001.0
    for i in range(n):
        w.client(1, mac(i, 0x11), 100 + i)
        w.wait(0.1)
    w.wait(30)
    w.client(1, mac(0, 0x11), 99)
    w.wait(20)


@each("D4-STOCK", "unused leases, pool unknown", [("25", True, (25,)), ("24", False, (24,))])
def stock(w, n):
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(10 + i), alive=False, lease=86400)
        w.wait(120)
    w.others()


@each("D4-STOCK", "unused leases, pool of 50 known after a week", [("10", True, (10, 7.1)), ("9", False, (9, 7.1)), ("10, a day after the first lease", False, (10, 1))])
def stock_of_pool(w, n, days):
    w.dora(S, SIP, mac(1, 0x22), 900, ip(100))
    w.dora(S, SIP, mac(2, 0x22), 901, ip(149))
    w.wait(days * DAY)
    for i in range(n):
        w.others()
        w.dora(S, SIP, mac(i, 0x11), 100 + i, ip(101 + i), alive=False, lease=86400)
        w.wait(120)
    w.others()


# ---- section 3: silence ----
SILENCE = [("10 questions of 2 clients in 24 h", True, (10, 2, 24.1)), ("9 questions", False, (9, 2, 24.1)), ("one client", False, (10, 1, 24.1)),
           ("23 h", False, (10, 2, 23))]
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


@each("D4-ROGUE", "first DHCPv4 server after a silence", SILENCE, authority=None, split=True)
def silence4(w, n, clients, hours):
    silence(w, n - 1, clients, hours, lambda c, i: w.client(1, mac(c, 0x11), 100 + i))
    w.client(1, mac(0, 0x11), 500)
    w.server(2, X, XIP, mac(0, 0x11), 500, ip(10))


@each("D6-ROGUE", "first DHCPv6 server after a silence", SILENCE, authority=None, split=True)
def silence6(w, n, clients, hours):
    silence(w, n - 1, clients, hours, lambda c, i: w.d6client(1, mac(c, 0x11), 100 + i))
    w.d6client(1, mac(0, 0x11), 500)
    w.d6server(2, X, mac(0, 0x11), 500, "2001:470:1::10")


@each("RA-ROGUE", "first router after a silence", SILENCE, authority=None, split=True)
def silence_ra(w, n, clients, hours):
    silence(w, n, clients, hours, lambda c, i: w.frame(
        "eth %s 33:33:00:00:00:02 / ip6 %s ff02::2 hop=255 / icmp6 u32:0 type=133" % (mac(c, 0x11), ll(mac(c, 0x11)))))
    w.ra(X)


# ---- section 3: learned ----
LEARNED = [("24 h, 20 transactions, 5 clients", True, (20, 5, 24.1)), ("23 h", False, (20, 5, 23)), ("19 transactions", False, (19, 5, 24.1)),
           ("4 clients", False, (20, 4, 24.1))]


@each("D4-ROGUE", "a newcomer beside a server of", LEARNED, authority=None, split=True)
def learned4(w, n, clients, hours):
    for i in range(n):
        w.dora(S, SIP, mac(i % clients, 0x11), 100 + i, ip(10 + i % clients))
        w.wait(hours * HOUR / (n - 1))
    halves(w)
    w.client(1, mac(0, 0x11), 500)
    w.server(2, X, XIP, mac(0, 0x11), 500, ip(10))


@each("D6-ROGUE", "a newcomer beside a DHCPv6 server of", LEARNED, authority=None, split=True)
def learned6(w, n, clients, hours):
    for i in range(n):
        w.sarr(S, mac(i % clients, 0x11), 100 + 2 * i, "2001:470:1::%x" % (16 + i % clients))
        w.wait(hours * HOUR / (n - 1))
    halves(w)
    w.d6client(1, mac(0, 0x11), 500)
    w.d6server(2, X, mac(0, 0x11), 500, "2001:470:1::99")


@each("RA-ROGUE", "a newcomer beside a router of", [(name.replace("transactions", "advertisements").replace("clients", "hosts"), fires, a)
                                                   for name, fires, a in LEARNED], authority=None, split=True)
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
    fact, name, fires, authority, least, split, build = c
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


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", required=True)
    p.add_argument("--forge", required=True)
    p.add_argument("--only", default="")
    a = p.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as where:
        for c in CASES:
            if a.only not in c[0] + " " + c[1]:
                continue
            wrong = run(a, c, where)
            print("%-6s %-10s %-70s %s" % ("FAILED" if wrong else "ok", c[0], c[1], wrong or ("fires" if c[2] else "is silent")))
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
