#!/usr/bin/env python3
"""What tshark sees of HTTP heads and authentication, in the names of --dissect.

usage: heads.py --expect CAPTURE                     print the expectations of a golden capture (FILE.obs.jsonl)
       heads.py --bin crosstap [--show N] [DIR]      compare every capture below DIR, frame by frame

Compared are method, target, host, agent and status of HTTP; type, challenge and names of NTLM, whatever carries it; names of
simple binds, of AS-REQ and of pings for a domain controller.  A message that ends behind the bytes that are kept of a stream cannot be seen and is counted
apart, and so is what explained-heads.jsonl beside this script names with its reason.  Exit 1 when something else differs.
"""
import argparse, collections, json, os, shutil, subprocess, sys
import xml.etree.ElementTree as tree

PREFIX = 16384
SHOWN = "http.request.method or http.response.code or ntlmssp.messagetype or kerberos.msg_type == 10 or ldap.simple or cldap"
HINTS = (b"HTTP/1.", b"NTLMSSP", b"krbtgt", b"LDAP", b"dc=", b"DC=", b"NtVer")        # no need to ask tshark about the rest
MESSAGE = {1: "negotiate", 2: "challenge", 3: "authenticate"}
NAMES = {"ntlmssp.auth.username": "user", "ntlmssp.auth.domain": "domain", "ntlmssp.auth.hostname": "workstation",
         "ntlmssp.negotiate.domain": "domain", "ntlmssp.negotiate.callingworkstation": "workstation",
         "ntlmssp.challenge.target_name": "domain"}
CARRIER = (("smb2", "smb"), ("smb", "smb"), ("ldap", "ldap"), ("http", "http"))
RANK = ["none", "other", "basic", "negotiate", "ntlm"]

def shown(element, name):
    return [f.get("show", "") for f in element.iter("field") if f.get("name") == name]

def scheme(values):
    best = "none"
    for value in values:
        for one in value.split(","):
            word = one.strip().split(" ")[0].lower()
            if word and "=" not in word:
                best = max(best, word if word in RANK else "other", key=RANK.index)
    return best

def http(p):
    if shown(p, "http.request.method"):
        uri = shown(p, "http.request.uri")
        r = {"proto": "http", "method": shown(p, "http.request.method")[0], "target": uri[0] if uri else ""}
        for field, key in (("http.host", "host"), ("http.user_agent", "user_agent")):
            if shown(p, field):
                r[key] = shown(p, field)[0]
        auth = scheme([v.split(" ")[0] for v in shown(p, "http.authorization") + shown(p, "http.proxy_authorization")])
    elif shown(p, "http.response.code"):
        r = {"proto": "http", "status": int(shown(p, "http.response.code")[0])}
        asked = shown(p, "http.www_authenticate") + shown(p, "http.proxy_authenticate")
        auth = scheme(asked if r["status"] in (401, 407) else [])
    else:
        return None
    return r if auth == "none" else {**r, "auth": auth}

def ntlm(p, carrier):
    kind = shown(p, "ntlmssp.messagetype")
    if not kind or int(kind[0], 16) not in MESSAGE:
        return None
    r = {"proto": "auth", "carrier": carrier, "message": MESSAGE[int(kind[0], 16)]}
    for value in shown(p, "ntlmssp.ntlmserverchallenge"):
        r["challenge"] = value.replace(":", "")
    for field, key in NAMES.items():
        for value in shown(p, field):
            if value not in ("NULL", ""):
                r[key] = value
    return r

def kerberos(p):
    if shown(p, "kerberos.msg_type")[:1] != ["10"]:
        return None
    body = next((e for e in p.iter() if e.get("name") == "kerberos.req_body_element"), p)
    cname = next((e for e in body.iter() if e.get("name") == "kerberos.cname_element"), None)
    r = {"proto": "auth", "carrier": "kerberos", "message": "as-req"}
    if cname is not None:
        r["user"] = "/".join(shown(cname, "kerberos.CNameString"))
    for names, key in ((("kerberos.realm",), "domain"), (("kerberos.addr_nb",), "netbios"),
                       (("kerberos.addr_ip", "kerberos.addr_ipv6"), "address")):
        for value in [v for n in names for v in shown(body, n)][:1]:
            r[key] = value.strip()
    return r

def ldap(p):
    if shown(p, "ldap.simple") and shown(p, "ldap.name")[:1] not in ([], [""]):
        return {"proto": "auth", "carrier": "ldap", "message": "simple-bind", "user": shown(p, "ldap.name")[0]}
    return None

def cldap(p):
    r, wanted = {}, {"host": "workstation", "user": "user", "dnsdomain": "domain"}
    for e in p.iter("field"):
        if e.get("name") == "ldap.equalityMatch_element":
            key = wanted.get((shown(e, "ldap.attributeDesc") or [""])[0].lower())
            if key and shown(e, "ldap.assertionValue"):
                r[key] = shown(e, "ldap.assertionValue")[0]
    return {"proto": "auth", "carrier": "cldap", "message": "ping", **r} if "workstation" in r or "domain" in r else None

def independent(path):
    """(record, does it end behind the prefix) of every message that tshark shows"""
    run = subprocess.run(["tshark", "-n", "-r", path, "-o", "http.desegment_body:FALSE", "-Y", SHOWN, "-T", "pdml"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        packets = tree.fromstring(run.stdout.decode("utf-8", "replace").replace("\x00", ""))
    except tree.ParseError:
        return
    for packet in packets.iter("packet"):
        frame, carrier, end = int(shown(packet, "num")[0]), None, 0
        for p in packet.iter("proto"):
            name = p.get("name")
            carrier = next((c for n, c in CARRIER if n == name), carrier)
            if name == "tcp":
                end = int((shown(p, "tcp.nxtseq") or ["0"])[0])
            r = {"http": http, "kerberos": kerberos, "ldap": ldap, "cldap": cldap}.get(name, lambda _: None)(p)
            if name == "ntlmssp" and carrier:
                r = ntlm(p, carrier)
            if r:
                yield {"frame": frame, **r}, end > PREFIX

def ours(binary, path):
    run = subprocess.run([binary, "-q", "-r", path, "--dissect=http,auth"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in run.stdout.decode("utf-8").splitlines():
        r = json.loads(line)
        if r.get("message") != "spnego":
            yield r

KEYS = ("frame", "proto", "method", "target", "host", "user_agent", "status", "auth", "carrier", "message", "challenge", "user",
        "domain", "workstation", "netbios", "address")

def flat(r):
    return tuple((k, r[k]) for k in KEYS if r.get(k) not in (None, ""))

def compare(binary, folder, show):
    here = os.path.dirname(os.path.abspath(__file__))
    why = {}
    for line in open(os.path.join(here, "explained-heads.jsonl")):
        e = json.loads(line)
        why[(e["path"], e["frame"], e["who"])] = e["why"]
    total = collections.Counter()
    for where, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(where, name)
            if not any(w in name for w in (".pcap", ".cap")) or name.endswith((".jsonl", ".gz")):
                continue
            data = open(path, "rb").read()
            if not any(h in data for h in HINTS):
                continue
            want, late = collections.Counter(), collections.Counter()
            for r, beyond in independent(path):
                (late if beyond else want)[flat(r)] += 1
            have = collections.Counter(flat(r) for r in ours(binary, path))
            for r in list(late):
                if have[r]:
                    total["equal"] += 1
                    have[r] -= 1
                else:
                    total["behind the prefix"] += late[r]
            total["equal"] += sum((want & have).values())
            relative = os.path.relpath(path, folder)
            for who, left in (("tshark", want - have), ("crosstap", have - want)):
                for r, n in left.items():
                    known = why.get((relative, r[0][1], who)) or why.get((relative, 0, who))
                    total["explained" if known else who + " alone"] += n
                    if not known and total["shown"] < show:
                        total["shown"] += 1
                        print("%s: %s alone: %s" % (relative, who, json.dumps(dict(r))[:300]))
    total.pop("shown", 0)
    print(", ".join("%s %d" % i for i in sorted(total.items())) or "nothing compared")
    wrong = total["tshark alone"] + total["crosstap alone"]
    print("%d passed, %d failed" % (total["equal"] + total["explained"], wrong))
    return 1 if wrong or not total["equal"] else 0

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin")
    ap.add_argument("--expect")
    ap.add_argument("--show", type=int, default=20)
    ap.add_argument("dir", nargs="?",
                    default=os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps", "public"))
    a = ap.parse_args()
    if shutil.which("tshark") is None or not (a.expect or os.path.isdir(a.dir)):
        print("skipped, %s" % ("no corpus" if shutil.which("tshark") else "no tshark"))
        print("0 passed, 0 failed, 1 skipped")
        return 2 if a.expect else 0
    if a.expect:
        for r, _ in independent(a.expect):
            print(json.dumps(r, ensure_ascii=False, separators=(",", ":")))
        return 0
    return compare(a.bin, a.dir, a.show)

if __name__ == "__main__":
    sys.exit(main())
