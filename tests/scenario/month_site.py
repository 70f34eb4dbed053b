"""One simulated site: its segments, servers and hosts, and what they do on ordinary days.

Everything is scheduled on one heap and leaves it in time order, so that a month is written as it is made.  The mirror is a
trunk: it carries every VLAN with its tag, hence a routed packet twice, and no server is taken for granted that a real
network of this size would not have."""
import heapq, json, random, struct
import handshake
from month_net import *

HOUR, DAY = 3600.0, 86400.0
DOMAIN = "corp.lab"
PARAMS = o4(60, b"MSFT 5.0") + o4(55, bytes((1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252)))
PROVIDERS = {
    "dhcp": ("Microsoft-Windows-Dhcp-Client", "Microsoft-Windows-Dhcp-Client/Operational"),
    "dhcp6": ("Microsoft-Windows-DHCPv6-Client", "Microsoft-Windows-Dhcpv6-Client/Operational"),
    "dhcp6-admin": ("Microsoft-Windows-DHCPv6-Client", "Microsoft-Windows-Dhcpv6-Client/Admin"),
    "server": ("Microsoft-Windows-DHCP-Server", "System"), "iphlp": ("Microsoft-Windows-Iphlpsvc", "System"),
    "sstp": ("Microsoft-Windows-RasSstp", "System"), "dns": ("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational")}


def stamp(t):
    import datetime
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


class Segment:
    """a VLAN: how its hosts get addresses and names"""

    def __init__(self, vlan, kind, relays, v6, lease, bits=22, local=None):
        self.vlan, self.kind, self.relays, self.v6, self.lease, self.bits = vlan, kind, relays, v6, lease, bits
        self.net = bytes((10, vlan, 0, 0))
        self.base, self.size = 10 << 24 | vlan << 16 | 256, (1 << 32 - bits) - 256 - 2
        self.mask = struct.pack(">I", 0xffffffff << 32 - bits & 0xffffffff)
        self.gw = bytes((10, vlan, 0, 1))
        self.prefix = ip6("fd74:852c:7a:%x::" % vlan)
        self.vmac, self.vmac6 = mac("00:00:5e:00:01:%02x" % vlan), mac("00:00:5e:00:02:%02x" % vlan)
        self.local = local                  # the server that stands on the segment: (mac, address)
        self.sticky, self.next = {}, 0
        self.rogue4, self.rogue6, self.hosts = [], [], []

    def address(self, key):
        """servers give a client its old address again; when all were given the oldest is given once more"""
        if key not in self.sticky:
            self.sticky[key] = struct.pack(">I", self.base + self.next % self.size)
            self.next += 1
        return self.sticky[key]


class Host:
    def __init__(self, m, name, kind, seg, rng):
        self.mac, self.name, self.kind, self.seg = m, name, kind, seg
        self.ll = ll(m)
        self.duid = b"\0\1\0\1" + struct.pack(">I", 0x2a000000 + rng.randrange(1 << 24)) + m
        self.iaid = int.from_bytes(b"\x0c" + m[:3], "big")
        self.skew = rng.gauss(0, 0.12)
        self.rid = rng.randrange(1000, 90000)
        self.verbose, self.agent = rng.random() < .15, rng.random() < .7
        self.isatap = rng.random() < .1     # an old Windows, where ISATAP is still on
        self.lease = {}                     # vlan -> (address, until, server)
        self.ip = self.g6 = None
        self.up = False
        self.mo = None
        self.dns = None                     # (address, mac): a resolver on the segment that somebody gave it
        self.epoch = 0


class Site:
    def __init__(self, hosts, days, seed, out, events):
        self.rng = random.Random(seed)
        self.days, self.count, self.out, self.events_out = days, hosts, out, events
        self.start = 1772409600.0           # Monday 2 March 2026 UTC
        self.actions, self.frames, self.pending, self.n = [], [], [], 0
        self.packets = self.told = 0
        self.r1, self.r2 = mac("00:1a:8c:01:00:01"), mac("00:1a:8c:01:00:02")
        self.active = 0
        self.down = set()
        self.dhcp = [(mac("00:15:5d:0a:00:0b"), ip4("10.10.0.11"), "DHCP01"), (mac("00:15:5d:0a:00:0c"), ip4("10.10.0.12"), "DHCP02")]
        self.dcs = [(mac("00:15:5d:0a:00:15"), ip4("10.10.0.21"), "DC01"), (mac("00:15:5d:0a:00:16"), ip4("10.10.0.22"), "DC02")]
        self.dc6 = ip6("fd74:852c:7a:a::21")
        self.web = (mac("00:15:5d:0a:00:28"), ip4("10.10.0.40"))
        self.vpn = (mac("00:15:5d:14:00:1e"), ip4("10.20.0.30"))
        self.duid4 = b"\0\1\0\1\x2a\x11\x22\x33" + self.dhcp[0][0]
        self.certs = [handshake.certificate("vpn." + DOMAIN, serial=1, year=25), handshake.certificate("vpn." + DOMAIN, serial=2, year=26)]
        self.cert = self.certs[0]
        self.build()

    # ---- the clock and the outputs ----
    def at(self, t, do, *args):
        if t < self.start + self.days * DAY:
            self.n += 1
            heapq.heappush(self.actions, (t, self.n, do, args))

    def put(self, t, frame):
        self.n += 1
        heapq.heappush(self.frames, (t, self.n, frame))

    def event(self, t, host, source, number, data, skew=None):
        provider, channel = PROVIDERS[source]
        host.rid += 1
        at = t + (host.skew if skew is None else skew)
        name = host.name.upper() + "." + DOMAIN
        about = {"name": name.lower()}
        if host.agent and host.ip:
            about.update(ip=[text_ip(host.ip), text_ip(host.ll)], mac=[text_mac(host.mac).upper().replace(":", "-")])
        self.n += 1
        heapq.heappush(self.pending, (t + .2, self.n, {
            "@timestamp": stamp(at), "event": {"code": str(number), "kind": "event", "provider": provider, "created": stamp(at + 1.2)},
            "host": about, "winlog": {"api": "wineventlog", "provider_name": provider, "channel": channel, "computer_name": name,
                                      "event_id": str(number), "record_id": host.rid, "event_data": data}}))

    def flush(self, until):
        frames, pending = self.frames, self.pending
        lines = []
        while frames and frames[0][0] < until:
            t, _, f = heapq.heappop(frames)
            lines.append(record(t, f))
        self.packets += len(lines)
        self.out.write(b"".join(lines))
        while pending and pending[0][0] < until:
            self.events_out.write(json.dumps(heapq.heappop(pending)[2], separators=(",", ":")) + "\n")
            self.told += 1

    def run(self):
        self.out.write(PCAP_HEAD)
        end, last = self.start + self.days * DAY, 0
        while self.actions:
            t, _, do, args = heapq.heappop(self.actions)
            if t - last > 20:
                self.flush(t)
                last = t
            do(t, *args)
        self.flush(end + DAY)

    # ---- who is there ----
    def build(self):
        rng, both = self.rng, (0, 1)
        segs = [Segment(10, "servers", (), True, 0), Segment(20, "dmz", (), False, 0)]
        for k in range(12):
            v6 = None if k in (6, 7) else "stateful" if k % 2 else "stateless"
            segs.append(Segment(101 + k, "office", both if k % 2 else (0,), v6, 12 * HOUR if k % 3 else 4 * DAY))
        segs += [Segment(121, "wifi", (0,), "stateless", 8 * HOUR, 20), Segment(122, "wifi", both, "stateful", 8 * HOUR, 20)]
        segs.append(Segment(131, "guest", (), None, HOUR, 20, (mac("00:15:5d:83:00:05"), ip4("10.131.0.5"))))
        segs.append(Segment(141, "vdi", (), None, 2 * HOUR, 22, (mac("00:15:5d:8d:00:05"), ip4("10.141.0.5"))))
        segs.append(Segment(151, "printers", (), None, 0))
        for v in (161, 162):
            segs.append(Segment(v, "branch", (), "stateless", 8 * HOUR, 22, (mac("00:15:5d:%02x:00:05" % v), bytes((10, v, 0, 5)))))
        self.segs = {s.vlan: s for s in segs}
        self.servers = {}
        for m, a, name in self.dhcp + self.dcs + [self.web + ("WEB01",), self.vpn + ("VPN01",)]:
            h = Host(m, name, "server", self.segs[a[1]], rng)
            h.ip, h.up, h.skew = a, True, rng.gauss(0, .05)
            self.servers[name] = h
        for s in segs:
            if s.local:
                h = Host(s.local[0], "DHCP%d" % s.vlan, "server", s, rng)
                h.ip, h.up = s.local[1], True
                self.servers[h.name] = h
        self.hosts = []
        homes = [s for s in segs if s.kind in ("office", "branch")]
        n = self.count
        for i in range(n):
            share = (i * 37 % 100) / 100
            m = bytes((0x3c, 0x52, 0x82)) + struct.pack(">I", 0x100000 + i * 37)[1:]
            if share < .60:
                h = Host(m, "WS-%05d" % i, "desktop", homes[i % len(homes)], rng)
            elif share < .84:
                h = Host(m, "LT-%05d" % i, "laptop", homes[i % len(homes)], rng)
            elif share < .91:
                h = Host(bytes((0, 0x50, 0x56)) + struct.pack(">I", 0x200000 + i)[1:], "VDI-%05d" % i, "vdi", self.segs[141], rng)
            elif share < .95:
                h = Host(bytes((0, 0x21, 0x5a)) + struct.pack(">I", 0x300000 + i)[1:], "PR-%05d" % i, "printer", self.segs[151], rng)
                h.ip = self.segs[151].address(h.mac)
            else:
                h = Host(m, "guest", "guest", self.segs[131], rng)
            h.seg.hosts.append(h)
            self.hosts.append(h)

    def router(self):
        return (self.r1, self.r2)[self.active]

    def authority(self):
        """what the administrator declares: JSON, which is YAML"""
        nets = [text_ip(s.net) + "/%d" % s.bits for s in self.segs.values()]
        six = [text_ip(s.prefix) + "/64" for s in self.segs.values() if s.v6]
        gw = ["10.%d.0.%d" % (v, k) for v in self.segs for k in (1, 2, 3)]
        routers = [{"ip": gw + ["fe80::1"], "mac": [text_mac(self.r1), text_mac(self.r2)]}]
        local = [s.local for s in self.segs.values() if s.local]
        return {"authority": [{
            "name": "site", "prefixes": nets + six,
            "dhcp4_servers": [{"ip": [text_ip(a)], "mac": text_mac(m)} for m, a in [x[:2] for x in self.dhcp] + local],
            "dhcp6_servers": [{"ip": [], "mac": text_mac(self.dhcp[0][0]), "duid": [self.duid4.hex(":")]},
                              {"ip": [], "mac": text_mac(self.r1), "duid": [(b"\0\3\0\1" + self.r1).hex(":")]}],
            "routers": routers, "relays": [{"ip": gw, "mac": [text_mac(self.r1), text_mac(self.r2)]}],
            "resolvers": [text_ip(x[1]) for x in self.dcs] + [text_ip(self.dc6)],
            "isatap_routers": [], "teredo_servers": [], "pxe_servers": [],
            "vpn_servers": [{"sni": "vpn." + DOMAIN, "ip": [text_ip(self.vpn[1])], "leaf_sha256": [handshake.sha256(c) for c in self.certs]}],
            "failover": [[text_ip(x[1]) for x in self.dhcp]]}]}

    # ---- DHCPv4 ----
    def names(self, h):
        return o4(12, h.name.encode())

    def owner(self, h):
        """the partner that load balancing gives this client; the other one while it is down"""
        k = h.mac[5] & 1
        return self.dhcp[k ^ 1 if k in self.down else k]

    def reply_options(self, seg, kind, sid):
        o = o4(53, bytes([kind])) + o4(54, sid)
        if kind == 6:
            return o
        n = int(seg.lease)
        o += o4(58, struct.pack(">I", n // 2)) + o4(59, struct.pack(">I", n * 7 // 8)) + o4(51, struct.pack(">I", n)) + o4(1, seg.mask)
        dns = seg.gw if seg.kind == "guest" else self.dcs[0][1] + self.dcs[1][1]
        return o + o4(3, seg.gw) + o4(6, self.dcs[0][1] + self.dcs[1][1] if seg.kind != "guest" else dns) + o4(15, DOMAIN.encode())

    def ask4(self, t, h, kind, xid, extra=b"", secs=0, seg=None, src=ZERO4, cid=None, chaddr=None, l2=None, giaddr=ZERO4):
        """a broadcast of the client, and what the relays make of it"""
        seg, ch = seg or h.seg, chaddr or h.mac
        opts = o4(53, bytes([kind])) + o4(61, cid or b"\1" + ch) + extra
        self.put(t, udp(l2 or h.mac, FF, seg.vlan, src, ONES4, 68, 67, bootp(1, xid, ch, opts, ciaddr=src, secs=secs, giaddr=giaddr)))
        for k in seg.relays:
            if k == self.active or len(seg.relays) > 1 and not self.r_down(k):
                g = bytes((10, seg.vlan, 0, 2 + k))
                data = bootp(1, xid, ch, opts, ciaddr=src, giaddr=g, hops=1, secs=secs)
                for j, (sm, sa, _) in enumerate(self.dhcp):
                    if j not in self.down:
                        self.put(t + .0004 + .0001 * j, udp((self.r1, self.r2)[k], sm, 10, g, sa, 67, 67, data, 255))

    def r_down(self, k):
        return ("r", k) in self.down

    def tell4(self, t, h, kind, xid, yiaddr, server=None, seg=None, chaddr=None, to=None, extra=b"", ciaddr=ZERO4):
        """a server's answer: from the segment's own server, or through each relay that asked"""
        seg, ch = seg or h.seg, chaddr or h.mac
        if seg.local:
            m, sid = seg.local
            data = bootp(2, xid, ch, self.reply_options(seg, kind, sid) + extra, yiaddr=yiaddr, ciaddr=ciaddr, flags=0x8000 if to is None else 0)
            self.put(t, udp(m, FF if to is None else to, seg.vlan, sid, ONES4 if to is None else yiaddr, 67, 68, data))
            return sid
        m, sid, _ = server or self.owner(h)
        for k in seg.relays:
            if k == self.active or len(seg.relays) > 1 and not self.r_down(k):
                g, r = bytes((10, seg.vlan, 0, 2 + k)), (self.r1, self.r2)[k]
                data = bootp(2, xid, ch, self.reply_options(seg, kind, sid) + extra, yiaddr=yiaddr, giaddr=g, ciaddr=ciaddr)
                self.put(t + .0002 * k, udp(m, r, 10, sid, g, 67, 67, data))
                self.put(t + .0005 + .0002 * k, udp(r, ch if to is None else to, seg.vlan, g, yiaddr if yiaddr != ZERO4 else ONES4, 67, 68, data, 255))
        return sid

    def boot(self, t, h, seg=None):
        """link up: IPv6 link-local, router, DHCPv4 (INIT-REBOOT or DORA), DHCPv6, names"""
        if seg:
            h.seg = seg
        seg = h.seg
        h.up, h.dns, h.epoch = True, None, h.epoch + 1
        if seg.v6 or h.kind in ("desktop", "laptop", "vdi"):
            self.put(t, icmp6(h.mac, group6(b"\xff" * 13 + h.ll[13:]), seg.vlan, ZERO16, b"\xff\2" + bytes(9) + b"\1\xff" + h.ll[13:], ns(h.ll)))
            for k in range(1 if seg.v6 else 3):
                self.put(t + .12 + 4 * k, icmp6(h.mac, group6(b"\0" * 15 + b"\2"), seg.vlan, h.ll, ip6("ff02::2"), rs(h.mac)))
        self.v4(t + .3 + self.rng.random() * .4, h)
        if seg.v6:
            self.router_says(t + .2, seg)
        self.at(t + 1.1, self.v6, h, seg, h.epoch)

    def v4(self, t, h):
        seg, rng = h.seg, self.rng
        xid = rng.getrandbits(32)
        old = h.lease.get(seg.vlan)
        if old and old[1] > t and not any(r.hits(self, h) for r in seg.rogue4):
            self.ask4(t, h, 3, xid, o4(50, old[0]) + self.names(h) + PARAMS)
            sid = self.tell4(t + .004, h, 5, xid, old[0])
            return self.bound(t + .01, h, old[0], sid, seg, False)
        mine = seg.address(h.mac)
        if h.ip and h.ip[1] != seg.vlan and h.kind == "laptop" and rng.random() < .5:
            # it asks for the address of the network that it left, and every server says no
            self.ask4(t, h, 3, xid, o4(50, h.ip) + self.names(h) + PARAMS)
            for s in [x for k, x in enumerate(self.dhcp) if k not in self.down] if not seg.local else [None]:
                self.tell4(t + .004, h, 6, xid, ZERO4, server=s)
            t, xid = t + .6, rng.getrandbits(32)
        late = not seg.local and not self.down and not seg.rogue4 and rng.random() < .02
        if late:
            # the first DISCOVER is lost behind a port that does not forward yet; so old a client is answered by both partners
            self.put(t, udp(h.mac, FF, seg.vlan, ZERO4, ONES4, 68, 67, bootp(1, xid, h.mac, o4(53, b"\1") + o4(61, b"\1" + h.mac) + PARAMS)))
            t += 8
            self.tell4(t + .013, h, 2, xid, seg.address((h.mac, "other")), server=[x for x in self.dhcp if x is not self.owner(h)][0])
        self.ask4(t, h, 1, xid, secs=8 if late else 0, extra=(o4(50, old[0]) if old else b"") + self.names(h) + PARAMS)
        rogues = [r for r in seg.rogue4 if r.hits(self, h)]
        early = [r for r in rogues if r.offer(self, t, h, xid, mine)]
        sid = self.tell4(t + .01, h, 2, xid, mine)
        if early:
            return early[0].taken(self, t + .02, h, xid)
        self.ask4(t + .02, h, 3, xid, o4(50, mine) + o4(54, sid) + self.names(h) + o4(81, b"\0\0\0" + (h.name + "." + DOMAIN).encode()) + PARAMS)
        for r in rogues:
            r.asked(self, t + .02, h, xid, mine, sid)
        self.tell4(t + .026, h, 5, xid, mine)
        self.bound(t + .03, h, mine, sid, seg, True)

    def bound(self, t, h, a, sid, seg, fresh, lease=None):
        h.ip = a
        lease = lease or seg.lease
        h.lease[seg.vlan] = (a, t + lease, sid)
        self.use_address(t, h, seg)
        if h.verbose and fresh:
            for n, dt in ((50010, -.02), (50013, .003)):
                self.event(t + dt, h, "dhcp", n, {"InterfaceId": "7", "Address1": text_ip(a), "Address2": text_ip(sid)})
        self.at(t + lease / 2, self.renew, h, seg, h.epoch)
        if h.kind in ("desktop", "laptop", "vdi"):
            self.at(t + 3 + self.rng.random(), self.logon, h, h.epoch)

    def use_address(self, t, h, seg):
        for k in range(3):
            self.put(t + .05 + k, arp(h.mac, FF, seg.vlan, 1, h.mac, ZERO4, bytes(6), h.ip))
        self.put(t + 3.05, arp(h.mac, FF, seg.vlan, 1, h.mac, h.ip, bytes(6), h.ip))
        self.put(t + .1, arp(h.mac, FF, seg.vlan, 1, h.mac, h.ip, bytes(6), seg.gw))
        self.put(t + .1004, arp(seg.vmac, h.mac, seg.vlan, 2, seg.vmac, seg.gw, h.mac, h.ip))

    def renew(self, t, h, seg, epoch):
        """unicast to the server at half the lease (RFC 2131 4.4.5)"""
        if not h.up or h.epoch != epoch or h.seg is not seg:
            return
        a, _, sid = h.lease[seg.vlan]
        if sid[1] not in (10, seg.vlan):
            return
        xid = self.rng.getrandbits(32)
        ask = bootp(1, xid, h.mac, o4(53, b"\3") + o4(61, b"\1" + h.mac) + self.names(h) + PARAMS, ciaddr=a)
        if seg.local and sid == seg.local[1]:
            m = seg.local[0]
            self.put(t, udp(h.mac, m, seg.vlan, a, sid, 68, 67, ask))
            self.put(t + .002, udp(m, h.mac, seg.vlan, sid, a, 67, 68, bootp(2, xid, h.mac, self.reply_options(seg, 5, sid), ciaddr=a, yiaddr=a)))
        else:
            k = [x[1] for x in self.dhcp].index(sid) if sid in [x[1] for x in self.dhcp] else 0
            m, r = self.dhcp[k][0], self.router()
            self.put(t, udp(h.mac, seg.vmac, seg.vlan, a, sid, 68, 67, ask))
            self.put(t + .0003, udp(r, m, 10, a, sid, 68, 67, ask, 127))
            if k in self.down:
                self.at(t + seg.lease / 4, self.renew, h, seg, epoch)
                return
            data = bootp(2, xid, h.mac, self.reply_options(seg, 5, sid), ciaddr=a, yiaddr=a)
            self.put(t + .002, udp(m, r, 10, sid, a, 67, 68, data))
            self.put(t + .0023, udp(r, h.mac, seg.vlan, sid, a, 67, 68, data, 127))
        h.lease[seg.vlan] = (a, t + seg.lease, sid)
        self.at(t + seg.lease / 2, self.renew, h, seg, epoch)

    def inform(self, t, h):
        """asks for 252 and the like; the servers answer all (RFC 2131 4.3.5)"""
        if not h.up or not h.ip:
            return
        xid = self.rng.getrandbits(32)
        self.ask4(t, h, 8, xid, o4(55, b"\xfc\6\x0f") + self.names(h) + o4(60, b"MSFT 5.0"), src=h.ip)
        for r in h.seg.rogue4:
            r.informed(self, t, h, xid)
        if h.seg.local:
            m, sid = h.seg.local
            data = bootp(2, xid, h.mac, o4(53, b"\5") + o4(54, sid) + o4(6, self.dcs[0][1]) + o4(15, DOMAIN.encode()), ciaddr=h.ip)
            self.put(t + .003, udp(m, h.mac, h.seg.vlan, sid, h.ip, 67, 68, data))

    # ---- IPv6 ----
    def ra_flags(self, seg):
        return 0xc0 if seg.v6 == "stateful" else 0x40

    def router_says(self, t, seg):
        o = slla(seg.vmac6) + pio(seg.prefix, 0x80 if seg.v6 == "stateful" else 0xc0)
        self.put(t, icmp6(seg.vmac6, group6(b"\0" * 15 + b"\1"), seg.vlan, ip6("fe80::1"), ip6("ff02::1"), ra(1800, self.ra_flags(seg), o)))

    def periodic_ra(self, t, seg):
        self.router_says(t, seg)
        self.at(t + 400 + self.rng.random() * 200, self.periodic_ra, seg)

    def neighbours(self, t, seg):
        """somebody looks for the router by broadcast, as Windows does once its entry is gone; IPv6 asks the router itself"""
        self.at(t + 60 + self.rng.random() * 120, self.neighbours, seg)
        tries = [seg.hosts[int(self.rng.random() * len(seg.hosts))] for _ in range(12)] if seg.hosts else ()
        up = [h for h in tries if h.up and h.ip and h.seg is seg]
        if up:
            h = up[0]
            self.put(t, arp(h.mac, FF, seg.vlan, 1, h.mac, h.ip, bytes(6), seg.gw))
            self.put(t + .0004, arp(seg.vmac, h.mac, seg.vlan, 2, seg.vmac, seg.gw, h.mac, h.ip))
            if seg.v6 and h.kind != "server":
                gw = ip6("fe80::1")
                self.put(t + .01, icmp6(h.mac, seg.vmac6, seg.vlan, h.ll, gw, ns(gw, h.mac)))
                self.put(t + .0104, icmp6(seg.vmac6, h.mac, seg.vlan, gw, h.ll, na(gw, seg.vmac6, 0xc0000000)))

    def dad(self, t, h, a):
        self.put(t, icmp6(h.mac, group6(b"\xff" * 13 + a[13:]), h.seg.vlan, ZERO16, b"\xff\2" + bytes(9) + b"\1\xff" + a[13:], ns(a)))

    def say6(self, t, h, kind, xid, extra):
        data = d6(kind, xid, o6(1, h.duid) + o6(8, b"\0\0") + o6(16, b"\0\0\1\x37\0\x08MSFT 5.0") + o6(6, b"\0\x11\0\x17\0\x18\0\x27") + extra)
        self.put(t, udp(h.mac, b"\x33\x33\0\1\0\2", h.seg.vlan, h.ll, ip6("ff02::1:2"), 546, 547, data, 1))

    def server6(self, t, h, kind, xid, options):
        """the declared server through the router, whose link-local address the client sees"""
        r = self.r1
        self.put(t, udp(r, h.mac, h.seg.vlan, ll(r), h.ll, 547, 546, d6(kind, xid, o6(1, h.duid) + options)))

    def v6(self, t, h, seg, epoch):
        if not h.up or h.epoch != epoch or h.kind not in ("desktop", "laptop", "vdi", "guest") or h.kind == "guest":
            return
        rng, xid = self.rng, self.rng.getrandbits(24)
        rogues = [r for r in seg.rogue6 if r.hits(self, h)]
        if not seg.v6 and not rogues:
            self.say6(t, h, 1, xid, ia_na(h.iaid))      # Windows asks even where no router told it to
            return
        mo = self.ra_flags(seg) if seg.v6 else None
        if h.mo is not None and mo is not None and h.mo != mo:
            self.event(t - .6, h, "dhcp6-admin", 1006, {"InterfaceId": "14", "Flag1": str(mo == 0xc0).lower(), "Flag2": "true"})
        h.mo = mo
        dns = o6(23, self.dc6) + o6(24, qname(DOMAIN))
        if seg.v6 == "stateless":
            h.g6 = seg.prefix[:8] + eui(h.mac)
            self.dad(t, h, h.g6)
            self.say6(t + .1, h, 11, xid, b"")
            for r in rogues:
                if r.info(self, t + .1, h, xid):
                    return
            self.server6(t + .104, h, 7, xid, o6(2, b"\0\3\0\1" + self.r1) + dns)
            if h.verbose:
                self.event(t + .107, h, "dhcp6", 51026, {"InterfaceId": "7", "StatusCode": "0"})
            return
        self.say6(t, h, 1, xid, ia_na(h.iaid))
        taken = [r for r in rogues if r.solicit(self, t, h, xid)]
        if taken or not seg.v6:
            return
        h.g6 = seg.prefix[:8] + b"\0\0\1" + h.mac[1:]
        s, given = o6(2, self.duid4), ia_na(h.iaid, 14400, 23040, h.g6, 28800, 43200)
        self.server6(t + .006, h, 2, xid, s + given + dns)
        xid = (xid + 77) & 0xffffff
        self.say6(t + 1.0, h, 3, xid, s + ia_na(h.iaid, 0, 0, h.g6, 0, 0))
        self.server6(t + 1.006, h, 7, xid, s + given + dns)
        self.dad(t + 1.05, h, h.g6)
        if h.verbose:
            self.event(t + 1.009, h, "dhcp6", 51010, {"InterfaceId": "7", "StatusCode": "0", "Address": text_ip(h.g6)})
        self.at(t + 14400, self.renew6, h, seg, epoch, s + given + dns)

    def renew6(self, t, h, seg, epoch, options):
        if h.up and h.epoch == epoch:
            xid = self.rng.getrandbits(24)
            self.say6(t, h, 5, xid, o6(2, self.duid4) + ia_na(h.iaid, 0, 0, h.g6, 0, 0))
            self.server6(t + .006, h, 7, xid, options)
            self.at(t + 14400, self.renew6, h, seg, epoch, options)

    # ---- names and connections ----
    def lookup(self, t, h, name, answer=None, kind=1):
        seg, q = h.seg, self.rng.getrandbits(16)
        port = 49152 + self.rng.randrange(16000)
        if h.dns:
            return h.dns.resolve(self, t, h, name, q, port)
        m, a, _ = self.dcs[0 if t % 7 > 1 else 1]
        if kind == 33:
            data = srv_answer(q, name, "dc01." + DOMAIN)
        else:
            data = dns_answer(q, name, answer, kind)
        self.pair(t, h, m, a, udp_body(h.ip, a, port, 53, dns_query(q, name, kind)), udp_body(a, h.ip, 53, port, data), 17, seg)

    def pair(self, t, h, m, a, ask, answer, proto, seg, delay=.0012):
        r, far = self.router(), a[1]
        self.put(t, ip(h.mac, seg.vmac, seg.vlan, h.ip, a, proto, ask, 128))
        self.put(t + .0002, ip(r, m, far, h.ip, a, proto, ask, 127))
        self.put(t + delay, ip(m, self.segs[far].vmac, far, a, h.ip, proto, answer, 128))
        self.put(t + delay + .0002, ip(r, h.mac, seg.vlan, a, h.ip, proto, answer, 127))

    def connect(self, t, h, m, a, port, turns, seg=None, via=True, hops=None):
        """one TCP connection; `hops`: (mac client sends to, mac the client hears) when not through the router"""
        seg, sport = seg or h.seg, 49152 + self.rng.randrange(16000)
        seq = {True: 1000 + self.rng.getrandbits(28), False: 1000 + self.rng.getrandbits(28)}
        far = a[1] if len(a) == 4 else None
        src = h.ip if len(a) == 4 else h.ll
        at = [t]

        def segment(client, flags, data=b""):
            for i in range(0, max(1, len(data)), 1400):
                part = data[i:i + 1400]
                ack = seq[not client] if flags & 16 else 0
                if client:
                    out = hops or (seg.vmac, None)
                    self.put(at[0], tcp(h.mac, out[0], seg.vlan, src, a, sport, port, seq[True], ack, flags, part))
                    if not hops:
                        self.put(at[0] + .0001, tcp(self.router(), m, far, src, a, sport, port, seq[True], ack, flags, part, 127))
                else:
                    if not hops:
                        self.put(at[0], tcp(m, self.segs[far].vmac, far, a, src, port, sport, seq[False], ack, flags, part))
                    self.put(at[0] + .0001, tcp(hops[1] if hops else self.router(), h.mac, seg.vlan, a, src, port, sport, seq[False], ack, flags, part, 127))
                seq[client] += len(part) + (flags & 3 > 0)
                at[0] += .0007
        segment(True, 2)
        segment(False, 18)
        segment(True, 16)
        for client, data in turns:
            segment(client, 24, data)
        segment(True, 17)
        segment(False, 17)
        segment(True, 16)
        return sport

    def logon(self, t, h, epoch):
        if not h.up or h.epoch != epoch or not h.ip:
            return
        self.lookup(t, h, "_ldap._tcp.dc._msdcs." + DOMAIN, kind=33)
        self.lookup(t + .4, h, "dc01." + DOMAIN, self.dcs[0][1])
        if not h.dns or h.dns.honest:
            self.connect(t + .5, h, self.dcs[0][0], self.dcs[0][1], 135, ())
        self.lookup(t + 2, h, "wpad." + DOMAIN, None)
        if h.isatap:
            self.lookup(t + 1.2, h, "isatap." + DOMAIN, None)
        if self.rng.random() < .1:
            self.at(t + 5, lambda t2: self.inform(t2, h))
        self.at(t + 600 + self.rng.random() * 9000, self.work, h, h.epoch)

    def work(self, t, h, epoch):
        if not h.up or h.epoch != epoch or not h.ip:
            return
        name = ("intranet." if self.rng.random() < .5 else "files.") + DOMAIN
        self.lookup(t, h, name, self.web[1])
        if not h.dns:
            self.connect(t + .1, h, self.web[0], self.web[1], 443, handshake.session(b"", name, tls13=True)[:3])
        self.at(t + 6000 + self.rng.random() * 9000, self.work, h, h.epoch)

    # ---- days ----
    def off(self, t, h, epoch=None):
        if epoch is None or epoch == h.epoch:
            h.up = False

    def day(self, t, d):
        rng, weekend = self.rng, d % 7 >= 5
        self.at(t + DAY, self.day, d + 1)
        for h in self.hosts:
            if h.kind == "printer":
                if d == 0 or rng.random() < .1:
                    self.at(t + rng.random() * DAY, self.printer, h)
                continue
            if weekend and rng.random() > .05 or rng.random() < .07:
                continue
            on = t + HOUR * rng.triangular(7, 9, 8)
            gone = t + HOUR * rng.triangular(15.5, 19, 17)
            if h.kind == "guest":
                on = t + HOUR * rng.uniform(8, 15)
                gone = on + rng.expovariate(1 / (2 * HOUR))
                self.at(on, self.guest, h)
            elif h.kind == "laptop":
                self.at(on, self.boot, h, h.home if hasattr(h, "home") else h.seg)
                h.home = h.seg if not hasattr(h, "home") else h.home
                for _ in range(rng.choice((0, 1, 1, 2))):
                    self.at(rng.uniform(on + 600, gone), self.roam, h)
                if rng.random() < .01:
                    self.at(on - 60, self.rename, h)
                if rng.random() < .04:
                    self.at(t + HOUR * rng.uniform(19.5, 22), self.sstp, h)
            else:
                self.at(on, self.boot, h)
            if h.kind != "desktop" or rng.random() < .8:
                self.at(gone, self.off, h)

    def roam(self, t, h):
        if h.up:
            now = [self.segs[121], self.segs[122], h.home]
            self.boot(t, h, self.rng.choice([s for s in now if s is not h.seg]))

    def rename(self, t, h):
        h.name = "NB-%05d" % self.rng.randrange(100000)

    def guest(self, t, h):
        m = bytes([self.rng.getrandbits(8) & 0xfc | 2]) + self.rng.randbytes(5)
        h.mac, h.ll, h.lease, h.name = m, ll(m), {}, "android-%08x" % self.rng.getrandbits(32)
        h.seg.sticky.pop(m, None)
        self.boot(t, h)

    def printer(self, t, h):
        h.up = True
        self.use_address(t, h, h.seg)

    def sstp(self, t, h, seg=None):
        """a laptop on the guest network dials in; the VPN server stands in the DMZ"""
        self.boot(t, h, self.segs[131])
        self.at(t + 8, self.dial, h)
        self.at(t + 1800, self.off, h)

    def dial(self, t, h):
        if h.up and h.ip:
            self.lookup(t, h, "vpn." + DOMAIN, self.vpn[1])
            self.connect(t + .2, h, self.vpn[0], self.vpn[1], 443, handshake.session(self.cert, "vpn." + DOMAIN, random=self.rng.randrange(255)))
            if self.rng.random() < .05:
                self.event(t + 61, h, "sstp", 1, {"CoId": self.coid(), "ErrorMessage": "The operation timed out."})

    def coid(self):
        return "{%08X-1111-4000-8000-%012X}" % (self.rng.getrandbits(32), self.rng.getrandbits(48))

    # ---- servers and routers ----
    def housekeeping(self, t, n):
        """every ten minutes: servers speak, partners keep in touch, Windows servers look for strangers once an hour"""
        self.at(t + 600, self.housekeeping, n + 1)
        for h in self.servers.values():
            if not (h.name == "DHCP02" and 1 in self.down):
                self.put(t + self.rng.random(), arp(h.mac, FF, h.seg.vlan, 1, h.mac, h.ip, bytes(6), h.seg.gw))
        for s in self.segs.values():
            self.put(t + self.rng.random(), eth(group4(ip4("224.0.0.18")), s.vmac, s.vlan, 0x0800, packet4(
                bytes((10, s.vlan, 0, 2 + self.active)), ip4("224.0.0.18"), 112, self.vrrp(s), 255)))
        (m1, a1, _), (m2, a2, _) = self.dhcp
        if 1 not in self.down:
            for k in range(5):
                u = t + 120 * k
                x = 1000 + n * 60 + k * 12
                self.put(u, tcp(m1, m2, 10, a1, a2, 52000, 647, x, x, 24, b"\0\x0c\x07\0\0\0\0\1\0\0\0\0"))
                self.put(u + .001, tcp(m2, m1, 10, a2, a1, 647, 52000, x, x + 12, 24, b"\0\x0c\x07\0\0\0\0\1\0\0\0\0"))
        if n % 6 == 3:
            self.recheck(t + 5, 0)
            if 1 not in self.down:
                self.recheck(t + 65, 1)

    def vrrp(self, s):
        body = struct.pack(">BBBBHH", 0x31, s.vlan & 255, 100, 1, 1000, 0) + s.gw
        return body[:6] + struct.pack(">H", fold(pseudo(bytes((10, s.vlan, 0, 2 + self.active)), ip4("224.0.0.18"), 112, 12) + body)) + body[8:]

    def recheck(self, t, k):
        m, a, name = self.dhcp[k]
        xid = self.rng.getrandbits(32)
        self.put(t, udp(m, FF, 10, a, ONES4, 68, 67, bootp(1, xid, m, o4(53, b"\x08") + o4(43, o4(0x5e, b"")), ciaddr=a)))
        om, oa, _ = self.dhcp[1 - k]
        if 1 - k not in self.down:
            data = bootp(2, xid, m, o4(53, b"\5") + o4(54, oa) + o4(43, o4(0x5f, DOMAIN.encode() + b"\0")), ciaddr=a)
            self.put(t + .002, udp(om, m, 10, oa, a, 67, 68, data))
            if int(t / 600) % 144 == 9:
                self.event(t + 3.7, self.servers[name], "server", 1042, {"param1": "%s (%s)" % (DOMAIN, text_ip(oa))})

    def patch_night(self, t):
        """all desktops reboot within ten minutes; the domain controllers too, so DHCP servers find no directory"""
        for h in self.hosts:
            if h.kind in ("desktop", "vdi") or h.kind == "printer" and self.rng.random() < .2:
                self.at(t + self.rng.random() * 600, self.printer if h.kind == "printer" else self.boot, h)
                if h.kind != "printer":
                    self.at(t + 2400, self.off, h)
        for k in range(8):
            for m, a, name in self.dhcp:
                dm, da, _ = self.dcs[k & 1]
                for j in range(3):
                    self.put(t + 20 + k * 15 + 3 * j, tcp(m, dm, 10, a, da, 50100 + k, 389, 5, 0, 2))
        for name in ("DHCP01", "DHCP02", "DHCP141", "DHCP161", "DHCP162"):
            self.event(t + 90 + self.rng.random() * 60, self.servers[name], "server", 1059, {})

    def outage(self, t, hours):
        self.down.add(1)
        h = self.servers["DHCP01"]
        for k in range(5):
            self.put(t + 3 + k * 3, tcp(self.dhcp[0][0], self.dhcp[1][0], 10, self.dhcp[0][1], self.dhcp[1][1], 52001, 647, 7, 0, 2))
        self.event(t + 60, h, "server", 20255, {"param1": "dhcp02." + DOMAIN, "param2": "dhcp01-dhcp02"})
        self.at(t + hours * HOUR, self.recovered)

    def recovered(self, t):
        self.down.discard(1)
        h = self.servers["DHCP02"]
        self.use_address(t, h, h.seg)
        self.event(t + 20, self.servers["DHCP01"], "server", 20252, {"param1": "dhcp02." + DOMAIN, "param2": "dhcp01-dhcp02"})

    def switch_router(self, t, to):
        """VRRP: the other router takes over the virtual MACs; the first is silent"""
        self.active = to
        self.down.discard(("r", to))
        if to:
            self.down.add(("r", 0))
        for s in self.segs.values():
            self.put(t + .01, arp(s.vmac, FF, s.vlan, 1, s.vmac, s.gw, FF, s.gw))
            if s.v6 and s.kind != "servers":
                self.router_says(t + .02, s)

    def organic(self, t, h):
        """the guest scope fills with real people"""
        self.event(t, self.servers["DHCP01"], "server", 1020, {"param1": "10.121.0.0", "param2": "80", "param3": "760"})

    def renewed(self, t):
        self.cert = self.certs[1]

    def calendar(self):
        """what happens once: on a month by its calendar, on a short run early"""
        s, long_run = self.start, self.days >= 10
        self.at(s, self.day, 0)
        self.at(s + 1, self.housekeeping, 0)
        for seg in self.segs.values():
            self.at(s + 3 + self.rng.random() * 300, self.neighbours, seg)
            if seg.v6 and seg.kind != "servers":
                self.at(s + self.rng.random() * 500, self.periodic_ra, seg)
        for d in ((8, 22) if long_run else (1,)):
            self.at(s + d * DAY + 2 * HOUR, self.patch_night)
        self.at(s + (3 if long_run else 0) * DAY + 9.5 * HOUR, self.outage, 5)
        d = 10 if long_run else 1
        self.at(s + d * DAY + 10 * HOUR, self.switch_router, 1)
        self.at(s + d * DAY + 12 * HOUR, self.switch_router, 0)
        self.at(s + (12 if long_run else 1) * DAY, self.renewed)
        for d in range(1, self.days, 6):
            self.at(s + d * DAY + 11.5 * HOUR, self.organic, None)
