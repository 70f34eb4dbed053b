#!/usr/bin/env python3
"""What the administrator decides: site rules, mutes, and what was learned as authority to approve.

usage: policy.py CROSSTAP
The captures are those under pcaps/; where the lab is there (CROSSTAP_SHARED or ../shared) what was learned is tried on each of
its scenarios: it must be a good configuration, and a second replay with it blames nobody that it lists.
Last line: `N passed, N failed`."""
import json, os, re, subprocess, sys, tempfile

BIN = sys.argv[1]
SHARED = os.environ.get("CROSSTAP_SHARED", "../shared")
LEASE = "pcaps/dhcp4/lease.pcap"        # what its messages hold: lease.obs.jsonl beside it
SERVER, CLIENT = "02:00:5e:00:00:02", "02:00:5e:00:00:11"
RAISED = "suspected", "probable", "confirmed"
passed = failed = 0


def check(ok, what):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED " + what)


def run(*args):
    return subprocess.run([BIN, *args], capture_output=True, text=True)


def conf(where, what):
    path = os.path.join(where, "conf.yaml")
    with open(path, "w") as f:
        f.write(what if isinstance(what, str) else json.dumps(what))
    return path


def replay(where, what, pcap=LEASE, *more):
    p = run("-r", pcap, "-c", conf(where, what), *more)
    return p, [json.loads(x) for x in p.stdout.splitlines()]


def rule(where, **kw):
    return dict({"id": "SITE-1", "on": "dhcpv4", "where": where}, **kw)


# where, messages of the lease that it holds for, counted in lease.obs.jsonl
RULES = [
    ([["dhcpv4.routers", "not-in", ["10.1.0.1"]]], 2), ([["dhcpv4.routers", "not-in", ["192.0.2.1"]]], 0),
    ([["dhcpv4.routers", "in", ["192.0.2.1", "10.1.0.1"]]], 2), ([["dhcpv4.routers", "prefix", ["192.0.2.0/24"]]], 2),
    ([["dhcpv4.routers", "prefix", ["10.0.0.0/8", "fd00::/8"]]], 0), ([["dhcpv4.dns", "eq", "192.0.2.4"]], 2),
    ([["dhcpv4.dns", "ne", "192.0.2.4"]], 2), ([["dhcpv4.msg", "eq", "offer"]], 1), ([["dhcpv4.msg_type", "lt", 2]], 1),
    ([["dhcpv4.routers", "exists"], ["dhcpv4.lease", "gt", 3599], ["dhcpv4.lease", "lt", 3601]], 2),
    ([["dhcpv4.lease", "gt", 3600]], 0), ([["dhcpv4.vendor_class", "contains", ["msft"]]], 1), ([["dhcpv4.xid", "eq", "0x11223344"], ["dhcpv4.msg", "eq", "DISCOVER"]], 1),
    ([["dhcpv4.hostname", "eq", "WS-1"], ["dhcpv4.msg", "eq", "discover"]], 1), ([["dhcpv4.chaddr", "ne", CLIENT]], 0),
    ([["dhcpv4.o.code", "eq", 55], ["dhcpv4.o.value", "contains", ["79f9fc"]]], 1), ([["dhcpv4.wpad", "exists"]], 1),
    ([["dhcpv4.wpad", "absent"], ["dhcpv4.msg", "eq", "offer"]], 1), ([["dhcpv4.wpad", "ne", "x"]], 1), ([["dhcpv4.sname", "ne", "x"]], 0),
]
# text, what stands in the message: place, key, found, expected
WRONG = [
    ("rules:\n- {id: SITE-1, on: dhcpv4,\n   where: [[dhcpv4.router, eq, 1.2.3.4]]}", ':3:13: rules[0].where[0][0]: found "dhcpv4.router", expected a field'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, gt, 1.2.3.4]]}]", 'rules[0].where[0][1]: found "gt", expected eq, ne, in, not-in, prefix'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.hops, eq, 256]]}]", 'rules[0].where[0][2]: found "256", expected a number from 0 to 255'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, in, [1.2.3.4, 1.2.3]]]}]", 'where[0][2][1]: found "1.2.3", expected an IPv4 or IPv6 address'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, prefix, [1.2.3.4/33]]]}]", 'found "1.2.3.4/33", expected a network'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.msg, eq, offr]]}]", 'found "offr", expected a name'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.msg, in, []]]}]", "found a predicate that is not complete, expected a list of 1 to 1024 values"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.msg, exists, 1]]}]", "expected no value behind exists"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.relay_agent, eq, 1]]}]", "expected exists or absent"),
    ("rules: [{id: SITE-1, on: dhcpv6, where: [[dhcpv4.hops, eq, 1]]}]", "found a field of another protocol"),
    ("rules: [{id: D4-ROGUE, on: dhcpv4, where: [[dhcpv4.hops, eq, 1]]}]", "rules[0]: found a rule without an id like SITE-7"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.hops, eq, 1]]}, {id: site-1, on: arp, where: [[arp.op, eq, 1]]}]", "rules[1]: found"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: []}]", "without `where`"), ("rules: [{id: SITE-1, where: [[arp.op, eq, 1]]}]", "without `on`"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.hops, eq, 1]], attack: T1}]", "no technique"),
    ("mutes: [{detection: foo, until: 2026-12-24T00:00:00Z, reason: x}]", "mutes[0]: found an unknown detection"),
    ("mutes: [{detection: SITE-9, until: 2026-12-24T00:00:00Z, reason: x}]", "found the id of no rule"),
    ("mutes: [{until: 2026-12-24T00:00:00Z, reason: x}]", "without detection, actor and segment"), ("mutes: [{segment: a, reason: x}]", "without until"),
    ("mutes: [{segment: a, until: 2026-12-24T00:00:00Z}]", "without reason"), ("mutes: [{segment: a, until: soon, reason: x}]", 'found "soon", expected a date and time'),
]


def site_rules(where):
    for predicates, messages in RULES:
        p, records = replay(where, {"rules": [rule(predicates, severity="high", title="forbidden", attack="T1557.003")]})
        mine = [r for r in records if r["incident"]["detection"] == "site-rule"]
        last = {r["incident"]["id"]: r["incident"] for r in mine}
        count = sum(f["count"] for i in last.values() for f in i["facts"])
        check(p.returncode == 0 and count == messages, "%s: %d messages, %d expected: %s" % (predicates, count, messages, p.stderr))
        for i in last.values():
            check((i["verdict"], i["severity"], i["grade"], i["attack"]) == ("suspected", "high", "E1", ["T1557.003"]) and
                  i["facts"][0]["id"] == "SITE-1" and "forbidden" in i["title"] and i["actor"]["mac"] in (SERVER, CLIENT), "%s: %s" % (predicates, i))
    two = {"rules": [rule([["dhcpv4.routers", "exists"]]), rule([["dhcpv4.dns", "exists"]], id="SITE-2", severity="low")]}
    p, records = replay(where, two)
    ids = {r["incident"]["id"]: r["incident"]["severity"] for r in records if r["incident"]["detection"] == "site-rule"}
    check(sorted(ids.values()) == ["low", "medium"], "two rules are two incidents: %s" % ids)
    _, swapped = replay(where, {"rules": two["rules"][::-1]})
    check(ids.items() <= {r["incident"]["id"]: r["incident"]["severity"] for r in swapped}.items(), "the id of an incident does not depend on the order of rules")
    plain = [r for r in records if r["incident"]["detection"] != "site-rule"]
    check(plain == replay(where, "{}")[1], "a rule changes no other incident")
    dump = run("--dump-config", "-c", conf(where, {"rules": [rule(r[0], id="SITE-%d" % n) for n, r in enumerate(RULES)]})).stdout
    check(dump.count("SITE-") == len(RULES) and run("--dump-config", "-c", conf(where, dump)).stdout == dump, "--dump-config reads back to the same")


def errors(where):
    for text, message in WRONG:
        p = run("-T", "-c", conf(where, text))
        check(p.returncode == 2 and "conf.yaml:" in p.stderr + "conf.yaml:" * ("no rule" in message) and message in p.stderr, "%s\n  said %s" % (text, p.stderr))


ROUTERS = {"rules": [rule([["dhcpv4.routers", "exists"]], severity="high")]}     # first told at 22:13:20.01


def muted(where, *mutes, pcap=LEASE, base=ROUTERS, more=()):
    p, records = replay(where, dict(base, mutes=list(mutes)), pcap, *more)
    return p, [r for r in records if r["incident"]["detection"] == "site-rule"]


def mutes(where):
    m = {"until": "2030-01-01T00:00:00Z", "reason": "a test"}
    for keys, holds in (({"detection": "site-rule"}, True), ({"detection": "SITE-1"}, True), ({"actor": SERVER}, True), ({"segment": "cap0/*"}, True),
                        ({"detection": "site-rule", "actor": SERVER, "segment": "*"}, True), ({"detection": "site-rule", "actor": CLIENT}, False),
                        ({"detection": "rogue-ra"}, False), ({"segment": "cap1/*"}, False), ({"detection": "SITE-1", "until": "2023-11-14T22:13:20Z"}, False)):
        p, told = muted(where, dict(m, **keys))
        check("muted up to probable until" in p.stderr, "%s: said at the start: %s" % (keys, p.stderr))
        if holds:
            check(len(told) == 1 and told[0]["event_type"] == "incident" and "alert" not in told[0] and
                  told[0]["incident"]["muted"] == {"reason": "a test", "until": "2030-01-01T00:00:00.000000Z"} and re.search("\n[12] muted", p.stderr), "%s holds: %s" % (keys, told))
        else:
            check([r["event_type"] for r in told] == ["alert"] * 2 and not any("muted" in r["incident"] for r in told), "%s does not hold: %s" % (keys, told))
    p, told = muted(where, dict(m, detection="site-rule", until="2023-11-14T22:13:25Z"))
    check([(r["event_type"], r["incident"]["state"]) for r in told] == [("incident", "open"), ("alert", "update"), ("alert", "closed")] and
          "22:13:25" <= told[1]["timestamp"][11:19] <= "22:13:28", "it speaks again when the time has passed: %s" % told)
    p, told = muted(where, dict(m, detection="site-rule"), more=("--fail-on", "suspected"))
    check(p.returncode == 0, "a muted finding is no failure: %d" % p.returncode)
    p, told = muted(where, more=("--fail-on", "suspected"))
    check(p.returncode == 10, "one that is not muted is: %d" % p.returncode)


def syslog(where):
    """nothing of a muted incident goes to syslog: a receiver that counts datagrams"""
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(1)
        out = {"output": [{"type": "syslog", "host": "127.0.0.1", "port": s.getsockname()[1]}]}
        for mute in (True, False):
            m = [{"detection": "site-rule", "until": "2030-01-01T00:00:00Z", "reason": "a test"}] * mute
            replay(where, dict(ROUTERS, mutes=m, **out))
            got = []
            try:
                while True:
                    got.append(s.recv(65536))
            except socket.timeout:
                pass
            check(any(b"dhcpv4-rogue-server" in g for g in got) and any(b"site-rule" in g for g in got) != mute, "syslog, muted %s: %s" % (mute, got))


def rises(where, lab):
    """a mute up to probable does not hide what is confirmed; one up to confirmed does"""
    files = ["-e", lab + "/events.jsonl"]
    for up_to, hides in (("probable", False), ("confirmed", True)):
        m = {"detection": "mitm6", "verdict": up_to, "until": "2030-01-01T00:00:00Z", "reason": "a test"}
        _, records = replay(where, {"mutes": [m]}, lab + "/capture.pcap", *files)
        kinds = {r["event_type"] for r in records if r["incident"]["detection"] == "mitm6"}
        check(kinds == ({"incident"} if hides else {"alert"}) if hides else "alert" in kinds, "mitm6 muted up to %s: %s" % (up_to, kinds))


def learned(where, lab):
    name = os.path.basename(lab.rstrip("/"))
    args = ["-q", "-r", lab + "/capture.pcap"] + (["-e", lab + "/events.jsonl"] if os.path.exists(lab + "/events.jsonl") else [])
    yaml = run(*args, "--learned")
    good = run("-T", "-c", conf(where, yaml.stdout))
    check(yaml.returncode == 0 and good.returncode == 0, "%s: --learned: %s%s" % (name, yaml.stderr, good.stderr))
    lines = [x for x in yaml.stdout.splitlines() if x.startswith("      - ")]
    check(all(re.search(r" # .*\d{4}-\d\d-\d\dT", x) for x in lines), "%s: each line has its evidence: %s" % (name, lines))
    listed = set(re.findall(r'"([0-9a-f:.]+)"', " ".join(x.split(" #")[0] for x in lines)))
    before, after = run(*args), run(*args, "-c", os.path.join(where, "conf.yaml"))
    accused = lambda p: {r["incident"]["actor"]["mac"] for r in map(json.loads, p.stdout.splitlines())
                         if r["incident"]["verdict"] in RAISED and r["incident"]["actor"]["mac"]}
    check(not listed & accused(before), "%s: lists who is accused: %s" % (name, listed & accused(before)))
    final = {r["incident"]["id"]: r["incident"] for r in map(json.loads, after.stdout.splitlines())}
    blamed = [(i["detection"], i["verdict"], i["actor"]) for i in final.values() if i["verdict"] in RAISED and
              (i["actor"]["mac"] in listed or not i["actor"]["mac"] and set(i["actor"]["ip"]) & listed)]
    check(not blamed, "%s: the second replay blames what it lists: %s" % (name, blamed))
    return len(lines)


def main():
    with tempfile.TemporaryDirectory() as where:
        site_rules(where)
        errors(where)
        mutes(where)
        syslog(where)
        one = run("-q", "-r", LEASE, "--learned").stdout
        check('{ip: ["192.0.2.2"], mac: "%s"}' % SERVER in one and '- "192.0.2.3"' in one, "the server and resolver of one lease: " + one)
        labs = os.path.join(SHARED, "pcaps", "lab")
        skipped = 0 if os.path.isdir(labs) else 1
        entries = 0
        if skipped:
            print("skipped, no corpus: mutes and what was learned on the lab")
        else:
            rises(where, os.path.join(labs, "mitm6-default"))
            for name in sorted(os.listdir(labs)):
                if os.path.exists(os.path.join(labs, name, "capture.pcap")):
                    entries += learned(where, os.path.join(labs, name))
            check(entries > 50, "%d entries were learned on the lab" % entries)
            print("%d entries learned on the lab" % entries)
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
