"""Frames as bytes for the simulated site: Ethernet with one tag, ARP, IPv4, IPv6, UDP, TCP, DHCPv4, DHCPv6, ND and DNS.

Every function takes texts or packed addresses and gives a whole frame; checksums are right, as a host would send them."""
import functools, socket, struct

FF = b"\xff" * 6
ZERO4 = bytes(4)
ONES4 = b"\xff" * 4
ZERO16 = bytes(16)


@functools.lru_cache(None)
def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def text_mac(m):
    return ":".join("%02x" % b for b in m)


@functools.lru_cache(1 << 16)
def ip4(text):
    return socket.inet_aton(text)


@functools.lru_cache(1 << 16)
def ip6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def text_ip(a):
    return socket.inet_ntop(socket.AF_INET if len(a) == 4 else socket.AF_INET6, a)


def ll(m):
    """the link-local address of RFC 4291 appendix A"""
    return b"\xfe\x80" + bytes(6) + eui(m)


def eui(m):
    return bytes([m[0] ^ 2]) + m[1:3] + b"\xff\xfe" + m[3:]


def fold(data):
    """the Internet checksum (RFC 1071): a sum modulo 65535"""
    if len(data) & 1:
        data += b"\0"
    return ~(int.from_bytes(data, "big") % 0xffff or 0xffff) & 0xffff


def eth(dst, src, vlan, kind, body):
    return dst + src + (struct.pack(">HHH", 0x8100, vlan, kind) if vlan else struct.pack(">H", kind)) + body


def group4(a):
    return b"\x01\x00\x5e" + bytes([a[1] & 127]) + a[2:]


def group6(a):
    return b"\x33\x33" + a[12:]


ident = [0]


def packet4(src, dst, proto, body, ttl=128):
    ident[0] = (ident[0] + 1) & 0xffff
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident[0], 0x4000, ttl, proto, 0, src, dst)
    return head[:10] + struct.pack(">H", fold(head)) + head[12:] + body


def packet6(src, dst, proto, body, hop=64):
    return struct.pack(">IHBB16s16s", 0x60000000, len(body), proto, hop, src, dst) + body


def pseudo(src, dst, proto, n):
    if len(src) == 4:
        return src + dst + struct.pack(">HH", proto, n)
    return src + dst + struct.pack(">II", n, proto)


def udp_body(src, dst, sport, dport, data):
    n = 8 + len(data)
    head = struct.pack(">HHHH", sport, dport, n, 0)
    return head[:6] + struct.pack(">H", fold(pseudo(src, dst, 17, n) + head + data) or 0xffff) + data


def ip(smac, dmac, vlan, src, dst, proto, body, ttl=0):
    if len(src) == 4:
        return eth(dmac, smac, vlan, 0x0800, packet4(src, dst, proto, body, ttl or 128))
    return eth(dmac, smac, vlan, 0x86dd, packet6(src, dst, proto, body, ttl or 64))


def udp(smac, dmac, vlan, src, dst, sport, dport, data, ttl=0):
    return ip(smac, dmac, vlan, src, dst, 17, udp_body(src, dst, sport, dport, data), ttl)


def tcp(smac, dmac, vlan, src, dst, sport, dport, seq, ack, flags, data=b"", ttl=0):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192, 0, 0)
    c = fold(pseudo(src, dst, 6, 20 + len(data)) + head + data)
    return ip(smac, dmac, vlan, src, dst, 6, head[:16] + struct.pack(">HH", c, 0) + data, ttl)


def arp(smac, dmac, vlan, op, sha, spa, tha, tpa):
    return eth(dmac, smac, vlan, 0x0806, struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, sha, spa, tha, tpa))


def icmp6(smac, dmac, vlan, src, dst, body, hop=255):
    c = fold(pseudo(src, dst, 58, len(body)) + body)
    return eth(dmac, smac, vlan, 0x86dd, packet6(src, dst, 58, body[:2] + struct.pack(">H", c) + body[4:], hop))


# ---- DHCPv4: fixed part of RFC 2131 figure 1, options of RFC 2132 ----
def o4(code, data):
    return bytes([code, len(data)]) + data


def bootp(op, xid, chaddr, options, ciaddr=ZERO4, yiaddr=ZERO4, siaddr=ZERO4, giaddr=ZERO4, flags=0, secs=0, hops=0):
    return struct.pack(">BBBBIHH4s4s4s4s6s202sI", op, 1, 6, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr,
                       chaddr, b"", 0x63825363) + options + b"\xff" + bytes(max(0, 60 - len(options)))


# ---- DHCPv6: RFC 8415 ----
def o6(code, data):
    return struct.pack(">HH", code, len(data)) + data


def d6(kind, xid, options):
    return struct.pack(">I", kind << 24 | xid & 0xffffff) + options


def ia_na(iaid, t1=0, t2=0, address=None, preferred=0, valid=0):
    inner = o6(5, address + struct.pack(">II", preferred, valid)) if address else b""
    return o6(3, struct.pack(">III", iaid, t1, t2) + inner)


# ---- ND: RFC 4861, options of RFC 4861 4.6 and RFC 8106 ----
def ra(lifetime, flags, options=b"", hop=64):
    return struct.pack(">BBHBBHII", 134, 0, 0, hop, flags, lifetime, 0, 0) + options


def rs(m):
    return struct.pack(">BBHI", 133, 0, 0, 0) + b"\1\1" + m


def ns(target, m=None):
    return struct.pack(">BBHI", 135, 0, 0, 0) + target + (b"\1\1" + m if m else b"")


def na(target, m, flags=0x20000000):
    return struct.pack(">BBHI", 136, 0, 0, flags) + target + b"\2\1" + m


def slla(m):
    return b"\1\1" + m


def pio(prefix, flags=0xc0, valid=2592000, preferred=604800):
    return struct.pack(">BBBBIII", 3, 4, 64, flags, valid, preferred, 0) + prefix


def rdnss(life, *addresses):
    return struct.pack(">BBHI", 25, 1 + 2 * len(addresses), 0, life) + b"".join(addresses)


# ---- DNS ----
@functools.lru_cache(1 << 14)
def qname(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".")) + b"\0"


def dns_query(ident_, name, kind=1, flags=0x0100):
    return struct.pack(">HHHHHH", ident_, flags, 1, 0, 0, 0) + qname(name) + struct.pack(">HH", kind, 1)


def dns_answer(ident_, name, address=None, kind=1, flags=0x8180, ttl=600):
    n = 1 if address else 0
    rr = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(address)) + address if n else b""
    return struct.pack(">HHHHHH", ident_, flags if n else flags | 3, 1, n, 0, 0) + qname(name) + struct.pack(">HH", kind, 1) + rr


def srv_answer(ident_, name, target, port=389):
    data = struct.pack(">HHH", 0, 100, port) + qname(target)
    rr = b"\xc0\x0c" + struct.pack(">HHIH", 33, 1, 600, len(data)) + data
    return struct.pack(">HHHHHH", ident_, 0x8580, 1, 1, 0, 0) + qname(name) + struct.pack(">HH", 33, 1) + rr


def nb_name(text, suffix=0x20):
    """first-level encoding of RFC 1001 14.1"""
    raw = text.upper().ljust(15).encode() + bytes([suffix])
    return b"\x20" + bytes(x for b in raw for x in (0x41 + (b >> 4), 0x41 + (b & 15))) + b"\0"


def nb_query(ident_, name):
    return struct.pack(">HHHHHH", ident_, 0x0110, 1, 0, 0, 0) + nb_name(name) + struct.pack(">HH", 32, 1)


def nb_answer(ident_, name, address):
    return (struct.pack(">HHHHHH", ident_, 0x8500, 0, 1, 0, 0) + nb_name(name)
            + struct.pack(">HHIH", 32, 1, 165, 6) + b"\0\0" + address)


# ---- files ----
PCAP_HEAD = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def record(at, frame):
    n = len(frame)
    us = int(at * 1000000 + 0.5)
    return struct.pack("<IIII", us // 1000000, us % 1000000, n, n) + frame
