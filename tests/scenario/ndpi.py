"""nDPI's opinion: asked about suspects only, changes no verdict, and is about the flow that it names.

usage: ndpi.py CROSSTAP
 - no benign capture without a tunnel asks it anything (the counter of its calls stays 0);
 - with it and without it every incident ends with the same verdict, grade, severity and confidence;
 - a replay with it says the same bytes twice;
 - each answer names a flow of the actor; where tshark is there, the frame that it rests on is of that protocol to tshark too;
 - each family of captures below shows an answer.
"""
import json
import os
import re
import shutil
import subprocess
import sys

SHARED = os.environ.get("CROSSTAP_SHARED", os.path.join("..", "shared"))
LAB = os.path.join(SHARED, "pcaps", "lab")
# What its answer adds in one capture of each family: to whom the suspect talks, and in what.
ADDS = {
    "dhcpv4-rogue-dnsmasq-wpad": ("dhcpv4-rogue-server", "HTTP"),
    "dhcp-starvation-one-mac": ("dhcp-discover-flood", "DHCP"),
    "dhcpv6-rogue-bettercap": ("dhcpv6-rogue-server", "DHCPV6"),
    "mitm6-default": ("rogue-ra", "HTTP"),
    "dns-spoof-arp-bettercap": ("dns-takeover", "TLS"),
    "isatap-rogue-router-dns": ("isatap-rogue-router", "DNS"),
    "sstp-mitm-selfsigned": ("sstp-mitm", "TLS"),
}
TSHARK = {"DHCP": "dhcp", "DHCPV6": "dhcpv6", "DNS": "dns", "MDNS": "mdns", "LLMNR": "llmnr", "NetBIOS": "nbns", "HTTP": "http",
          "TLS": "tls", "SMBv1": "smb", "SMBv23": "smb2", "LDAP": "ldap", "Kerberos": "kerberos", "Teredo": "teredo"}
JUDGED = ("verdict", "grade", "severity", "confidence", "refuted_by")


def run(binary, name, *more):
    folder = os.path.join(LAB, name)
    command = [binary, "-v", "-r", os.path.join(folder, "capture.pcap"), *more]
    for file, option in (("authority.yaml", "-c"), ("events.jsonl", "-e")):
        if os.path.exists(os.path.join(folder, file)):
            command += [option, os.path.join(folder, file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
    last = {}
    for line in done.stdout.splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = i
    m = re.search(rb"ndpi_calls (\d+)", done.stderr)
    return done.stdout, last, int(m.group(1)) if m else None


def wire_protocols(name, frame):
    done = subprocess.run(["tshark", "-r", os.path.join(LAB, name, "capture.pcap"), "-c", str(frame), "-Y",
                           "frame.number==%d" % frame, "-T", "fields", "-e", "frame.protocols"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().strip().split(":")


def check_flow(name, incident, flow):
    bad = []
    actor = incident["actor"]
    if actor["ip"] and not {flow["src_ip"], flow["dest_ip"]} & set(actor["ip"]) and not actor["mac"]:
        bad.append("%s: %s names a flow without its actor" % (name, incident["detection"]))
    known = [TSHARK[p] for p in flow["ndpi"]["proto"].split(".") if p in TSHARK]
    if known and shutil.which("tshark"):
        said = wire_protocols(name, flow["packets"][0]["frame"])
        if known[0] not in said:
            bad.append("%s frame %d: nDPI says %s, tshark %s" %
                       (name, flow["packets"][0]["frame"], flow["ndpi"]["proto"], ":".join(said)))
    return bad


def check(binary, name):
    bad = []
    out, got, calls = run(binary, name)
    if calls is None:
        return ["%s: no counter ndpi_calls" % name], 0, got
    if name.startswith("benign-") and calls:
        bad.append("%s: %d packets were shown to nDPI" % (name, calls))
    if calls:
        if run(binary, name)[0] != out:
            bad.append("%s: two replays differ" % name)
        without = run(binary, name, "--test-off=ndpi")
        if without[2]:
            bad.append("%s: asked although it is switched off" % name)
        judge = lambda all_: {i: [v.get(k) for k in JUDGED] for i, v in all_.items()}
        if judge(got) != judge(without[1]):
            bad.append("%s: verdicts differ with and without it" % name)
    for incident in got.values():
        for flow in incident.get("flows", []):
            bad += check_flow(name, incident, flow)
    return bad, calls, got


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.path.isdir(LAB):
        print("skipped, no corpus: %s (CROSSTAP_SHARED says where)\n0 passed, 0 failed, 1 skipped" % LAB)
        return 0
    built = b"(none)" not in subprocess.run([sys.argv[1], "-v", "-r", os.path.join(LAB, "mitm6-default", "capture.pcap")],
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).stderr
    passed = failed = 0
    for name in sorted(os.listdir(LAB)):
        if not os.path.exists(os.path.join(LAB, name, "capture.pcap")):
            continue
        bad, calls, got = check(sys.argv[1], name)
        said = sorted({(i["detection"], f["ndpi"]["proto"]) for i in got.values() for f in i.get("flows", [])})
        if built and name in ADDS and ADDS[name] not in said:
            bad.append("%s: nothing about %s of %s" % (name, ADDS[name][1], ADDS[name][0]))
        print("%-34s %5d calls  %s" % (name, calls, ", ".join("%s %s" % s for s in said)))
        for b in bad:
            print("FAILED " + b)
        passed, failed = passed + (not bad), failed + bool(bad)
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
