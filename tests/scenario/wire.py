"""Words for scenarios: each gives one line of the forge language (pcaps/forge/README.md)."""

ANY, BCAST = "0.0.0.0", "255.255.255.255"
FF = "ff:ff:ff:ff:ff:ff"
NODES, ROUTERS, DHCP6 = "33:33:00:00:00:01", "33:33:00:00:00:02", "33:33:00:01:00:02"


def mac(n, kind=0):
    """a locally administered MAC; kinds keep roles apart"""
    return "02:%02x:00:%02x:%02x:%02x" % (kind, n >> 16 & 255, n >> 8 & 255, n & 255)


def ll(m):
    b = [int(x, 16) for x in m.split(":")]
    return "fe80::%x:%x:%x:%x" % ((b[0] ^ 2) << 8 | b[1], b[2] << 8 | 0xff, 0xfe00 | b[3], b[4] << 8 | b[5])


def ip(n, net="10.0.0."):
    return net + str(n)


def hextets(a):
    b = [int(x) for x in a.split(".")]
    return "%x:%x" % (b[0] << 8 | b[1], b[2] << 8 | b[3])


def isatap_id(a, u=0):
    """the interface identifier of RFC 5214 6.1"""
    return "%s5efe:%s" % ("200:" if u else "", hextets(a))


def teredo(server, client, port, flags=0):
    """the address of RFC 4380 4"""
    c = ".".join(str(int(x) ^ 255) for x in client.split("."))
    return "2001:0:%s:%x:%x:%s" % (hextets(server), flags, port ^ 0xffff, hextets(c))


class Wire:
    """collects frames; `at` is the clock in seconds, moved by `wait`"""

    def __init__(self):
        self.lines, self.at = [], 1700000000.0

    def wait(self, seconds):
        self.at += seconds
        return self

    def frame(self, text, step=0.001):
        self.lines.append("t=%.6f %s" % (self.at, text))
        self.at += step

    def text(self):
        return "\n".join(self.lines) + "\n"

    # ---- ARP, IP ----
    def arp(self, m, sender, target, op=1, dst=FF, tha="00:00:00:00:00:00", l2=None):
        self.frame("eth %s %s / arp %d %s %s %s %s" % (l2 or m, dst, op, m, sender, tha, target))

    def announce(self, m, a, l2=None):
        """RFC 5227: probe, then announce"""
        self.arp(m, ANY, a, l2=l2)
        self.arp(m, a, a, l2=l2)

    def talk(self, m, a, peer="02:ee:00:00:00:01", peer_ip="10.0.0.1", l2=None):
        """a packet out and one back: traffic in both directions"""
        self.frame("eth %s %s / ip4 %s %s / udp 40000 40001 / bytes \"x\"" % (l2 or m, peer, a, peer_ip))
        self.frame("eth %s %s / ip4 %s %s / udp 40001 40000 / bytes \"y\"" % (peer, l2 or m, peer_ip, a))

    def others(self, n=4):
        """some stations that broadcast, so that the vantage is known in its short form"""
        for i in range(n):
            self.arp(mac(i, 0xbc), ip(200 + i), ip(1))

    def baseline(self, s, sip, n=25):
        """ordinary hosts that use their leases, each twice: the usual share of ghosts is known from then on"""
        for k in range(2):
            self.wait(90000 if k else 0)  # a client is known from the next day on
            for i in range(n):
                self.dora(s, sip, mac(i, 0xba), 50000 + 100 * k + i, ip(225 + i), pause=0.1)
                self.wait(40)

    def tcp(self, c, cip, s, sip, port, turns, sport=50000, finish=True):
        """a connection of c to s: handshake, `turns` as (from the client?, bytes), and its end; yields after each turn"""
        seq = {True: 1000, False: 9000}
        six = ":" in cip

        def segment(client, flags, data=b""):
            (m, a, p), (n, b, q) = ((c, cip, sport), (s, sip, port)) if client else ((s, sip, port), (c, cip, sport))
            self.frame("eth %s %s / %s %s %s / tcp %d %d seq=%d ack=%d flags=%d%s" % (
                m, n, "ip6" if six else "ip4", a, b, p, q, seq[client], seq[not client] if flags & 16 else 0, flags,
                " / bytes hex:" + data.hex() if data else ""))
            seq[client] += len(data) + (flags & 3 > 0)
        segment(True, 2)
        segment(False, 18)
        segment(True, 16)
        for client, data in turns:
            segment(client, 24, data)
            yield
        if finish:
            segment(True, 17)
            segment(False, 17)
            segment(True, 16)

    def talk_tcp(self, *a, **kw):
        for _ in self.tcp(*a, **kw):
            pass

    # ---- DHCPv4 ----
    def client(self, kind, m, xid, extra="", src=ANY, dst=BCAST, l2=None, l2dst=FF, giaddr=ANY, cid=None, ciaddr=ANY, flags=0x8000):
        opts = "o4(53,u8:%d)" % kind + ("+o4(61,hex:%s)" % cid if cid else "") + extra + "+u8:255"
        self.frame("eth %s %s / ip4 %s %s / udp %d 67 / dhcp4 op=1 xid=%d mac=%s flags=%d giaddr=%s ciaddr=%s hops=%d %s" % (
            l2 or m, l2dst, src, dst, 68 if giaddr == ANY else 67, xid, m, flags, giaddr, ciaddr, giaddr != ANY, opts))

    def server(self, kind, s, sip, m, xid, yiaddr, sid=None, router="10.0.0.1", dns="10.0.0.1", extra="", l2dst=None, dst=BCAST,
               giaddr=ANY, lease=3600, dport=68, sport=67):
        opts = "o4(53,u8:%d)" % kind + ("+o4(54,%s)" % (sid or sip) if sid != "" else "")
        if kind != 6:
            opts += ("+o4(51,u32:%d)" % lease if yiaddr != ANY else "") + ("+o4(1,255.255.255.0)" if router else "")
            opts += ("+o4(3,%s)" % router if router else "") + ("+o4(6,%s)" % dns if dns else "")
        self.frame("eth %s %s / ip4 %s %s / udp %d %d / dhcp4 op=2 xid=%d mac=%s yiaddr=%s giaddr=%s flags=32768 %s%s+u8:255" % (
            s, l2dst or FF, sip, dst, sport, dport, xid, m, yiaddr, giaddr, opts, extra))

    def dora(self, s, sip, m, xid, a, cid=None, alive=True, l2=None, pause=0.0, extra="", **kw):
        self.client(1, m, xid, cid=cid, l2=l2)
        self.server(2, s, sip, m, xid, a, extra=extra, **kw)
        self.client(3, m, xid, "+o4(54,%s)+o4(50,%s)" % (kw.get("sid") or sip, a), cid=cid, l2=l2)
        self.server(5, s, sip, m, xid, a, extra=extra, **kw)
        self.wait(pause)
        if alive:
            self.announce(m, a, l2=l2)

    # ---- IPv6 ----
    def ra(self, m, lifetime=1800, flags=0, options="", src=None, dst="ff02::1", l2=None):
        self.frame("eth %s %s / ip6 %s %s hop=255 / icmp6 ra(64,%d,%d,0,0)%s type=134" % (
            l2 or m, NODES, src or ll(m), dst, flags, lifetime, "+" + options if options else ""))

    def dad(self, m, a):
        self.frame("eth %s 33:33:ff:00:00:01 / ip6 :: ff02::1:ff00:1 hop=255 / icmp6 u32:0+%s type=135" % (m, a))

    def na(self, m, a, flags=0x20000000, src=None, l2=None):
        self.frame("eth %s %s / ip6 %s ff02::1 hop=255 / icmp6 u32:%d+%s+nd(2,%s) type=136" % (l2 or m, NODES, src or a, flags, a, m))

    @staticmethod
    def duid(m):
        return "00030001" + m.replace(":", "")

    def d6client(self, kind, m, xid, server=None, extra="", duid=None, iaid=1):
        self.frame("eth %s %s / ip6 %s ff02::1:2 hop=1 / udp 546 547 / bytes m6(%d,%d,o6(1,hex:%s)%s+o6(3,u32:%d+u32:0+u32:0)%s)" % (
            m, DHCP6, ll(m), kind, xid, duid or self.duid(m), "+o6(2,hex:%s)" % server if server else "", iaid, extra))

    def d6server(self, kind, s, m, xid, a=None, dns=None, duid=None, valid=3600, src=None, cduid=None):
        opts = "o6(1,hex:%s)+o6(2,hex:%s)" % (cduid or self.duid(m), duid or self.duid(s))
        if a:
            opts += "+o6(3,u32:1+u32:0+u32:0+o6(5,%s+u32:%d+u32:%d))" % (a, valid, valid)
        if dns:
            opts += "+o6(23,%s)" % dns
        self.frame("eth %s %s / ip6 %s %s hop=64 / udp 547 546 / bytes m6(%d,%d,%s)" % (s, m, src or ll(s), ll(m), kind, xid, opts))

    def sarr(self, s, m, xid, a, dns=None, **kw):
        """Solicit, Advertise, Request, Reply, and DAD of the address"""
        self.d6client(1, m, xid)
        self.d6server(2, s, m, xid, a, dns, **kw)
        self.d6client(3, m, xid + 1, server=kw.get("duid") or self.duid(s))
        self.d6server(7, s, m, xid + 1, a, dns, **kw)
        self.dad(m, a)

    # ---- tunnels ----
    def in4(self, m, peer, src, dst, inner, ttl=64):
        """protocol 41: IPv6 in IPv4"""
        self.frame("eth %s %s / ip4 %s %s proto=41 ttl=%d / %s" % (m, peer, src, dst, ttl, inner))

    def isatap_rs(self, m, peer, src, router, u=0, between=""):
        self.in4(m, peer, src, router, "ip6 fe80::%s ff02::2 hop=255 / %sicmp6 type=133 u32:0" % (isatap_id(src, u), between))

    def isatap_ra(self, m, peer, router, dst, src=None):
        self.in4(m, peer, router, dst, "ip6 %s fe80::%s hop=255 / icmp6 ra(64,0,1800,0,0)+nd(3,u8:64+u8:0xc0+u32:7200+u32:3600+u32:0+2001:db8:41::) type=134" % (
            src or "fe80::" + isatap_id(router), isatap_id(dst)))

    def teredo(self, m, peer, src, dst, sport, dport, inner, head=""):
        self.frame("eth %s %s / ip4 %s %s / udp %d %d / %s%s" % (m, peer, src, dst, sport, dport, "bytes %s / " % head if head else "", inner))

    # ---- names ----
    def query(self, m, src, r, rip, name, ident=7, six=False, kind=1):
        v = "ip6" if six else "ip4"
        self.frame("eth %s %s / %s %s %s / udp 50000 53 / bytes dns(%d,0x0100,1,0,0,0,q(name:%s,%d))" % (m, r, v, src, rip, ident, name, kind))

    def answer(self, r, rip, m, dst, name, a, ident=7, six=False, kind=1):
        v = "ip6" if six else "ip4"
        self.frame("eth %s %s / %s %s %s / udp 53 50000 / bytes dns(%d,0x8180,1,1,0,0,q(name:%s,%d)+rr(name:%s,%d,60,%s))" % (
            r, m, v, rip, dst, ident, name, kind, name, kind, a))
