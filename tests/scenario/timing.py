#!/usr/bin/env python3
"""The first accusation comes with the packet that breaks the rule, the confirmation with what completes it.

usage: timing.py CROSSTAP

For each attack family of the recorded lab: the first raised record of a finding carries the time of a frame in the
capture by the actor (or, for statistics, lies within 12 s of the attack's start); a confirming record carries the time
of a frame or of a host event.  Skipped without ../shared."""
import json, os, struct, subprocess, sys
from datetime import datetime

RAISED = ("suspected", "probable", "confirmed")
# statistics wait 10 s for signs of life (DETECTIONS.md 4, 15)
WAITS = ("dhcp-discover-flood", "dhcp-starvation", "dhcpv6-solicit-flood")
# chains come with their last part, which is not the attack's first packet
CHAINS = ("mitm6", "starve-then-serve", "silence-the-server", "vpn-leak", "vpn-interception", "tunnel-backdoor")
# what breaks the rule is what a host does: its solicitation of a router that is not listed
BY_VICTIM = ("isatap-rogue-router", "teredo-tunnel")
# microseconds after the attack's first packet: a certificate comes in the handshake that this packet begins
LATER = {"sstp-mitm": 1000000}


def micros(text):
    d = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(d.timestamp()) * 1000000 + d.microsecond


def frames(path):
    """time in microseconds -> source MACs"""
    data, at, out = open(path, "rb").read(), 24, {}
    while at + 16 <= len(data):
        sec, usec, n = struct.unpack("<III", data[at:at + 12])
        out.setdefault(sec * 1000000 + usec, set()).add(data[at + 22:at + 28].hex(":"))
        at += 16 + n
    return out


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    lab = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps", "lab")
    if not os.path.isdir(lab):
        print("skipped, no corpus: %s (CROSSTAP_SHARED says where)\n0 passed, 0 failed, 1 skipped" % lab)
        return 0
    passed = failed = 0

    def check(ok, what):
        nonlocal passed, failed
        passed, failed = passed + bool(ok), failed + (not ok)
        if not ok:
            print("FAILED", what)

    for name in sorted(os.listdir(lab)):
        d = os.path.join(lab, name)
        if not os.path.exists(os.path.join(d, "truth.json")):
            continue
        truth = json.load(open(os.path.join(d, "truth.json")))
        if not truth["attack"]:
            continue
        at = frames(os.path.join(d, "capture.pcap"))
        out = subprocess.run([sys.argv[1], "-q", "-r", d + "/capture.pcap", "-e", d + "/events.jsonl", "-c", d + "/authority.yaml"],
                             capture_output=True, text=True).stdout.splitlines()
        events = {micros(json.loads(x)["@timestamp"]) for x in open(d + "/events.jsonl")}
        first, confirmed = {}, {}
        for r in map(json.loads, out):
            i = r["incident"]
            if i["verdict"] in RAISED:
                first.setdefault(i["id"], (i, r["timestamp"]))
            if i["verdict"] == "confirmed":
                confirmed.setdefault(i["id"], (i, r["timestamp"]))
        for i, t in first.values():
            what = "%s: %s first raised at %s" % (name, i["detection"], t)
            start = [micros(e["first_ts"]) for e in truth["expected"] if e["detection"] == i["detection"]]
            if i["detection"] in WAITS:
                check(not start or micros(t) - start[0] <= 12000000, what + ", more than 12 s after the attack began")
            elif i["detection"] not in CHAINS:
                by = {i["actor"]["mac"]} | ({v["mac"] for v in i["victims"]} if i["detection"] in BY_VICTIM else set())
                check(micros(t) in at and (not i["actor"]["mac"] or by & at[micros(t)]), what + ", no frame of the actor")
                check(not start or not i["actor"]["mac"] or i["actor"]["mac"] != truth["expected"][0]["attacker"].get("mac") or
                      micros(t) <= start[0] + LATER.get(i["detection"], 1000), what + ", not by the attack's first packet")
        for i, t in confirmed.values():
            whole = micros(t) in at or micros(t) in events
            check(whole or i["detection"] in WAITS, "%s: %s confirmed at %s, which is no frame and no event" % (name, i["detection"], t))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
