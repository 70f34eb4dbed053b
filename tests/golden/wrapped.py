#!/usr/bin/env python3
"""Wrappers change nothing: every golden packet again behind tags, in what mirrors deliver, behind IPv6 extension headers and in
fragments, and whole scenarios in VXLAN and ERSPAN, once and twice.

usage: wrapped.py --bin crosstap [--only SUBSTR] [--show N] PCAPS_DIR

What must be equal is every record with every key, but for the marks of the carrier (CARRIER; `vlan` is checked for what it must
be).  Where a record may differ, a row of REASONS says why, and each row must be needed.  The scenarios are those of
../shared/pcaps/lab (CROSSTAP_SHARED says where); their incidents must be the same by identity, detection, verdict, grade, actor,
victims and the count of each fact, also when each frame comes twice, by two ways.
Last line: `N passed, N failed`.
"""
import argparse, json, os, struct, subprocess, sys, tempfile

sys.dont_write_bytecode = True
from golden import Sensor

CARRIER = {"frame", "ts", "vlan", "mirrored", "ext_headers", "fragmented", "stream", "iface"}
ETHERNET, IPV4, IPV6, TAGS = 1, 0x0800, 0x86dd, (0x8100, 0x88a8, 0x9100, 0x9200)
HBH, ROUTING, FRAGMENT, AH, DESTINATION = 0, 43, 44, 51, 60
LAB = ("mitm6-default", "mitm6-vlan-tagged", "dhcpv4-rogue-one-victim", "benign-kea-mixed-clients")
OUTER_MACS = bytes.fromhex("02005e00a00202005e00a001")

MIRRORS = ("vxlan", "vxlan-fragments", "erspan", "gre-bridged", "geneve", "tzsp", "mpls")
HEADERS = ("destination-options", "hop-by-hop", "fragments", "fragments-backwards")

# (end of the capture's name, ways, beginning of what differs, why it may)
REASONS = (
    ("mirror/vxlan.pcap", MIRRORS, "missing", "a frame in two wrappers gets a third: two are read (MIRROR_MAX)"),
    ("nd/ra-evasion.pcap", HEADERS, "missing", "a chain of eight extension headers gets a ninth: eight are read (EXT_MAX)"),
    ("nd/ra-evasion.pcap", HEADERS[:2], "bad_offset", "where the packet is wrong is 8 bytes further on"),
    (".pcap", HEADERS[2:], "outer_fragment: true", "that is what the field says"),
)

# ---- captures ----
def packets(path):
    """(nanoseconds, link type, captured bytes, length on the wire)"""
    data = open(path, "rb").read()
    if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        unit, link, off = 1 if data[:1] == b"\x4d" else 1000, struct.unpack_from("<I", data, 20)[0], 24
        while off + 16 <= len(data):
            sec, frac, cap, wire = struct.unpack_from("<IIII", data, off)
            yield sec * 10**9 + frac * unit, link, data[off + 16:off + 16 + cap], wire
            off += 16 + cap
        return
    order, off, links = (">" if data[8:12] == b"\x1a\x2b\x3c\x4d" else "<"), 0, []
    while off + 12 <= len(data):
        kind, total = struct.unpack_from(order + "II", data, off)
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, off + 8)[0])
        elif kind == 6:         # of nanoseconds, as forge writes them
            face, high, low, cap, wire = struct.unpack_from(order + "5I", data, off + 8)
            yield high << 32 | low, links[face], data[off + 28:off + 28 + cap], wire
        off += total

def write(path, link, frames):
    """frames: (nanoseconds, captured bytes, length on the wire)"""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))
        for ns, data, wire in frames:
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(data), wire) + data)

# ---- ways: (captured, length on the wire) -> the frames that it becomes; None: it stays as it is ----
def payload_at(data):
    """type and offset behind the tags"""
    off = 12
    while off + 2 <= len(data):
        kind = struct.unpack_from(">H", data, off)[0]
        if kind not in TAGS:
            return kind, off + 2
        off += 4
    return 0, len(data)

def tagged(tpid, vid):
    def way(data, wire):
        return [(data[:12] + struct.pack(">HH", tpid, vid) + data[12:], wire + 4)] if len(data) >= 12 else None
    return way

def ones(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff

def ip4(proto, length, ident=0, where=0, side=1):
    head = struct.pack(">BBHHHBBH4B4B", 0x45, 0, 20 + length, ident, where, 64, proto, 0, 198, 51, 100, side, 198, 51, 100, 200)
    return head[:10] + struct.pack(">H", ones(head)) + head[12:]

def outer(proto, head, side=1):
    """the frame behind `head` in IPv4 in Ethernet"""
    def way(data, wire):
        top = OUTER_MACS + struct.pack(">H", IPV4) + ip4(proto, len(head(wire)) + wire, side=side) + head(wire)
        return [(top + data, len(top) + wire)] if len(top) + wire < 65000 else None
    return way

def udp_head(port, inner):
    return lambda wire: struct.pack(">4H", 50000, port, 8 + len(inner) + wire, 0) + inner

vxlan_head = udp_head(4789, struct.pack(">II", 0x08000000, 42 << 8))
vxlan = outer(17, vxlan_head)
geneve = outer(17, udp_head(6081, struct.pack(">BBHII", 1, 0, 0x6558, 42 << 8, 0x01020000)))
tzsp = outer(17, udp_head(37008, bytes.fromhex("0100000101")))
erspan_head = lambda vlan, session: lambda wire: struct.pack(">HHIHHI", 0x1000, 0x88be, 7, 0x1000 | vlan, session, 0)
erspan = outer(47, erspan_head(0, 5))
bridged = outer(47, lambda wire: struct.pack(">HHI", 0x2000, 0x6558, 42))

def vxlan_pieces(data, wire):
    """the wrapper's own datagram in two fragments; only of frames that were captured whole"""
    head = vxlan_head(wire)
    body = head + data
    cut = len(body) // 16 * 8
    if len(data) < wire or cut == 0 or len(body) > 65000:
        return None
    top = lambda n, where: OUTER_MACS + struct.pack(">H", IPV4) + ip4(17, n, vxlan_pieces.ident & 0xffff, where)
    vxlan_pieces.ident += 1
    one, two = top(cut, 0x2000) + body[:cut], top(len(body) - cut, cut // 8) + body[cut:]
    return [(one, len(one)), (two, len(two))]
vxlan_pieces.ident = 1

def mpls_pseudowire(data, wire):
    head = OUTER_MACS + struct.pack(">HII", 0x8847, 100 << 12 | 0x140, 0)
    return [(head + data, len(head) + wire)]

def options(kind):
    """an options header behind IPv6's own, or behind hop-by-hop options, which come first (RFC 8200 4.1)"""
    def way(data, wire):
        ether, at = payload_at(data)
        if ether != IPV6 or len(data) < at + 48:
            return None
        length, first = struct.unpack_from(">HB", data, at + 4)
        if length == 0 or length > 65527 or (first == HBH and kind == HBH):
            return None
        last, here = at + 6, at + 40            # where the next header is named, where it begins
        if first == HBH:
            last, here = at + 40, at + 40 + 8 * (data[at + 41] + 1)
        if here > len(data):
            return None
        new = bytearray(data[:here] + bytes([data[last], 0, 1, 4, 0, 0, 0, 0]) + data[here:])
        new[last] = kind
        struct.pack_into(">H", new, at + 4, length + 8)
        return [(bytes(new), wire + 8)]
    return way

def pieces(backwards):
    """the datagram in three fragments, in order or the last one first; only what was captured whole and is no fragment"""
    def way(data, wire):
        ether, at = payload_at(data)
        if len(data) < wire:
            return None
        if ether == IPV4 and len(data) >= at + 20:
            frames = pieces4(data, at)
        elif ether == IPV6 and len(data) >= at + 40:
            frames = pieces6(data, at)
        else:
            return None
        return frames and [(f, len(f)) for f in (frames[::-1] if backwards else frames)]
    return way

def cuts(n, least):
    """at multiples of 8; the first fragment holds `least`"""
    first = max((least + 7) // 8 * 8, n // 24 * 8)
    second = first + (n - first) // 16 * 8
    return [(0, first), (first, second), (second, n)] if 0 < first < second < n else None

def pieces4(data, at):
    head, (total, ident, where) = (data[at] & 15) * 4, struct.unpack_from(">HHH", data, at + 2)
    body = data[at + head:at + total]
    if data[at] >> 4 != 4 or head < 20 or where & 0x3fff or len(body) != total - head:
        return None
    pieces4.ident, out = pieces4.ident % 65535 + 1, []
    for a, b in cuts(len(body), 8) or ():
        new = bytearray(data[:at + head] + body[a:b])
        struct.pack_into(">HHH", new, at + 2, head + b - a, ident or pieces4.ident, a // 8 | (0x2000 if b < len(body) else 0))
        new[at + 10:at + 12] = b"\0\0"
        struct.pack_into(">H", new, at + 10, ones(bytes(new[at:at + head])))
        out.append(bytes(new))
    return out or None

pieces4.ident = 0

def pieces6(data, at):
    """RFC 8200 4.5: hop-by-hop and routing headers stay in front; RFC 7112: the first fragment holds the whole chain"""
    length, kind = struct.unpack_from(">HB", data, at + 4)
    last, here, end = at + 6, at + 40, at + 40 + length
    if length == 0 or end > len(data):
        return None
    while kind in (HBH, ROUTING) and here + 8 <= end:
        last, kind, here = here, data[here], here + 8 * (data[here + 1] + 1)
    chain, walk = here, kind
    while walk in (DESTINATION, AH) and chain + 8 <= end:
        walk, chain = data[chain], chain + (4 * (data[chain + 1] + 2) if walk == AH else 8 * (data[chain + 1] + 1))
    if walk in (FRAGMENT, HBH, ROUTING) or chain > end:
        return None
    pieces6.ident += 1
    out, body = [], data[here:end]
    for a, b in cuts(len(body), chain - here + (20 if walk == 6 else 8)) or ():
        new = bytearray(data[:here] + struct.pack(">BBHI", kind, 0, a | (b < len(body)), pieces6.ident) + body[a:b])
        new[last] = FRAGMENT
        struct.pack_into(">H", new, at + 4, here - at - 40 + 8 + b - a)
        out.append(bytes(new))
    return out or None
pieces6.ident = 0x5e000000

# name: way, tags that it adds, whether the frame comes in a mirror's wrapper
WAYS = {
    "tag": (tagged(0x8100, 3000), [3000], False),
    "qinq": (lambda d, w: tagged(0x88a8, 3001)(*tagged(0x8100, 3000)(d, w)[0]) if len(d) >= 12 else None, [3001, 3000], False),
    "vxlan": (vxlan, [], True), "vxlan-fragments": (vxlan_pieces, [], True), "erspan": (erspan, [], True),
    "gre-bridged": (bridged, [], True), "geneve": (geneve, [], True), "tzsp": (tzsp, [], True), "mpls": (mpls_pseudowire, [], True),
    "destination-options": (options(DESTINATION), [], False), "hop-by-hop": (options(HBH), [], False),
    "fragments": (pieces(False), [], False), "fragments-backwards": (pieces(True), [], False),
}

# ---- what is compared ----
def dissect(sensor, path, arp):
    died, raw = sensor.run(path, arp)
    if died:
        raise ValueError(died)
    return [json.loads(line) for line in raw.decode("utf-8").splitlines()]

def values(r):
    return {k: v for k, v in r.items() if k not in CARRIER}

def compare(plain, got, frame, name, tags, mirrored, changed):
    """complaints about the records of one packet"""
    bad = []
    for i in range(max(len(plain), len(got))):
        p, g = (x[i] if i < len(x) else None for x in (plain, got))
        if p is None or g is None:
            bad.append((frame, name, "%s %s" % ("missing" if g is None else "beyond", json.dumps(p or g)[:120])))
            continue
        a, b = values(p), values(g)
        for k in sorted(set(a) | set(b)):
            if a.get(k) != b.get(k):
                bad.append((frame, name, "%s: %s, not %s" % (k, json.dumps(b.get(k))[:80], json.dumps(a.get(k))[:80])))
        around = [] if p.get("mirrored") else tags           # the tags of a mirror's wrapper are not the frame's
        if changed and g.get("vlan", []) != (around + p.get("vlan", []))[:4]:
            bad.append((frame, name, "vlan: %s behind %s" % (g.get("vlan"), around)))
        if changed and mirrored and not g.get("mirrored") and not g.get("quoted"):
            bad.append((frame, name, "does not say mirrored"))
    return bad

def capture(sensor, path, work, used):
    """one capture by every way: the number of packets that went, and what differs without a reason"""
    frames, bad, went = list(packets(path)), [], 0
    if {link for _, link, _, _ in frames} != {ETHERNET}:
        return 0, []            # nothing to wrap: a link type without Ethernet
    arp = os.sep + "arp" + os.sep in path
    plain = {}
    write(work, ETHERNET, [(ns, data, wire) for ns, _, data, wire in frames])
    for r in dissect(sensor, work, arp):
        plain.setdefault(r["frame"], []).append(r)
    for name, (way, tags, mirrored) in WAYS.items():
        out, origin, changed = [], [], set()
        for n, (ns, _, data, wire) in enumerate(frames, 1):
            became = way(data, wire)
            if became:
                changed.add(n)
                went += 1
            for i, (d, w) in enumerate(became or [(data, wire)]):
                out.append((ns + i, d, w))
                origin.append(n)
        write(work, ETHERNET, out)
        got = {}
        for r in dissect(sensor, work, arp):
            got.setdefault(origin[r["frame"] - 1], []).append(r)
        for n in range(1, len(frames) + 1):
            bad += compare(plain.get(n, []), got.get(n, []), n, name, tags, mirrored, n in changed)
    left = []
    for frame, name, what in bad:
        why = [i for i, (end, of, key, _) in enumerate(REASONS) if path.endswith(end) and name in of and what.startswith(key)]
        used.update(why)
        if not why:
            left.append("frame %d, %s: %s" % (frame, name, what))
    return went, left

# ---- scenarios ----
def incidents(binary, wire, folder):
    cmd = [binary, "-q", "-r", wire, "-e", os.path.join(folder, "events.jsonl"), "-c", os.path.join(folder, "authority.yaml")]
    p = subprocess.run(cmd, capture_output=True, timeout=120)
    if p.returncode not in (0, 1):
        raise ValueError("exit %d: %s" % (p.returncode, p.stderr.decode("utf-8", "replace")[-300:]))
    last = {}
    for line in p.stdout.decode("utf-8").splitlines():
        r = json.loads(line)
        i = r.get("incident")
        if i:
            last[i["id"]] = {"detection": i["detection"], "verdict": i["verdict"], "grade": i["grade"], "actor": (i.get("actor") or {}).get("mac"),
                             "victims": sorted(str(v.get("mac")) for v in i["victims"]), "facts": {f["id"]: f["count"] for f in i["facts"]}}
    return last

def scenario_ways(frames):
    """name -> the frames of the capture, (nanoseconds, captured, length on the wire)"""
    other = outer(47, erspan_head(0, 6), side=2)
    once = lambda way: [(ns, *(way(d, w) or [(d, w)])[0]) for ns, _, d, w in frames]
    twice = lambda one, two: sorted(((ns + late, *f) for ns, _, d, w in frames for late, way in ((0, one), (200000, two)) for f in (way(d, w) or [(d, w)])[:1]),
                                    key=lambda f: f[0])
    as_is = lambda d, w: [(d, w)]
    return {"vxlan": once(vxlan), "erspan": once(erspan), "plain and erspan": twice(as_is, erspan), "two erspan sessions": twice(erspan, other),
            "erspan and plain": twice(erspan, as_is)}

def scenario(binary, folder, work):
    frames, bad = list(packets(os.path.join(folder, "capture.pcap"))), []
    plain = incidents(binary, os.path.join(folder, "capture.pcap"), folder)
    for name, out in scenario_ways(frames).items():
        write(work, ETHERNET, out)
        got = incidents(binary, work, folder)
        for i in sorted(set(plain) | set(got)):
            if plain.get(i) != got.get(i):
                bad.append("%s: %s, not %s" % (name, json.dumps(got.get(i)), json.dumps(plain.get(i))))
    return bad

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("--show", type=int, default=8)
    ap.add_argument("dir")
    a = ap.parse_args()
    sensor, passed, failed, skipped, used, total = Sensor(a.bin, 120), 0, 0, 0, set(), 0
    def result(what, bad):
        nonlocal passed, failed
        passed, failed = passed + (not bad), failed + bool(bad)
        if bad:
            print("FAILED %s: %d complaints" % (what, len(bad)))
            print("\n".join("    " + b for b in bad[:a.show]))
    names = sorted(os.path.join(d, n) for d, _, ns in os.walk(a.dir) for n in ns if n.endswith((".pcap", ".pcapng")))
    lab = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps", "lab")
    with tempfile.TemporaryDirectory() as tmp:
        work = os.path.join(tmp, "capture.pcap")
        for path in (n for n in names if a.only in n):
            try:
                went, bad = capture(sensor, path, work, used)
            except (ValueError, struct.error) as e:
                went, bad = 0, ["%s: %s" % (type(e).__name__, e)]
            total += went
            result(path, bad)
        if not a.only:
            result("a reason that is not needed", ["%s: %s" % (r[0], r[3]) for i, r in enumerate(REASONS) if i not in used])
        for name in (n for n in LAB if a.only in n):
            if not os.path.isdir(os.path.join(lab, name)):
                print("skipped, no corpus: %s (CROSSTAP_SHARED says where)" % os.path.join(lab, name))
                skipped += 1
                continue
            result(name, scenario(a.bin, os.path.join(lab, name), work))
    print("%d packets went another way" % total)
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    sys.exit(main())
