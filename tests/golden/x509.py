#!/usr/bin/env python3
"""Certificates that openssl makes, as crosstap reads them on the wire and as openssl itself says: names in every string type,
alternative names, validity in both forms of time, key usages, hashes.

usage: x509.py CROSSTAP        needs openssl; without it nothing is tested and the exit status is 77
"""
import hashlib, json, os, re, shutil, struct, subprocess, sys, tempfile

NAMES = ["-nameopt", "RFC2253,utf8,-esc_msb,sep_comma_plus_space"]
USAGES = {"TLS Web Server Authentication": "serverAuth", "TLS Web Client Authentication": "clientAuth", "Any Extended Key Usage": "any"}
# subject of each, the mask of string types, what is added to the command
CASES = [
    ("plain", ["CN=vpn.example.org"], "utf8only", ["-days", "30", "-addext", "subjectAltName=DNS:vpn.example.org"]),
    ("utf8", ["C=DE", "O=Müller & Söhne \\\"GmbH\\\"", "OU=a+b,c;d<e>", "CN=名前"], "utf8only", ["-days", "825"]),
    ("bmp", ["C=DE", "O=Müller 名前", "CN=x"], "MASK:0x800", ["-days", "825"]),
    ("t61", ["C=FR", "O=Crédit", "CN=y"], "MASK:0x4", ["-days", "2"]),
    ("printable", ["C=US", "ST=Some State", "L=Town", "street=1 Way", "postalCode=12345", "O=O'Brien (x)", "serialNumber=17",
                   "title=T", "SN=Sur", "GN=Given", "CN=z"], "MASK:0x2", ["-days", "2"]),
    ("many", ["0.DC=org", "1.DC=example", "0.OU=Eins", "1.OU=Zwei", "+CN=first", "emailAddress=a@example.org", "UID=u1"], "utf8only", ["-days", "2"]),
    ("spaces", ["O=  two before and after  ", "CN=#hash"], "utf8only", ["-days", "2"]),
    ("unknown", ["1.3.6.1.4.1.32473.1=text", "CN=oid"], "utf8only", ["-days", "2"]),
    ("empty", [], "utf8only", ["-days", "2", "-addext", "subjectAltName=critical,DNS:only.example.org,IP:192.0.2.7"]),
    ("far", ["CN=far"], "utf8only", ["-days", "25000"]),            # a GeneralizedTime: the year is 2050 or later
    ("sans", ["CN=sans"], "utf8only", ["-days", "2", "-addext",
              "subjectAltName=DNS:a.example.org,DNS:mail,IP:192.0.2.30,email:r@example.org,IP:2001:db8::30,URI:http://x/,DNS:*.example.org"]),
    ("usage", ["CN=usage"], "utf8only", ["-days", "2", "-addext", "extendedKeyUsage=serverAuth,clientAuth,1.3.6.1.5.5.8.2.2"]),
    ("anyusage", ["CN=usage"], "utf8only", ["-days", "2", "-addext", "extendedKeyUsage=critical,anyExtendedKeyUsage"]),
]


def openssl(*words, **more):
    p = subprocess.run(["openssl", *words], capture_output=True, **more)
    if p.returncode:
        sys.exit("openssl %s: %s" % (" ".join(words), p.stderr.decode()))
    return p.stdout


def make(work, name, subject, mask, more):
    conf = os.path.join(work, "conf")
    with open(conf, "w") as f:
        f.write("oid_section=oids\n[oids]\nunknown=1.3.6.1.4.1.32473.1\n[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=%s\n[dn]\n" % mask)
        for s in subject:
            key, value = s.split("=", 1)
            f.write("%s=\"%s\"\n" % (key.replace("1.3.6.1.4.1.32473.1", "unknown"), value))
    pem = os.path.join(work, name + ".pem")
    words = ["req", "-new", "-x509", "-key", os.path.join(work, "key"), "-config", conf, "-utf8", "-out", pem, *more]
    openssl(*words, *([] if subject else ["-subj", "/"]))
    return pem


def name(text):
    """what RFC 4514 leaves open in one way: 2.2 the order within an RDN, 2.4 the case of hexadecimal digits"""
    rdns = re.split(r"(?<!\\), ", re.sub(r"=#[0-9A-F]+", lambda m: m[0].lower(), text.replace(" + ", "+")))
    return ", ".join("+".join(sorted(re.split(r"(?<!\\)\+", r))) for r in rdns)


def said(pem):
    """what openssl says, in our words"""
    def x(*words):
        return openssl("x509", "-in", pem, "-noout", *words).decode().rstrip("\n")
    der = openssl("x509", "-in", pem, "-outform", "der")
    want = {"subject": name(x("-subject", *NAMES).split("=", 1)[1]), "issuer": name(x("-issuer", *NAMES).split("=", 1)[1]),
            "leaf": {"len": len(der), "sha1": hashlib.sha1(der).hexdigest(), "sha256": hashlib.sha256(der).hexdigest()}}
    for key, words in (("not_before", "-startdate"), ("not_after", "-enddate")):
        want[key] = x(words, "-dateopt", "iso_8601").split("=", 1)[1].replace(" ", "T")
    sans = re.findall(r"(?:DNS|IP Address):([^,\n]+)", x("-ext", "subjectAltName"))
    if sans:
        want["sans"] = [s if s.count(":") != 7 else "2001:db8::30" for s in sans]
    uses = x("-ext", "extendedKeyUsage")
    if "Extended Key Usage" in uses.split("\n")[0]:
        got = {USAGES.get(u.strip(), "other") for u in uses.split("\n")[1].split(",")}
        want["eku"] = [u for u in ("serverAuth", "clientAuth", "any", "other") if u in got]
    return der, want


def frames(der, n):
    """a stream that begins with a certificate message, over as many records and segments as it takes"""
    def u24(k):
        return struct.pack(">I", k)[1:]
    body = u24(len(der) + 3) + u24(len(der)) + der
    message = b"\x0b" + u24(len(body)) + body
    stream = b"".join(b"\x16\x03\x03" + struct.pack(">H", len(message[i:i + 300])) + message[i:i + 300] for i in range(0, len(message), 300))
    for at in range(0, len(stream), 1000):
        part = stream[at:at + 1000]
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(part), 0, 0, 64, 6, 0, bytes([192, 0, 2, 30]), bytes([192, 0, 2, 50]))
        tcp = struct.pack(">HHIIBBHHH", 443, 50000 + n, 1 + at, 1, 0x50, 0x18, 8192, 0, 0)
        yield b"\x02\x00\x5e\x00\x00\x11\x02\x00\x5e\x00\x00\x01\x08\x00" + ip + tcp + part


def main():
    if not shutil.which("openssl"):
        print("no openssl")
        return 77
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", os.path.join(work, "key"))
        wants = []
        capture = os.path.join(work, "capture.pcap")
        with open(capture, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for n, case in enumerate(CASES):
                der, want = said(make(work, *case))
                wants.append(want)
                for frame in frames(der, n):
                    f.write(struct.pack("<IIII", 1700000000 + n, 0, len(frame), len(frame)) + frame)
        out = subprocess.run([sys.argv[1], "-q", "-r", capture, "--dissect=tls"], capture_output=True).stdout.decode()
        got = {r["dport"] - 50000: r for r in map(json.loads, out.splitlines())}
        for n, (case, want) in enumerate(zip(CASES, wants)):
            ours = got.get(n, {})
            ours.update({k: name(ours[k]) for k in ("subject", "issuer") if k in ours})
            bad = ["%s: openssl %s, here %s" % (k, json.dumps(v, ensure_ascii=False), json.dumps(ours.get(k), ensure_ascii=False))
                   for k, v in want.items() if ours.get(k) != v]
            bad += ["%s: nobody said so: %s" % (k, ours[k]) for k in ("sans", "eku") if k in ours and k not in want]
            passed, failed = passed + (not bad), failed + bool(bad)
            for b in bad:
                print("FAILED %s %s" % (case[0], b))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
