#!/usr/bin/env python3
"""Write the seed corpora: corpus/<target>/, at most 30 files each of 2 KB at most.

usage: make_seeds.py [CORPUS]        CROSSTAP_SHARED says where the captures lie (../shared beside the repository)

Packets come from pcaps/lab of the shared material and from the golden captures of this tree; for each layer the message
that it reads is cut out, and of those the ones that differ most in their first bytes and length are kept.  What no
capture holds is written by hand at the end.  The same captures give the same files, byte for byte.  Nothing is removed:
what fuzzing found since lies in the same folders.
"""
import base64, glob, hashlib, os, struct, sys, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("CROSSTAP_SHARED", os.path.join(ROOT, "..", "shared"))
MOST_FILES, MOST_BYTES, FROM_CAPTURES = 30, 2047, 18
IP6, SOURCE, CUT, TWICE = 1, 2, 4, 8        # choices of fuzz_dissector.c
ETHERTYPE = {0x0800: "ipv4", 0x0806: "arp", 0x86dd: "ipv6", 0x8100: "vlan", 0x88a8: "vlan"}
PROTO = {1: "icmp4", 6: "tcp", 17: "udp", 58: "icmp6", 41: "proto41"}
UDP_PORT = {53: "dns", 5353: "dns", 5355: "dns", 137: "nbns", 67: "dhcp4", 68: "dhcp4", 4011: "dhcp4", 546: "dhcp6", 547: "dhcp6", 3544: "teredo"}
LINKS = [1, 113, 276, 0, 108, 101, 12, 14, 228, 229, 9, 50, 51, 104, 204, 239]        # as ether.c, ppp.c and nflog.c claim them: what fuzz_frame.c counts

seeds = {}        # target -> {kind: [bytes]} of captures
by_hand = {}      # target -> [bytes]


def frames(path):
    """(link type, captured bytes, length on the wire) of a pcap file in either order"""
    data = open(path, "rb").read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if order is None:
        return
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xffff
    at = 24
    while at + 16 <= len(data):
        _, _, have, wire = struct.unpack_from(order + "4I", data, at)
        yield link, data[at + 16:at + 16 + have], wire
        at += 16 + have


def keep(target, kind, value, message, choices=0):
    seed = bytes([choices]) + struct.pack(">H", value) + message
    if message and len(seed) <= MOST_BYTES:
        seeds.setdefault(target, {}).setdefault(kind, [])
        if len(seeds[target][kind]) < 40 and seed not in seeds[target][kind]:
            seeds[target][kind].append(seed)


def layers(link, frame):
    """cut one frame into the messages of its layers"""
    if link == 1:
        keep("ether", frame[12:14], 1, frame)
        kind, at = struct.unpack_from(">H", frame, 12)[0], 14
    elif link in (113, 276):
        keep("ether", link, link, frame)
        at = 16 if link == 113 else 20
        kind = struct.unpack_from(">H", frame, 14 if link == 113 else 0)[0]
    else:
        return
    while kind in (0x8100, 0x88a8):
        keep("vlan", kind, kind, frame[at:])
        kind, at = struct.unpack_from(">H", frame, at + 2)[0], at + 4
    body = frame[at:]
    if kind in ETHERTYPE and kind != 0x8100:
        keep(ETHERTYPE[kind], (body[6:7], len(body) // 64), kind, body)
    if kind == 0x0800 and body[6] & 0x3f == 0 and body[7] == 0:
        upper(body[9], body[(body[0] & 15) * 4:struct.unpack_from(">H", body, 2)[0]], 0)
    elif kind == 0x86dd:
        nxt, rest = body[6], body[40:]
        while nxt in (0, 43, 60) and len(rest) > 8:
            nxt, rest = rest[0], rest[(rest[1] + 1) * 8:]
        upper(nxt, rest, IP6)


def upper(proto, body, choices):
    if proto not in PROTO or len(body) < 8:
        return
    ports = struct.unpack_from(">HH", body)
    keep(PROTO[proto], body[:1] if proto in (1, 58) else (body[6:7], body[8:10]) if proto == 41 else ports, proto, body, choices)
    if proto == 6 and len(body) > 20:
        body = body[(body[12] >> 4) * 4:]
        tls(body, choices)
    elif proto == 17:
        body = body[8:]
    else:
        return
    for port, flags in ((ports[1], 0), (ports[0], SOURCE)):
        if proto == 17 and port in UDP_PORT or proto == 6 and port == 53:
            name = UDP_PORT[port]
            what = {"dns": (proto, port, body[2:4]), "nbns": body[2:4], "dhcp6": body[:1],
                    "dhcp4": (body[:1], body[242:243]), "teredo": (body[:2], len(body) // 32)}[name]
            keep(name, what, port, body, choices | flags)
            return


def tls(body, choices):
    """what begins with a handshake, and the certificates in it"""
    if body[:2] != b"\x16\x03" or len(body) < 12:
        return
    keep("tls", (body[5:6], len(body) // 256), 0, body, choices | 16)                   # behind a SYN
    keep("tls", (body[5:6], len(body) // 256, "pieces"), 0, body, choices | 16 | 1 << 5)
    at = body.find(b"\x30\x82")
    while at >= 3:
        size = 4 + struct.unpack_from(">H", body, at + 2)[0]
        if body[at - 3] == 0 and struct.unpack_from(">H", body, at - 2)[0] == size and len(body) >= at + size:
            seeds.setdefault("x509", {}).setdefault(size // 128, []).append(body[at:at + size])
        at = body.find(b"\x30\x82", at + 1)


def spread(kinds):
    """round robin over the kinds, shortest and longest of each first"""
    order = []
    for kind in sorted(kinds, key=repr):
        group = sorted(kinds[kind], key=lambda s: (len(s), s))
        order.append([group.pop(0 if i % 2 == 0 else -1) for i in range(len(group))])
    return [group[i] for i in range(max(map(len, order))) for group in order if i < len(group)]


def sequence(link, items, cut=0):
    """an input of fuzz_frame.c"""
    return bytes([LINKS.index(link) if link in LINKS else len(LINKS)]) + b"".join(struct.pack(">HB", len(f), cut) + f for f in items)


def hand(target, *all_of):
    by_hand.setdefault(target, []).extend(all_of)


def message(value, body, choices=0):
    return bytes([choices]) + struct.pack(">H", value) + body


def dns_by_hand():
    head = lambda flags, *counts: struct.pack(">H5H", 0x1234, flags, *(counts + (0,) * 4)[:4])
    question = b"\x04wpad\x04corp\x00\x00\x01\x00\x01"
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x42"
    whole = head(0x8180, 1, 1) + question + record
    hand("dns", message(53, whole, SOURCE), message(53, struct.pack(">H", len(whole)) + whole, SOURCE | IP6),
         message(53, (struct.pack(">H", len(whole)) + whole) * 14, 0),                    # more than layers allow
         message(53, head(0x0100, 1) + b"\xc0\x0c\x00\x01\x00\x01"),                      # points to itself
         message(53, head(0x0100, 2) + b"\x01a\xc0\x12\x00\x01\x00\x01\x01b\xc0\x0c\x00\x01\x00\x01"),
         message(53, head(0x0100, 1) + (b"\x3f" + b"x" * 63) * 4 + b"\x00\x00\x01\x00\x01"),   # longer than 255
         message(53, head(0x8180, 0, 2) + b"\x00\x00\x0a\x00\x01" + bytes(4) + struct.pack(">H", 3 + 2 * 140) + b"\x01x\x00" +
                 b"".join(struct.pack(">H", 0xc000 | (23 if i == 0 else 26 + 2 * (i - 1))) for i in range(140)) +
                 struct.pack(">H", 0xc000 | (26 + 2 * 139)) + b"\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"),
         message(53, head(0x2800, 1, 0, 1) + b"\x04corp\x00\x00\x06\x00\x01\x04wpad\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x42"),
         message(53, head(0x0100, 65535, 65535, 65535, 65535) + question),
         message(53, whole[:30], CUT))


def nbns_by_hand():
    wpad = b"\x20FHFAEBEECACACACACACACACACACACAAA"
    ask = struct.pack(">6H", 0xb2e1, 0x0110, 1, 0, 0, 0)
    register = struct.pack(">6H", 0xb2e1, 0x2910, 1, 0, 0, 1)
    hand("nbns", message(137, ask + wpad + b"\x00\x00\x20\x00\x01"),
         message(137, ask + wpad + b"\x04corp\x00\x00\x20\x00\x01"),
         message(137, ask + wpad + b"\xc0\x0c\x00\x20\x00\x01"),
         message(137, register + wpad + b"\x00\x00\x20\x00\x01\xc0\x0c\x00\x20\x00\x01\x00\x00\x00\x3c\x00\x06\x80\x00\x0a\x00\x00\x42"),
         message(137, struct.pack(">6H", 1, 0x8500, 0, 1, 0, 0) + wpad + b"\x00\x00\x20\x00\x01\x00\x00\x00\x00" +
                 struct.pack(">H", 6 * 90) + b"\x00\x00\x0a\x00\x00\x01" * 90))


def dhcp_by_hand():
    bootp = struct.pack(">4BI2H", 2, 1, 6, 0, 0x3903f326, 0, 0x8000) + bytes(16) + b"\x02\x00\x00\x00\x00\x01" + bytes(10)
    cookie = b"\x63\x82\x53\x63"
    opts = lambda *o: b"".join(bytes([c, len(v)]) + v for c, v in o)
    plain = bootp + bytes(192) + cookie
    hand("dhcp4", message(67, plain + opts((53, b"\x01"), (55, bytes(range(1, 20)))) + b"\xff"),
         message(68, plain + opts((53, b"\x05"), (54, b"\x0a\x00\x00\x02"), (121, b"\x18\x0a\x01\x02\x0a\x00\x00\x01\x00\x0a\x00\x00\x01\x21"), (252, b"http://x/\n")) + b"\xff"),
         message(68, bootp + opts((12, b"in sname")) + b"\xff" + bytes(53) + opts((66, b"in file")) + b"\xff" + bytes(118) + cookie + opts((53, b"\x02"), (52, b"\x03")) + b"\xff"),
         message(68, plain + opts((53, b"\x02")) + opts((119, b"\x04corp\x00\x03sub\xc0\x00\xc0\x08")) * 6 + b"\xff"),
         message(67, plain + opts((53, b"\x01"), (82, b"\x01\x04port\x02\x06\x00\x01\x02\x03\x04\x05\x05\x04\x0a\x00\x00\x00\x09\xff"), (81, b"\x04\x00\x00\x02pc\x04corp\x00"), (61, b"\xff\x00\x00\x00\x01\x00\x03\x00\x01\x02\x00\x00\x00\x00\x01"))),
         message(67, plain[:100], CUT))
    inner = b"\x01\xab\xcd\xef" + b"\x00\x01\x00\x0e\x00\x01\x00\x01\x2a\x2b\x2c\x2d\x02\x00\x00\x00\x00\x01" + b"\x00\x03\x00\x0c" + bytes(12)
    relayed = inner
    for hops in range(10):        # two deeper than anybody may
        relayed = bytes([12, hops]) + bytes(32) + struct.pack(">HH", 9, len(relayed)) + relayed
    reply = (b"\x07\xab\xcd\xef" + struct.pack(">HH", 3, 12 + 28 + 6) + b"\x00\x00\x00\x01" + bytes(8) + struct.pack(">HH", 5, 24) + b"\xfe\x80" + bytes(14) +
             b"\xff" * 8 + b"\x00\x0d\x00\x02\x00\x00" + b"\x00\x17\x00\x0f" + bytes(15) + b"\x00\x18\x00\x08\x04corp\x00\xc0\x00")
    hand("dhcp6", message(547, inner, IP6), message(547, relayed, IP6), message(546, reply, IP6), message(546, reply[:30], IP6 | CUT),
         message(547, b"\x01\xab\xcd\xef" + b"\x00\x01\x00\x00" * 40, IP6))


def nd_by_hand():
    ra = b"\x86\x00\x00\x00\x40\xc8\x07\x08" + bytes(8)
    hand("icmp6", message(58, ra + b"\x01\x01\x02\x00\x00\x00\x00\x01\x05\x01\x00\x00\x00\x00\x05\xdc", IP6),
         message(58, ra + b"\x19\x04\x00\x00\x00\x00\x00\x3c" + bytes(24), IP6),                   # even length: CVE-2020-16898
         message(58, ra + b"\x19\x00" + bytes(6), IP6), message(58, ra + b"\x19\xff" + bytes(6), IP6),
         message(58, ra + b"\x1f\x03\x00\x00\x00\x00\x00\x3c\x04corp\x03lab\x00" + bytes(5) + b"\x26\x02\x00\x3c\x00\x64\xff\x9b" + bytes(8), IP6),
         message(58, ra + b"\x03\x04\x40\xc0" + b"\xff" * 8 + bytes(4) + b"\x20\x01\x0d\xb8" + bytes(12) + b"\x18\x02\x30\x18\x00\x00\x00\x3c" + bytes(8), IP6),
         message(58, b"\x88\x00\x00\x00\xa0\x00\x00\x00\xfe\x80" + bytes(14) + b"\x02\x01\x02\x00\x00\x00\x00\x01", IP6),
         message(58, b"\x01\x04\x00\x00" + bytes(4) + b"\x60\x00\x00\x00\x00\x10\x11\x40" + bytes(32) + b"\x02\x22\x02\x23\x00\x10\x00\x00" + b"\x01\xab\xcd\xef" + bytes(4), IP6))
    hand("icmp4", message(1, b"\x03\x03\x00\x00" + bytes(4) + b"\x45\x00\x00\x30\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\xd4\x31\x00\x35\x00\x1c\x00\x00" + bytes(20)),
         message(1, b"\x08\x00\x00\x00\x00\x01\x00\x01abcdefgh"), message(1, b"\x0b\x00\x00\x00" + bytes(4) + b"\x45"))
    hand("arp", message(0x0806, b"\x00\x01\x08\x00\x06\x04\x00\x02" + bytes(20)), message(0x0806, b"\x00\x01\x08\x00\xff\xff\x00\x01" + bytes(20)),
         message(0x0806, b"\x00\x06\x08\x00\x06\x04\x00\x01" + bytes(38)))


def headers_by_hand():
    eth = b"\x33\x33\x00\x01\x00\x02\x02\x00\x00\x00\x00\x01\x86\xdd"
    ip6 = lambda nxt, n, hop=255: struct.pack(">IHBB", 0x60000000, n, nxt, hop) + b"\xfe\x80" + bytes(13) + b"\x01\xff\x02" + bytes(13) + b"\x01"
    ra = b"\x86\x00\x00\x00\x40\x00\x07\x08" + bytes(8)
    solicit = struct.pack(">4H", 546, 547, 8 + 4, 0) + b"\x01\xab\xcd\xef"
    chain = lambda *h: b"".join(h)
    opts = lambda nxt: bytes([nxt, 0, 1, 4, 0, 0, 0, 0])
    frag = lambda nxt, off, more, ident=7: struct.pack(">BBHI", nxt, 0, off << 3 | more, ident)
    hand("ipv6", *[message(0x86dd, b) for b in (
        ip6(58, 16) + ra, ip6(0, 24) + opts(58) + ra, ip6(60, 8 * 9 + 16) + opts(60) * 8 + opts(58) + ra,
        ip6(43, 24 + 16) + bytes([58, 2, 0, 1, 0, 0, 0, 0]) + bytes(16) + ra, ip6(44, 24) + frag(58, 0, 0) + ra,
        ip6(44, 16) + frag(60, 0, 1) + opts(58), ip6(60, 8) + bytes([58, 255]) + bytes(6), ip6(17, 0) + solicit,
        ip6(41, 56) + ip6(58, 16) + ra, ip6(59, 8) + bytes(8), ip6(17, 65535) + solicit)])
    ip4 = lambda proto, n, where=0, ihl=5: struct.pack(">BBHHHBBH4s4s", 0x40 | ihl, 0, n + ihl * 4, 7, where, 64, proto, 0, b"\x0a\0\0\x01", b"\x0a\0\0\x02")
    hand("ipv4", *[message(0x0800, b) for b in (
        ip4(17, 12) + solicit, ip4(17, 12, 0, 15) + b"\x01" * 40 + solicit, ip4(17, 8, 0x2000) + solicit[:8], ip4(17, 4, 1) + solicit[8:],
        ip4(17, 8, 0x1fff) + bytes(8), ip4(17, 0, 0, 4), ip4(6, 20) + bytes(20), ip4(41, 56) + ip6(58, 16) + ra, b"\x45\x00\x00\x00" + bytes(16))])
    hand("udp", message(17, solicit), message(17, solicit[:4] + b"\x00\x00" + solicit[6:]), message(17, solicit[:4] + b"\xff\xff" + solicit[6:]), message(17, solicit[:4] + b"\x00\x07" + solicit[6:]))
    hand("tcp", message(6, struct.pack(">2H2IHHHH", 40000, 53, 1, 1, 0x5018, 64, 0, 0) + b"\x00\x1c" + struct.pack(">6H", 1, 256, 1, 0, 0, 0) + b"\x04wpad\x04corp\x00\x00\x01\x00\x01"),
         message(6, struct.pack(">2H2IHHHH", 40000, 53, 1, 1, 0xf018, 64, 0, 0)), message(6, struct.pack(">2H2IHHHH", 40000, 53, 1, 1, 0x4018, 64, 0, 0) + bytes(30)))
    arp = b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + bytes(20)
    hand("vlan", message(0x8100, b"\x00\x0c" + arp), message(0x88a8, b"\x00\x64\x81\x00\x00\x0c" + arp), message(0x8100, (b"\x00\x01\x81\x00") * 14 + b"\x00\x01" + arp),
         message(0x8100, b"\xe0"), message(0x9100, b"\x00\x05\x00\x26\xaa\xaa\x03\x00\x00\x00" + arp))
    hand("ether", message(1, bytes(12) + arp), message(1, bytes(12) + b"\x00\x24\xaa\xaa\x03\x00\x00\x00" + arp), message(113, b"\x00\x00\x00\x01\x00\x06" + bytes(8) + arp),
         message(276, b"\x08\x06\x00\x00\x00\x00\x00\x02\x00\x01\x00\x06" + bytes(8) + arp[2:]), message(101, ip6(58, 16) + ra), message(228, ip4(17, 12) + solicit), message(229, ip6(58, 16) + ra),
         message(0, b"\x18\x00\x00\x00" + ip6(58, 16) + ra), message(108, b"\x00\x00\x00\x18" + ip6(58, 16) + ra), message(12, b"\x45"), message(14, b""))
    body = struct.pack(">4H", 546, 547, 8 + 36, 0) + b"\x01\xab\xcd\xef" + b"\x00\x01\x00\x0e" + bytes(14) + b"\x00\x08\x00\x02\x00\x00" + bytes(8)
    piece = lambda off, more, data: eth + ip6(44, 8 + len(data)) + frag(17, off, more) + data
    one, two, three = piece(0, 1, body[:16]), piece(2, 1, body[16:32]), piece(4, 0, body[32:])
    hand("frame", sequence(1, [one, two, three]), sequence(1, [three, one, two]), sequence(1, [one, piece(1, 1, body[8:24]), two, three]),
         sequence(1, [one, one, three, two]), sequence(1, [piece(0x1fff, 0, bytes(16)), one]), sequence(1, [eth + chain(ip6(44, 8), frag(17, 0, 1))] * 6),
         sequence(1, [eth + ip6(44, 8 + 8, 64) + struct.pack(">BBHI", 17, 0, 1, i) + bytes(8) for i in range(9)]),
         sequence(65000, [bytes(60)]), sequence(1, [eth[:9]], 50), sequence(228, [ip4(17, 8, 0x2000) + body[:8], ip4(17, 8, 1) + body[8:16]]),
         sequence(1, [bytes(12) + b"\x08\x00" + ip4(17, 24, 0x2000) + body[:24], bytes(12) + b"\x08\x00" + ip4(17, len(body) - 24, 3) + body[24:]]))


def tunnels_by_hand():
    inner = lambda nxt, n, body=b"": b"\x60\0\0\0" + struct.pack(">HBB", n, nxt, 64) + bytes.fromhex("20010000c0000201" "00002fdc34ff8ef4" "20010000c6336401" "00002c0b34ff8ef3") + body
    auth = b"\0\1\4\6userdigest" + b"n" * 8 + b"\1"
    origin = b"\0\0" + b"\x2f\xdc\x34\xff\x8e\xf4"
    echo = b"\x80\0\0\0\0\7\0\1"
    hand("teredo", message(3544, auth + origin + inner(58, 8, echo)), message(3544, inner(59, 0)), message(3544, inner(59, 0, b"1234")),
         message(3544, inner(58, 8, echo + b"\1\4abcd\3\6abcdef"), SOURCE), message(3544, inner(58, 8, echo + b"\1\xff")), message(3544, inner(58, 65535, echo)),
         message(3544, b"\0\1\xff\xff" + inner(58, 8, echo)), message(3544, origin + origin + inner(59, 0)), message(3544, b"\0\0"), message(3544, auth[:9], CUT),
         message(3544, inner(41, 48, inner(41, 8, echo)), TWICE), message(40000, inner(58, 8, echo)), message(40000, inner(58, 8, echo)[:44], CUT))
    hand("proto41", message(41, inner(41, 88, inner(41, 48, inner(58, 8, echo)))), message(41, inner(58, 9, echo)), message(41, inner(59, 0), IP6), message(41, b"\x60"),
         message(41, b"\x45\0\0\x14" + bytes(16)), message(41, inner(44, 16, b"\x3a\0\0\1\0\0\0\7" + echo)), message(41, inner(58, 8, echo)[:30], CUT))


def streams_by_hand():
    """fuzz_prefix.c: the bytes of both directions in turn behind their length, then choices, offset, length, a byte"""
    server, contradict, cut, twice, long = 1, 2, 4, 8, 16
    one = b"\x03abc\x01d\x05efghi" + b"\x0a0123456789" * 30
    two = b"\x02OK\x00\x00" + b"\x04next" * 60
    both = bytes(b for pair in zip(one.ljust(400, b"\0"), two.ljust(400, b"\0")) for b in pair)
    text = lambda b: struct.pack(">H", len(b)) + b
    ops = lambda *o: b"".join(bytes(x) for x in o)
    hand("prefix", text(both) + ops((0, 0, 12, 0), (server, 0, 5, 0), (0, 12, 250, 0), (server | long, 0, 200, 0)),
         text(both) + ops(*[(0, i, 1, 0) for i in reversed(range(40))]), text(both) + ops(*[(server | twice, i, 3, 0) for i in range(0, 40, 2)]),
         text(both) + ops((0, 3, 9, 0), (contradict, 5, 4, 2), (0, 0, 3, 0), (contradict, 0, 20, 7)),
         text(both) + ops((cut, 0, 20, 5), (0, 0, 40, 0)), text(both) + ops((cut, 30, 20, 5), (0, 0, 60, 0)),
         text(both) + ops((0, 0, 4, 0), (contradict, 3, 1, 0), (0, 4, 1, 0), (0, 4, 30, 0), (0, 90, 9, 0), (long, 128, 250, 0), (0, 30, 255, 0)),
         *[text(both[:24] + bytes([n, n]) + both[26:]) + ops((0, 0, 60, 0), (server, 0, 60, 0), (0, 40, 60, 0)) for n in (0xff, 0xfe, 0xfd)])


def auth_by_hand():
    """fuzz_http, fuzz_auth: heads, tokens and the messages around them"""
    le = lambda f, *v: struct.pack("<" + f, *v)
    ref = lambda n, at: le("HHI", n, n, at)
    wide = lambda s: s.encode("utf-16-le")
    one = b"NTLMSSP\0" + le("II", 1, 0xb207) + ref(4, 37) + ref(5, 32) + b"HOST1CORP"
    two = b"NTLMSSP\0" + le("I", 2) + ref(8, 56) + le("I", 0xe28a8233) + bytes(range(1, 9)) + bytes(8) + ref(16, 64) + bytes(8) + wide("CORP") + le("HH", 2, 8) + wide("CORP") + bytes(4)
    names = [wide("corp"), wide("alice"), wide("WS-\U0001f600"), b""]
    at, three, body = 88, b"NTLMSSP\0" + le("I", 3), b""
    for v in [bytes(24), bytes(24)] + names:
        three, body = three + ref(len(v), at + len(body)), body + v
    three += le("I", 0xe2888215) + bytes(24) + body
    der = lambda tag, *v: bytes([tag]) + (bytes([len(b"".join(v))]) if len(b"".join(v)) < 128 else struct.pack(">BH", 0x82, len(b"".join(v)))) + b"".join(v)
    spnego = lambda t: der(0x60, der(6, b"\x2b\x06\x01\x05\x05\x02"), der(0xa0, der(0x30, der(0xa0, der(0x30, der(6, b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"))), der(0xa2, der(4, t)))))
    answer = lambda t: der(0xa1, der(0x30, der(0xa0, der(10, b"\x01")), der(0xa2, der(4, t))))
    b64 = lambda t: base64.b64encode(t)
    request = lambda *lines: b"GET /wpad.dat HTTP/1.1\r\nHost: wpad\r\n" + b"".join(x + b"\r\n" for x in lines) + b"\r\n"
    asks = lambda *lines: b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n" + b"".join(x + b"\r\n" for x in lines) + b"\r\nno\n"
    hand("http", *[message(0, b"M" * n) for n in (32, 33, 34)], *[message(0, b) for b in (  # methods as long as is read
        request(b"User-Agent: a", b"Authorization: NTLM " + b64(one)) + request(b"Authorization: NTLM " + b64(three)),
        asks(b"WWW-Authenticate: Negotiate", b"WWW-Authenticate: NTLM") + asks(b"WWW-Authenticate: NTLM " + b64(two)),
        request(b"Proxy-Authorization: Negotiate " + b64(spnego(one)), b"X: y"), asks(b"Proxy-Authenticate: Negotiate\r\n " + b64(answer(two))),
        b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n\x10\x01",
        b"POST /IPHTTPS HTTP/1.1\nTransfer-Encoding: chunked\n\n5\r\nabcde\r\n0\r\n\r\nGET http://wpad/wpad.dat?x HTTP/1.0\n\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 407 no\r\nproxy-authenticate: Digest realm=\"a, b\", Basic realm=x\r\nContent-Length: 1\r\n\r\n.HTTP/1.1 204 x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 900, b"GET " + b"/" * 900)])
    smb2 = lambda command, reply, body: b"\xfeSMB" + le("HHIHHIIQIIQ", 64, 0, 0, command, 1, reply, 0, 1, 0, 0, 5) + bytes(16) + body
    ask2 = lambda t: smb2(1, 0, le("HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(t), 0) + t)
    tell2 = lambda t: smb2(1, 1, le("HHHH", 9, 0, 72, len(t)) + t)
    smb1 = lambda reply, words, t: b"\xffSMB\x73" + bytes(4) + bytes([reply]) + bytes(22) + bytes([len(words) // 2]) + words + le("H", len(t)) + t
    frame = lambda m, kind=0: struct.pack(">I", kind << 24 | len(m)) + m
    wrapped = lambda t: le("4xHHHIHI4x", 1, 1, 0, 0, len(t), 0)[:24]
    hand("auth", *[message(445, frame(b)) for b in (ask2(spnego(one)), ask2(answer(three)), ask2(three), smb2(0, 0, bytes(36)),
                                                   smb1(0, wrapped(spnego(one)), spnego(one)), b"\xfdSMB" + bytes(60))],
         message(445, frame(tell2(answer(two))), SOURCE), message(445, frame(tell2(der(0xa1, der(0x30, der(0xa0, der(10, b"\0")))))), SOURCE),
         message(139, frame(b"\x20" + b"A" * 32 + b"\0" * 36, 0x81) + frame(b"", 0x82) + frame(ask2(one))),
         message(445, frame(smb1(0x80, le("4xHH", 0, len(answer(two))), answer(two))), SOURCE))
    ldap = lambda n, op: der(0x30, der(2, bytes([n])), op)
    bind = lambda name, how: der(0x60, der(2, b"\x03"), der(4, name), how)
    hand("auth", *[message(389, b) for b in (
        ldap(1, bind(b"cn=admin,dc=corp", der(0x80, b"secret"))) + ldap(2, der(0x42)), ldap(1, bind(b"", der(0xa3, der(4, b"GSS-SPNEGO"), der(4, spnego(one))))),
        ldap(3, der(0x63, der(4, b""), der(10, b"\0"))) + ldap(4, bind(b"NTLM", der(0x8a, one))), ldap(9, bind(b"", der(0x8b, three))), b"\x30\x84\x00\x00\x00\x05\x02\x01\x01\x42\x00")],
         message(389, ldap(1, der(0x61, der(10, b"\x0e"), der(4, b""), der(4, b""), der(0x87, answer(two)))), SOURCE),
         message(389, ldap(1, der(0x61, der(10, b"\0"), der(4, two), der(4, b""))), SOURCE))
    text = lambda s: der(0x1b, s)
    ctx = lambda n, *v: der(0xa0 + n, *v)
    asreq = der(0x6a, der(0x30, ctx(1, der(2, b"\x05")), ctx(2, der(2, b"\x0a")), ctx(3, der(0x30, bytes(2))), ctx(4, der(0x30,
        ctx(0, der(3, bytes(5))), ctx(1, der(0x30, ctx(0, der(2, b"\x01")), ctx(1, der(0x30, text(b"WS-ACC-11$"), text(b"x"))))), ctx(2, text(b"CORP.LAB")),
        ctx(9, der(0x30, der(0x30, ctx(0, der(2, b"\x14")), ctx(1, der(4, b"WS-ACC-11       "))), der(0x30, ctx(0, der(2, b"\x02")), ctx(1, der(4, b"\x0a\0\0\x11")))))))))
    hand("auth", message(88, frame(asreq)), message(88, frame(asreq) + frame(b"\x6c" + asreq[1:])), message(88, asreq, CUT))
def wrappers_by_hand():
    """each wrapper around a router advertisement, and with the lengths that may lie"""
    ra = b"\x86\x00\x00\x00\x40\x00\x07\x08" + bytes(8)
    ip6 = struct.pack(">IHBB", 0x60000000, len(ra), 58, 255) + b"\xfe\x80" + bytes(13) + b"\x01\xff\x02" + bytes(13) + b"\x01" + ra
    ip4 = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 7, 0, 64, 17, 0, b"\x0a\0\0\x01", b"\x0a\0\0\x02") + struct.pack(">4H", 40000, 53, 8, 0)
    eth = b"\x33\x33\x00\x00\x00\x01\x02\x00\x00\x00\x00\x01\x86\xdd" + ip6
    tagged = eth[:12] + b"\x81\x00\x00\x0c" + eth[12:]
    gre = lambda flags, kind, *rest: struct.pack(">HH", flags, kind) + b"".join(rest)
    erspan2 = lambda second: struct.pack(">HHI", 0x100c, second, 0)
    erspan3 = lambda bits: struct.pack(">HHIHH", 0x200c, 1, 0, 9, bits)
    hand("gre", *[message(47, b) for b in (
        gre(0, 0x0800, ip4), gre(0, 0x86dd, ip6), gre(0xb000, 0x0800, bytes(12), ip4), gre(0, 0x6558, eth), gre(0x2000, 0x6558, bytes(4), tagged),
        gre(0, 0x88be, eth), gre(0x1000, 0x88be, bytes(4), erspan2(1), eth), gre(0x1000, 0x88be, bytes(4), erspan2(0x401), eth[:40]),
        gre(0x1000, 0x22eb, bytes(4), erspan3(0), tagged), gre(0x1000, 0x22eb, bytes(4), erspan3(1), bytes(8), eth),
        gre(0x1000, 0x22eb, bytes(4), erspan3(2 << 10), ip6), gre(0x4000, 0x0800, bytes(4), ip4), gre(0x0007, 0x0800, ip4),
        gre(0x3081, 0x880b, struct.pack(">HHII", 4 + len(ip6), 1, 1, 1), b"\xff\x03\x00\x57", ip6), gre(0, 0x8847, b"\x00\x01\x01\x40", ip4),
        gre(0, 0x6558, eth[:12], b"\x08\x00" + ip4[:9] + b"\x2f" + ip4[10:20], gre(0, 0x6558, eth)))], message(47, gre(0, 0x6558, eth[:9]), CUT))
    vxlan = lambda flags, word=0, last=0: struct.pack(">BBHI", flags, 0, word, 42 << 8 | last)
    hand("vxlan", *[message(p, b) for p, b in (
        (4789, vxlan(8) + eth), (8472, vxlan(8) + tagged), (4789, vxlan(0x88, 7) + eth), (4790, vxlan(12, 1) + ip4), (4790, vxlan(12, 2) + ip6),
        (4790, vxlan(12, 3) + eth), (4790, vxlan(12, 5) + b"\x00\x01\x01\x40" + ip4), (4789, vxlan(8, 0, 1) + eth), (4789, vxlan(0) + eth), (4789, vxlan(8)))],
        message(4789, vxlan(8) + eth[:20], CUT), message(4789, vxlan(8) + eth, SOURCE | IP6))
    geneve = lambda n, kind, opts=b"": struct.pack(">BBHI", n, 0, kind, 42 << 8) + opts
    hand("geneve", *[message(6081, b) for b in (
        geneve(0, 0x6558) + eth, geneve(0, 0x0800) + ip4, geneve(0, 0x86dd) + ip6, geneve(2, 0x6558, bytes(8)) + tagged, geneve(63, 0x6558) + eth,
        geneve(0x40, 0x6558) + eth, geneve(0, 0x6558), geneve(0, 0x88cc) + eth)], message(6081, geneve(1, 0x6558, bytes(2)), CUT))
    tzsp = lambda tags, kind=0, inner=1: struct.pack(">BBH", 1, kind, inner) + tags
    hand("tzsp", *[message(37008, b) for b in (
        tzsp(b"\x01") + eth, tzsp(b"\x0a\x01\xc4\x00\x29\x02\x05\xdc\x01") + eth, tzsp(b"\x29\x01\x05\x01") + eth, tzsp(b"\x0a\xff") + eth,
        tzsp(bytes(200)), tzsp(b"\x01", 1) + tagged, tzsp(b"\x01", 0, 18) + eth, tzsp(b"\x01", 4))], message(37008, tzsp(b"\x0a"), CUT))
    label = lambda v, last: struct.pack(">I", v << 12 | last << 8 | 64)
    hand("mpls", *[message(v, b) for v, b in (
        (0x8847, label(16, 1) + ip4), (0x8848, label(16, 0) + label(17, 1) + ip6), (0x8847, label(16, 1) + bytes(4) + eth), (0x8847, label(16, 1) + b"\x00\x00\x00\x09" + tagged),
        (0x8847, label(16, 1) + eth), (0x8847, label(16, 1) + b"\x10\x00\x00\x07"), (0x8847, label(16, 0) * 20), (0x8847, label(16, 1)), (0x8847, label(16, 1) + bytes(14)))],
        message(0x8847, label(16, 1) + eth[:8], CUT))
    session = lambda n, body: struct.pack(">BBHH", 0x11, 0, 7, n) + body
    hand("ppp", *[message(v, b) for v, b in (
        (0x8864, session(2 + len(ip6), b"\x00\x57" + ip6)), (0x8864, session(1 + len(ip4), b"\x21" + ip4) + bytes(9)), (0x8864, session(65535, b"\x00\x57" + ip6)), (0x8864, session(1, b"\x00")),
        (0x8864, b"\x21" + session(0, b"")), (9, b"\xff\x03\x00\x57" + ip6), (9, b"\x21" + ip4), (50, b"\x0f\x00\x08\x00" + ip4), (50, b"\xff\x03\x00\x21" + ip4), (104, b"\x8f\x00\x86\xdd" + ip6),
        (51, session(2 + len(ip6), b"\x00\x57" + ip6)), (204, b"\x01\x00\x21" + ip4), (204, b""), (9, b"\x02\x81" + label(16, 1) + ip4), (9, b"\xc0\x21" + bytes(20)))])
    hand("sgt", *[message(0x8909, b) for b in (
        b"\x01\x01\x00\x01\x00\x02\x86\xdd" + ip6, b"\x01\x01\x00\x01\x00\x02\x81\x00" + tagged[14:], b"\x01\x02" + bytes(8) + b"\x08\x00" + ip4, b"\x01\xff" + bytes(30), b"\x02\x01\x00\x01\x00\x02\x08\x00" + ip4,
        b"\x01\x01\x00\x01\x00\x02\x89\x09" * 24)])
    attribute = lambda o, kind, v: struct.pack(o + "HH", 4 + len(v), kind) + v + bytes(-len(v) % 4)
    hand("nflog", *[message(239, b) for b in (
        b"\x0a\x00\x00\x00" + attribute("<", 10, b"x\x00") + attribute("<", 9, ip6), b"\x02\x00\x00\x01" + attribute(">", 1, bytes(4)) + attribute(">", 9, ip4),
        b"\x02\x00\x00\x00" + attribute("<", 8, b"\x00\x06\x00\x00\x02\x00\x00\x00\x00\x01\x00\x00") + attribute("<", 9, ip4), b"\x02\x00\x00\x00\x03\x00\x09\x00" + ip4, b"\x02\x00\x00\x00\xff\xff\x09\x00" + ip4,
        b"\x07\x00\x00\x00" + attribute("<", 9, ip4), b"\x02\x01\x00\x00" + attribute("<", 9, ip4), b"\x02\x00\x00\x00\x04\x00\x0a\x00" * 20)])


def files_by_hand():
    """what is no packet: capture files, configuration, feeds"""
    def block(order, kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)
    def section(order, link=1, options=b""):
        return (block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)) +
                block(order, 1, struct.pack(order + "HHI", link, 0, 65535) + options))
    packet = lambda order, have, wire: block(order, 6, struct.pack(order + "5I", 0, 1, 2, have, wire) + bytes(have))
    resolution = lambda order, v: struct.pack(order + "HHB3x", 9, 1, v) + struct.pack(order + "HH", 0, 0)
    for order in "<>":
        hand("pcapng", section(order) + packet(order, 60, 60), section(order, 113, resolution(order, 9)) + packet(order, 20, 1500),
             section(order, 1, resolution(order, 0x8a)) + block(order, 3, struct.pack(order + "I", 60) + bytes(60)) + block(order, 5, struct.pack(order + "3I", 0, 1, 2) + struct.pack(order + "HHQ", 5, 8, 17) + struct.pack(order + "HH", 0, 0)))
    hand("pcapng", section("<") + section(">") + packet(">", 4, 4), section("<")[:40], section("<") + packet("<", 60, 60)[:40])
    hand("yaml", b"authority:\n  - name: office\n    segments: [\"eth1/*\"]\n    prefixes: [10.16.40.0/24, \"fd74:852c:7a::/64\"]\n    dhcp4_servers: [{ip: [10.16.40.2], mac: \"48:4d:7e:d5:8c:ae\"}]\n"
         b"    routers: [{ip: [10.16.40.1, \"fe80::1\"], mac: [\"00:1a:8c:d9:06:22\", \"00:1a:8c:d9:06:23\"]}]\n    resolvers: []\n    failover: [[10.16.40.2, 10.16.40.3]]\n",
         b"{\"authority\": [{\"name\": \"json is yaml\", \"dhcp6_servers\": [{\"ip\": [], \"mac\": \"02-00-00-00-00-01\", \"duid\": [\"00:01:00:01\"]}]}]}\n",
         b"authority: &a\n  - name: x\n    resolvers: *a\n", b"authority:\n\t- tab\n", b"no_such_key: 1\nauthority: 7\n", b"--- a\n--- b\n", b"\xff\xfea\x00:\x00", b"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", b"")
    event = b'{"@timestamp":"2026-11-20T22:47:25.562Z","winlog":{"provider_name":"Microsoft-Windows-Iphlpsvc","event_id":%s,"channel":"System","record_id":1009,"computer_name":"ws.corp.lab","event_data":{"IsatapRouter":"10.16.40.66","ErrorCode":"0"}}}'
    xml = (b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Iphlpsvc'/><EventID>4100</EventID>"
           b"<TimeCreated SystemTime='2026-11-20T22:47:25.5620710Z'/><EventRecordID>1009</EventRecordID><Channel>System</Channel><Computer>ws.corp.lab</Computer></System>"
           b"<EventData><Data Name='IsatapRouter'>10.16.40.66</Data><Data>0</Data></EventData></Event>")
    nx = b'{"EventTime":"2026-11-20 22:47:25","Hostname":"ws","EventID":4100,"SourceName":"Microsoft-Windows-Iphlpsvc","IsatapRouter":"10.16.40.66"}'
    syslog = b"<132>1 2026-11-20T22:47:25.562071Z ws.corp.lab Microsoft-Windows-Iphlpsvc 812 - [NXLOG@14506 EventID=\"4100\" IsatapRouter=\"10.16.40.66\\]\"] "
    hand("json", event % b"4100", event % b'"4100"', event % b"18446744073709551616", nx, b"[" + nx + b"," + nx + b"]", syslog + nx + b"\n", syslog + b"\xef\xbb\xbf" + xml,
         b"%d %s" % (len(syslog + nx), syslog + nx), b"99999999 <1>", b"<132>Nov 20 22:47:25 ws MSWinEventLog\t1\tSystem\t1009\tFri Nov 20 22:47:25 2026\t4100\tMicrosoft-Windows-Iphlpsvc\tN/A\tN/A\tInformation\tws\tNone\t\ttext\t9\n",
         b"10,11/20/26,22:47:25,Assign,10.16.40.52,ws.corp.lab,54BF64403E6D,,12345,0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\n", event[:90], b'{"a":' * 200, b'{"winlog":{"event_id":4100,"event_id":4101,"\\u0000":"\\ud800"}}', xml)
    hand("xml", xml[xml.index(b"<EventData"):-8], b"\x00" + xml, b"\x00<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\x00" + b"<a>" * 40, b"<EventData><Data Name='IsatapRouter'>&#x31;&#0;<![CDATA[0]]></Data></EventData>",
         b"<UserData><E xmlns='x'><Address>10.0.0.1</Address></E></UserData>", b"\x00<?xml version='1.0' encoding='utf-16'?><Event/>", b"<RenderingInfo Culture='en-US'><Message>text</Message></RenderingInfo>")


def framing_by_hand():
    """connections of the three readers, and what they must refuse"""
    doc = b'{"winlog":{"provider_name":"Microsoft-Windows-Iphlpsvc","event_id":4100,"computer_name":"ws"}}'
    event = b"<Event><System><Provider Name='Microsoft-Windows-Iphlpsvc'/></System></Event>"
    hand("framing_stream", doc + b"\n" + doc + b" " + doc, b"<?xml version='1.0'?><Events>" + event + b"<!-- > -->" + event[:40] + event + b"</Events>", b"12 <1>a message" + b"9 <2>second",
         b"11/20/2026 10:47:25 PM\nLogName=System\n\nMessage=x\n11/20/2026 10:47:26 PM\nLogName=b", b"[\n" + doc + b",\n" + doc + b"\n]\n", b"\xef\xbb\xbf" + doc + b"\r\n{}", b"99999 <1>", b"[" + b"[" * 70 + b"\n{", b"<a b='<'>")
    frame = lambda kind, *numbers: b"2" + kind + struct.pack(">%dI" % len(numbers), *numbers)
    json = lambda seq, d: frame(b"J", seq, len(d)) + d
    pair = lambda k, v: struct.pack(">I", len(k)) + k + struct.pack(">I", len(v)) + v
    deflated = lambda b: frame(b"C", len(zlib.compress(b))) + zlib.compress(b)
    hand("framing_lumberjack", frame(b"W", 2) + json(1, doc) + json(2, b"{}"), frame(b"W", 2) + deflated(json(1, doc) + json(2, doc)), frame(b"W", 70) + b"".join(json(n, b"{}") for n in range(1, 71)),
         frame(b"W", 1) + frame(b"D", 1, 2) + pair(b"message", b'a "b"') + pair(b"host", b"\xff"), frame(b"W", 1) + frame(b"D", 1, 2000) + pair(b"", b"") * 2000, frame(b"W", 1) + frame(b"J", 1, 70000) + b"x" * 900,
         frame(b"W", 1) + deflated(deflated(json(1, b"{}"))), frame(b"W", 1) + deflated(json(1, b"x" * 60000)), frame(b"W", 1) + frame(b"W", 1), json(1, b"{}"), b"1W\0\0\0\1", frame(b"C", 9) + b"not zlib!", deflated(frame(b"W", 1) + json(1, doc)[:-4]))
    post = lambda path, fields, body: b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n" + body
    sized = lambda body, fields=b"": (fields + b"Content-Length: %d\r\n" % len(body), body)
    chunks = lambda *parts: (b"Transfer-Encoding: chunked\r\n", b"".join(b"%x;x=y\r\n" % len(p) + p + b"\r\n" for p in parts) + b"0\r\nTrailer: 1\r\n\r\n")
    hec = b'{"event":"' + event + b'"}'
    hand("framing_http", post(b"/", *sized(doc + b"\n" + doc + b"\n")) + post(b"/x?y", *sized(b"[" + doc + b"," + doc + b"]")), post(b"/services/collector/event", *sized(hec + hec, b"Authorization: Splunk token\r\n")),
         post(b"/services/collector?channel=1", *sized(hec)) + post(b"/services/collector/ack", *sized(b'{"acks":[0,1]}')), post(b"/v1/logs", *sized(zlib.compress(doc), b"Content-Encoding: deflate\r\n")),
         post(b"/v1/logs", *chunks(doc[:9], doc[9:], b"\n" + doc)), post(b"/_bulk", *sized(b'{"create":{}}\n' + doc + b"\n", b"Expect: 100-continue\r\n")), post(b"/", b"Authorization: Basic dXNlcjpwYXNz\r\n" + sized(doc)[0], doc),
         b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /_license HTTP/1.1\r\nHost: a\r\n\r\n", post(b"/", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"{}"), post(b"/", b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
         post(b"/", b"A: b\r\n c\r\n", b""), b"POST / HTTP/1.1\nHost: a\n\n", post(b"/", b"Transfer-Encoding: gzip, chunked\r\n", b""), post(b"/", b"", b""), b"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
         post(b"/", *chunks(b"{}"))[:-5], post(b"/", b"Content-Length: 30\r\nContent-Encoding: gzip\r\n", b"no gzip" * 5), post(b"/v1/traces", *sized(b"{}")), b"\x16\x03\x01", post(b"/", b"Transfer-Encoding: chunked\r\n", b"-1\r\n"))


def state_by_hand():
    """bytes of a state (first byte 0), and changes to one: offset and what is mixed in"""
    head = b"crosstap-state\0" + struct.pack(">BQQqqH", 1, 1, 2, 10 ** 18, 10 ** 18, 0)
    def section(name, first, records):
        return bytes([len(name)]) + name + struct.pack(">QQI", 0, first, len(records)) + b"".join(struct.pack(">I", len(r)) + r for r in records)
    hand("snapshot", b"\0" + head + b"\0", b"\0" + head, b"\0" + head + section(b"segments", 0, [bytes(40)]) + b"\0",
         b"\0" + head + section(b"hosts", 2 ** 63, [b"", b"x"]), b"\1",
         *(b"\1" + struct.pack(">IB", at, mix) for at, mix in ((0, 1), (15, 3), (40, 255), (60, 128), (100, 1), (900, 255), (5000, 16))),
         b"\1" + b"".join(struct.pack(">IB", at, 255) for at in range(64, 4096, 97)))

def main():
    corpus = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "corpus")
    captures = sorted(glob.glob(os.path.join(SHARED, "pcaps", "lab", "*", "*.pcap"))) + sorted(glob.glob(os.path.join(ROOT, "pcaps", "*", "*.pcap")))
    if not captures:
        sys.exit("no captures: CROSSTAP_SHARED says where they are")
    runs = {}
    for path in captures:
        first = []
        for link, frame, wire in frames(path):
            if len(frame) == wire and len(frame) >= 20 and len(first) < 4000:
                first.append(frame)
                try:
                    layers(link, frame)
                except (IndexError, struct.error):
                    pass
        if first and link in LINKS:
            while first and len(sequence(link, first)) > 1500:
                first.pop()
            runs.setdefault(link, []).append(sequence(link, first))
    for make in (dns_by_hand, nbns_by_hand, dhcp_by_hand, nd_by_hand, headers_by_hand, tunnels_by_hand, wrappers_by_hand, streams_by_hand, auth_by_hand, files_by_hand, framing_by_hand, state_by_hand):
        make()
    seeds["frame"] = runs
    for target in sorted(set(seeds) | set(by_hand)):
        wanted = by_hand.get(target, [])
        if target in seeds:
            wanted = wanted + spread(seeds[target])[:min(FROM_CAPTURES, MOST_FILES - len(wanted))]
        folder = os.path.join(corpus, target)
        os.makedirs(folder, exist_ok=True)
        for seed in wanted:
            if len(seed) <= MOST_BYTES:
                open(os.path.join(folder, hashlib.sha256(seed).hexdigest()[:16]), "wb").write(seed)
        print("%-7s %2d files" % (target, len(os.listdir(folder))))


if __name__ == "__main__":
    main()
