#!/usr/bin/env python3
"""Golden captures: what crosstap says of each must be what an independent reader said, and no damage may change a value.

usage: golden.py --bin crosstap [--only SUBSTR] [--show N] PCAPS_DIR

For every FILE with FILE.obs.jsonl beside it, four checks:
  equal    every expected record is there, with every key it names; nothing of these protocols beyond (names that the
           reader was not asked for are ignored, as ../shared/score/parity.py does).  Where the record is marked malformed
           or truncated, a key may be missing, and a list may end early.
  twice    a second run prints the same bytes.
  cut      each packet cut at each byte (wire length kept): no crash, and whatever is printed is what the whole packet
           said; a list may end early, and what is less than the whole says truncated (or malformed).
  changed  each byte of each packet +1, -1 and 255: no crash, every line is JSON, a time limit is kept.
Last line: `N passed, N failed`.
"""
import argparse, json, os, re, struct, subprocess, sys, tempfile

MARKS = {"path", "ts", "via", "malformed", "truncated", "quoted", "frame", "proto", "stream", "iface"}
# what our own records say of damage and of the carrier; they are no values of the message
STATE = MARKS | {"bad", "bad_offset", "bad_what", "anomalies", "cut", "fragmented", "checksum_status", "timestamp", "file", "midstream"}
JUDGED = ("dhcpv4", "dhcpv6", "icmpv6", "dns", "nbns", "arp", "teredo", "6in4", "tls", "http", "auth")
QUIET = {"arp", "http"}     # printed when named only
TYPE = {"dhcpv4": "msg_type", "dhcpv6": "msg_type", "icmpv6": "type", "tls": "hs_type", "auth": "message"}
NAME = {"dns": re.compile("(?i)wpad|isatap|teredo"), "nbns": re.compile("(?i)^(wpad|isatap)")}

def packets(path):
    """(link type, captured bytes, wire length) of a pcap or pcapng; enough of both for what lies here"""
    data = open(path, "rb").read()
    magic = data[:4]
    if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        link, off = struct.unpack_from("<I", data, 20)[0], 24
        while off + 16 <= len(data):
            _, _, cap, wire = struct.unpack_from("<IIII", data, off)
            yield link, data[off + 16:off + 16 + cap], wire
            off += 16 + cap
        return
    order, off, links = (">" if data[8:12] == b"\x1a\x2b\x3c\x4d" else "<"), 0, []
    while off + 12 <= len(data):
        kind, total = struct.unpack_from(order + "II", data, off)
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, off + 8)[0])
        elif kind == 6:
            face, _, _, cap, wire = struct.unpack_from(order + "IIIII", data, off + 8)
            yield links[face], data[off + 28:off + 28 + cap], wire
        off += total

def write(path, link, frames):
    """a pcap of (bytes, wire length); ten minutes apart, so that nobody takes one for another's copy or the same stream"""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for i, (data, wire) in enumerate(frames):
            f.write(struct.pack("<IIII", 1700000000 + 600 * i, 0, len(data), wire) + data)

class Sensor:
    def __init__(self, binary, timeout):
        self.binary, self.timeout, self.named = binary, timeout, ""

    def name(self, want):
        protos = {w["proto"] for w in want}
        self.named = "=" + ",".join(sorted(protos)) if protos & QUIET else ""

    def less(self):
        """without ARP, whose record cannot say that a field is missing"""
        self.named = "" if self.named == "=arp" else self.named
        return self

    def run(self, path, arp=False):
        """exit status and raw output; the status is a text when something died"""
        cmd = [self.binary, "-q", "-r", path, "--dissect" + ("=arp" if arp else self.named)]
        try:
            p = subprocess.run(cmd, capture_output=True, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return "no end after %d s" % self.timeout, b""
        if p.returncode not in (0, 1):
            return "exit %d: %s" % (p.returncode, p.stderr.decode("utf-8", "replace")[-600:]), p.stdout
        return None, p.stdout

def records(raw):
    return [r for r in (json.loads(line) for line in raw.decode("utf-8").splitlines()) if r.get("proto") in JUDGED]

def asked(r):
    names = r.get("names", []) if r["proto"] == "nbns" else [x[0] for x in r.get("q", []) + r.get("an", [])]
    return r["proto"] not in NAME or any(NAME[r["proto"]].search(x or "") for x in names)

def part_of(whole, part, split=False):
    """part says nothing that whole does not: equal, or a list that ends early, or an object with fewer keys; of a message
    with split options (RFC 3396) also a text that ends early, since more of it may have come"""
    if split and isinstance(whole, str) and isinstance(part, str):
        return whole.startswith(part)
    if isinstance(whole, list) and isinstance(part, list):
        if part and isinstance(part[-1], str) and part[-1].startswith("bad@"):
            part = part[:-1]            # where the list ends early
        return len(part) <= len(whole) and all(part_of(w, p, split) for w, p in zip(whole, part))
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(k in STATE or (k in whole and part_of(whole[k], v, split)) for k, v in part.items())
    return whole == part

def values(r):
    return {k: v for k, v in r.items() if k not in STATE}

def equal(sensor, path, want):
    """complaints; [] when every expectation is met"""
    died, raw = sensor.run(path)
    if died:
        return [died]
    have, bad = [r for r in records(raw) if asked(r)], []
    for w in want:
        key = lambda r: (r["frame"], r["proto"], r.get(TYPE.get(r["proto"], "")))
        got = next((r for r in have if key(r) == key(w)), None)
        soft = w.get("malformed") or w.get("truncated")
        if got is None and soft:
            got = next((r for r in have if r["frame"] == w["frame"] and r["proto"] == w["proto"]), None)
        if got is None:
            bad.append("missing %s" % (key(w),))
            continue
        have.remove(got)
        for k, v in w.items():
            same = got.get(k) == v or (soft and (k not in got or part_of(v, got[k]) or part_of(got[k], v)))
            if k not in MARKS and not same:
                bad.append("%s %s: expected %s, got %s" % (key(w), k, json.dumps(v)[:200], json.dumps(got.get(k))[:200]))
        if w.get("truncated") and not (got.get("truncated") or got.get("malformed")):
            bad.append("%s does not say truncated" % (key(w),))
    return bad + ["beyond what was expected: frame %d %s" % (r["frame"], json.dumps(r)[:200]) for r in have]

def cut(sensor, path, work):
    """each packet, whole and then at each length, in a file of its own"""
    bad, streams = [], [r for r in records(sensor.run(path)[1]) if r["proto"] == "tls"]
    for n, (link, data, wire) in enumerate(packets(path), 1):
        write(work, link, [(data, wire)] + [(data[:i], wire) for i in range(len(data))])
        died, raw = sensor.run(work)
        if died:
            bad.append("packet %d: %s" % (n, died))
            continue
        out = records(raw)
        whole = [r for r in out if r["frame"] == 1]
        for r in (r for r in out if r["frame"] > 1):
            at = "packet %d cut at %d: %s" % (n, r["frame"] - 2, r["proto"])
            like = [w for w in whole if w["proto"] == r["proto"]]
            if r["proto"] == "tls" and r.get("truncated"):
                # the packet alone may wait for the next one; then what all of them say is what a part of it must not exceed
                like += [w for w in streams if (w["sport"], w["hs_type"]) == (r["sport"], r["hs_type"])]
            if not whole and r.get("truncated"):
                continue    # a first fragment is read alone when it can never be put together; what a cut hides of a
                            # message that the whole shows to be none has the benefit of the doubt
            codes = [o[0] for w in like if w["proto"] == "dhcpv4" for o in w.get("o", [])]
            split = r.get("truncated") and len(codes) != len(set(codes))
            if not any(part_of(values(w), values(r), split) for w in like):
                odd = {k: v for k, v in values(r).items() if not any(part_of(w.get(k), v, split) for w in like if k in w)}
                bad.append("%s says what the whole does not: %s" % (at, json.dumps(odd or r)[:200]))
            elif not (r.get("truncated") or r.get("malformed")) and not any(values(w) == values(r) for w in like):
                bad.append("%s is less than the whole and does not say so" % at)
    return bad

def changed(sensor, path, work):
    by_link = {}
    for link, data, wire in packets(path):
        for i in range(len(data)):
            for v in {(data[i] + 1) & 255, (data[i] - 1) & 255, 255}:
                by_link.setdefault(link, []).append((data[:i] + bytes([v]) + data[i + 1:], wire))
    bad = []
    for link, frames in by_link.items():
        write(work, link, frames)
        died, raw = sensor.run(work)
        if died:
            bad.append(died)
            continue
        try:
            records(raw)
        except ValueError as e:
            bad.append("not JSON: %s" % e)
    return bad

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("--show", type=int, default=5)
    ap.add_argument("--timeout", type=float, default=120)
    ap.add_argument("dir")
    a = ap.parse_args()
    sensor, passed, failed = Sensor(a.bin, a.timeout), 0, 0
    names = sorted(os.path.join(d, n) for d, _, ns in os.walk(a.dir) for n in ns if n.endswith(".obs.jsonl"))
    with tempfile.TemporaryDirectory() as tmp:
        work = os.path.join(tmp, "work.pcap")
        for expected in (n for n in names if a.only in n):
            path = next(p for p in (expected[:-10] + ".pcap", expected[:-10] + ".pcapng") if os.path.exists(p))
            want = [json.loads(line) for line in open(expected)]
            sensor.name(want)
            checks = {"equal": lambda: equal(sensor, path, want),
                      "twice": lambda: [] if sensor.run(path) == sensor.run(path) else ["two runs differ"],
                      "cut": lambda: cut(sensor.less(), path, work), "changed": lambda: changed(sensor.less(), path, work)}
            for what, check in checks.items():
                try:
                    bad = check()
                except (ValueError, KeyError, TypeError) as e:
                    bad = ["%s: %s" % (type(e).__name__, e)]
                passed, failed = passed + (not bad), failed + bool(bad)
                if bad:
                    print("FAILED %s %s: %d complaints" % (what, path, len(bad)))
                    print("\n".join("    " + b for b in bad[:a.show]))
    if passed + failed == 0:
        print("no golden file found")
        return 2
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0

if __name__ == "__main__":
    sys.exit(main())
