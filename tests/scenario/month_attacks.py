"""The attacks hidden in the simulated month: who does what, and what Windows would log of it.

An attack is a function of the site, its own record and the time.  Where a rogue server waits for clients, the ordinary
hosts of the segment meet it when they start; some are restarted so that it has somebody to meet."""
import random, struct
import handshake, logon
from month_net import *
from month_site import DAY, DOMAIN, HOUR, Host

ATTACKS = []


def attack(name, expected, where, hours=.5, allowed=()):
    """`expected`: the detections that have to be raised; `allowed`: others that are right as well"""
    def add(do):
        ATTACKS.append((name, expected, where, hours, allowed, do))
        return do
    return add


class Attack:
    def __init__(self, site, name, expected, seg, start, hours, allowed, n):
        self.name, self.expected, self.seg, self.start, self.end = name, expected, seg, start, start + hours * HOUR
        self.rng = random.Random("%s %d" % (name, n))
        m = bytes((0xf4, 0x8e, 0x38)) + self.rng.randbytes(3)
        self.x = Host(m, "DESKTOP-%05d" % self.rng.randrange(100000), "attacker", seg, self.rng)
        self.allowed = list(allowed) + (["isatap-rogue-router"] if "dns-takeover" in list(expected) + list(allowed) else [])
        self.macs, self.victims, self.first = {m}, set(), None
        self.any_actor = False

    def begin(self, t):
        self.first = self.first or t

    def truth(self):
        return {"name": self.name, "expected": list(self.expected), "allowed": self.allowed, "segment": "cap0/%d" % self.seg.vlan,
                "actors": sorted(text_mac(m) for m in self.macs), "any_actor": self.any_actor, "ip": text_ip(self.x.ip) if self.x.ip else None,
                "start": self.first or self.start, "end": self.end, "victims": sorted(text_mac(m) for m in self.victims), "ran": self.first is not None}

    def prey(self, site, n):
        up = [h for h in site.hosts if h.up and h.ip and h.seg is self.seg and h.kind in ("desktop", "laptop", "vdi", "guest")]
        self.rng.shuffle(up)
        return up[:n]

    def restart(self, site, t, n, spread):
        """some hosts of the segment start again; where too few are on, some that were off start"""
        up = self.prey(site, n)
        if len(up) < n:
            off = [h for h in site.hosts if not h.up and h.seg is self.seg and h.kind in ("desktop", "laptop", "vdi")]
            up += off[:n - len(up)]
        for k, h in enumerate(up):
            site.at(t + spread * (k + self.rng.random() * .5) / max(1, len(up)), site.boot, h)
        return up

    def close(self, site, *rogues):
        def end(t):
            for r in rogues:
                r.on = False
                for h in site.hosts:
                    if h.dns is r:
                        h.dns = None
        site.at(self.end, end)


class Rogue:
    """a rogue server of any kind, and the resolver that its victims then use"""
    honest = False

    def __init__(self, a, wins=True, sid=None, options=b"", dns=True, address=None, only=None, limit=99, prefix=None, poison=None, stateless=False):
        self.a, self.wins, self.sid, self.options, self.dns = a, wins, sid, options, dns
        self.address, self.only, self.limit, self.prefix, self.poison = address, only, limit, prefix, poison
        self.stateless = stateless
        self.on, self.served = True, {}
        self.duid = b"\0\3\0\1" + a.x.mac
        self.six = False

    def hits(self, site, h):
        return self.on and h is not self.a.x and (h.mac in self.served or len(self.served) < self.limit)

    # ---- DHCPv4 ----
    def packet(self, site, t, h, kind, xid, yiaddr, ciaddr=ZERO4):
        a = self.a
        sid = self.sid or a.x.ip
        o = o4(53, bytes([kind])) + o4(54, sid)
        if kind != 6 and yiaddr != ZERO4:
            o += o4(51, struct.pack(">I", 3600)) + o4(1, a.seg.mask) + o4(3, a.seg.gw)
        if kind != 6 and self.dns:
            o += o4(6, a.x.ip)
        site.put(t, udp(a.x.mac, h.mac, a.seg.vlan, sid, yiaddr if yiaddr != ZERO4 else ciaddr if ciaddr != ZERO4 else ONES4, 67, 68,
                        bootp(2, xid, h.mac, o + self.options, yiaddr=yiaddr, ciaddr=ciaddr), 64))
        a.begin(t)

    def lease(self, h, mine):
        """an address of the segment that nobody else has"""
        n = int.from_bytes(mine, "big")
        return struct.pack(">I", n - n % 256 + 20 + len(self.served)) if self.a.seg.kind != "guest" else mine

    def offer(self, site, t, h, xid, mine):
        self.served.setdefault(h.mac, mine if self.sid else self.lease(h, mine))
        self.packet(site, t + (.003 if self.wins else .045), h, 2, xid, self.served[h.mac])
        return self.wins

    def taken(self, site, t, h, xid):
        y, sid = self.served[h.mac], self.sid or self.a.x.ip
        site.ask4(t, h, 3, xid, o4(50, y) + o4(54, sid) + site.names(h))
        self.packet(site, t + .002, h, 5, xid, y)
        self.a.victims.add(h.mac)
        h.ip = y
        site.use_address(t + .01, h, h.seg)
        if h.verbose:
            for n, dt in ((50010, -.018), (50013, .005)):
                site.event(t + dt, h, "dhcp", n, {"InterfaceId": "7", "Address1": text_ip(y), "Address2": text_ip(sid)})
        h.lease.pop(h.seg.vlan, None)
        if self.dns:
            h.dns = self
        site.at(t + 4, site.logon, h, h.epoch)
        self.after(site, t + 6, h)

    def after(self, site, t, h):
        pass

    def asked(self, site, t, h, xid, mine, sid):
        pass

    def informed(self, site, t, h, xid):
        pass

    # ---- DHCPv6 ----
    def solicit(self, site, t, h, xid):
        a = self.a
        if self.stateless:
            return False
        n = self.served.setdefault(h.mac, len(self.served) + 1)
        if self.prefix:
            give = self.prefix + struct.pack(">Q", n)
        else:
            v4 = h.ip or bytes((10, a.seg.vlan, 1, n))
            give = b"\xfe\x80" + bytes(4) + struct.pack(">HHHHH", *[int(str(b), 16) for b in v4], n)
        ia = ia_na(h.iaid, 200, 250, give, 300, 300)
        opts = o6(2, self.duid) + o6(23, a.x.ll) + ia
        self.reply6(site, t + .002, h, 2, xid, opts)
        xid = xid + 9 & 0xffffff
        site.say6(t + 1.0, h, 3, xid, o6(2, self.duid) + ia_na(h.iaid, 0, 0, give, 0, 0))
        self.reply6(site, t + 1.003, h, 7, xid, opts)
        site.dad(t + 1.05, h, give)
        a.victims.add(h.mac)
        h.dns, self.six = self, True
        if h.verbose:
            site.event(t + 1.006, h, "dhcp6", 51010, {"InterfaceId": "7", "StatusCode": "0", "Address": text_ip(give)})
            site.event(t + 1.066, h, "dhcp6", 51039, {"InterfaceId": "7", "StatusCode": "0", "Address": text_ip(give)})
        site.at(t + 3, site.logon, h, h.epoch)
        return True

    def reply6(self, site, t, h, kind, xid, opts):
        a = self.a
        site.put(t, udp(a.x.mac, h.mac, a.seg.vlan, a.x.ll, h.ll, 547, 546, d6(kind, xid, o6(1, h.duid) + opts)))
        a.begin(t)

    def info(self, site, t, h, xid):
        if not self.stateless:
            return False
        self.served[h.mac] = 1
        self.reply6(site, t + .002, h, 7, xid, o6(2, self.duid) + o6(23, self.a.x.ll) + o6(24, qname(DOMAIN)))
        self.a.victims.add(h.mac)
        h.dns, self.six = self, True
        if h.verbose:
            site.event(t + .005, h, "dhcp6", 51026, {"InterfaceId": "7", "StatusCode": "0"})
        site.at(t + 3, site.logon, h, h.epoch)
        return True

    # ---- names ----
    def resolve(self, site, t, h, name, q, port):
        a, label = self.a, name.split(".")[0]
        bad = label in self.poison if self.poison else label != "_ldap"
        src, dst = (h.ll, a.x.ll) if self.six else (h.ip, a.x.ip)
        site.put(t, udp(h.mac, a.x.mac, a.seg.vlan, src, dst, port, 53, dns_query(q, name)))
        good = {"dc01": site.dcs[0][1], "vpn": site.vpn[1]}.get(label, site.web[1] if label in ("intranet", "files") else None)
        site.put(t + .002, udp(a.x.mac, h.mac, a.seg.vlan, dst, src, 53, port, dns_answer(q, name, a.x.ip if bad else good, ttl=100)))
        if bad and label == "wpad":
            lure(site, t + .3, a, h)
        if bad and label == "isatap":
            site.event(t + .02, h, "iphlp", 4100, {"IsatapRouter": text_ip(a.x.ip), "ErrorCode": "0"})


def lure(site, t, a, h, path="/"):
    """the proxy script from the actor, then a logon at it"""
    hops = (a.x.mac, a.x.mac)
    site.connect(t, h, None, a.x.ip, 80, logon.pac("wpad." + DOMAIN), hops=hops)
    site.connect(t + .5, h, None, a.x.ip, 80, logon.http_logon(a.rng.randbytes(8), path, host=h.name[:15], user="u%d" % a.rng.randrange(999)), hops=hops)
    a.victims.add(h.mac)


def settle(site, a, t):
    """the attacker's machine gets an address like any other, a while before"""
    site.boot(t, a.x)


def nudge(site, t, a, rogue, every=30.0):
    """mitm6's RA: M and O set, no lifetime, nothing else; hosts of the segment then ask by DHCPv6"""
    if t >= a.end:
        return
    body = ra(0, 0xc8)
    site.put(t, icmp6(a.x.mac, b"\x33\x33\0\0\0\1", a.seg.vlan, a.x.ll, ip6("ff02::1"), body))
    a.begin(t)
    for h in a.prey(site, 3):
        if h.mac not in rogue.served and h is not a.x:
            if h.mo != 0xc8:
                site.event(t + .01, h, "dhcp6-admin", 1006, {"InterfaceId": "14", "Flag1": "true", "Flag2": "true"})
                h.mo = 0xc8
            x = a.rng.getrandbits(24)
            u = t + .5 + a.rng.random()
            site.say6(u, h, 1, x, ia_na(h.iaid))
            rogue.solicit(site, u, h, x)
    site.at(t + every, lambda u: nudge(site, u, a, rogue, every))


def takeover6(n, with_ra, **kw):
    def do(site, a, t):
        r = Rogue(a, limit=n, **kw)
        a.seg.rogue6.append(r)
        a.close(site, r)
        if with_ra:
            site.at(t + 1, lambda u: nudge(site, u, a, r))
        a.restart(site, t + 5, n, (a.end - t) / 2)
    return do


attack("mitm6 with RA, wpad and NTLM, five victims", ("dhcpv6-rogue-server", "dns-takeover", "mitm6", "credential-capture"), "nov6", .5, ("rogue-ra",))(takeover6(5, True))
attack("mitm6 without RA, one victim, only wpad", ("dhcpv6-rogue-server", "dns-takeover", "mitm6"), "nov6", .3, ("credential-capture",))(takeover6(1, False, poison=("wpad",)))
attack("DHCPv6 with a global prefix", ("dhcpv6-rogue-server", "dns-takeover"), "stateful", .4, ("credential-capture", "mitm6"))(
    takeover6(2, False, prefix=ip6("2a01:db9:1:2::")[:8]))
attack("stateless DHCPv6 answers with a resolver", ("dhcpv6-rogue-server", "dns-takeover"), "stateless", .4, ("credential-capture", "mitm6"))(takeover6(2, False, stateless=True))


def router(lifetime, flags, every, options):
    def do(site, a, t):
        r = Rogue(a, poison=("wpad",))
        r.six = True

        def say(u):
            if u < a.end:
                site.put(u, icmp6(a.x.mac, b"\x33\x33\0\0\0\1", a.seg.vlan, a.x.ll, ip6("ff02::1"), ra(lifetime, flags, slla(a.x.mac) + options(a))))
                a.begin(u)
                site.at(u + every, say)
        say(t + 1)

        def use(u):
            for h in a.prey(site, 2):
                if lifetime:
                    pre = ip6("2001:db9:66:1::")[:8]
                    h.g6 = pre + eui(h.mac)
                    site.dad(u, h, h.g6)
                if b"\x19" in options(a)[:1]:
                    h.dns = r
                    site.at(u + 2, site.logon, h, h.epoch)
                a.victims.add(h.mac)
        site.at(t + 3, use)
        a.close(site, r)
    return do


attack("RA with its own resolver", ("rogue-ra", "dns-takeover"), "stateless", .4, ("credential-capture", "mitm6"))(
    router(1800, 0x40, 60, lambda a: rdnss(1800, a.x.ll) + pio(ip6("2001:db9:66:1::"))))
attack("one RA an hour, prefix only", ("rogue-ra",), "stateful", 2.2)(router(1800, 0, 3600, lambda a: pio(ip6("2001:db9:66:1::"))))


@attack("RA flood of random prefixes", ("rogue-ra",), "stateless", .02)
def ra_flood(site, a, t):
    for k in range(400):
        p = b"\x2a\1" + a.rng.randbytes(6) + bytes(8)
        site.put(t + k * .02, icmp6(a.x.mac, b"\x33\x33\0\0\0\1", a.seg.vlan, a.x.ll, ip6("ff02::1"), ra(65535, 0, slla(a.x.mac) + pio(p))))
    a.begin(t)


# ---- rogue DHCPv4 ----
def serve4(n, make, after=None):
    def do(site, a, t):
        r = make(a, site)
        r.limit = n
        if after:
            r.after = lambda s, u, h: after(s, a, u, h)
        a.seg.rogue4.append(r)
        a.close(site, r)
        a.restart(site, t + 5, n, (a.end - t) / 2)
        site.at(t + 65, lambda u: seen(site, u, a))
    return do


def seen(site, t, a):
    """a Windows DHCP server of the segment notices the stranger"""
    name = "DHCP%d" % a.seg.vlan
    if name in site.servers and a.first:
        site.event(t, site.servers[name], "server", 1042, {"param1": "(%s)" % text_ip(a.x.ip)})


attack("rogue DHCPv4 wins, resolver is itself", ("dhcpv4-rogue-server", "dns-takeover"), "relayed", .5, ("credential-capture",))(serve4(4, lambda a, s: Rogue(a)))
attack("rogue DHCPv4 wins at a branch", ("dhcpv4-rogue-server", "dns-takeover"), "branch", .4, ("credential-capture",))(serve4(2, lambda a, s: Rogue(a, poison=("wpad",))))
attack("rogue DHCPv4 loses every race", ("dhcpv4-rogue-server",), "branch", .5)(serve4(3, lambda a, s: Rogue(a, wins=False)))
attack("rogue DHCPv4 loses one race", ("dhcpv4-rogue-server",), "relayed", .2)(serve4(1, lambda a, s: Rogue(a, wins=False)))
attack("rogue DHCPv4 with the server's own id", ("dhcpv4-rogue-server",), "branch", .3, ("dns-takeover", "credential-capture"))(
    serve4(2, lambda a, s: Rogue(a, sid=a.seg.local[1])))


def leak(site, a, t, h):
    """traffic for the VPN's network takes the actor's route, in clear; the client says that its route failed"""
    site.connect(t + 2, h, None, bytes((10, 20, 0, 77)), 8080, ((True, b"GET / HTTP/1.1\r\nHost: crm\r\n\r\n"), (False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
                 hops=(a.x.mac, a.x.mac))
    site.event(t + 1, h, "sstp", 14, {"ErrorMessage": "The object already exists."})


attack("option 121 past the VPN", ("dhcpv4-rogue-server", "vpn-leak"), "relayed", .3)(
    serve4(1, lambda a, s: Rogue(a, dns=False, options=o4(121, b"\x10\x0a\x14" + a.x.ip)), leak))


@attack("option 252 in answer to INFORM", ("dhcpv4-rogue-server",), "relayed", .3, ("credential-capture", "dns-takeover"))
def inform_252(site, a, t):
    r = Rogue(a, dns=False, options=o4(252, b"http://" + text_ip(a.x.ip).encode() + b"/wpad.dat\0"))
    r.hits = lambda s, h: False

    def informed(s, u, h, xid):
        if r.on:
            r.packet(s, u + .002, h, 5, xid, ZERO4, ciaddr=h.ip)
            a.victims.add(h.mac)
            s.at(u + .5, lambda v: lure(s, v, a, h))
    r.informed = informed
    a.seg.rogue4.append(r)
    a.close(site, r)

    def ask(u):
        for k, h in enumerate(a.prey(site, 2)):
            site.at(u + 20 * k, site.inform, h)
    site.at(t + 10, ask)


@attack("NAK to clients that start again", ("dhcpv4-rogue-server",), "branch", .2)
def nak(site, a, t):
    def go(u):
        for k, h in enumerate(a.prey(site, 3)):
            w, xid = u + 30 * k, a.rng.getrandbits(32)
            if not h.ip:
                continue
            site.ask4(w, h, 3, xid, o4(50, h.ip) + site.names(h))
            site.put(w + .001, udp(a.x.mac, FF, a.seg.vlan, a.x.ip, ONES4, 67, 68, bootp(2, xid, h.mac, o4(53, b"\6") + o4(54, a.x.ip), flags=0x8000), 64))
            site.tell4(w + .004, h, 5, xid, h.ip)
            a.begin(w + .001)
            a.victims.add(h.mac)
            if h.verbose:
                site.event(w + .003, h, "dhcp", 1002, {"Address1": text_ip(h.ip), "HWLength": "6", "HWAddress": h.mac.hex().upper(), "Address2": text_ip(a.x.ip)})
    site.at(t + 5, go)


# ---- floods and starvation ----
def storm(rate, seconds, key, lease, pool=0, serve=False):
    """`key` gives (chaddr, L2 source, client id, xid); `lease`: whether the client takes what is offered"""
    def do(site, a, t):
        a.any_actor = True
        end = t + seconds
        a.end = max(a.end, end) if serve else end + 60
        state = {"n": 0, "told": 0}
        owner = site.servers.get("DHCP%d" % a.seg.vlan) or site.servers["DHCP01"]
        server = None if a.seg.local else site.dhcp[0]

        def full(u, number):
            site.event(u, owner, "server", number, {"param1": text_ip(a.seg.net), "param2": "80", "param3": "20"} if number == 1020 else {"param1": text_ip(a.seg.net)})

        def one(u):
            if u > end:
                return
            ch, l2, cid, xid = key(a, state["n"])
            a.macs.update((ch, l2))
            a.begin(u)
            x = a.x
            site.ask4(u, x, 1, xid, o4(55, b"\1\3\6"), seg=a.seg, cid=cid, chaddr=ch, l2=l2)
            if not pool or state["n"] < pool:
                y = a.seg.address((ch, cid)) if lease else struct.pack(">I", a.seg.base + state["n"] % 200)
                sid = site.tell4(u + .01, x, 2, xid, y, server=server, seg=a.seg, chaddr=ch)
                if lease:
                    site.ask4(u + .05, x, 3, xid, o4(50, y) + o4(54, sid), seg=a.seg, cid=cid, chaddr=ch, l2=l2)
                    site.tell4(u + .06, x, 5, xid, y, server=server, seg=a.seg, chaddr=ch)
            state["n"] += 1
            if pool and state["n"] == int(pool * .8):
                full(u + .2, 1020)
            if pool and state["n"] == pool + 1:
                full(u + .2, 1063)
            site.at(u + (1 / rate) * (.8 + .4 * a.rng.random()), one)
        one(t)
        if serve:
            r = Rogue(a, limit=3)
            a.close(site, r)

            def begin(u):
                a.seg.rogue4.append(r)
                a.restart(site, u + 5, 3, 300)
            site.at(end + 30, begin)
    return do


def individual(rng):
    return bytes([rng.getrandbits(8) & 0xfe]) + rng.randbytes(5)


def any48(a, n):
    m = a.rng.randbytes(6)
    return m, m, None, 0x643c9869


def unicast(a, n):
    m = individual(a.rng)
    return m, m, None, a.rng.getrandbits(32)


def one_source(a, n):
    return individual(a.rng), a.x.mac, None, a.rng.getrandbits(32)


def client_ids(a, n):
    return a.x.mac, a.x.mac, b"\0" + struct.pack(">I", n), a.rng.getrandbits(32)


attack("DISCOVER flood, random MACs, one xid, 50/s", ("dhcp-discover-flood",), "branch", .1)(storm(50, 20, any48, False))
attack("DISCOVER flood, individual MACs, 4/s", ("dhcp-discover-flood",), "branch", .1)(storm(4, 120, unicast, False))
attack("DISCOVER flood from one port, 0.5/s", ("dhcp-discover-flood",), "relayed", .2)(storm(.5, 300, one_source, False))
attack("starvation from one port, 10/s", ("dhcp-starvation",), "relayed", .1)(storm(10, 30, one_source, True))
attack("starvation with one MAC and many client ids", ("dhcp-starvation",), "branch", .1)(storm(2, 120, client_ids, True))
attack("starvation, a new MAC a lease, one a minute", ("dhcp-starvation",), "branch", 3)(storm(1 / 60, 3 * HOUR, unicast, True))
attack("starvation, a new MAC a lease, one a minute, behind a relay", ("dhcp-starvation",), "relayed", 3)(storm(1 / 60, 3 * HOUR, unicast, True))
attack("starved, then served", ("dhcp-starvation", "dhcpv4-rogue-server", "starve-then-serve"), "branch", .4, ("dns-takeover", "credential-capture", "dhcp-discover-flood"))(
    storm(8, 100, one_source, True, pool=500, serve=True))


@attack("SOLICIT flood, 40/s", ("dhcpv6-solicit-flood",), "stateful", .05)
def solicit_flood(site, a, t):
    a.begin(t)
    for k in range(800):
        duid = b"\0\1\0\1" + a.rng.randbytes(10)
        data = d6(1, a.rng.getrandbits(24), o6(1, duid) + o6(8, b"\0\0") + ia_na(15))
        site.put(t + k * .025, udp(a.x.mac, b"\x33\x33\0\1\0\2", a.seg.vlan, a.x.ll, ip6("ff02::1:2"), 546, 547, data, 1))


# ---- spoofed addresses and names ----
def claim(site, a, t, h, every=2.0):
    if t < a.end:
        site.put(t, arp(a.x.mac, h.mac, a.seg.vlan, 2, a.x.mac, a.seg.gw, h.mac, h.ip))
        a.begin(t)
        site.at(t + every, lambda u: claim(site, a, u, h, every))


@attack("ARP spoof of the gateway, DNS answers of its own", ("nd-spoof", "dns-takeover"), "relayed", .1, ("credential-capture",))
def arp_dns(site, a, t):
    for h in a.prey(site, 2):
        claim(site, a, t + 1, h)
        a.victims.add(h.mac)
        for k, name in enumerate(("intranet", "mail", "wpad", "files", "login")):
            u, q, port = t + 20 + 30 * k, a.rng.getrandbits(16), 50000 + k
            dc = site.dcs[0][1]
            site.put(u, udp(h.mac, a.x.mac, a.seg.vlan, h.ip, dc, port, 53, dns_query(q, name + "." + DOMAIN)))
            site.put(u + .002, udp(a.x.mac, h.mac, a.seg.vlan, dc, h.ip, 53, port, dns_answer(q, name + "." + DOMAIN, a.x.ip)))


@attack("ND spoof of the router", ("nd-spoof",), "stateful", .1)
def nd_spoof(site, a, t):
    for h in a.prey(site, 1):
        a.victims.add(h.mac)
        for k in range(20):
            site.put(t + 3 * k, icmp6(a.x.mac, h.mac, a.seg.vlan, ip6("fe80::1"), h.ll, na(ip6("fe80::1"), a.x.mac, 0xe0000000)))
        a.begin(t)


def named(protocol, label, n, follow):
    def do(site, a, t):
        for k, h in enumerate(a.prey(site, n)):
            u, q = t + 60 * k, a.rng.getrandbits(16)
            if protocol == "llmnr":
                site.put(u, udp(h.mac, group4(ip4("224.0.0.252")), a.seg.vlan, h.ip, ip4("224.0.0.252"), 55000, 5355, dns_query(q, label, flags=0), 1))
                site.put(u + .003, udp(a.x.mac, h.mac, a.seg.vlan, a.x.ip, h.ip, 5355, 55000, dns_answer(q, label, a.x.ip, flags=0x8000, ttl=30), 64))
            else:
                to = bytes((10, a.seg.vlan, 255 if a.seg.bits < 22 else 3, 255))
                site.put(u, udp(h.mac, FF, a.seg.vlan, h.ip, to, 137, 137, nb_query(q, label)))
                site.put(u + .003, udp(a.x.mac, h.mac, a.seg.vlan, a.x.ip, h.ip, 137, 137, nb_answer(q, label, a.x.ip), 64))
            a.begin(u)
            a.victims.add(h.mac)
            follow(site, a, u + .3, h)
    return do


def to_logon(site, a, t, h):
    site.at(t, lambda u: lure(site, u, a, h))


def to_share(site, a, t, h):
    site.connect(t, h, None, a.x.ip, 445, logon.smb2_logon(a.rng.randbytes(8)), hops=(a.x.mac, a.x.mac))


def to_isatap(site, a, t, h):
    """4100 names the router; RS and RA in protocol 41"""
    own, peer = (b"\xfe\x80" + bytes(6) + b"\0\0\x5e\xfe" + x for x in (h.ip, a.x.ip))
    site.event(t + .02, h, "iphlp", 4100, {"IsatapRouter": text_ip(a.x.ip), "ErrorCode": "0"})
    for src, dst, sm, dm, s6, d6_, body in ((h.ip, a.x.ip, h.mac, a.x.mac, own, ip6("ff02::2"), struct.pack(">BBHI", 133, 0, 0, 0)),
                                            (a.x.ip, h.ip, a.x.mac, h.mac, peer, own, ra(1800, 0, pio(ip6("2001:db9:41:1::"))))):
        c = fold(pseudo(s6, d6_, 58, len(body)) + body)
        site.put(t, ip(sm, dm, a.seg.vlan, src, dst, 41, packet6(s6, d6_, 58, body[:2] + struct.pack(">H", c) + body[4:], 255)))
        t += .01


attack("LLMNR wpad, NTLM over HTTP", ("dns-takeover", "credential-capture"), "relayed", .2)(named("llmnr", "wpad", 2, to_logon))
attack("NBNS wpad, SMB logon, one victim", ("dns-takeover", "credential-capture"), "branch", .1)(named("nbns", "wpad", 1, to_share))
attack("rogue ISATAP router by LLMNR", ("isatap-rogue-router", "dns-takeover"), "relayed", .1)(named("llmnr", "isatap", 1, to_isatap))


@attack("the server's authorisation killed, then served", ("dhcp-authorisation-kill", "dhcpv4-rogue-server", "silence-the-server"), "branch", .4, ("dns-takeover", "credential-capture"))
def authkill(site, a, t):
    s = site.servers["DHCP%d" % a.seg.vlan]
    for k in range(4):
        xid = a.rng.getrandbits(32)
        site.put(t + 2 * k, udp(s.mac, FF, a.seg.vlan, s.ip, ONES4, 68, 67, bootp(1, xid, s.mac, o4(53, b"\x08") + o4(43, o4(0x5e, b"")), ciaddr=s.ip)))
        if k == 0:
            site.put(t + .003, udp(a.x.mac, s.mac, a.seg.vlan, a.x.ip, s.ip, 67, 68, bootp(
                2, xid, s.mac, o4(53, b"\5") + o4(54, a.x.ip) + o4(43, o4(0x5f, b"evil.lab\0")), ciaddr=s.ip), 64))
            break
    a.begin(t + .003)
    a.victims.add(s.mac)
    site.event(t + 4, s, "server", 1046, {"param1": "", "param2": DOMAIN})
    r = Rogue(a, limit=3)
    a.close(site, r)

    def begin(u):
        a.seg.rogue4.append(r)
        a.restart(site, u + 5, 3, 300)
    site.at(t + 60, begin)


@attack("Teredo to a server outside", ("teredo-tunnel",), "relayed", .1)
def teredo(site, a, t):
    for h in a.prey(site, 1):
        a.any_actor = True
        server, public, port = ip4("198.51.100.9"), ip4("203.0.113.5"), 41000
        own = b"\x20\1\0\0" + server + struct.pack(">HH", 0x8000, port ^ 0xffff) + bytes(b ^ 255 for b in public)
        r = site.router()

        def out(u, inner):
            site.put(u, udp(h.mac, a.seg.vmac, a.seg.vlan, h.ip, server, 52000, 3544, inner))

        def back(u, inner):
            site.put(u, udp(r, h.mac, a.seg.vlan, server, h.ip, 3544, 52000, inner, 52))
        lls = ip6("fe80::ffff:ffff:ffff")
        body = struct.pack(">BBHI", 133, 0, 0, 0)
        c = fold(pseudo(lls, ip6("ff02::2"), 58, 8) + body)
        auth = b"\0\1\0\0" + a.rng.randbytes(8) + b"\0"
        out(t, auth + packet6(lls, ip6("ff02::2"), 58, body[:2] + struct.pack(">H", c) + body[4:], 255))
        sl = b"\xfe\x80" + bytes(6) + b"\x80\0" + struct.pack(">H", 3544 ^ 0xffff) + bytes(b ^ 255 for b in server)
        rab = ra(0, 0, pio(b"\x20\1\0\0" + server + bytes(8), 0x40), 0)
        c = fold(pseudo(sl, lls, 58, len(rab)) + rab)
        origin = b"\0\0" + struct.pack(">H", port ^ 0xffff) + bytes(b ^ 255 for b in public)
        back(t + .05, auth + origin + packet6(sl, lls, 58, rab[:2] + struct.pack(">H", c) + rab[4:], 255))
        for k in range(4):
            out(t + 1 + k, packet6(own, ip6("2001:0:c633:6409:0:f227:34ff:8ef6"), 59, b""))
        a.begin(t)
        a.victims.add(h.mac)


# ---- VPN ----
def forged(a):
    return handshake.certificate("vpn." + DOMAIN, issuer="vpn." + DOMAIN, serial=a.rng.randrange(3, 120), year=26)


def refused(site, a, t, h, cert):
    import hashlib
    site.event(t, h, "sstp", 6, {"CoId": site.coid(), "SHA1CertificateHash": hashlib.sha1(cert).hexdigest().upper(),
                                 "SHA256CertificateHash": hashlib.sha256(cert).hexdigest().upper()})


@attack("SSTP intercepted by ARP on the guest network", ("sstp-mitm",), "guest", .3, ("nd-spoof", "dns-takeover", "vpn-interception"))
def sstp_arp(site, a, t):
    cert = forged(a)
    lap = [h for h in site.hosts if h.kind == "laptop" and not h.up][:1] or [h for h in site.hosts if h.kind == "laptop"][:1]
    for h in lap:
        site.boot(t, h, a.seg)

        def go(u):
            claim(site, a, u, h)
            site.lookup(u + 2, h, "vpn." + DOMAIN, site.vpn[1])
            site.connect(u + 3, h, None, site.vpn[1], 443, handshake.session(cert, "vpn." + DOMAIN, random=9), hops=(a.x.mac, a.x.mac))
            site.connect(u + 3.2, a.x, site.vpn[0], site.vpn[1], 443, handshake.session(site.cert, "vpn." + DOMAIN, random=10))
            refused(site, a, u + 5.6, h, cert)
            a.victims.add(h.mac)
        site.at(t + 10, go)
        site.at(t + 900, site.off, h)


def vpn_by_name(site, a, t, h):
    cert = forged(a)

    def go(u):
        site.lookup(u, h, "vpn." + DOMAIN)
        site.connect(u + .2, h, None, a.x.ip, 443, handshake.session(cert, "vpn." + DOMAIN, random=11), hops=(a.x.mac, a.x.mac))
        refused(site, a, u + 2.8, h, cert)
    site.at(t + 5, go)


attack("VPN named by a rogue server's resolver", ("dhcpv4-rogue-server", "sstp-mitm", "vpn-interception"), "relayed", .3, ("dns-takeover", "credential-capture"))(
    serve4(1, lambda a, s: Rogue(a, poison=("vpn",)), vpn_by_name))


# ---- servers and tunnels ----
@attack("another station speaks for the failover partner", ("failover-tamper",), "servers", .1)
def tamper(site, a, t):
    (m1, a1, _), (m2, a2, _) = site.dhcp
    for k in range(3):
        site.put(t + 30 * k, tcp(a.x.mac, m1, 10, a2, a1, 647, 52000, 5000 + k, 7000, 24, b"\0\x14\3\0\0\0\0\1" + a.rng.randbytes(12), 64))
    site.put(t + 100, tcp(a.x.mac, m1, 10, a2, a1, 647, 52000, 6000, 7000, 4, b"", 64))
    a.begin(t)
    site.event(t + .5, site.servers["DHCP01"], "server", 20256, {"param1": "dhcp02." + DOMAIN, "param2": "dhcp01-dhcp02"})


@attack("IP-HTTPS server on a workstation", ("iphttps-server",), "relayed", .1)
def iphttps(site, a, t):
    for h in a.prey(site, 1):
        site.connect(t, h, None, a.x.ip, 443, [(True, handshake.client_hello("da." + DOMAIN, (2, 0x3b, 0xff))), (False, handshake.server_hello(2))],
                     hops=(a.x.mac, a.x.mac))
        a.begin(t)
        a.victims.add(h.mac)


@attack("ISATAP to a public router, no name asked", ("isatap-rogue-router", "tunnel-backdoor"), "relayed", .2)
def backdoor(site, a, t):
    public = ip4("198.51.100.77")
    a.any_actor = True
    for h in a.prey(site, 1):
        own = b"\xfe\x80" + bytes(6) + b"\0\0\x5e\xfe" + h.ip
        site.event(t, h, "iphlp", 4100, {"IsatapRouter": text_ip(public), "ErrorCode": "0"})
        site.event(t + .4, h, "iphlp", 4200, {"ProtocolType": "1", "Interface": "isatap.{5F40908E-5E06-F302-616E-1F955D46D3B7}", "Address": text_ip(own)})
        body = struct.pack(">BBHI", 133, 0, 0, 0)
        c = fold(pseudo(own, ip6("ff02::2"), 58, 8) + body)
        inner = packet6(own, ip6("ff02::2"), 58, body[:2] + struct.pack(">H", c) + body[4:], 255)
        for k in range(3):
            site.put(t + .6 + 4 * k, ip(h.mac, a.seg.vmac, a.seg.vlan, h.ip, public, 41, inner, 128))
        a.begin(t)
        a.victims.add(h.mac)


def hide(site, seed):
    """every attack once, at a random working hour, on a random segment of the kind it needs; returns their records"""
    rng = random.Random("attacks %d" % seed)
    kinds = {
        "nov6": lambda s: s.kind == "office" and s.v6 is None, "stateful": lambda s: s.kind == "office" and s.v6 == "stateful",
        "stateless": lambda s: s.kind == "office" and s.v6 == "stateless", "relayed": lambda s: s.kind == "office",
        "branch": lambda s: s.kind == "branch", "guest": lambda s: s.kind == "guest", "servers": lambda s: s.kind == "servers"}
    days = [d for d in range(site.days) if d % 7 < 5]
    out, busy = [], []
    for n, (name, expected, where, hours, allowed, do) in enumerate(ATTACKS):
        for _ in range(500):
            seg = rng.choice([s for s in site.segs.values() if kinds[where](s)])
            day = rng.choice(days[len(days) // 2 - 1:] if days[-1] > 9 and where == "guest" else days)
            start = site.start + day * DAY + rng.uniform(9.3, 12.5 if hours > 2 else 15) * HOUR
            if all(s is not seg or start > e + 1800 or start + hours * HOUR < b - 1800 for s, b, e in busy):
                break
        busy.append((seg, start, start + hours * HOUR))
        a = Attack(site, name, expected, seg, start, hours, allowed, n)
        if seg.kind == "servers":
            a.x.ip = bytes((10, seg.vlan, 0, 99))
            site.at(start - 400, lambda t, a=a: site.use_address(t, a.x, a.seg))
        else:
            site.at(start - 400, lambda t, a=a: settle(site, a, t))
        site.at(start, lambda t, a=a, do=do: do(site, a, t))
        out.append(a)
    return out
