"""Attacks: what known tools send, each in other circumstances than the captures of the lab.  Truth is written from the rules."""
import hashlib
from redteam_lab import *

SCENES = []


def scene(name, **lab):
    def add(f):
        SCENES.append((name, lab, f))
        return f
    return add


def hextets(v4, n=1):
    """mitm6's address for a client"""
    return b"\xfe\x80" + bytes(4) + struct.pack(">HHHH", *[int(str(b), 16) for b in v4]) + struct.pack(">H", n)


def nudge(L, t, hosts, until, every=30.0, first=True):
    while t < until:
        L.ra(t, L.x, 0, 0xc8, b"")
        for h in hosts:
            L.settings(t + .004, h, True, True)
        t += every


def mitm6(L, t, h, preferred=300, rapid=False, x=None, n=1):
    x = x or L.x
    return L.solicited(t, h, x, hextets(h.ip, n), x.ll, (200, 250, preferred, preferred), duid=b"\0\3\0\1" + x.mac, rapid=rapid)


def poisoned(L, t, h, names=("wpad", "isatap"), x=None):
    """queries over the rogue's resolver; 4100 for isatap"""
    x = x or L.x
    for name in names:
        L.dns6(t, h, x, name + "." + DOMAIN, x.ip)
        if name == "isatap":
            L.isatap_set(t + .022, h, x.ip)
        t += .7
    return t


def takeover(L, victims, confirmed=True, **kw):
    for d in ("dhcpv6-rogue-server", "dns-takeover", "mitm6"):
        L.expect(d, victims, confirmed, **kw)


def started(L, at=2.0, step=.7, **kw):
    """all clients switched on; the time when all are ready"""
    return max(L.start(at + step * k, h, **kw) for k, h in enumerate(L.clients))


# ---- DHCPv6 ----
@scene("mitm6 answers one host of four")
def one_host(L):
    L.clients.append(L.box("WS-99"))
    t = started(L)
    nudge(L, t + 3, L.clients, t + 60)
    for k, h in enumerate(L.clients):
        if k == 2:
            u = mitm6(L, t + 4, h)
            poisoned(L, u + 2, h)
        else:
            for n in range(4):
                L.ask6(t + 4 + n * 2.0, h, 1, L.rng.getrandbits(24), ia_na(h.iaid))
    takeover(L, L.clients[2:3])
    L.expect("rogue-ra", L.clients, True)
    L.ambient(t + 60)


@scene("mitm6 without RA, one victim that only asks for wpad", clients=2)
def only_wpad(L):
    t = started(L)
    u = mitm6(L, t + 5, L.clients[0])
    poisoned(L, u + 2, L.clients[0], ("wpad",))
    L.lure(u + 3, L.x, L.clients[0])
    takeover(L, L.clients[:1])
    L.tolerated += ["credential-capture"]
    L.ambient(t + 30)


@scene("mitm6 waits: one answer in ten minutes", clients=3)
def patient(L):
    t = started(L)
    for k, h in enumerate(L.clients[:2]):
        u = mitm6(L, t + 60 + 240 * k, h)
        poisoned(L, u + 20, h, ("wpad", "files"))
    takeover(L, L.clients[:2])
    L.ambient(t + 400)


@scene("rogue DHCPv6 with rapid commit", clients=2)
def rapid(L):
    t = started(L)
    for h in L.clients:
        u = mitm6(L, t + 5, h, rapid=True)
        poisoned(L, u + 2, h)
        t += 2
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("stateless answers to Information-requests, RAs with O", v6="slaac", clients=3)
def information(L):
    t = started(L)
    L.ra(t + 2, L.x, 0, 0x48, slla(L.x.mac))
    for k, h in enumerate(L.clients):
        L.settings(t + 2.004, h, False, True)
        L.informed6(t + 3 + k, h, L.x, L.x.ll)
        poisoned(L, t + 6 + k, h)
    takeover(L, L.clients)
    L.expect("rogue-ra", L.clients, True)
    L.ambient(t + 30)


@scene("stateless answers beside the site's own server", v6="stateless", clients=2)
def information2(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.informed6(t + 3 + k, h, L.x, L.x.ll)
        poisoned(L, t + 6 + k, h)
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("pretender: RDNSS, fe80::8000 leases, Confirm refused", v6="slaac", clients=2)
def pretender(L):
    t = started(L)
    for k in range(3):
        L.ra(t + 2 + 10 * k, L.x, 0, 0xc0, slla(L.x.mac) + rdnss(180, L.x.ll))
    for k, h in enumerate(L.clients):
        L.settings(t + 2.01, h, True, True)
        a = b"\xfe\x80" + bytes(6) + b"\x80\0" + h.mac
        u = L.solicited(t + 3 + k, h, L.x, a, L.x.ll, (45, 51, 60, 60), duid=b"\0\3\0\1" + L.x.mac)
        poisoned(L, u + 2, h, ("files", "wpad"))
    takeover(L, L.clients)
    L.expect("rogue-ra", L.clients, True)
    L.ambient(t + 40)


@scene("Inveigh: RA with lifetime 300, short leases", clients=2)
def inveigh(L):
    t = started(L)
    L.ra(t + 2, L.x, 300, 0xc8, slla(L.x.mac))
    for k, h in enumerate(L.clients):
        L.settings(t + 2.01, h, True, True)
        u = L.solicited(t + 3 + k, h, L.x, hextets(h.ip, k + 1), L.x.ll, (200, 250, 30, 30), duid=b"\0\3\0\1" + L.x.mac)
        poisoned(L, u + 2, h, ("wpad",))
    takeover(L, L.clients)
    L.expect("rogue-ra", L.clients, True, bare=False)
    L.ambient(t + 30)


@scene("rogue DHCPv6 gives addresses of the site's own prefix and a resolver of its own", v6="stateful", clients=2)
def own_prefix(L):
    t = started(L)
    L.x.ip6 = L.g6(0x666)
    L.dad(1, L.x, L.x.ip6)
    L.icmp6(2.1, L.x, L.gw.ip6, ns(L.gw.ip6, L.x.mac), src=L.x.ip6, to=b"\x33\x33\xff" + L.gw.ip6[13:])
    L.icmp6(2.101, L.gw, L.x.ip6, na(L.gw.ip6, L.gw.mac, 0xe0000000), src=L.gw.ip6, to=L.x.mac)
    for k, h in enumerate(L.clients):
        L.solicited(t + 3 + k, h, L.x, L.g6(0x6660 + k), L.x.ip6, others=((L.dhcp, .009, L.g6(0x1900 + k), L.gw.ip6),))
        for n, name in enumerate(("www", "wpad")):
            L.icmp6(t + 6 + k, h, L.x.ip6, ns(L.x.ip6, h.mac), src=h.ip6, to=b"\x33\x33\xff" + L.x.ip6[13:])
            L.icmp6(t + 6.001 + k, L.x, h.ip6, na(L.x.ip6, L.x.mac, 0x60000000), src=L.x.ip6, to=h.mac)
            L.lookup(t + 6.1 + k + n, h, name + "." + DOMAIN, L.x, L.x.ip, src=h.ip6, dst=L.x.ip6)
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("rogue DHCPv6 under the site server's DUID", v6="stateful", clients=2)
def duid_copied(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u = L.solicited(t + 3 + k, h, L.x, L.g6(0x6660 + k), L.x.ll, duid=L.dhcp.duid)
        poisoned(L, u + 2, h)
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("rogue DHCPv6 with preference 255 loses the client after the Advertise", v6="stateful", clients=2)
def refused(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.solicited(t + 3 + k, h, L.dhcp, h.ip6, L.gw.ip6, others=((L.x, .001, L.g6(0x6666), L.x.ll),))
    L.expect("dhcpv6-rogue-server", L.clients, False)
    L.tolerated += ["mitm6", "dns-takeover"]
    L.ambient(t + 30)


@scene("Reconfigure without authentication", v6="stateful", clients=2)
def reconfigure(L):
    t = started(L)
    for h in L.clients:
        for n in range(3):
            L.udp(t + 2 + n, L.x, h, L.x.ll, h.ll, 547, 546, d6(10, 0, o6(1, h.duid) + o6(2, L.dhcp.duid) + o6(19, b"\x05")))
    L.expect("dhcpv6-rogue-server", L.clients, False, bare=False)
    L.ambient(t + 20)


@scene("a forger answers every tentative address of DHCPv6", v6="stateful", clients=5)
def declined6(L):
    t = 2
    for k, h in enumerate(L.clients):
        L.start(t + k, h, six=False)
        for n in range(2):
            u = t + 12 + k * 2 + n * 6
            a = L.g6(0x2000 + k * 8 + n)
            L.solicited(u, h, L.dhcp, a, L.gw.ip6)
            L.icmp6(u + 1.06, L.x, ALL6, na(a, L.x.mac), src=a)
            xid = L.rng.getrandbits(24)
            L.ask6(u + 1.1, h, 9, xid, o6(2, L.dhcp.duid) + ia_na(h.iaid, 0, 0, a, 0, 0))
            L.tell6(u + 1.102, L.dhcp, h, 7, xid, o6(13, b"\0\0"))
            h.ip6 = None
    L.expect("dhcpv6-rogue-server", (), False)
    L.tolerated += ["nd-spoof"]
    L.ambient(40)


@scene("mitm6 and a rogue DHCPv4 server of another machine", clients=4)
def two_rogues(L):
    t = started(L)
    y = L.box("ATT2", L.at(67), attacker=True, agent=False)
    L.announce(.5, y, y.ip)
    for k, h in enumerate(L.clients[:2]):
        u = mitm6(L, t + 4 + k, h)
        poisoned(L, u + 2, h)
    for k, h in enumerate(L.clients[2:]):
        L.lease(t + 6 + k, h, y, L.at(170 + k), L.options4(router=y.ip, dns=y.ip), others=((L.dhcp, .02, h.ip, None),))
        L.lookup(t + 12 + k, h, "isatap." + DOMAIN, y, y.ip)
        L.isatap_set(t + 12.02 + k, h, y.ip)
    takeover(L, L.clients[:2])
    L.expect("dhcpv4-rogue-server", L.clients[2:], True, y)
    L.expect("dns-takeover", L.clients[2:], True, y)
    L.ambient(t + 30)


@scene("mitm6 behind two tags", clients=2)
def tagged(L):
    L.vlan = 120
    t = started(L)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        poisoned(L, u + 2, h)
    L.frames = [(t, n, f[:12] + struct.pack(">HH", 0x88a8, 7) + f[12:]) for t, n, f in L.frames]
    takeover(L, L.clients)


# ---- RA and ND ----
def use_rdnss(L, t, h, x, names=("www", "wpad")):
    for k, name in enumerate(names):
        L.dns6(t + k, h, x, name + "." + DOMAIN, x.ip)


@scene("RA with a resolver and a prefix of its own", v6="slaac", clients=3)
def ra_rdnss(L):
    t = started(L)
    p = ip6("fd00:bad:1::")
    for k in range(4):
        L.ra(t + 2 + 7 * k, L.x, 1800, 0, slla(L.x.mac) + pio(p) + rdnss(1800, L.x.ll))
    for k, h in enumerate(L.clients):
        L.dad(t + 2.3 + k * .1, h, p[:8] + eui(h.mac))
        use_rdnss(L, t + 5 + k, h, L.x)
    L.expect("rogue-ra", L.clients, False, bare=False)
    L.expect("dns-takeover", L.clients, False, bare=False)
    L.tolerated += ["mitm6"]
    L.ambient(t + 40)


@scene("RA with lifetime 0 that gives only a resolver", v6="slaac", clients=2)
def ra_quiet(L):
    t = started(L)
    for k in range(4):
        L.ra(t + 2 + 7 * k, L.x, 0, 0, slla(L.x.mac) + rdnss(600, L.x.ll))
    for k, h in enumerate(L.clients):
        use_rdnss(L, t + 5 + k, h, L.x)
    L.expect("rogue-ra", L.clients, False)
    L.expect("dns-takeover", L.clients, False)
    L.tolerated += ["mitm6"]
    L.ambient(t + 40)


@scene("RA sets M on a network of autoconfiguration", v6="slaac", clients=2)
def ra_m(L):
    t = started(L)
    L.ra(t + 2, L.x, 1800, 0x80, slla(L.x.mac))
    for h in L.clients:
        L.settings(t + 2.01, h, True, False)
    L.expect("rogue-ra", L.clients, True, bare=False)
    L.ambient(t + 20)


@scene("router killed: lifetime 0 in its name", v6="slaac", clients=2)
def kill_router(L):
    t = started(L)
    for k in range(5):
        L.ra(t + 2 + 5 * k, L.x, 0, 0, b"", src=L.gw.ll)
    L.expect("rogue-ra", L.clients, False)
    L.ambient(t + 30)


@scene("prefix withdrawn in the router's name", v6="slaac", clients=2)
def kill_prefix(L):
    t = started(L)
    for k in range(3):
        L.ra(t + 2 + 5 * k, L.x, 1800, 0, slla(L.x.mac) + pio(L.prefix, 0xc0, 0, 0), src=L.gw.ll)
    L.expect("rogue-ra", L.clients, False, bare=False)
    L.tolerated += ["nd-spoof"]
    L.ambient(t + 30)


@scene("RA in fragments behind a destination option", v6="slaac", clients=2)
def ra_fragments(L):
    t = started(L)
    body = ra(1800, 0x08, slla(L.x.mac) + pio(ip6("fd00:bad:2::")))
    c = fold(pseudo(L.x.ll, ALL6, 58, len(body)) + body)
    full = b"\x3a\0\1\4\0\0\0\0" + body[:2] + struct.pack(">H", c) + body[4:]
    for n in range(3):
        for off, more in ((0, 1), (1, 0)):
            part = full[:8] if off == 0 else full[8:]
            frag = struct.pack(">BBHI", 60, 0, off << 3 | more, 0x1234 + n) + part
            L.put(t + 2 + 5 * n + off * .0002, eth(group6(ALL6), L.x.mac, 0, 0x86dd, packet6(L.x.ll, ALL6, 44, frag, 255)))
    L.expect("rogue-ra", L.clients, False)
    L.ambient(t + 25)


@scene("parasite6: every solicited neighbour is the forger", v6="slaac", clients=2)
def parasite(L):
    t = started(L)
    for k in range(6):
        for h in L.clients:
            u = t + 2 + 5 * k
            L.icmp6(u, h, L.gw.ll, ns(L.gw.ll, h.mac), to=b"\x33\x33\xff" + L.gw.ll[13:])
            L.icmp6(u + .0006, L.gw, h.ll, na(L.gw.ll, L.gw.mac, 0xe0000000), to=h.mac)
            L.icmp6(u + .003, L.x, h.ll, na(L.gw.ll, L.x.mac, 0x60000000), src=L.gw.ll, to=h.mac)
    L.expect("nd-spoof", L.clients, False)
    L.ambient(t + 40)


# ---- DHCPv4 ----
@scene("rogue DHCPv4 wins with the same pool and resolver, router is itself", clients=3)
def v4_router(L):
    t = started(L)
    for k, h in enumerate(L.clients[:2]):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(router=L.x.ip), others=((L.dhcp, .02, h.ip, None),))
    L.event(t + 8, L.dhcp, "server", 1042, {"param1": "(%s)" % text_ip(L.x.ip)})
    L.expect("dhcpv4-rogue-server", L.clients[:2], True)
    L.ambient(t + 20)


@scene("ettercap: serves only who asks it again, then resolves", clients=2)
def v4_request(L):
    """the rogue lets the server offer, and answers the REQUEST first under the server's identifier"""
    t = started(L)
    for k, h in enumerate(L.clients):
        xid, a = L.rng.getrandbits(32), h.ip
        u = t + 3 + 2 * k
        L.ask4(u, h, 1, xid, L.names4(h))
        L.tell4(u + .001, L.dhcp, h, 2, xid, a)
        L.ask4(u + .003, h, 3, xid, o4(50, a) + o4(54, L.dhcp.ip) + L.names4(h))
        L.tell4(u + .0035, L.x, h, 5, xid, a, L.options4(router=L.x.ip, dns=L.x.ip), sid=L.dhcp.ip, src=L.dhcp.ip, ttl=64)
        L.tell4(u + .0051, L.dhcp, h, 5, xid, a)
        L.announce(u + .02, h, a)
        for n, name in enumerate(("www", "wpad", "isatap")):
            L.lookup(u + 8 + n, h, name + "." + DOMAIN, L.x, L.x.ip, ttl=100)
        L.isatap_set(u + 10.02, h, L.x.ip)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.expect("dns-takeover", L.clients, True)
    L.ambient(t + 30)


@scene("Responder: the server's identifier, a proxy script, ten seconds", clients=2)
def responder4(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u, a, xid = t + 3 + 3 * k, h.ip, L.rng.getrandbits(32)
        opts = o4(51, b"\0\0\0\x0a") + o4(1, b"\xff\xff\xff\0") + o4(15, DOMAIN.encode()) + o4(3, L.gw.ip) + o4(6, L.gw.ip) + o4(252, b"http://%s/wpad.dat\n" % text_ip(L.x.ip).encode())
        L.ask4(u, h, 3, xid, o4(50, a) + L.names4(h))
        L.tell4(u + .001, L.x, h, 5, xid, a, opts, sid=L.dhcp.ip, src=L.dhcp.ip, ttl=64)
        L.tell4(u + .0031, L.dhcp, h, 5, xid, a)
        L.announce(u + .02, h, a)
        L.lure(u + 4, L.x, h)
    L.expect("dhcpv4-rogue-server", L.clients, False)
    L.tolerated += ["credential-capture", "dns-takeover"]
    L.ambient(t + 20)


@scene("rogue DHCPv4 gives only boot server and file", clients=2)
def v4_boot(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(extra=o4(66, text_ip(L.x.ip).encode()) + o4(67, b"pxelinux.0")), others=((L.dhcp, .02, h.ip, None),))
    L.expect("dhcpv4-rogue-server", L.clients, True, bare=False)
    L.ambient(t + 20)


@scene("rogue DHCPv4 gives routes by option 249 only", clients=2)
def v4_249(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(extra=o4(249, b"\1\0" + L.x.ip + b"\1\x80" + L.x.ip)), others=((L.dhcp, .02, h.ip, None),))
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.tolerated += ["vpn-leak"]
    L.ambient(t + 20)


@scene("rogue DHCPv4 gives another domain name", clients=2)
def v4_domain(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        opts = L.options4(domain=False, extra=o4(15, b"evil.example") + o4(119, qname("evil.example")))
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), opts, others=((L.dhcp, .02, h.ip, None),))
    L.expect("dhcpv4-rogue-server", L.clients, True, bare=False)
    L.ambient(t + 20)


@scene("rogue DHCPv4 names a resolver outside", clients=2)
def v4_outside(L):
    t = started(L)
    out = ip4("203.0.113.53")
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(dns=out), others=((L.dhcp, .02, h.ip, None),))
        for n, name in enumerate(("www", "mail")):
            L.lookup(t + 9 + k + n, h, name + "." + DOMAIN, L.gw, ip4("203.0.113.80"), dst=out)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.tolerated += ["dns-takeover"]
    L.ambient(t + 20)


@scene("rogue DHCPv4 serves a host of a network without another server", clients=2)
def v4_alone(L):
    L.ambient(40)
    for k, h in enumerate(L.clients):
        L.link_up(3 + k, h)
        L.lease(4 + k, h, L.x, L.at(150 + k), L.options4(dns=L.x.ip))
        for n, name in enumerate(("www", "wpad", "isatap")):
            L.lookup(9 + k + n, h, name + "." + DOMAIN, L.x, L.x.ip)
        L.isatap_set(11.02 + k, h, L.x.ip)
    L.expect("dhcpv4-rogue-server", L.clients, True, bare=False)
    L.expect("dns-takeover", L.clients, True, bare=False)


@scene("NAK storm", clients=4)
def nak_storm(L):
    t = started(L)
    for n in range(3):
        for k, h in enumerate(L.clients):
            u, xid = t + 3 + 5 * n + k, L.rng.getrandbits(32)
            L.ask4(u, h, 3, xid, o4(50, h.ip) + L.names4(h))
            L.tell4(u + .0006, L.x, h, 6, xid, ZERO4, b"")
            L.tell4(u + .0021, L.dhcp, h, 5, xid, h.ip)
            L.event(u + .003, h, "dhcp-admin", 1002, {"Address1": text_ip(h.ip), "HWLength": "6", "HWAddress": h.mac.hex().upper(), "Address2": text_ip(L.x.ip)})
    L.expect("dhcpv4-rogue-server", L.clients, True, bare=False)
    L.ambient(t + 25)


@scene("NAK in the server's name", clients=3)
def nak_spoofed(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u, xid = t + 3 + 2 * k, L.rng.getrandbits(32)
        L.ask4(u, h, 3, xid, o4(50, h.ip) + L.names4(h))
        L.tell4(u + .0006, L.x, h, 6, xid, ZERO4, b"", sid=L.dhcp.ip, src=L.dhcp.ip)
        L.tell4(u + .0021, L.dhcp, h, 5, xid, h.ip)
    L.expect("dhcpv4-rogue-server", L.clients, False)
    L.ambient(t + 25)


@scene("leases of others released", clients=5)
def released(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.ask4(t + 3 + .5 * k, h, 7, L.rng.getrandbits(32), o4(54, L.dhcp.ip), ciaddr=h.ip, l2=L.x.mac, to=L.dhcp.mac, dst=L.dhcp.ip, src=h.ip)
    L.expect("dhcp-starvation", (), False)
    L.tolerated += ["nd-spoof"]
    L.ambient(t + 20)


@scene("FORCERENEW from a stranger", clients=2)
def forcerenew(L):
    t = started(L)
    for h in L.clients:
        for n in range(2):
            L.tell4(t + 2 + n, L.x, h, 9, L.rng.getrandbits(32), ZERO4, b"", ciaddr=h.ip)
    L.expect("dhcpv4-rogue-server", L.clients, False, bare=False)
    L.ambient(t + 20)


@scene("BOOTP answers without a message type", clients=2)
def bootp_rogue(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        xid = L.rng.getrandbits(32)
        L.ask4(t + 3 + k, h, 1, xid, L.names4(h))
        L.put(t + 3.001 + k, udp(L.x.mac, h.mac, 0, L.x.ip, L.at(150), 67, 68, bootp(2, xid, h.mac, o4(1, b"\xff\xff\xff\0") + o4(3, L.x.ip) + o4(6, L.x.ip), yiaddr=L.at(150 + k)), 64))
        L.tell4(t + 3.004 + k, L.dhcp, h, 2, xid, h.ip)
        L.ask4(t + 3.006 + k, h, 3, xid, o4(50, h.ip) + o4(54, L.dhcp.ip) + L.names4(h))
        L.tell4(t + 3.008 + k, L.dhcp, h, 5, xid, h.ip)
    L.expect("dhcpv4-rogue-server", L.clients, False, bare=True)
    L.ambient(t + 20)


# ---- exhaustion ----
def drain(L, t, n, every, key, pool=None, lease=True, answer=True, xid=None):
    """n transactions; the server stops offering when the pool is empty and says so"""
    pool = pool or n + 50
    for k in range(n):
        u = t + k * every
        ch, l2, cid = key(k)
        x = xid or L.rng.getrandbits(32)
        L.ask4(u, L.x, 1, x, o4(55, b"\1\x79\3\6\x0f\x77\xfc"), l2=l2, chaddr=ch, cid=cid)
        if k < pool and answer:
            y = L.at(70 + k % 180)
            L.tell4(u + .002, L.dhcp, L.x, 2, x, y, chaddr=ch, to=ch if ch == l2 else l2)
            if lease:
                L.ask4(u + .02, L.x, 3, x, o4(50, y) + o4(54, L.dhcp.ip), l2=l2, chaddr=ch, cid=cid)
                L.tell4(u + .022, L.dhcp, L.x, 5, x, y, chaddr=ch, to=ch if ch == l2 else l2)
        if lease and k == int(pool * .8):
            L.event(u + .1, L.dhcp, "server", 1020, {"param1": text_ip(L.net), "param2": "80", "param3": str(pool // 5)})
        if k == pool:
            L.event(u + .1, L.dhcp, "server", 1063, {"param1": text_ip(L.net)})
    return t + n * every


def uni(L):
    return bytes([L.rng.getrandbits(8) & 0xfc | 2]) + L.rng.randbytes(5)


@scene("starvation from one port, random hardware addresses, one in five seconds", clients=2)
def starve_slow(L):
    t = started(L)
    e = drain(L, t + 3, 30, 5, lambda k: (uni(L), L.x.mac, None))
    L.expect("dhcp-starvation", (L.dhcp,), False)
    L.tolerated += ["dhcp-discover-flood"]
    L.ambient(e + 15)


@scene("starvation with client identifiers that change, pool runs out", clients=2)
def starve_cid(L):
    t = started(L)
    e = drain(L, t + 3, 60, .4, lambda k: (L.x.mac, L.x.mac, b"\1" + L.rng.randbytes(6)), pool=50)
    L.expect("dhcp-starvation", (L.dhcp,), True)
    L.tolerated += ["dhcp-discover-flood"]
    L.ambient(e + 15)


@scene("starvation with source and hardware address alike, ten a second", clients=3)
def starve_both(L):
    t = started(L)

    def key(k):
        m = uni(L)
        return m, m, b"\1" + m
    e = drain(L, t + 3, 120, .1, key, pool=100)
    L.expect("dhcp-starvation", (L.dhcp,), True, actor=None)
    L.tolerated += ["dhcp-discover-flood"]
    L.ambient(e + 20)


@scene("starvation in the background of a boot storm", clients=12)
def starve_hidden(L):
    t = started(L, step=.9)
    e = drain(L, 6, 40, .5, lambda k: (uni(L), L.x.mac, None))
    L.expect("dhcp-starvation", (L.dhcp,), False)
    L.tolerated += ["dhcp-discover-flood"]
    L.ambient(max(e, t) + 20)


@scene("DISCOVER flood of random addresses, one transaction number", clients=2)
def flood_xid(L):
    t = started(L)

    def key(k):
        m = L.rng.randbytes(6)
        return m, m, None
    e = drain(L, t + 3, 600, .01, key, lease=False, answer=False, xid=0x643c9869)
    L.expect("dhcp-discover-flood", (L.dhcp,), False, actor=None)
    L.tolerated += ["dhcp-starvation"]
    L.ambient(e + 15)


@scene("DISCOVER flood from one port, offers unanswered, two a second", clients=2)
def flood_port(L):
    t = started(L)
    e = drain(L, t + 3, 80, .5, lambda k: (uni(L), L.x.mac, None), lease=False)
    L.expect("dhcp-discover-flood", (L.dhcp,), False)
    L.tolerated += ["dhcp-starvation"]
    L.ambient(e + 15)


@scene("SOLICIT flood from one source", v6="stateful", clients=2)
def solicits(L):
    t = started(L)
    for k in range(200):
        duid = b"\0\1\0\1" + L.rng.randbytes(10)
        L.put(t + 3 + k * .05, udp(L.x.mac, group6(DHCP6), 0, L.x.ll, DHCP6, 546, 547, d6(1, L.rng.getrandbits(24), o6(1, duid) + o6(8, b"\0\0") + ia_na(15)), 1))
    L.expect("dhcpv6-solicit-flood", (L.dhcp,), False)
    L.ambient(t + 25)


@scene("declines induced by a machine that claims every probed address", clients=6)
def induced(L):
    for k, h in enumerate(L.clients):
        t = 2 + k * 2.0
        L.link_up(t, h)
        for n in range(2):
            a = L.at(60 + 2 * k + n)
            u = L.lease(t + .2 + n * 12, h, address=a, quiet=True)
            L.arp(u + .05, h, 1, ZERO4, bytes(6), a)
            L.arp(u + .051, L.x, 2, a, h.mac, ZERO4, to=h.mac)
            L.ask4(u + .06, h, 4, L.rng.getrandbits(32), o4(50, a) + o4(54, L.dhcp.ip))
            L.event(u + .06, h, "dhcp-admin", 1005, {"Address1": text_ip(a), "HWLength": "6", "HWAddress": h.mac.hex().upper()})
            h.ip = None
    L.expect("dhcp-starvation", (), False)
    L.tolerated += ["nd-spoof"]
    L.ambient(50)


@scene("starved, then served", clients=3)
def starve_serve(L):
    t = started(L)
    e = drain(L, t + 3, 90, .2, lambda k: (uni(L), L.x.mac, None), pool=80)
    for k, h in enumerate(L.clients[:2]):
        L.lease(e + 20 + 3 * k, h, L.x, L.at(150 + k), L.options4(router=L.x.ip, dns=L.x.ip))
        for n, name in enumerate(("www", "wpad")):
            L.lookup(e + 30 + k + n, h, name + "." + DOMAIN, L.x, L.x.ip)
    L.expect("dhcp-starvation", (L.dhcp,), True)
    L.expect("dhcpv4-rogue-server", L.clients[:2], True)
    L.expect("dns-takeover", L.clients[:2], False)
    L.tolerated += ["dhcp-discover-flood", "starve-then-serve"]
    L.ambient(e + 40)


@scene("a server's authorisation killed, then served", clients=2)
def authkill(L):
    t = started(L)
    xid = L.rng.getrandbits(32)
    s = L.dhcp
    L.ask4(t + 2, s, 8, xid, o4(43, b"\x5e\0"), ciaddr=s.ip, cid=None)
    L.tell4(t + 2.002, L.x, s, 5, xid, ZERO4, o4(43, b"\x5f\x09evil.lab\0"), ciaddr=s.ip)
    L.event(t + 4, s, "server", 1046, {"param1": "", "param2": DOMAIN})
    for k, h in enumerate(L.clients):
        L.lease(t + 12 + k, h, L.x, L.at(150 + k), L.options4(dns=L.x.ip))
        L.lookup(t + 18 + k, h, "wpad." + DOMAIN, L.x, L.x.ip)
    L.expect("dhcp-authorisation-kill", (s,), True)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.expect("dns-takeover", L.clients, False)
    L.tolerated += ["silence-the-server"]
    L.ambient(t + 30)


# ---- names ----
@scene("LLMNR: wpad and a logon", clients=3)
def llmnr_wpad(L):
    t = started(L)
    for k, h in enumerate(L.clients[:2]):
        L.llmnr(t + 3 + 2 * k, h, "wpad", L.x)
        L.lure(t + 4 + 2 * k, L.x, h)
    L.expect("dns-takeover", L.clients[:2], False)
    L.expect("credential-capture", L.clients[:2], False)
    L.ambient(t + 20)


@scene("NBNS: wpad and a logon over SMB", clients=2)
def nbns_wpad(L):
    t = started(L)
    h = L.clients[1]
    L.nbns(t + 3, h, "wpad", L.x)
    L.logon(t + 5, L.x, h)
    L.expect("dns-takeover", [h], False)
    L.expect("credential-capture", [h], False)
    L.ambient(t + 20)


@scene("mDNS: wpad.local and a proxy script", clients=2)
def mdns_wpad(L):
    t = started(L)
    h = L.clients[0]
    L.udp(t + 3, h, group4(MDNS4), h.ip, MDNS4, 5353, 5353, dns_query(0, "wpad.local", flags=0), 255)
    L.mdns(t + 3.002, L.x, "wpad.local", L.x.ip)
    L.lure(t + 4, L.x, h)
    L.expect("dns-takeover", [h], False)
    L.expect("credential-capture", [h], False)
    L.ambient(t + 20)


@scene("Responder answers every name by LLMNR and NBNS", clients=3)
def responder_all(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        for n, name in enumerate(("flieserver", "intarnet", "wpad", "prnt01")):
            L.llmnr(t + 3 + 4 * k + n, h, name, L.x)
            L.nbns(t + 3.05 + 4 * k + n, h, name, L.x)
        L.logon(t + 3.3 + 4 * k, L.x, h)
    L.expect("dns-takeover", L.clients, False)
    L.expect("credential-capture", L.clients, False)
    L.ambient(t + 25)


@scene("forged DNS answers in the resolver's name, no ARP", clients=2)
def dns_race(L):
    t = started(L)
    h = L.clients[0]
    for n, name in enumerate(("www", "mail", "wpad", "isatap")):
        L.lookup(t + 3 + 2 * n, h, name + "." + DOMAIN, L.gw, L.gw.ip if n < 2 else None, also=(L.x, .0008, L.x.ip))
    L.isatap_set(t + 9.02, h, L.x.ip)
    L.expect("dns-takeover", [h], True, bare=False)
    L.tolerated += ["isatap-rogue-router", "nd-spoof"]
    L.ambient(t + 20)


@scene("ARP spoof of the gateway, names answered", clients=2)
def arp_dns(L):
    t = started(L)
    h = L.clients[0]
    for k in range(15):
        L.arp(t + 2 + k, L.x, 2, L.gw.ip, h.mac, h.ip, to=h.mac)
        L.arp(t + 2.001 + k, L.x, 2, h.ip, L.gw.mac, L.gw.ip, to=L.gw.mac)
    for n, name in enumerate(("www", "wpad", "isatap")):
        L.lookup(t + 4 + 2 * n, h, name + "." + DOMAIN, L.x, L.x.ip, dst=L.gw.ip)
    L.isatap_set(t + 8.02, h, L.x.ip)
    L.expect("dns-takeover", [h], True)
    L.expect("nd-spoof", [h], False)
    L.tolerated += ["isatap-rogue-router"]
    L.ambient(t + 20)


# ---- tunnels ----
def isatap_talk(L, t, h, x, x4=None):
    x4 = x4 or x.ip
    own, far = isatap6(h.ip), isatap6(x4)
    L.proto41(t, h, x, h.ip, x4, own, ROUTERS6, struct.pack(">BBHI", 133, 0, 0, 0))
    L.proto41(t + .01, x, h, x4, h.ip, far, own, ra(1800, 0, pio(ip6("fd00:41:1::"))))


@scene("ISATAP router by LLMNR", clients=2)
def isatap_llmnr(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.llmnr(t + 3 + k, h, "isatap", L.x)
        L.isatap_set(t + 3.02 + k, h, L.x.ip)
        isatap_talk(L, t + 3.5 + k, h, L.x)
    L.expect("isatap-rogue-router", L.clients, True)
    L.expect("dns-takeover", L.clients, True)
    L.ambient(t + 20)


@scene("ISATAP router that mitm6 named", clients=2)
def isatap_mitm6(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        poisoned(L, u + 2, h, ("isatap",))
        isatap_talk(L, u + 3, h, L.x)
    takeover(L, L.clients)
    L.expect("isatap-rogue-router", L.clients, True)
    L.ambient(t + 20)


@scene("ISATAP router that is not the listed one", clients=2)
def isatap_unlisted(L):
    L.authority["isatap_routers"] = [text_ip(L.at(5))]
    t = started(L)
    for k, h in enumerate(L.clients):
        L.isatap_set(t + 3 + k, h, L.x.ip)
        isatap_talk(L, t + 3.5 + k, h, L.x)
    L.expect("isatap-rogue-router", L.clients, True, bare=False)
    L.ambient(t + 20)


def teredo_talk(L, t, h, far, server4):
    public, port = ip4("192.0.2.77"), 41000 + L.rng.randrange(9000)
    lls = b"\xfe\x80" + bytes(6) + b"\xff\xff\xff\xff\xff\xfe"[:6] + b"\xff\xff"
    body = struct.pack(">BBHI", 133, 0, 0, 0)
    c = fold(pseudo(lls, ROUTERS6, 58, 8) + body)
    sport = L.rng.randrange(50000, 60000)
    auth = b"\0\1\0\0" + L.rng.randbytes(8) + b"\0"
    L.udp(t, h, far, h.ip, server4, sport, 3544, auth + packet6(lls, ROUTERS6, 58, body[:2] + struct.pack(">H", c) + body[4:], 255))
    sl = b"\xfe\x80" + bytes(6) + b"\x80\0" + struct.pack(">H", 3544 ^ 0xffff) + bytes(b ^ 255 for b in server4)
    rab = ra(0, 0, pio(b"\x20\1\0\0" + server4 + bytes(8), 0x40))
    c = fold(pseudo(sl, lls, 58, len(rab)) + rab)
    origin = b"\0\0" + struct.pack(">H", port ^ 0xffff) + bytes(b ^ 255 for b in public)
    L.udp(t + .04, far, h, server4, h.ip, 3544, sport, auth + origin + packet6(sl, lls, 58, rab[:2] + struct.pack(">H", c) + rab[4:], 255), 52 if far is L.gw else 64)
    own = b"\x20\1\0\0" + server4 + struct.pack(">HH", 0x8000, port ^ 0xffff) + bytes(b ^ 255 for b in public)
    for k in range(4):
        L.udp(t + 1 + k, h, far, h.ip, server4, sport, 3544, packet6(own, ip6("2001:0:c633:6409:0:f227:34ff:8ef6"), 59, b""))


@scene("Teredo server on the segment", clients=2)
def teredo_near(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        teredo_talk(L, t + 3 + k, h, L.x, L.x.ip)
    L.expect("teredo-tunnel", L.clients, False)
    L.ambient(t + 20)


@scene("Teredo to a server outside that is not the listed one", clients=2)
def teredo_far(L):
    L.authority["teredo_servers"] = ["198.51.100.1"]
    t = started(L)
    for k, h in enumerate(L.clients):
        teredo_talk(L, t + 3 + k, h, L.gw, ip4("198.51.100.66"))
    L.expect("teredo-tunnel", L.clients, False, actor=None)
    L.ambient(t + 20)


# ---- VPN ----
GOOD = handshake.certificate("vpn." + DOMAIN)
BAD = handshake.certificate("vpn." + DOMAIN, issuer="vpn." + DOMAIN, serial=7, year=25)


def refuse(L, t, h, number=6, cert=BAD):
    co = {"CoId": "{%08X-0000-4000-8000-09E141E25953}" % L.rng.getrandbits(32)}
    if number == 6:
        co.update(SHA1CertificateHash=hashlib.sha1(cert).hexdigest().upper(), SHA256CertificateHash=hashlib.sha256(cert).hexdigest().upper())
    else:
        co["ErrorMessage"] = "A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider."
    L.event(t, h, "sstp", number, co)


def vpn_site(L):
    v = L.box("SRV-VPN", L.at(30))
    L.authority["vpn_servers"] = [{"sni": "vpn." + DOMAIN, "ip": [text_ip(v.ip)], "leaf_sha256": [handshake.sha256(GOOD)]}]
    L.announce(1, v, v.ip)
    return v


def dial(L, t, h, s, cert, dst=None, tls13=False, accepted=True):
    L.connect(t, h, s, h.ip, dst or s.ip, 443, handshake.session(cert, "vpn." + DOMAIN, random=L.rng.randrange(256), tls13=tls13, accepted=accepted))


@scene("SSTP intercepted by ARP, the site's leaf is declared", clients=2)
def sstp_arp(L):
    v = vpn_site(L)
    t = started(L)
    h, g = L.clients
    L.resolve_arp(t, g, v)
    dial(L, t + .1, g, v, GOOD)
    L.resolve_arp(t + 2, h, v)
    for k in range(10):
        L.arp(t + 3 + k, L.x, 2, v.ip, h.mac, h.ip, to=h.mac)
    dial(L, t + 5, h, L.x, BAD, dst=v.ip)
    dial(L, t + 5.05, L.x, v, GOOD)
    refuse(L, t + 7.6, h)
    L.expect("sstp-mitm", [h], True, either=True)
    L.expect("nd-spoof", [h], False, bare=False)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)


@scene("SSTP intercepted by mitm6, the client refuses", clients=2)
def sstp_mitm6(L):
    v = vpn_site(L)
    t = started(L)
    h, g = L.clients
    dial(L, t + .1, g, v, GOOD)
    u = mitm6(L, t + 3, h)
    L.dns6(u + 2, h, L.x, "vpn." + DOMAIN, L.x.ip)
    dial(L, u + 2.2, h, L.x, BAD, accepted=False)
    dial(L, u + 2.25, L.x, v, GOOD)
    refuse(L, u + 2.3, h, 1)
    for d in ("dhcpv6-rogue-server", "mitm6"):
        L.expect(d, [h], True)
    L.expect("dns-takeover", [h], True, bare=False)
    L.expect("sstp-mitm", [h], True, either=True)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)


@scene("SSTP over TLS 1.3 through a spoofed address, event 6 tells the leaf", clients=2)
def sstp_13(L):
    v = vpn_site(L)
    t = started(L)
    h, g = L.clients
    dial(L, t + .1, g, v, GOOD, tls13=True)
    L.resolve_arp(t + 2, h, v)
    for k in range(10):
        L.arp(t + 3 + k, L.x, 2, v.ip, h.mac, h.ip, to=h.mac)
    dial(L, t + 5, h, L.x, BAD, dst=v.ip, tls13=True)
    dial(L, t + 5.05, L.x, v, GOOD, tls13=True)
    refuse(L, t + 7.6, h)
    L.expect("sstp-mitm", [h], True, either=True)
    L.expect("nd-spoof", [h], False, bare=False)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)


@scene("SSTP to a resolver's other address, two clients, own authority", clients=3)
def sstp_dns(L):
    """the rogue DHCPv4 server's resolver names itself as the VPN server"""
    v = vpn_site(L)
    t = started(L)
    g, h, i = L.clients
    dial(L, t + .1, g, v, GOOD)
    ca = handshake.certificate("vpn." + DOMAIN, issuer="Perimeter Inspection CA", serial=9, year=25)
    for k, c in enumerate((h, i)):
        L.lease(t + 3 + k, c, L.x, L.at(150 + k), L.options4(dns=L.x.ip), others=((L.dhcp, .02, c.ip, None),))
        L.lookup(t + 10 + 3 * k, c, "vpn." + DOMAIN, L.x, L.x.ip)
        dial(L, t + 10.1 + 3 * k, c, L.x, ca)
        dial(L, t + 10.15 + 3 * k, L.x, v, GOOD)
        refuse(L, t + 12.8 + 3 * k, c, cert=ca)
    L.expect("dhcpv4-rogue-server", [h, i], True)
    L.expect("sstp-mitm", [h, i], True, either=True)
    L.tolerated += ["vpn-interception", "dns-takeover"]
    L.ambient(t + 25)


@scene("routes past the VPN, the client's own route fails", clients=2)
def vpn_leak(L):
    t = started(L)
    h = L.clients[0]
    L.lease(t + 3, h, L.x, L.at(150), L.options4(extra=o4(121, b"\x10\x0a\x14" + L.x.ip) + o4(249, b"\x10\x0a\x14" + L.x.ip)), others=((L.dhcp, .02, h.ip, None),))
    L.connect(t + 10, h, L.x, h.ip, ip4("10.20.0.77"), 8080, [(True, b"GET / HTTP/1.1\r\nHost: crm\r\n\r\n"), (False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
    L.event(t + 9, h, "sstp", 14, {"ErrorMessage": "The object already exists."})
    L.expect("dhcpv4-rogue-server", [h], True)
    L.expect("vpn-leak", [h], False, bare=False)
    L.ambient(t + 25)


# ---- more of the same kinds, less usual ----
@scene("mitm6 leases that nobody ever asks a name of", clients=2)
def leases_only(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        mitm6(L, t + 4 + k, h, n=k + 1)
    L.expect("dhcpv6-rogue-server", L.clients, True)
    L.tolerated += ["mitm6", "dns-takeover"]
    L.ambient(t + 30)


@scene("mitm6 answers ordinary names only", clients=2)
def plain_names(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        poisoned(L, u + 2, h, ("files", "_ldap._tcp.dc._msdcs", "mail"))
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("mitm6 relays an NTLM logon to a file server", clients=2)
def relayed_logon(L):
    t = started(L)
    h = L.clients[0]
    s = L.box("SRV-FILES", L.at(9))
    L.announce(1, s, s.ip)
    u = mitm6(L, t + 4, h)
    poisoned(L, u + 2, h, ("wpad",))
    c = L.rng.randbytes(8)
    L.connect(u + 3.5, L.x, s, L.x.ip, s.ip, 445, logon.smb2_logon(c))
    L.connect(u + 3.52, h, L.x, h.ip, L.x.ip, 80, logon.http_logon(c, "/", host=h.name[:15]))
    takeover(L, [h])
    L.expect("credential-capture", [h], False)
    L.ambient(t + 30)


@scene("Responder's DHCPv6: an address of the attacker's octets, no RA", clients=2)
def responder6(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        a = b"\xfe\x80" + bytes(4) + struct.pack(">HHHHH", *[int(str(b), 16) for b in L.x.ip], 0x254)
        u = L.solicited(t + 4 + k, h, L.x, a, L.x.ll, (200, 250, 300, 300), duid=b"\0\1\0\1\x29\x7f\x54\x10" + L.x.mac)
        poisoned(L, u + 2, h, ("wpad", "files"))
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("rogue DHCPv6 delegates and gives global addresses, another host resolves", v6="stateful", clients=2)
def fork(L):
    t = started(L)
    p = ip6("2a0e:97c0:66::")
    y = ip6("2a0e:97c0:66::53")
    for k, h in enumerate(L.clients):
        L.solicited(t + 3 + k, h, L.x, p[:8] + struct.pack(">Q", 0x100 + k), y, (300, 480, 600, 600), others=((L.dhcp, .004, h.ip6, L.gw.ip6),))
        L.icmp6(t + 6 + k, h, y, ns(y, h.mac), src=h.ip6, to=b"\x33\x33\xff" + y[13:])
        L.icmp6(t + 6.001 + k, L.x, h.ip6, na(y, L.x.mac, 0x60000000), src=y, to=h.mac)
        for n, name in enumerate(("www", "wpad", "isatap")):
            L.lookup(t + 6.1 + k + n, h, name + "." + DOMAIN, L.x, L.x.ip, src=h.ip6, dst=y)
        L.isatap_set(t + 8.2 + k, h, L.x.ip)
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("rogue DHCPv6 on each of two VLANs of a trunk", clients=4)
def trunk(L):
    y = L.box("ATT2", L.at(67), attacker=True, agent=False)
    for k, h in enumerate(L.clients):
        h.vlan = 30 + k % 2
    L.x.vlan, y.vlan = 30, 31
    t = 12
    for k, h in enumerate(L.clients):
        x = y if k % 2 else L.x
        L.link_up(2 + k, h)
        h.ip = L.at(60 + k)
        L.announce(3 + k, h, h.ip)
        L.announce(1, x, x.ip)
        u = mitm6(L, t + k, h, x=x, n=k + 1)
        poisoned(L, u + 2, h, x=x)
    for d in ("dhcpv6-rogue-server", "dns-takeover", "mitm6"):
        L.expect(d, L.clients[::2], True)
        L.expect(d, L.clients[1::2], True, y)
    L.ambient(t + 30)


@scene("RA flood of prefixes by one sender", v6="slaac", clients=2)
def ra_prefixes(L):
    t = started(L)
    for k in range(200):
        L.ra(t + 2 + k * .02, L.x, 65535, 0, slla(L.x.mac) + pio(b"\x2a\1" + L.rng.randbytes(6) + bytes(8)))
    L.expect("rogue-ra", L.clients, False)
    L.ambient(t + 20)


@scene("RA flood of forged senders", v6="slaac", clients=2)
def ra_senders(L):
    t = started(L)
    for k in range(300):
        b = Box(L, "f", m=bytes([L.rng.getrandbits(8) & 0xfc | 2]) + L.rng.randbytes(5))
        L.ra(t + 2 + k * .02, b, 1800, 0, slla(b.mac) + pio(b"\x2a\1" + L.rng.randbytes(6) + bytes(8)))
    L.expect("rogue-ra", L.clients, False, actor=None)
    L.ambient(t + 20)


@scene("router killed by frames with the router's own MAC", v6="slaac", clients=2)
def kill_own_mac(L):
    t = started(L)
    for k in range(4):
        L.ra(t + 2 + 5 * k, L.gw, 0, 0, b"")
        L.ra(t + 3 + 5 * k)
    L.expect("rogue-ra", (), False, actor=None)
    L.ambient(t + 25)


@scene("advertisements of neighbours for the router, unsolicited", v6="slaac", clients=2)
def fake_na(L):
    t = started(L)
    for k in range(20):
        L.icmp6(t + 2 + k, L.x, ALL6, na(L.gw.ll, L.x.mac, 0x20000000), src=L.gw.ll)
        if k % 5 == 4:
            L.icmp6(t + 2.4 + k, L.gw, L.clients[0].ll, na(L.gw.ll, L.gw.mac, 0xe0000000), to=L.clients[0].mac)
    L.expect("nd-spoof", (), False)
    L.ambient(t + 30)


@scene("ARP spoof of a resolver that is not the gateway", clients=2)
def arp_resolver(L):
    d = L.box("SRV-DNS", L.at(3))
    L.authority["resolvers"] = [text_ip(d.ip)]
    L.announce(.5, d, d.ip)
    t = started(L, options=L.options4(dns=d.ip))
    h = L.clients[0]
    for k in range(3):
        L.resolve_arp(t + .2 * k, h, d)
        L.lookup(t + .3 + .2 * k, h, "www." + DOMAIN, d, L.gw.ip)
    for k in range(12):
        L.arp(t + 2 + k, L.x, 2, d.ip, h.mac, h.ip, to=h.mac)
    for n, name in enumerate(("www", "wpad", "isatap")):
        L.lookup(t + 4 + 2 * n, h, name + "." + DOMAIN, L.x, L.x.ip, dst=d.ip)
    L.isatap_set(t + 8.02, h, L.x.ip)
    L.expect("nd-spoof", [h], False)
    L.expect("dns-takeover", [h], True)
    L.tolerated += ["isatap-rogue-router"]
    L.ambient(t + 20)


@scene("ARP spoof of the DHCP server, renewals answered in its name", clients=2)
def arp_dhcp(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        for n in range(6):
            L.arp(t + 2 + n, L.x, 2, L.dhcp.ip, h.mac, h.ip, to=h.mac)
        x = L.rng.getrandbits(32)
        L.ask4(t + 4 + k, h, 3, x, L.names4(h), ciaddr=h.ip, to=L.x.mac, dst=L.dhcp.ip)
        L.tell4(t + 4.001 + k, L.x, h, 5, x, h.ip, L.options4(dns=L.x.ip), sid=L.dhcp.ip, src=L.dhcp.ip, ciaddr=h.ip, ttl=64)
        L.event(t + 4.004 + k, h, "dhcp", 50013, {"InterfaceId": h.interface, "Address1": text_ip(h.ip), "Address2": text_ip(L.dhcp.ip)})
        for i, name in enumerate(("wpad", "www")):
            L.lookup(t + 6 + k + i, h, name + "." + DOMAIN, L.x, L.x.ip)
    L.expect("dhcpv4-rogue-server", L.clients, False)
    L.expect("nd-spoof", L.clients, False)
    L.expect("dns-takeover", L.clients, False)
    L.ambient(t + 20)


@scene("rogue DHCPv4 whose MAC changes with each answer", clients=3)
def many_macs(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        y = L.box("ATT", L.at(66), m=bytes([L.rng.getrandbits(8) & 0xfc | 2]) + L.rng.randbytes(5), attacker=True, agent=False)
        L.lease(t + 3 + 2 * k, h, y, L.at(150 + k), L.options4(router=y.ip, dns=y.ip), others=((L.dhcp, .02, h.ip, None),))
    L.expect("dhcpv4-rogue-server", (), True, actor=None)
    L.tolerated += ["nd-spoof"]
    L.ambient(t + 20)


@scene("option 252 in answer to INFORM", clients=2)
def inform(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        x = L.rng.getrandbits(32)
        L.ask4(t + 3 + k, h, 8, x, L.names4(h), ciaddr=h.ip)
        L.event(t + 3 + k, h, "dhcp", 50018, {"InterfaceId": h.interface, "StatusCode": "0"})
        L.tell4(t + 3.001 + k, L.x, h, 5, x, ZERO4, o4(252, b"http://%s/wpad.dat\n" % text_ip(L.x.ip).encode()), ciaddr=h.ip, ttl=64)
        L.tell4(t + 3.003 + k, L.dhcp, h, 5, x, ZERO4, o4(6, L.gw.ip) + o4(15, DOMAIN.encode()), ciaddr=h.ip)
        L.lure(t + 4 + k, L.x, h)
    L.expect("dhcpv4-rogue-server", L.clients, False)
    L.tolerated += ["credential-capture", "dns-takeover"]
    L.ambient(t + 20)


@scene("starvation seen behind a relay, the server says so", clients=2)
def starve_relay(L):
    t = started(L)
    far = bytes((10, 251, 0, 2))
    L.authority["dhcp4_servers"] = [{"ip": [text_ip(far), text_ip(L.dhcp.ip)]}]
    L.authority["relays"] = [L.declared(L.gw)]
    s = L.box("SRV-FAR", far)
    for k in range(60):
        u, x, ch, y = t + 3 + k * .4, L.rng.getrandbits(32), uni(L), L.at(70 + k)
        opt = o4(82, o4(1, b"Gi1/0/17") + o4(2, b"sw-03"))
        for kind, answer in ((1, 2), (3, 5)):
            v = u + (.02 if kind == 3 else 0)
            L.put(v, udp(L.gw.mac, s.mac, 0, L.gw.ip, far, 67, 67, bootp(1, x, ch, o4(53, bytes([kind])) + (o4(50, y) + o4(54, far) if kind == 3 else b"") + opt, giaddr=L.gw.ip, hops=1), 63))
            L.put(v + .002, udp(s.mac, L.gw.mac, 0, far, L.gw.ip, 67, 67, bootp(2, x, ch, o4(53, bytes([answer])) + o4(54, far) + L.options4() + opt, yiaddr=y, giaddr=L.gw.ip), 63))
    L.event(t + 22, L.dhcp, "server", 1020, {"param1": text_ip(L.net), "param2": "80", "param3": "10"})
    L.event(t + 26, L.dhcp, "server", 1063, {"param1": text_ip(L.net)})
    L.expect("dhcp-discover-flood", (), False, actor=None, told=True)
    L.tolerated += ["dhcp-starvation"]
    L.ambient(t + 60)


@scene("starvation of DHCPv6: a lease for each DUID", v6="stateful", clients=2)
def starve6(L):
    t = started(L)
    for k in range(60):
        u, xid, duid, a = t + 3 + k * .3, L.rng.getrandbits(24), b"\0\1\0\1" + L.rng.randbytes(10), L.g6(0x5000 + k)
        for kind, answer in ((1, 2), (3, 7)):
            v = u + (.02 if kind == 3 else 0)
            o = o6(1, duid) + o6(8, b"\0\0") + (o6(2, L.dhcp.duid) if kind == 3 else b"")
            L.put(v, udp(L.x.mac, group6(DHCP6), 0, L.x.ll, DHCP6, 546, 547, d6(kind, xid, o + ia_na(k + 7)), 1))
            L.put(v + .002, udp(L.dhcp.mac, L.x.mac, 0, L.dhcp.ll, L.x.ll, 547, 546, d6(answer, xid, o6(1, duid) + o6(2, L.dhcp.duid) + ia_na(k + 7, 1800, 2880, a, 3600, 7200))))
    L.expect("dhcpv6-solicit-flood", (L.dhcp,), False)
    L.ambient(t + 30)


@scene("DISCOVER flood of random addresses, three a second, for a minute", clients=3)
def flood_slow(L):
    t = started(L)

    def key(k):
        m = L.rng.randbytes(6)
        return m, m, None
    e = drain(L, t + 3, 180, .33, key, lease=False)
    L.expect("dhcp-discover-flood", (L.dhcp,), False, actor=None)
    L.tolerated += ["dhcp-starvation"]
    L.ambient(e + 15)


@scene("NBNS: isatap named by the attacker, the router is used", clients=2)
def isatap_nbns(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.nbns(t + 3 + k, h, "isatap", L.x)
        L.isatap_set(t + 3.02 + k, h, L.x.ip)
        isatap_talk(L, t + 3.5 + k, h, L.x)
    L.expect("isatap-rogue-router", L.clients, True)
    L.expect("dns-takeover", L.clients, True)
    L.ambient(t + 20)


@scene("ISATAP router named by a forged answer of the resolver's address", clients=2)
def isatap_arp(L):
    t = started(L)
    h = L.clients[0]
    for k in range(12):
        L.arp(t + 2 + k, L.x, 2, L.gw.ip, h.mac, h.ip, to=h.mac)
    L.lookup(t + 5, h, "isatap." + DOMAIN, L.x, L.x.ip, dst=L.gw.ip)
    L.isatap_set(t + 5.02, h, L.x.ip)
    isatap_talk(L, t + 6, h, L.x)
    L.expect("isatap-rogue-router", [h], True)
    L.expect("dns-takeover", [h], True)
    L.expect("nd-spoof", [h], False)
    L.ambient(t + 20)


@scene("Teredo server named by a rogue resolver", clients=2)
def teredo_named(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(dns=L.x.ip), others=((L.dhcp, .02, h.ip, None),))
        L.lookup(t + 9 + k, h, "teredo.ipv6.microsoft.com", L.x, L.x.ip)
        L.lookup(t + 9.3 + k, h, "wpad." + DOMAIN, L.x, L.x.ip)
        teredo_talk(L, t + 10 + k, h, L.x, L.x.ip)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.expect("teredo-tunnel", L.clients, False)
    L.expect("dns-takeover", L.clients, False)
    L.ambient(t + 30)


@scene("SSTP ended by a station of its own, the leaf is signed by another CA, nothing goes on to the server", clients=2)
def sstp_fake(L):
    v = vpn_site(L)
    t = started(L)
    h, g = L.clients
    dial(L, t + .1, g, v, GOOD)
    L.resolve_arp(t + 2, h, v)
    for k in range(8):
        L.arp(t + 3 + k, L.x, 2, v.ip, h.mac, h.ip, to=h.mac)
    cert = handshake.certificate("vpn." + DOMAIN, issuer="Perimeter Inspection CA", serial=5, year=25)
    dial(L, t + 5, h, L.x, cert, dst=v.ip, accepted=False)
    refuse(L, t + 5.1, h, 1)
    L.expect("sstp-mitm", [h], True, bare=False)
    L.expect("nd-spoof", [h], False, bare=False)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)


@scene("SSTP over IPv6 intercepted after an RA", v6="slaac", clients=2)
def sstp_six(L):
    v = vpn_site(L)
    v.ip6 = L.g6(0x30)
    L.authority["vpn_servers"][0]["ip"].append(text_ip(v.ip6))
    t = started(L)
    h, g = L.clients
    for s in (h, g):
        L.icmp6(t + .1, s, v.ip6, ns(v.ip6, s.mac), src=s.ip6, to=b"\x33\x33\xff" + v.ip6[13:])
        L.icmp6(t + .101, v, s.ip6, na(v.ip6, v.mac, 0x60000000), src=v.ip6, to=s.mac)
    L.connect(t + .3, g, v, g.ip6, v.ip6, 443, handshake.session(GOOD, "vpn." + DOMAIN, random=3))
    for k in range(8):
        L.icmp6(t + 3 + k, L.x, h.ip6, na(v.ip6, L.x.mac, 0x20000000), src=v.ip6, to=h.mac)
    L.connect(t + 5, h, L.x, h.ip6, v.ip6, 443, handshake.session(BAD, "vpn." + DOMAIN, random=4))
    L.x.ip6 = L.prefix[:8] + eui(L.x.mac)
    L.connect(t + 5.05, L.x, v, L.x.ip6, v.ip6, 443, handshake.session(GOOD, "vpn." + DOMAIN, random=5))
    refuse(L, t + 7.6, h)
    L.expect("sstp-mitm", [h], True, either=True)
    L.expect("nd-spoof", [h], False, bare=False)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)


@scene("SSTP by a poisoned name, the client takes the certificate, no event", clients=3, agents=0)
def sstp_quiet(L):
    v = vpn_site(L)
    t = started(L)
    for k, h in enumerate(L.clients[1:]):
        dial(L, t + .1 + k, L.clients[0], v, GOOD)
        L.llmnr(t + 3 + k, h, "vpn", L.x)
        dial(L, t + 3.2 + k, h, L.x, BAD)
        dial(L, t + 3.25 + k, L.x, v, GOOD)
    L.expect("sstp-mitm", L.clients[1:], False, bare=False)
    L.tolerated += ["vpn-interception", "dns-takeover"]
    L.ambient(t + 25)


# ---- other circumstances ----
@scene("rogue DHCPv4 of another subnet under an alias, answers to everybody", clients=3)
def alias(L):
    t = started(L)
    own = ip4("192.168.1.1")
    for k, h in enumerate(L.clients):
        x, a = L.rng.getrandbits(32), ip4("192.168.1.%d" % (100 + k))
        opts = o4(51, b"\0\0\x0e\x10") + o4(1, b"\xff\xff\xff\0") + o4(3, own) + o4(6, own)
        u = t + 3 + 2 * k
        L.ask4(u, h, 1, x, L.names4(h), flags=0x8000)
        L.tell4(u + .001, L.x, h, 2, x, a, opts, sid=own, src=own, to=FF, dst=ONES4, ttl=64)
        L.tell4(u + .004, L.dhcp, h, 2, x, h.ip, to=FF, dst=ONES4)
        L.ask4(u + .006, h, 3, x, o4(50, a) + o4(54, own) + L.names4(h), flags=0x8000)
        L.tell4(u + .007, L.x, h, 5, x, a, opts, sid=own, src=own, to=FF, dst=ONES4, ttl=64)
        L.event(u + .008, h, "dhcp", 50013, {"InterfaceId": h.interface, "Address1": text_ip(a), "Address2": text_ip(own)})
        h.ip = a
        L.announce(u + .02, h, a)
        L.arp(u + 4, h, 1, a, bytes(6), own)
        L.arp(u + 4.001, L.x, 2, own, h.mac, a, to=h.mac)
        for n, name in enumerate(("www", "wpad")):
            L.lookup(u + 5 + n, h, name + "." + DOMAIN, L.x, own, dst=own)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.expect("dns-takeover", L.clients, False)
    L.ambient(t + 30)


@scene("rogue DHCPv4 names a second machine as the resolver, which lies", clients=2)
def helper(L):
    t = started(L)
    y = L.box("ATT2", L.at(67), attacker=True, agent=False)
    L.announce(.5, y, y.ip)
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(dns=y.ip), others=((L.dhcp, .02, h.ip, None),))
        for n, name in enumerate(("www", "wpad", "isatap")):
            L.lookup(t + 9 + k + n, h, name + "." + DOMAIN, y, y.ip)
        L.isatap_set(t + 11.02 + k, h, y.ip)
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.expect("dns-takeover", L.clients, True, y)
    L.tolerated += ["isatap-rogue-router"]
    L.ambient(t + 25)


@scene("twenty victims of mitm6", clients=20)
def twenty(L):
    t = started(L, step=.3)
    nudge(L, t + 2, L.clients, t + 30)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 3 + .4 * k, h, n=k + 1)
        poisoned(L, u + 2, h)
    takeover(L, L.clients)
    L.expect("rogue-ra", L.clients, True)
    L.ambient(t + 40)


@scene("the attacker's machine has an agent and its own events", clients=2)
def own_agent(L):
    L.x.agent = True
    t = started(L)
    L.x.ip = None
    L.lease(3, L.x, address=L.at(66))
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        poisoned(L, u + 2, h)
    L.isatap_set(t + 9, L.x, L.x.ip)
    L.event(t + 9, L.x, "dhcp6", 51010, {"InterfaceId": "5", "StatusCode": "0", "Address": text_ip(L.x.ll)})
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("mitm6 leases renewed at T1 for five minutes", clients=2)
def renews(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        for n in range(2):
            x = L.rng.getrandbits(24)
            v = u + 200 * (n + 1)
            ia = ia_na(h.iaid, 200, 250, h.ip6, 300, 300)
            L.ask6(v, h, 5, x, o6(2, b"\0\3\0\1" + L.x.mac) + ia)
            L.event(v, h, "dhcp6", 51012, {"InterfaceId": h.interface, "StatusCode": "0"})
            L.tell6(v + .002, L.x, h, 7, x, ia + o6(23, L.x.ll), b"\0\3\0\1" + L.x.mac)
            L.event(v + .005, h, "dhcp6", 51013, {"InterfaceId": h.interface, "StatusCode": "0"})
            poisoned(L, v + 5, h, ("wpad", "files"))
    takeover(L, L.clients)
    L.ambient(t + 430)


@scene("mitm6 names: TCP, CNAME, AAAA, capitals, another suffix", clients=2)
def odd_names(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        u = mitm6(L, t + 4 + k, h, n=k + 1)
        L.dns6(u + 2, h, L.x, "WPAD.Corp.LAB", L.x.ip)
        L.dns6(u + 3, h, L.x, "files.sub." + DOMAIN, L.x.ll, 28)
        q = L.rng.getrandbits(16)
        name = qname("wpad.sub." + DOMAIN)
        cname = qname("x.evil.example")
        body = (struct.pack(">HHHHHH", q, 0x8180, 1, 2, 0, 0) + name + struct.pack(">HH", 1, 1)
                + b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 100, len(cname)) + cname + cname + struct.pack(">HHIH", 1, 1, 100, 4) + L.x.ip)
        L.udp(u + 4, h, L.x, h.ll, L.x.ll, 50100, 53, dns_query(q, "wpad.sub." + DOMAIN))
        L.udp(u + 4.002, L.x, h, L.x.ll, h.ll, 53, 50100, body)
        ask, tell = dns_query(q, "mail." + DOMAIN), dns_answer(q, "mail." + DOMAIN, L.x.ip)
        L.connect(u + 5, h, L.x, h.ll, L.x.ll, 53, [(True, struct.pack(">H", len(ask)) + ask), (False, struct.pack(">H", len(tell)) + tell)])
    takeover(L, L.clients)
    L.ambient(t + 30)


@scene("RA sent to each host alone in answer to its solicitation", v6="slaac", clients=3)
def unicast_ra(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.icmp6(t + 2 + k, h, ROUTERS6, rs(h.mac))
        L.icmp6(t + 2.002 + k, L.x, h.ll, ra(1800, 0x08, slla(L.x.mac) + pio(ip6("fd00:bad:7::")) + rdnss(1800, L.x.ll)), to=h.mac)
        L.dad(t + 2.5 + k, h, ip6("fd00:bad:7::")[:8] + eui(h.mac))
        use_rdnss(L, t + 5 + k, h, L.x)
    L.expect("rogue-ra", L.clients, False, bare=False)
    L.expect("dns-takeover", L.clients, False, bare=False)
    L.tolerated += ["mitm6"]
    L.ambient(t + 30)


@scene("RA of high preference with the site's own prefix", v6="slaac", clients=2)
def ra_preferred(L):
    t = started(L)
    for k in range(4):
        L.ra(t + 2 + 5 * k, L.x, 9000, 0x08)
    for h in L.clients:
        L.web(t + 8, h, L.gw)
        L.put(t + 9, ip(h.mac, L.x.mac, 0, h.ip6, ip6("2001:db8:1::1"), 58, struct.pack(">BBHHH", 128, 0, 0, 1, 1)))
    L.expect("rogue-ra", L.clients, False, bare=False)
    L.ambient(t + 30)


@scene("RA with an encrypted resolver and a search list", v6="slaac", clients=2)
def ra_dnr(L):
    t = started(L)
    dnssl = qname("evil.example")
    dnssl += bytes(-len(dnssl) % 8)
    for k in range(3):
        L.ra(t + 2 + 5 * k, L.x, 0, 0, slla(L.x.mac) + struct.pack(">BBHI", 31, 1 + len(dnssl) // 8, 0, 600) + dnssl)
    L.expect("rogue-ra", L.clients, False)
    L.ambient(t + 30)


@scene("dhcpstarv: one source, serial requests, leases renewed", clients=2)
def starv_renew(L):
    t = started(L)
    keys = [uni(L) for _ in range(25)]
    e = drain(L, t + 3, 25, .8, lambda k: (keys[k], L.x.mac, None), pool=20)
    for k, ch in enumerate(keys[:20]):
        x, y = L.rng.getrandbits(32), L.at(70 + k)
        L.ask4(e + k * .3, L.x, 3, x, b"", ciaddr=y, chaddr=ch, cid=None, to=L.dhcp.mac, dst=L.dhcp.ip)
        L.tell4(e + k * .3 + .002, L.dhcp, L.x, 5, x, y, chaddr=ch, to=L.x.mac, ciaddr=y)
    L.expect("dhcp-starvation", (L.dhcp,), True)
    L.tolerated += ["dhcp-discover-flood"]
    L.ambient(e + 20)


@scene("SOLICIT flood with forged sources, eight a second", v6="stateful", clients=2)
def solicits_forged(L):
    t = started(L)
    for k in range(400):
        m = uni(L)
        L.put(t + 3 + k * .12, udp(m, group6(DHCP6), 0, ll(m), DHCP6, 546, 547, d6(1, L.rng.getrandbits(24), o6(1, b"\0\3\0\1" + m) + o6(8, b"\0\0") + ia_na(1)), 1))
    L.expect("dhcpv6-solicit-flood", (L.dhcp,), False, actor=None)
    L.ambient(t + 65)


@scene("rogue DHCPv4 only seen by the server's own log and the wire", clients=2, agents=0)
def only_1042(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lease(t + 3 + k, h, L.x, L.at(150 + k), L.options4(dns=L.x.ip), others=((L.dhcp, .02, h.ip, None),))
    L.event(t + 7, L.dhcp, "server", 1042, {"param1": "(%s)" % text_ip(L.x.ip)})
    L.expect("dhcpv4-rogue-server", L.clients, True)
    L.tolerated += ["dns-takeover"]
    L.ambient(t + 20)


@scene("lease of a rogue on a wireless client that roams back", clients=2)
def roam_back(L):
    t = started(L)
    h = L.clients[0]
    good = h.ip
    L.lease(t + 3, h, L.x, L.at(150), L.options4(router=L.x.ip, dns=L.x.ip), others=((L.dhcp, .02, good, None),))
    L.lookup(t + 8, h, "wpad." + DOMAIN, L.x, L.x.ip)
    L.lure(t + 9, L.x, h)
    h.ip = good
    x = L.rng.getrandbits(32)
    L.ask4(t + 15, h, 3, x, o4(50, good) + L.names4(h))
    L.tell4(t + 15.002, L.dhcp, h, 5, x, good)
    L.announce(t + 15.1, h, good)
    L.lookup(t + 20, h, "www." + DOMAIN, L.gw, L.gw.ip)
    L.expect("dhcpv4-rogue-server", [h], True)
    L.expect("dns-takeover", [h], False)
    L.expect("credential-capture", [h], False)
    L.ambient(t + 30)


@scene("TLS 1.3 offered, interceptor takes 1.2, client alerts on the unknown authority", clients=2)
def sstp_downgrade(L):
    v = vpn_site(L)
    t = started(L)
    h, g = L.clients
    dial(L, t + .1, g, v, GOOD, tls13=True)
    u = mitm6(L, t + 3, h)
    L.dns6(u + 2, h, L.x, "vpn." + DOMAIN, L.x.ip)
    hello = handshake.client_hello("vpn." + DOMAIN, random=44, tls13=True, suites=(0x1301, 0xc02b))
    answer = handshake.server_hello() + handshake.certificates(BAD) + handshake.message(14, b"")
    L.connect(u + 2.2, h, L.x, h.ip, L.x.ip, 443, [(True, hello), (False, answer), (True, handshake.record(21, b"\x02\x30"))])
    refuse(L, u + 2.3, h, 1)
    for d in ("dhcpv6-rogue-server", "mitm6"):
        L.expect(d, [h], True)
    L.expect("dns-takeover", [h], True, bare=False)
    L.expect("sstp-mitm", [h], True, bare=False)
    L.tolerated += ["vpn-interception"]
    L.ambient(t + 25)
