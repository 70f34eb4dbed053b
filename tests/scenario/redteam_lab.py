"""A small office network as frames and events: what redteam.py's scenes are played on.

Everything follows from the scene's name and the seed: addresses, MACs, host names, jitter.  The mirror gives each frame once,
as a switch does that mirrors the ingress of every port.  Times are seconds since the scene's start.  Events come as Winlogbeat
ships them, each with the delay that the machine's log and its shipper have."""
import datetime, json, os, random, struct
import handshake, logon
from month_net import *

START = 1792000000.0
DOMAIN = "corp.lab"
ALL6, ROUTERS6, DHCP6, MDNS4, LLMNR4 = ip6("ff02::1"), ip6("ff02::2"), ip6("ff02::1:2"), ip4("224.0.0.251"), ip4("224.0.0.252")
OUIS = ("54:bf:64", "3c:52:82", "f8:b1:56", "48:4d:7e", "a4:bb:6d", "e4:54:e8", "00:50:56")
PARAMS = bytes((1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252))
SOURCES = {
    "dhcp": ("Microsoft-Windows-Dhcp-Client", "Microsoft-Windows-Dhcp-Client/Operational"),
    "dhcp-admin": ("Microsoft-Windows-Dhcp-Client", "Microsoft-Windows-Dhcp-Client/Admin"),
    "dhcp6": ("Microsoft-Windows-DHCPv6-Client", "Microsoft-Windows-Dhcpv6-Client/Operational"),
    "dhcp6-admin": ("Microsoft-Windows-DHCPv6-Client", "Microsoft-Windows-Dhcpv6-Client/Admin"),
    "server": ("Microsoft-Windows-DHCP-Server", "System"), "iphlp": ("Microsoft-Windows-Iphlpsvc", "System"),
    "sstp": ("Microsoft-Windows-RasSstp", "System"), "dns": ("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational")}


def stamp(t, digits="milliseconds"):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).isoformat(timespec=digits)[:-6] + "Z"


class Box:
    """a machine: its adapter, its names and what it was given"""

    def __init__(self, lab, name, m=None, ip=None, agent=True):
        rng = lab.rng
        self.mac = m or mac(rng.choice(OUIS)) + rng.randbytes(3)
        self.name, self.ll, self.ip, self.agent = name, ll(self.mac), ip, agent
        self.duid = b"\0\1\0\1" + struct.pack(">I", 0x2a000000 + rng.randrange(1 << 24)) + self.mac
        self.iaid = int.from_bytes(b"\x0c" + self.mac[:3], "big")
        self.rid, self.interface, self.skew = rng.randrange(1000, 90000), str(rng.randrange(5, 16)), rng.uniform(-.05, .05)
        self.ip6 = self.dns = self.vlan = None
        self.mo = None


class Lab:
    def __init__(self, name, seed=0, v6=None, clients=3, agents=None):
        self.rng = rng = random.Random("%s %s" % (name, seed))
        self.name, self.v6, self.vlan = name, v6, 0
        self.net = bytes((10, rng.randrange(1, 250), rng.randrange(1, 250), 0))
        self.prefix = b"\xfd" + rng.randbytes(5) + bytes(10)
        self.frames, self.events, self.expected, self.tolerated, self.n = [], [], [], [], 0
        self.gw = Box(self, "GW", mac("00:1a:8c") + rng.randbytes(3), self.at(1))
        self.dhcp = Box(self, "SRV-DHCP01", ip=self.at(2))
        self.bg = Box(self, "PC-BG", ip=self.at(201), agent=False)
        self.x = Box(self, "ATT", mac("00:0c:29") + rng.randbytes(3), self.at(66), agent=False)
        for b, n in ((self.gw, 1), (self.dhcp, 2), (self.bg, 201)):
            b.ip6 = self.g6(n) if v6 else None
        self.clients = [Box(self, "%s-%d" % (rng.choice(("WS", "LAP", "DESKTOP", "NB")), 10 + k), agent=agents is None or k < agents) for k in range(clients)]
        self.next, self.boxes, self.attackers = 50, [self.gw, self.dhcp, self.bg] + self.clients, [self.x]
        self.names = {"www": self.gw.ip, "mail": self.gw.ip, "files": self.dhcp.ip}
        self.authority = {"name": "lab", "prefixes": [text_ip(self.net) + "/24"] + ([text_ip(self.prefix) + "/64"] if v6 else []),
                          "dhcp4_servers": [self.declared(self.dhcp)], "routers": [self.declared(self.gw)],
                          "resolvers": self.declared(self.gw)["ip"]}
        if v6 in ("stateful", "stateless"):
            self.authority["dhcp6_servers"] = [dict(self.declared(self.dhcp), duid=[self.dhcp.duid.hex()])]

    def declared(self, b):
        return {"mac": text_mac(b.mac), "ip": [text_ip(a) for a in (b.ip, b.ip6, b.ll) if a]}

    def at(self, n):
        return self.net[:3] + bytes([n])

    def g6(self, n):
        return self.prefix[:8] + struct.pack(">Q", n)

    def box(self, name, ip=None, attacker=False, **kw):
        b = Box(self, name, ip=ip, **kw)
        (self.attackers if attacker else self.boxes).append(b)
        return b

    # ---- out ----
    def put(self, t, frame):
        self.n += 1
        self.frames.append((t, self.n, frame))

    def event(self, t, h, source, number, data, delay=None):
        if not h.agent:
            return
        provider, channel = SOURCES[source]
        h.rid += 1
        at, computer, self.n = START + t + h.skew, h.name.upper() + "." + DOMAIN, self.n + 1
        about = {"name": computer.lower(), "hostname": h.name, "ip": [text_ip(a) for a in (h.ip, h.ll) if a],
                 "mac": [text_mac(h.mac).upper().replace(":", "-")], "os": {"family": "windows", "type": "windows"}}
        self.events.append((t + (1.2 if delay is None else delay), self.n, {
            "@timestamp": stamp(at), "event": {"code": str(number), "kind": "event", "provider": provider, "created": stamp(at + 1.2)},
            "host": about, "winlog": {"api": "wineventlog", "provider_name": provider, "channel": channel, "computer_name": computer,
                                      "event_id": str(number), "record_id": h.rid, "event_data": data}, "agent": {"type": "winlogbeat", "version": "8.15.0"}}))

    def expect(self, detection, victims=(), confirmed=False, actor="x", bare=True, either=False, told=False):
        """`actor` None: the frames carry forged sources.  `bare`: can be told while nothing is declared; `either`: only with events
        then; `told`: only with all events in any case"""
        a = self.x if actor == "x" else actor
        self.expected.append({"detection": detection, "attacker": {"mac": text_mac(a.mac) if a else None},
                              "victims": [{"mac": text_mac(v.mac), "name": v.name} for v in victims],
                              "confirmed_by_host_events": confirmed, "bare": bare, "either": either, "told": told})

    def truth(self):
        roles = {"%s%d" % ("attacker" if b in self.attackers else "host", k): {"role": b.name, "mac": text_mac(b.mac), "ip4": b.ip and text_ip(b.ip)}
                 for k, b in enumerate(self.attackers + self.boxes)}
        return {"scenario": self.name, "roles": roles, "attack": bool(self.expected), "expected": self.expected, "tolerated": self.tolerated}

    def told(self, skew=False, named=False):
        """the events in the order of their arrival; `skew`: with clocks that are minutes off, each machine's its own; `named`: of a
        sender that tells no address of its machine"""
        lines = []
        for _, _, e in sorted(self.events, key=lambda e: e[:2]):
            name = e["winlog"]["computer_name"]
            off = random.Random(name + self.name).uniform(-200, 200) if skew else 0
            at = datetime.datetime.fromisoformat(e["@timestamp"].replace("Z", "+00:00")).timestamp()
            e = dict(e, **{"@timestamp": stamp(at + off)})
            if named:
                e["host"] = {"name": e["winlog"]["computer_name"]}
            lines.append(json.dumps(e) + "\n")
        return lines

    def capture(self, path, twice=False, gaps=False, since=0, tag=None):
        """`twice`: as from a mirror of both directions; `gaps`: one frame in twelve is missing; `since`: begins that late; `tag`: with
        the mirror's own VLAN"""
        rng = random.Random(self.name)
        frames = [(t, fr) for t, _, fr in sorted(self.frames) if t >= since and (not gaps or rng.random() > 1 / 12)]
        if tag:
            frames = [(t, fr[:12] + struct.pack(">HH", 0x8100, tag) + fr[12:]) for t, fr in frames]
        if twice:
            frames = sorted(frames + [(t + rng.uniform(3e-6, 4e-5), fr) for t, fr in frames], key=lambda x: x[0])
        with open(path, "wb") as f:
            f.write(PCAP_HEAD + b"".join(record(START + t, fr) for t, fr in frames))

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.capture(folder + "/capture.pcap")
        with open(folder + "/events.jsonl", "w") as f:
            f.writelines(self.told())
        json.dump({"authority": [self.authority]}, open(folder + "/authority.yaml", "w"), indent=1)
        bare = {k: [{n: x for n, x in v.items() if n != "mac" or not v.get("ip")} for v in vs] if k.endswith(("servers", "routers", "relays")) and vs
                and isinstance(vs[0], dict) else vs for k, vs in self.authority.items()}
        json.dump({"authority": [bare]}, open(folder + "/addresses.yaml", "w"), indent=1)
        json.dump(self.truth(), open(folder + "/truth.json", "w"), indent=1)

    # ---- layers 2 to 4 ----
    def tag(self, h):
        return h.vlan if h.vlan is not None else self.vlan

    def udp(self, t, a, b, src, dst, sport, dport, data, ttl=0):
        """from box a to box b (or a MAC)"""
        self.put(t, udp(a.mac, b if isinstance(b, bytes) else b.mac, self.tag(a), src, dst, sport, dport, data, ttl))

    def arp(self, t, a, op, spa, tha, tpa, to=FF, sha=None):
        self.put(t, arp(a.mac, to, self.tag(a), op, sha or a.mac, spa, tha, tpa))

    def resolve_arp(self, t, a, b):
        self.arp(t, a, 1, a.ip, bytes(6), b.ip)
        self.arp(t + .0004, b, 2, b.ip, a.mac, a.ip, to=a.mac)

    def icmp6(self, t, a, dst, body, src=None, to=None, hop=255):
        self.put(t, icmp6(a.mac, to or group6(dst) if dst[0] == 0xff else to, self.tag(a), a.ll if src is None else src, dst, body, hop))

    def announce(self, t, h, address):
        """RFC 5227: three probes, two announcements"""
        for k in range(3):
            self.arp(t + k * 1.0, h, 1, ZERO4, bytes(6), address)
        for k in (3.0, 5.0):
            self.arp(t + k, h, 1, address, bytes(6), address)

    def dad(self, t, h, address):
        self.icmp6(t, h, b"\xff\2" + bytes(9) + b"\1\xff" + address[13:], ns(address), src=ZERO16)

    def mld(self, t, h, src=None):
        groups = [b"\xff\2" + bytes(9) + b"\1\xff" + h.ll[13:], ip6("ff02::1:3")]
        body = struct.pack(">BBHHH", 143, 0, 0, 0, len(groups)) + b"".join(b"\4\0\0\0" + g for g in groups)
        dst = ip6("ff02::16")
        chk = fold(pseudo(src or h.ll, dst, 58, len(body)) + body)
        inner = body[:2] + struct.pack(">H", chk) + body[4:]
        self.put(t, eth(group6(dst), h.mac, self.tag(h), 0x86dd, packet6(src or h.ll, dst, 0, b"\x3a\0\5\2\0\0\1\0" + inner, 1)))

    def connect(self, t, c, s, src, dst, dport, turns, sport=None, rst=False):
        """a TCP connection from box c to box s; `turns`: (from the client?, bytes)"""
        sport = sport or self.rng.randrange(49152, 65000)
        seq = [self.rng.getrandbits(31), self.rng.getrandbits(31)]

        def seg(u, mine, flags, data=b""):
            a, b = (c, s) if mine else (s, c)
            x, y = (src, dst) if mine else (dst, src)
            p, q = (sport, dport) if mine else (dport, sport)
            i = 0 if mine else 1
            self.put(u, tcp(a.mac, b.mac, self.tag(a), x, y, p, q, seq[i], seq[1 - i] if flags & 16 else 0, flags, data, 64 if s is self.x and not mine else 128))
            seq[i] = seq[i] + len(data) + (1 if flags & 3 else 0) & 0xffffffff
        seg(t, True, 2)
        if rst:
            seg(t + .0005, False, 20)
            return t
        seg(t + .0005, False, 18)
        seg(t + .0009, True, 16)
        for mine, data in turns:
            t += .004
            for k in range(0, len(data), 1400):
                seg(t, mine, 24, data[k:k + 1400])
                t += .0002
            seg(t + .001, not mine, 16)
        seg(t + .02, True, 17)
        seg(t + .021, False, 17)
        seg(t + .022, True, 16)
        return t + .03

    # ---- DHCPv4 ----
    def names4(self, h):
        fqdn = (h.name + "." + DOMAIN).encode()
        return o4(12, h.name.encode()) + o4(81, b"\0\0\0" + fqdn) + o4(60, b"MSFT 5.0") + o4(55, PARAMS)

    def ask4(self, t, h, kind, xid, options=b"", ciaddr=ZERO4, l2=None, chaddr=None, cid=True, dst=None, to=None, src=None, giaddr=ZERO4, flags=0):
        ch = chaddr or h.mac
        o = o4(53, bytes([kind])) + (o4(61, b"\1" + ch) if cid is True else o4(61, cid) if cid else b"") + options
        self.put(t, udp(l2 or h.mac, to or FF, self.tag(h), src or ciaddr, dst or ONES4, 68, 67,
                        bootp(1, xid, ch, o, ciaddr=ciaddr, giaddr=giaddr, flags=flags)))

    def options4(self, router=None, dns=None, lease=3600, extra=b"", domain=True):
        return (o4(51, struct.pack(">I", lease)) + o4(58, struct.pack(">I", lease // 2)) + o4(59, struct.pack(">I", lease * 7 // 8)) + o4(1, b"\xff\xff\xff\0")
                + (o4(3, router or self.gw.ip) if router is not False else b"") + (o4(6, dns or self.gw.ip) if dns is not False else b"")
                + (o4(15, DOMAIN.encode()) if domain else b"") + extra)

    def tell4(self, t, s, h, kind, xid, yiaddr, options=None, sid=None, src=None, ciaddr=ZERO4, chaddr=None, giaddr=ZERO4, to=None, dst=None, siaddr=ZERO4, ttl=128):
        ch = chaddr or h.mac
        o = o4(53, bytes([kind])) + o4(54, sid or s.ip) + (self.options4() if options is None else options)
        self.put(t, udp(s.mac, to or (FF if kind == 6 else ch), self.tag(s), src or s.ip, dst or (ONES4 if kind == 6 else yiaddr if yiaddr != ZERO4 else ciaddr), 67, 68,
                        bootp(2, xid, ch, o, yiaddr=yiaddr, ciaddr=ciaddr, giaddr=giaddr, siaddr=siaddr), ttl))

    def lease(self, t, h, s=None, address=None, options=None, sid=None, others=(), quiet=False, wait=.0, src=None):
        """DISCOVER to ACK with server s; `others`: (server, delay, address, options) that offer too.  Gives the time of the ACK"""
        s = s or self.dhcp
        xid = self.rng.getrandbits(32)
        if address is None:
            address, self.next = self.at(self.next), self.next + 1
        sid = sid or s.ip
        self.ask4(t, h, 1, xid, (o4(50, h.ip) if h.ip else b"") + self.names4(h))
        for o, delay, a, opts in others:
            self.tell4(t + delay, o, h, 2, xid, a, opts)
            self.event(t + max(delay, wait + .001) + .001, h, "dhcp", 50011, {"InterfaceId": h.interface, "ErrorCode": "0"})
        t += .001 + wait + self.rng.random() * .001
        self.tell4(t, s, h, 2, xid, address, options, sid=sid, src=src)
        self.event(t + .0004, h, "dhcp", 50010, {"InterfaceId": h.interface, "Address1": text_ip(address), "Address2": text_ip(sid)})
        t += .003
        self.ask4(t, h, 3, xid, o4(50, address) + o4(54, sid) + self.names4(h))
        t += .001 + self.rng.random() * .001
        self.tell4(t, s, h, 5, xid, address, options, sid=sid, src=src)
        h.ip = address
        self.event(t + .003, h, "dhcp", 50013, {"InterfaceId": h.interface, "Address1": text_ip(address), "Address2": text_ip(sid)})
        if not quiet:
            self.announce(t + .02, h, address)
            self.event(t + .11, h, "dhcp", 50028, {"Address": text_ip(address), "InterfaceId": h.interface, "StatusCode": "0"})
        return t

    # ---- DHCPv6 ----
    def ask6(self, t, h, kind, xid, options=b"", names=True, l2=None, src=None):
        o = o6(8, b"\0\0") + o6(1, h.duid) + options
        if names:
            fqdn = (h.name + "." + DOMAIN).split(".")
            o += o6(39, b"\0" + b"".join(bytes([len(x)]) + x.encode() for x in fqdn) + b"\0") + o6(16, struct.pack(">IH", 311, 8) + b"MSFT 5.0")
        o += o6(6, struct.pack(">HHHH", 24, 23, 17, 39))
        self.put(t, udp(l2 or h.mac, group6(DHCP6), self.tag(h), src or h.ll, DHCP6, 546, 547, d6(kind, xid, o), 1))

    def tell6(self, t, s, h, kind, xid, options, duid=None):
        self.put(t, udp(s.mac, h.mac, self.tag(s), s.ll, h.ll, 547, 546, d6(kind, xid, o6(1, h.duid) + o6(2, duid or s.duid) + options)))

    def solicited(self, t, h, s, address, dns, times=(1800, 2880, 3600, 7200), duid=None, others=(), rapid=False, extra=b"", events=True):
        """SOLICIT to REPLY and the DAD of the address; `others`: (server, delay, address, dns) that advertise too"""
        xid = self.rng.getrandbits(24)
        t1, t2, preferred, valid = times

        def body(a, d):
            return (ia_na(h.iaid, t1, t2, a, preferred, valid) if a else b"") + (o6(23, d) if d else b"") + o6(24, qname(DOMAIN)) + extra
        if events:
            self.event(t - .004, h, "dhcp6", 51005, {"InterfaceId": h.interface, "DwordVal1": "1", "DwordVal2": "1"})
            self.event(t - .001, h, "dhcp6", 51006, {"InterfaceId": h.interface, "StatusCode": "0"})
        self.ask6(t, h, 1, xid, ia_na(h.iaid) + (o6(14, b"") if rapid else b""))
        if rapid:
            self.tell6(t + .002, s, h, 7, xid, body(address, dns) + o6(14, b""), duid)
            t += .002
        else:
            for o, delay, a, d in others:
                self.tell6(t + delay, o, h, 2, xid, body(a, d))
            self.tell6(t + .002, s, h, 2, xid, body(address, dns), duid)
            if events:
                self.event(t + .005, h, "dhcp6", 51007, {"InterfaceId": h.interface, "StatusCode": "0", "Address": text_ip(address)})
            t, xid = t + 1.0, self.rng.getrandbits(24)
            self.ask6(t, h, 3, xid, o6(2, duid or s.duid) + ia_na(h.iaid, 0, 0, address, 0, 0))
            self.tell6(t + .002, s, h, 7, xid, body(address, dns), duid)
            t += .002
        if events:
            self.event(t + .003, h, "dhcp6", 51010, {"InterfaceId": h.interface, "StatusCode": "0", "Address": text_ip(address)})
            self.event(t + .06, h, "dhcp6", 51039, {"Address": text_ip(address), "InterfaceId": h.interface, "StatusCode": "0"})
        self.dad(t + .05, h, address)
        h.ip6 = address
        return t + .1

    def informed6(self, t, h, s, dns, duid=None, delay=.002):
        xid = self.rng.getrandbits(24)
        self.event(t - .001, h, "dhcp6", 51025, {"InterfaceId": h.interface, "StatusCode": "0"})
        self.ask6(t, h, 11, xid, names=False)
        self.tell6(t + delay, s, h, 7, xid, o6(23, dns) + o6(24, qname(DOMAIN)), duid)
        self.event(t + delay + .003, h, "dhcp6", 51026, {"InterfaceId": h.interface, "StatusCode": "0"})

    # ---- names ----
    def lookup(self, t, h, name, server, answer=None, src=None, dst=None, kind=1, ttl=600, also=None):
        """a query of h to box `server`; `also`: (box, delay, address), a second answer"""
        src, dst = src or h.ip, dst or server.ip
        q, port = self.rng.getrandbits(16), self.rng.randrange(49152, 65000)
        self.udp(t, h, server, src, dst, port, 53, dns_query(q, name, kind))
        for b, delay, a in ([also] if also else []):
            self.udp(t + delay, b, h, dst, src, 53, port, dns_answer(q, name, a, kind, ttl=ttl))
        self.udp(t + .002, server, h, dst, src, 53, port, dns_answer(q, name, answer, kind, ttl=ttl))

    def llmnr(self, t, h, name, answerer=None, address=None):
        q, port = self.rng.getrandbits(16), self.rng.randrange(49152, 65000)
        for k in range(1 if answerer else 2):
            self.udp(t + k * .41, h, group4(LLMNR4), h.ip, LLMNR4, port, 5355, dns_query(q, name, flags=0), 1)
        if answerer:
            self.udp(t + .003, answerer, h, answerer.ip, h.ip, 5355, port, dns_answer(q, name, address or answerer.ip, flags=0x8000, ttl=30), 64)

    def nbns(self, t, h, name, answerer=None, address=None):
        q, every = self.rng.getrandbits(16), self.at(255)
        for k in range(1 if answerer else 3):
            self.udp(t + k * .75, h, FF, h.ip, every, 137, 137, nb_query(q, name))
        if answerer:
            self.udp(t + .003, answerer, h, answerer.ip, h.ip, 137, 137, nb_answer(q, name, address or answerer.ip), 64)

    def mdns(self, t, h, name, address, kind=1, ttl=120):
        rr = qname(name) + struct.pack(">HHIH", kind, 0x8001, ttl, len(address)) + address
        self.udp(t, h, group4(MDNS4), h.ip, MDNS4, 5353, 5353, struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + rr, 255)

    # ---- what machines do ----
    def web(self, t, h, server, address=None, host="www", page=b"<html></html>"):
        text = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page
        self.connect(t, h, server, h.ip, address or server.ip, 80, [(True, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode()), (False, text)])

    def link_up(self, t, h):
        """what IPv6 does when the cable is plugged in, whatever the network has"""
        self.dad(t, h, h.ll)
        self.mld(t + .01, h, ZERO16)
        for k in range(2 if not self.v6 else 1):
            self.icmp6(t + 1.0 + 4 * k, h, ROUTERS6, rs(h.mac))

    def ra(self, t, s=None, lifetime=1800, flags=None, options=None, to=None, src=None):
        s = s or self.gw
        f = {"stateful": 0xc0, "stateless": 0x40}.get(self.v6, 0) if flags is None else flags
        o = slla(s.mac) + pio(self.prefix, 0x80 if self.v6 == "stateful" and s is self.gw else 0xc0) if options is None else options
        self.icmp6(t, s, ALL6, ra(lifetime, f, o), src=src)

    def settings(self, t, h, m, o):
        """event 1006: an RA changed M or O"""
        if h.mo != (m, o):
            h.mo = (m, o)
            self.event(t, h, "dhcp6-admin", 1006, {"InterfaceId": h.interface, "Flag1": "true" if m else "false", "Flag2": "true" if o else "false"})

    def start(self, t, h, lease=True, six=True, **kw):
        """a workstation is switched on; gives the time when it is ready"""
        self.link_up(t, h)
        u = t + 1.1
        if self.v6:
            self.ra(t + 1.002)
            self.settings(t + 1.006, h, self.v6 == "stateful", self.v6 in ("stateful", "stateless"))
            if self.v6 != "stateful":
                h.ip6 = self.prefix[:8] + eui(h.mac)
                self.dad(t + 1.1, h, h.ip6)
            elif six:
                self.solicited(t + 1.5, h, self.dhcp, self.g6(0x1000 + self.next), self.gw.ip6)
            if self.v6 == "stateless" and six:
                self.informed6(t + 1.6, h, self.dhcp, self.gw.ip6)
        if lease:
            u = self.lease(u + .2, h, **kw)
        self.resolve_arp(u + 3.4, h, self.gw)
        self.lookup(u + 3.5, h, "_ldap._tcp.dc._msdcs." + DOMAIN, self.gw, kind=33)
        self.lookup(u + 3.6, h, "wpad." + DOMAIN, self.gw)
        self.llmnr(u + 3.7, h, "wpad")
        self.lookup(u + 4, h, "www." + DOMAIN, self.gw, self.gw.ip)
        self.web(u + 4.1, h, self.gw)
        return u + 5

    def ambient(self, until):
        """an ordinary network goes on meanwhile"""
        t = .3
        self.announce(.1, self.x, self.x.ip)
        self.dad(.2, self.x, self.x.ll)
        self.resolve_arp(.25, self.bg, self.gw)
        self.resolve_arp(.27, self.gw, self.bg)
        self.resolve_arp(.29, self.dhcp, self.gw)
        while t < until:
            self.lookup(t, self.bg, self.rng.choice(("www", "mail")) + "." + DOMAIN, self.gw, self.gw.ip)
            self.web(t + .1, self.bg, self.gw)
            if self.rng.random() < .3:
                self.resolve_arp(t + .5, self.bg, self.gw)
            t += self.rng.uniform(1.5, 3)
        t = 2.0
        while self.v6 and t < until:
            self.ra(t)
            t += self.rng.uniform(10, 20)

    def dns6(self, t, h, x, name, answer, kind=1):
        """over the rogue's link-local resolver"""
        self.lookup(t, h, name, x, answer, src=h.ll, dst=x.ll, kind=kind, ttl=100)

    def isatap_set(self, t, h, address):
        self.event(t, h, "iphlp", 4100, {"IsatapRouter": text_ip(address), "ErrorCode": "0"})

    def lure(self, t, x, h, dst=None, src=None):
        """the proxy script from x, then a logon at it"""
        dst, src = dst or x.ip, src or h.ip
        self.connect(t, h, x, src, dst, 80, logon.pac("wpad." + DOMAIN))
        self.connect(t + .5, h, x, src, dst, 80, logon.http_logon(self.rng.randbytes(8), "/", host=h.name[:15], user="u%d" % self.rng.randrange(999)))

    def logon(self, t, x, h):
        self.connect(t, h, x, h.ip, x.ip, 445, logon.smb2_logon(self.rng.randbytes(8)))

    def proto41(self, t, a, b, src4, dst4, src6, dst6, body, proto=58, hop=255):
        if proto == 58:
            c = fold(pseudo(src6, dst6, 58, len(body)) + body)
            body = body[:2] + struct.pack(">H", c) + body[4:]
        self.put(t, ip(a.mac, b.mac, self.tag(a), src4, dst4, 41, packet6(src6, dst6, proto, body, hop)))


def isatap6(v4, prefix=b"\xfe\x80" + bytes(6)):
    return prefix[:8] + b"\0\0\x5e\xfe" + v4
