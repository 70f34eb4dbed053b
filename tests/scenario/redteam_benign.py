"""Networks that look like an attack and are none.  `bare` names what may be suspected while nothing is declared."""
from redteam_lab import *
from redteam_attacks import GOOD, dial, isatap_talk, vpn_site

SCENES = []


def scene(name, bare=(), **lab):
    def add(f):
        SCENES.append((name, dict(lab, bare=bare), f))
        return f
    return add


def started(L, at=2.0, step=.7, **kw):
    return max(L.start(at + step * k, h, **kw) for k, h in enumerate(L.clients))


def second(L, options=None, declare=True):
    s = L.box("SRV-DHCP02", L.at(3))
    if declare:
        L.authority["dhcp4_servers"].append(L.declared(s))
    L.resolve_arp(.6, s, L.gw)
    return s


# ---- DHCPv4 ----
@scene("failover pair, both offer", clients=5)
def pair(L):
    s = second(L)
    for k, h in enumerate(L.clients):
        L.start(2 + k, h, others=((s, .0015, L.at(150 + k), None),))
    L.ambient(25)


@scene("hot standby: the first server dies, the second takes its leases", clients=4)
def standby(L):
    s = second(L)
    t = started(L)
    for k, h in enumerate(L.clients):
        for n in range(3):
            L.ask4(t + 5 + n * 4 + k, h, 3, L.rng.getrandbits(32), L.names4(h), ciaddr=h.ip, **({} if n == 2 else {"to": L.dhcp.mac, "dst": L.dhcp.ip}))
        L.tell4(t + 13.002 + k, s, h, 5, L.frames[-1][1], ZERO4, ciaddr=h.ip)
        x = L.rng.getrandbits(32)
        L.ask4(t + 20 + k, h, 3, x, L.names4(h), ciaddr=h.ip)
        L.tell4(t + 20.002 + k, s, h, 5, x, h.ip, ciaddr=h.ip)
    L.event(t + 6, s, "server", 20255, {"param1": "SRV-DHCP01"})
    L.ambient(t + 35)


@scene("service moves to a new server, the old one refuses", clients=4)
def moved(L):
    s = second(L)
    t = started(L)
    for k, h in enumerate(L.clients):
        x = L.rng.getrandbits(32)
        L.ask4(t + 3 + k, h, 3, x, o4(50, h.ip) + L.names4(h))
        L.tell4(t + 3.001 + k, L.dhcp, h, 6, x, ZERO4, b"")
        L.lease(t + 3.1 + k, h, s, L.at(160 + k))
    L.event(t + 10, s, "server", 1042, {"param1": "(%s)" % text_ip(L.dhcp.ip)})
    L.ambient(t + 20)


@scene("one-minute leases of a conference", clients=8)
def minute(L):
    for k, h in enumerate(L.clients):
        t = 2 + k * .8
        L.link_up(t, h)
        u = L.lease(t + .2, h, options=L.options4(lease=60))
        for n in range(4):
            x = L.rng.getrandbits(32)
            L.ask4(u + 30 * (n + 1), h, 3, x, L.names4(h), ciaddr=h.ip, to=L.dhcp.mac, dst=L.dhcp.ip)
            L.tell4(u + 30 * (n + 1) + .002, L.dhcp, h, 5, x, h.ip, L.options4(lease=60), ciaddr=h.ip)
            L.lookup(u + 30 * n + 7, h, "www." + DOMAIN, L.gw, L.gw.ip)
    L.ambient(140)


@scene("power cut: sixty hosts start, the server forty seconds later", clients=60, agents=20)
def power(L):
    for k, h in enumerate(L.clients):
        t = 1 + L.rng.random() * 12
        L.link_up(t, h)
        x = L.rng.getrandbits(32)
        for n, u in enumerate((0, 4, 12, 28)):
            if t + u < 40:
                L.ask4(t + u + .3, h, 1, x, L.names4(h))
        L.event(t + 33, h, "dhcp-admin", 1001, {"HWLength": "6", "HWAddress": h.mac.hex().upper(), "StatusCode": "121"})
        L.lease(42 + L.rng.random() * 20, h, wait=.02)
    L.ambient(80)


@scene("phones with randomised addresses join the guest Wi-Fi", clients=0)
def phones(L):
    for k in range(30):
        h = L.box("phone%d" % k, m=bytes([L.rng.getrandbits(8) & 0xfc | 2]) + L.rng.randbytes(5), agent=False)
        t = 2 + k * 1.1 + L.rng.random()
        L.link_up(t, h)
        L.lease(t + .3, h)
        L.resolve_arp(t + 1.5, h, L.gw)
        L.lookup(t + 1.6, h, "connectivitycheck.example.com", L.gw, ip4("203.0.113.4"))
        L.web(t + 1.8, h, L.gw, ip4("203.0.113.4"))
    L.ambient(50)


@scene("imaging room: PXE, WinPE and Windows on twelve machines with one DUID", clients=12, agents=0)
def imaging(L):
    duid = L.clients[0].duid
    for k, h in enumerate(L.clients):
        h.duid = duid
        t = 2 + k * .9
        guid = b"\0" + L.rng.randbytes(16)
        for n, (cid, opts) in enumerate(((guid, o4(97, guid) + o4(60, b"PXEClient:Arch:00007:UNDI:003016") + o4(93, b"\0\7")), (b"\1" + h.mac, o4(60, b"MSFT 5.0")),
                                         (b"\xff" + h.mac[2:] + duid, o4(60, b"MSFT 5.0")))):
            x, u, a = L.rng.getrandbits(32), t + 14 * n, L.at(60 + 3 * k + n)
            L.ask4(u, h, 1, x, opts, cid=cid)
            L.tell4(u + .001, L.dhcp, h, 2, x, a, L.options4(extra=o4(66, text_ip(L.dhcp.ip).encode()) + o4(67, b"boot.efi")))
            L.ask4(u + .003, h, 3, x, o4(50, a) + o4(54, L.dhcp.ip) + opts, cid=cid)
            L.tell4(u + .004, L.dhcp, h, 5, x, a, L.options4(extra=o4(66, text_ip(L.dhcp.ip).encode()) + o4(67, b"boot.efi")))
            h.ip = a
            L.arp(u + .02, h, 1, a, bytes(6), L.gw.ip)
            L.arp(u + .021, L.gw, 2, L.gw.ip, h.mac, a, to=h.mac)
            L.udp(u + .03, h, L.dhcp, a, L.dhcp.ip, 2070, 69, b"\0\1boot.efi\0octet\0")
            L.udp(u + .04, L.dhcp, h, L.dhcp.ip, a, 40000, 2070, b"\0\3\0\1" + bytes(512))
        for n in range(2):
            L.ask6(t + 31 + n, h, 1, L.rng.getrandbits(24), ia_na(h.iaid))
    L.ambient(60)


@scene("containers: eight client identifiers on one adapter, all used", clients=1)
def containers(L):
    t = started(L)
    h = L.clients[0]
    for k in range(8):
        b = Box(L, "c%d" % k, m=h.mac)
        x, a = L.rng.getrandbits(32), L.at(80 + k)
        u = t + 2 + k * 1.5
        L.ask4(u, b, 1, x, o4(12, b"c%d" % k), cid=b"\xff" + struct.pack(">I", k) + h.duid)
        L.tell4(u + .001, L.dhcp, b, 2, x, a)
        L.ask4(u + .003, b, 3, x, o4(50, a) + o4(54, L.dhcp.ip), cid=b"\xff" + struct.pack(">I", k) + h.duid)
        L.tell4(u + .004, L.dhcp, b, 5, x, a)
        b.ip = a
        L.resolve_arp(u + .1, b, L.gw)
        L.lookup(u + .2, b, "registry." + DOMAIN, L.gw, L.gw.ip)
        L.web(u + .4, b, L.gw)
    L.ambient(t + 30)


@scene("virtual machines behind one host's bridge, own addresses", clients=2)
def machines(L):
    t = started(L)
    for k in range(10):
        b = L.box("vm%d" % k, m=mac("00:15:5d") + L.rng.randbytes(3))
        L.start(t + k * .8, b)
    L.ambient(t + 20)


@scene("desk phone: a lease in the data network, then in the voice network", clients=1)
def desk_phone(L):
    started(L)
    extra = o4(43, b"\x0a\x04\0\0\0\x14") + o4(132, b"20") + o4(150, L.at(9)) + o4(66, b"10.1.1.9") + o4(120, b"\1" + L.at(9))
    for k in range(6):
        p = L.box("SEP%d" % k, m=mac("00:04:f2") + L.rng.randbytes(3), agent=False)
        t = 3 + k * 2
        L.lease(t, p, options=L.options4(extra=extra), quiet=True)
        L.arp(t + .03, p, 1, p.ip, bytes(6), p.ip)
        L.ask4(t + 1.2, p, 7, L.rng.getrandbits(32), o4(54, L.dhcp.ip), ciaddr=p.ip, to=L.dhcp.mac, dst=L.dhcp.ip)
        p.vlan, p.ip = 20, None
        x = L.rng.getrandbits(32)
        L.ask4(t + 3, p, 1, x, o4(60, b"Polycom"))
        v = bytes((10, 250, 20, 20 + k))
        L.put(t + 3.002, udp(L.gw.mac, p.mac, 20, bytes((10, 250, 20, 1)), v, 67, 68,
                             bootp(2, x, p.mac, o4(53, b"\2") + o4(54, L.dhcp.ip) + L.options4(router=bytes((10, 250, 20, 1)), extra=extra), yiaddr=v, giaddr=bytes((10, 250, 20, 1)))))
        L.ask4(t + 3.005, p, 3, x, o4(50, v) + o4(54, L.dhcp.ip) + o4(60, b"Polycom"))
        L.put(t + 3.007, udp(L.gw.mac, p.mac, 20, bytes((10, 250, 20, 1)), v, 67, 68,
                             bootp(2, x, p.mac, o4(53, b"\5") + o4(54, L.dhcp.ip) + L.options4(router=bytes((10, 250, 20, 1)), extra=extra), yiaddr=v, giaddr=bytes((10, 250, 20, 1)))))
        L.arp(t + 3.02, p, 1, v, bytes(6), v)
    L.ambient(30)


@scene("docking station: one notebook, two adapters, one name", clients=2)
def dock(L):
    h = L.clients[0]
    t = started(L)
    d = L.box(h.name, m=mac("00:50:b6") + L.rng.randbytes(3))
    L.start(t + 3, d)
    L.ask4(t + 4, h, 7, L.rng.getrandbits(32), o4(54, L.dhcp.ip), ciaddr=h.ip, to=L.dhcp.mac, dst=L.dhcp.ip)
    L.ambient(t + 20)


@scene("an address in use is declined by everybody who is offered it", clients=6)
def conflict(L):
    p = L.box("printer", L.at(49), m=mac("00:80:77") + L.rng.randbytes(3), agent=False)
    L.announce(.2, p, p.ip)
    for k, h in enumerate(L.clients):
        t = 2 + k * 3
        L.link_up(t, h)
        L.lease(t + .2, h, address=p.ip, quiet=True)
        L.arp(t + .25, h, 1, ZERO4, bytes(6), p.ip)
        L.arp(t + .2505, p, 2, p.ip, h.mac, ZERO4, to=h.mac)
        L.ask4(t + .26, h, 4, L.rng.getrandbits(32), o4(50, p.ip) + o4(54, L.dhcp.ip))
        L.event(t + .26, h, "dhcp-admin", 1005, {"Address1": text_ip(p.ip), "HWLength": "6", "HWAddress": h.mac.hex().upper()})
        h.ip = None
        L.lease(t + 12, h)
    L.ambient(40)


@scene("home router plugged in by its WAN port", clients=2)
def wan_port(L):
    r = L.box("router", m=mac("c0:56:27") + L.rng.randbytes(3), agent=False)
    L.link_up(2, r)
    L.lease(3, r)
    L.resolve_arp(8, r, L.gw)
    for k in range(4):
        L.lookup(9 + k, r, "time.example.net", L.gw, ip4("203.0.113.5"))
    started(L, 12)
    L.ambient(40)


@scene("wireless controller relays by unicast, many access points", clients=6)
def relays(L):
    """replies of a remote server come through the declared relay; each frame of both sides"""
    w = L.box("WLC", L.at(4), m=mac("00:3a:7d") + L.rng.randbytes(3), agent=False)
    L.authority["relays"] = [L.declared(w)]
    far = bytes((10, 251, 0, 2))
    L.authority["dhcp4_servers"] = [{"ip": [text_ip(far)]}]
    for k, h in enumerate(L.clients):
        t, x, a = 3 + k * 1.5, L.rng.getrandbits(32), L.at(80 + k)
        L.link_up(t - 1, h)
        L.ask4(t, h, 1, x, L.names4(h))
        L.tell4(t + .004, w, h, 2, x, a, sid=far, giaddr=w.ip)
        L.ask4(t + .006, h, 3, x, o4(50, a) + o4(54, far) + L.names4(h))
        L.tell4(t + .009, w, h, 5, x, a, sid=far, giaddr=w.ip)
        h.ip = a
        L.announce(t + .02, h, a)
        x = L.rng.getrandbits(32)
        L.ask4(t + 9, h, 3, x, L.names4(h), ciaddr=a, to=L.gw.mac, dst=far)
        L.tell4(t + 9.004, L.gw, h, 5, x, a, sid=far, src=far, ciaddr=a)
    L.ambient(30)


@scene("deployment server answers PXE clients beside DHCP, declared", clients=2)
def wds(L):
    s = L.box("SRV-WDS", L.at(7))
    L.authority["pxe_servers"] = [L.declared(s)]
    t = started(L)
    p = L.box("new-pc", agent=False)
    x, a = L.rng.getrandbits(32), L.at(99)
    opts = o4(60, b"PXEClient:Arch:00007:UNDI:003016") + o4(93, b"\0\7") + o4(97, b"\0" + L.rng.randbytes(16))
    L.ask4(t, p, 1, x, opts)
    L.tell4(t + .002, L.dhcp, p, 2, x, a)
    L.tell4(t + .004, s, p, 2, x, ZERO4, o4(60, b"PXEClient"), to=FF, dst=ONES4)
    L.ask4(t + 4, p, 3, x, o4(50, a) + o4(54, L.dhcp.ip) + opts)
    L.tell4(t + 4.002, L.dhcp, p, 5, x, a)
    p.ip = a
    L.resolve_arp(t + 4.1, p, s)
    L.put(t + 4.2, udp(p.mac, s.mac, 0, a, s.ip, 68, 4011, bootp(1, x, p.mac, o4(53, b"\3") + opts, ciaddr=a)))
    L.put(t + 4.21, udp(s.mac, p.mac, 0, s.ip, a, 4011, 68, bootp(2, x, p.mac, o4(53, b"\5") + o4(54, s.ip) + o4(60, b"PXEClient") + o4(67, b"boot\\x64\\wdsmgfw.efi"), siaddr=s.ip)))
    L.ambient(t + 20)


@scene("a probe asks for DHCP servers every five seconds and takes nothing", clients=2)
def probe(L):
    t = started(L)
    m = L.box("nms", L.at(8))
    L.resolve_arp(1, m, L.gw)
    for k in range(10):
        x = L.rng.getrandbits(32)
        L.ask4(t + 5 * k, m, 1, x, chaddr=m.mac)
        L.tell4(t + 5 * k + .002, L.dhcp, m, 2, x, L.at(180))
    L.ambient(t + 55)


@scene("sensors that never probe by ARP and report once a minute", clients=1)
def sensors(L):
    t = started(L)
    for k in range(8):
        b = L.box("esp%d" % k, m=mac("24:6f:28") + L.rng.randbytes(3), agent=False)
        u = t + 2 + k * 2
        L.lease(u, b, quiet=True)
        for n in range(3):
            L.udp(u + .8 + 60 * n, b, L.gw, b.ip, L.gw.ip, 4097, 1883, b"\x10\x20" + bytes(30))
    L.ambient(t + 150)


# ---- IPv6 ----
@scene("gateways of a VRRP pair change over", v6="slaac", clients=3)
def vrrp(L):
    a, b = L.gw, L.box("GW2", L.at(253), m=mac("00:1a:8c") + L.rng.randbytes(3))
    v = mac("00:00:5e:00:01:07")
    L.authority["routers"] = [{"mac": [text_mac(a.mac), text_mac(b.mac)], "ip": L.declared(a)["ip"] + [text_ip(b.ip), text_ip(b.ll)]}]
    t = started(L)
    for k in range(3):
        L.put(t + k, arp(v, FF, 0, 1, v, a.ip, bytes(6), a.ip))
    v6 = ip6("fe80::1")
    for k in range(3):
        L.put(t + 5 + k, icmp6(mac("00:00:5e:00:02:07"), b"\x33\x33\0\0\0\1", 0, v6, ALL6, ra(1800, 0, slla(mac("00:00:5e:00:02:07")) + pio(L.prefix))))
        L.icmp6(t + 4 + k, L.box("tmp", m=mac("00:00:5e:00:02:07")), ALL6, na(v6, mac("00:00:5e:00:02:07"), 0xa0000000), src=v6)
    L.ambient(t + 25)


@scene("second router of the site announces the same prefix", v6="slaac", clients=3)
def second_router(L):
    b = L.box("GW2", L.at(253), m=mac("00:1a:8c") + L.rng.randbytes(3))
    L.authority["routers"].append(L.declared(b))
    t = started(L)
    for k in range(4):
        L.ra(t + 2 + 9 * k, b, 1800, 0)
    L.ambient(t + 40)


@scene("prefix renumbered", v6="slaac", clients=3)
def renumber(L):
    t = started(L)
    new = b"\xfd" + L.rng.randbytes(5) + bytes(10)
    L.authority["prefixes"].append(text_ip(new) + "/64")
    for k in range(5):
        L.ra(t + 2 + 6 * k, options=slla(L.gw.mac) + pio(L.prefix, 0xc0, 7200, 0) + pio(new) + rdnss(1800, L.gw.ip6))
    for h in L.clients:
        L.dad(t + 2.4, h, new[:8] + eui(h.mac))
    L.ambient(t + 40)


@scene("router restarts", v6="stateful", clients=3)
def router_restart(L):
    t = started(L)
    for k in range(3):
        L.ra(t + 2 + k * .2, lifetime=0)
    for k in range(4):
        L.ra(t + 30 + k * 3)
    for k, h in enumerate(L.clients):
        x = L.rng.getrandbits(24)
        L.ask6(t + 31 + k, h, 4, x, ia_na(h.iaid, 0, 0, h.ip6, 0, 0))
        L.tell6(t + 31.002 + k, L.dhcp, h, 7, x, o6(13, b"\0\0"))
    L.ambient(t + 45)


@scene("home hub announces a mesh of lamps", v6="slaac", clients=2)
def thread(L):
    t = started(L)
    b = L.box("hub", m=mac("d4:90:9c") + L.rng.randbytes(3), agent=False)
    mesh = b"\xfd" + L.rng.randbytes(5) + bytes(10)
    for k in range(5):
        rio = struct.pack(">BBBBI", 24, 2, 64, 0, 1800) + mesh[:8]
        L.ra(t + 2 + 8 * k, b, 0, 0, slla(b.mac) + rio)
    L.ambient(t + 45)


@scene("DHCPv6 for the first time, the new server is declared", v6="stateful", clients=3)
def rollout(L):
    started(L)
    L.ambient(30)


@scene("two DHCPv6 servers of the site, both advertise", v6="stateful", clients=3)
def pair6(L):
    s = L.box("SRV-DHCP02", L.at(3))
    s.ip6 = L.g6(3)
    L.authority["dhcp6_servers"].append(dict(L.declared(s), duid=[s.duid.hex()]))
    for k, h in enumerate(L.clients):
        L.start(2 + k, h, six=False)
        L.solicited(4 + k, h, L.dhcp, L.g6(0x1100 + k), L.gw.ip6, others=((s, .003, L.g6(0x1200 + k), L.gw.ip6),))
    L.ambient(25)


@scene("gateway speaks of NAT64 and answers with its prefix", v6="slaac", clients=2)
def nat64(L):
    t = started(L)
    for k in range(3):
        L.ra(t + 2 + 9 * k, options=slla(L.gw.mac) + pio(L.prefix) + rdnss(1800, L.gw.ip6) + struct.pack(">BBH", 38, 2, 1800 & ~7) + ip6("64:ff9b::")[:12])
    for k, h in enumerate(L.clients):
        for n in range(3):
            L.lookup(t + 5 + n + k, h, "www.example.com", L.gw, ip6("64:ff9b::cb00:7150"), src=h.ip6, dst=L.gw.ip6, kind=28)
    L.ambient(t + 35)


# ---- names ----
@scene("captive portal: every name is the gateway until the guest has agreed", clients=3)
def portal(L):
    for k, h in enumerate(L.clients):
        t = 2 + k * 4
        L.link_up(t, h)
        L.lease(t + .2, h)
        L.resolve_arp(t + .5, h, L.gw)
        for n, name in enumerate(("www.msftconnecttest.com", "www.example.org", "mail.corp.lab", "wpad." + DOMAIN)):
            L.lookup(t + 1 + n, h, name, L.gw, L.gw.ip)
        L.web(t + 2, h, L.gw, host="www.msftconnecttest.com")
        L.lookup(t + 9, h, "www.example.org", L.gw, ip4("203.0.113.9"))
    L.ambient(30)


@scene("printers, televisions and speakers by mDNS and SSDP", v6="slaac", clients=2)
def chatter(L):
    t = started(L)
    for k, n in enumerate(("BRW001.local", "EPSON12.local", "tv.local", "speaker.local")):
        b = L.box(n[:4], L.at(100 + k), agent=False)
        L.announce(1 + k, b, b.ip)
        for i in range(3):
            L.mdns(t + 2 + k + 5 * i, b, n, b.ip)
            L.mdns(t + 2.1 + k + 5 * i, b, n, b.ll, 28)
            L.udp(t + 3 + k + 5 * i, b, group4(ip4("239.255.255.250")), b.ip, ip4("239.255.255.250"), 1900, 1900, b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n", 4)
    for h in L.clients:
        other = [c for c in L.clients if c is not h][0]
        L.llmnr(t + 5, h, other.name, other)
        L.nbns(t + 6, h, other.name, other)
        L.logon(t + 7, other, h)
    L.ambient(t + 25)


@scene("a workstation shares a folder, found by LLMNR", clients=3)
def peer(L):
    t = started(L)
    a, b, c = L.clients
    for k, h in enumerate((b, c)):
        L.llmnr(t + 3 + k, h, a.name, a)
        L.logon(t + 4 + k, a, h)
    L.ambient(t + 20)


@scene("VPN client: inner names from another resolver", clients=2)
def split_dns(L):
    t = started(L)
    h = L.clients[0]
    for n, name in enumerate(("crm.corp.lab", "www.corp.lab", "erp.corp.lab")):
        L.lookup(t + 2 + n, h, name, L.gw, ip4("10.251.7.%d" % (20 + n)), dst=ip4("10.251.0.53"))
        L.lookup(t + 2.5 + n, h, name, L.gw, None)
    L.ambient(t + 20)


@scene("a user's own resolver outside", clients=2)
def public_dns(L):
    t = started(L)
    for n, name in enumerate(("www.example.com", "www.corp.lab", "wpad.corp.lab")):
        L.lookup(t + 2 + n, L.clients[0], name, L.gw, ip4("203.0.113.10") if n < 1 else None, dst=ip4("192.0.2.53"))
    L.ambient(t + 20)


@scene("a test server resolves for one developer", bare=(), clients=2)
def developer(L):
    """a resolver that the user chose: names of its own zone"""
    t = started(L)
    d = L.box("dev", L.at(77), agent=False)
    L.announce(1, d, d.ip)
    for n in range(4):
        L.lookup(t + 2 + n, L.clients[0], "www.example.com", d, ip4("203.0.113.10"))
    L.ambient(t + 20)


@scene("proxy ARP by the router on an isolated Wi-Fi", clients=4)
def proxy_arp(L):
    t = started(L)
    for k in range(6):
        a, b = L.rng.sample(L.clients, 2)
        L.arp(t + 3 + 2 * k, a, 1, a.ip, bytes(6), b.ip)
        L.arp(t + 3.0008 + 2 * k, L.gw, 2, b.ip, a.mac, a.ip, to=a.mac)
    L.ambient(t + 25)


@scene("a cluster's address moves to its second node and stays", clients=3)
def cluster(L):
    n1, n2, vip = L.box("N1", L.at(21)), L.box("N2", L.at(22)), L.at(20)
    for k in range(3):
        L.arp(1 + k, n1, 1, vip, bytes(6), vip)
    t = started(L)
    for k in range(4):
        L.arp(t + 3 + k, n2, 1, vip, bytes(6), vip)
    for h in L.clients:
        L.arp(t + 9, h, 1, h.ip, bytes(6), vip)
        L.arp(t + 9.0004, n2, 2, vip, h.mac, h.ip, to=h.mac)
    L.ambient(t + 25)


@scene("address given to another machine after its lease", clients=3)
def passed_on(L):
    t = started(L)
    a, b = L.clients[:2]
    old = a.ip
    L.ask4(t + 2, a, 7, L.rng.getrandbits(32), o4(54, L.dhcp.ip), ciaddr=old, to=L.dhcp.mac, dst=L.dhcp.ip)
    L.lease(t + 4, b, address=old)
    a.ip = None
    L.lease(t + 12, a)
    L.ambient(t + 25)


@scene("notebook roams: the same address on the wire and by Wi-Fi", clients=2)
def roams(L):
    t = started(L)
    h = L.clients[0]
    w = Box(L, h.name, ip=h.ip, agent=False)
    L.boxes.append(w)
    L.link_up(t + 3, w)
    L.lease(t + 3.3, w, address=h.ip)
    L.ambient(t + 25)


# ---- tunnels, VPN ----
@scene("ISATAP router of the site", clients=2)
def isatap_own(L):
    r = L.box("SRV-ISATAP", L.at(5))
    L.announce(1, r, r.ip)
    L.authority["isatap_routers"] = [text_ip(r.ip)]
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lookup(t + 3 + k, h, "isatap." + DOMAIN, L.gw, r.ip)
        L.isatap_set(t + 3.022 + k, h, r.ip)
        isatap_talk(L, t + 4 + k, h, r)
    L.ambient(t + 20)


@scene("old Windows asks for Teredo and ISATAP and gets no name", clients=3)
def old_windows(L):
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lookup(t + 2 + k, h, "teredo.ipv6.microsoft.com", L.gw)
        L.lookup(t + 2.2 + k, h, "isatap." + DOMAIN, L.gw)
        L.llmnr(t + 2.4 + k, h, "isatap")
        L.nbns(t + 2.6 + k, h, "isatap")
        L.event(t + 4 + k, h, "iphlp", 4200, {"ProtocolType": "1", "Interface": "isatap.%s" % DOMAIN, "Address": "fe80::5efe:%s" % text_ip(h.ip)})
        L.isatap_set(t + 4.1 + k, h, ip4("127.0.0.1"))
    L.ambient(t + 20)


@scene("VPN farm: two names of one balancer, both leaves listed", clients=3)
def farm(L):
    import handshake
    v = vpn_site(L)
    other = handshake.certificate("vpn." + DOMAIN, serial=3)
    L.authority["vpn_servers"][0]["leaf_sha256"].append(handshake.sha256(other))
    t = started(L)
    for k in range(6):
        dial(L, t + 2 + k, L.clients[k % 3], v, other if k % 2 else GOOD)
    L.ambient(t + 20)


@scene("VPN farm: two leaves of one balancer, nothing listed", clients=3)
def farm_bare(L):
    import handshake
    v = vpn_site(L)
    del L.authority["vpn_servers"]
    other = handshake.certificate("vpn." + DOMAIN, serial=3)
    t = started(L)
    for k in range(6):
        dial(L, t + 2 + k, L.clients[k % 3], v, other if k % 2 else GOOD)
    L.ambient(t + 20)


@scene("inspection proxy terminates the VPN's TLS, its leaf is listed", clients=2)
def inspected(L):
    import handshake
    v = vpn_site(L)
    cert = handshake.certificate("vpn." + DOMAIN, issuer="Inspection CA", serial=4)
    p = L.box("TLS-PROXY", L.at(31))
    L.announce(1, p, p.ip)
    L.authority["vpn_servers"][0]["leaf_sha256"].append(handshake.sha256(cert))
    L.authority["vpn_servers"][0]["ip"].append(text_ip(p.ip))
    t = started(L)
    for k, h in enumerate(L.clients):
        dial(L, t + 2 + k, h, p, cert)
        dial(L, t + 2.05 + k, p, v, GOOD)
    L.ambient(t + 20)


@scene("VPN unreachable: the dialler gives up", clients=2)
def vpn_down(L):
    v = vpn_site(L)
    t = started(L)
    for k, h in enumerate(L.clients):
        L.lookup(t + 2 + k, h, "vpn." + DOMAIN, L.gw, v.ip)
        L.connect(t + 2.1 + k, h, v, h.ip, v.ip, 443, [], rst=True)
        L.event(t + 4 + k, h, "sstp", 1, {"CoId": "{%08X-0000-4000-8000-09E141E25953}" % L.rng.getrandbits(32), "ErrorMessage": "No connection could be made because the target machine actively refused it."})
    L.ambient(t + 20)


# ---- events alone ----
@scene("events of an ordinary day", v6="stateful", clients=3)
def day(L):
    t = started(L)
    L.event(t + 3, L.dhcp, "server", 1042, {"param1": "(%s)" % text_ip(L.dhcp.ip)})
    L.event(t + 4, L.dhcp, "server", 1020, {"param1": text_ip(L.net), "param2": "80", "param3": "40"})
    L.event(t + 5, L.dhcp, "server", 1059, {})
    for h in L.clients:
        L.event(t + 5, h, "iphlp", 4200, {"ProtocolType": "1", "Interface": "isatap.x", "Address": "fe80::5efe:%s" % text_ip(h.ip)})
        L.event(t + 6, h, "dns", 1014, {"QueryName": "www.example.com"})
    L.ambient(t + 20)


# ---- more look-alikes ----
@scene("Windows servers ask each other whether they may serve", clients=3)
def recheck(L):
    s = second(L)
    for k, h in enumerate(L.clients):
        L.start(2 + k, h, others=((s, .0015, L.at(150 + k), None),))
    for k, (a, b) in enumerate(((L.dhcp, s), (s, L.dhcp))):
        x = L.rng.getrandbits(32)
        L.ask4(15 + 4 * k, a, 8, x, o4(43, b"\x5e\0"), ciaddr=a.ip, cid=None)
        L.tell4(15.002 + 4 * k, b, a, 5, x, ZERO4, o4(43, b"\x5f\x09" + DOMAIN.encode() + b"\0"), ciaddr=a.ip)
        L.event(17 + 4 * k, a, "server", 1044, {})
    L.ambient(30)


@scene("filter of advertisements answers blocked names with itself", clients=2)
def pihole(L):
    p = L.box("pihole", L.at(9), agent=False)
    L.announce(.5, p, p.ip)
    L.authority["resolvers"] = [text_ip(p.ip)]
    t = started(L, options=L.options4(dns=p.ip))
    for k, h in enumerate(L.clients):
        for n, name in enumerate(("ads.example.com", "track.example.org", "www.corp.lab", "pixel.example.net")):
            L.lookup(t + 2 + n + k, h, name, p, p.ip if n != 2 else L.gw.ip)
        L.web(t + 7 + k, h, p)
    L.ambient(t + 20)


@scene("sleep proxy answers for a sleeping notebook, which wakes", v6="slaac", clients=2)
def sleep_proxy(L):
    p = L.box("tv", L.at(90), m=mac("d0:03:4b") + L.rng.randbytes(3), agent=False)
    L.announce(.5, p, p.ip)
    t = started(L)
    h = L.clients[0]
    for k in range(2):
        L.arp(t + 5 + k, p, 1, h.ip, bytes(6), h.ip)
    L.arp(t + 30, L.bg, 1, L.bg.ip, bytes(6), h.ip)
    L.arp(t + 30.001, p, 2, h.ip, L.bg.mac, L.bg.ip, to=L.bg.mac)
    for k in range(2):
        L.arp(t + 95 + k, h, 1, h.ip, bytes(6), h.ip)
    L.ambient(t + 110)


@scene("gateways without virtual MAC change over and back, both declared", bare=("nd-spoof",), clients=3)
def keepalived(L):
    b = L.box("GW2", L.at(253), m=mac("00:1a:8c") + L.rng.randbytes(3))
    L.authority["routers"] = [{"mac": [text_mac(L.gw.mac), text_mac(b.mac)], "ip": L.declared(L.gw)["ip"] + [text_ip(b.ip)]}]
    t = started(L)
    for k in range(4):
        L.arp(t + 2 + k, b, 1, L.gw.ip, bytes(6), L.gw.ip)
        L.arp(t + 95 + k, L.gw, 1, L.gw.ip, bytes(6), L.gw.ip)
    L.ambient(t + 1)


@scene("one box is gateway, DHCPv4, DHCPv6 and resolver of a home", v6="slaac", clients=3)
def home(L):
    L.authority = {"name": "home", "routers": [L.declared(L.gw)], "dhcp4_servers": [L.declared(L.gw)], "dhcp6_servers": [dict(L.declared(L.gw), duid=[L.gw.duid.hex()])],
                   "resolvers": L.declared(L.gw)["ip"]}
    for k, h in enumerate(L.clients):
        t = 2 + k
        L.link_up(t, h)
        L.ra(t + 1, flags=0x40, options=slla(L.gw.mac) + pio(L.prefix) + rdnss(1200, L.gw.ll))
        L.settings(t + 1.01, h, False, True)
        h.ip6 = L.prefix[:8] + eui(h.mac)
        L.dad(t + 1.1, h, h.ip6)
        L.informed6(t + 1.4, h, L.gw, L.gw.ll)
        L.lease(t + 1.5, h, L.gw)
        for n, name in enumerate(("router.lan", "www.example.com", "wpad.lan")):
            L.lookup(t + 8 + n, h, name, L.gw, (L.gw.ip, ip4("203.0.113.7"), None)[n], src=h.ll, dst=L.gw.ll)
    L.ambient(25)


@scene("a customer's router asks for a prefix", v6="stateful", clients=1)
def delegation(L):
    started(L)
    r = L.box("CPE", m=mac("c0:56:27") + L.rng.randbytes(3), agent=False)
    p = L.prefix[:6] + b"\x40\0" + bytes(8)
    xid = L.rng.getrandbits(24)
    for kind, answer, u in ((1, 2, 10), (3, 7, 11)):
        pd = struct.pack(">III", 1, 0, 0) + (o6(26, struct.pack(">IIB", 3600, 7200, 56) + p) if kind == 3 else b"")
        L.ask6(u, r, kind, xid + kind, o6(25, pd) + (o6(2, L.dhcp.duid) if kind == 3 else b""), names=False)
        full = o6(25, struct.pack(">III", 1, 1800, 2880) + o6(26, struct.pack(">IIB", 3600, 7200, 56) + p))
        L.tell6(u + .003, L.dhcp, r, answer, xid + kind, full + o6(23, L.gw.ip6))
    L.ambient(25)


@scene("DHCPv4 with rapid commit", clients=3)
def rapid4(L):
    for k, h in enumerate(L.clients):
        t, x = 2 + k, L.rng.getrandbits(32)
        L.link_up(t, h)
        L.ask4(t + .2, h, 1, x, o4(80, b"") + L.names4(h))
        L.tell4(t + .202, L.dhcp, h, 5, x, L.at(60 + k), L.options4(extra=o4(80, b"")))
        h.ip = L.at(60 + k)
        L.announce(t + .3, h, h.ip)
        L.resolve_arp(t + 4, h, L.gw)
    L.ambient(20)


@scene("a moved notebook asks for its old address and is refused", clients=3)
def moved_in(L):
    t = started(L)
    for k in range(3):
        h = L.box("LAP-%d" % k)
        h.ip = bytes((192, 168, 7, 20 + k))
        u, x = t + 2 + 2 * k, L.rng.getrandbits(32)
        L.link_up(u - .5, h)
        L.ask4(u, h, 3, x, o4(50, h.ip) + L.names4(h))
        L.tell4(u + .001, L.dhcp, h, 6, x, ZERO4, o4(56, b"wrong network"))
        L.event(u + .004, h, "dhcp-admin", 1002, {"Address1": text_ip(h.ip), "HWLength": "6", "HWAddress": h.mac.hex().upper(), "Address2": text_ip(L.dhcp.ip)})
        h.ip = None
        L.lease(u + .5, h)
    L.ambient(t + 20)


@scene("resolvers of two views answer one name differently", clients=2)
def views(L):
    d = L.box("SRV-DNS2", L.at(4))
    L.announce(.5, d, d.ip)
    L.authority["resolvers"].append(text_ip(d.ip))
    t = started(L)
    for k in range(4):
        h = L.clients[k % 2]
        L.lookup(t + 2 + k, h, "portal." + DOMAIN, L.gw, ip4("203.0.113.80"))
        L.lookup(t + 2.5 + k, h, "portal." + DOMAIN, d, d.ip)
    L.ambient(t + 20)


@scene("router sends a redirect to the site's other router", v6="slaac", clients=2)
def redirect(L):
    b = L.box("GW2", L.at(253), m=mac("00:1a:8c") + L.rng.randbytes(3))
    L.authority["routers"].append(L.declared(b))
    t = started(L)
    for k, h in enumerate(L.clients):
        target = ip6("fd00:9::9")
        L.icmp6(t + 3 + k, L.gw, h.ip6, struct.pack(">BBHI", 137, 0, 0, 0) + b.ll + target + b"\2\1" + b.mac, to=h.mac)
    L.ambient(t + 20)


@scene("neighbour proxy of a router for hosts behind it", v6="slaac", clients=3)
def nd_proxy(L):
    t = started(L)
    for k in range(6):
        h, a = L.clients[k % 3], L.g6(0x9000 + k % 2)
        L.icmp6(t + 3 + k, h, a, ns(a, h.mac), src=h.ip6, to=b"\x33\x33\xff" + a[13:])
        L.icmp6(t + 3.001 + k, L.gw, h.ip6, na(a, L.gw.mac, 0xc0000000), src=L.gw.ll, to=h.mac)
    L.ambient(t + 20)


@scene("old appliance boots by BOOTP", clients=2)
def old_bootp(L):
    t = started(L)
    p = L.box("plotter", m=mac("00:60:b0") + L.rng.randbytes(3), agent=False)
    for k in range(3):
        x = L.rng.getrandbits(32)
        L.put(t + 3 + 4 * k, udp(p.mac, FF, 0, ZERO4, ONES4, 68, 67, bootp(1, x, p.mac, o4(55, b"\1\3"))))
        L.put(t + 3.002 + 4 * k, udp(L.dhcp.mac, p.mac, 0, L.dhcp.ip, L.at(91), 67, 68, bootp(2, x, p.mac, o4(1, b"\xff\xff\xff\0") + o4(3, L.gw.ip), yiaddr=L.at(91), siaddr=L.dhcp.ip)))
    L.announce(t + 12, p, L.at(91))
    L.ambient(t + 25)


@scene("two sites' servers behind relays, their replies on one trunk", clients=4)
def two_relays(L):
    far = bytes((10, 251, 0, 2))
    L.authority["dhcp4_servers"] = [{"ip": [text_ip(far)]}]
    b = L.box("GW2", L.at(254), m=mac("00:1a:8c") + L.rng.randbytes(3))
    L.authority["routers"].append(L.declared(b))
    L.authority["relays"] = [L.declared(L.gw), L.declared(b)]
    for k, h in enumerate(L.clients):
        t, x, a = 3 + 1.4 * k, L.rng.getrandbits(32), L.at(70 + k)
        L.link_up(t - 1, h)
        L.ask4(t, h, 1, x, L.names4(h))
        for r, d in ((L.gw, .004), (b, .0043)):
            L.tell4(t + d, r, h, 2, x, a, sid=far, giaddr=r.ip)
        L.ask4(t + .01, h, 3, x, o4(50, a) + o4(54, far) + L.names4(h))
        for r, d in ((L.gw, .014), (b, .0142)):
            L.tell4(t + d, r, h, 5, x, a, sid=far, giaddr=r.ip)
        h.ip = a
        L.announce(t + .1, h, a)
    L.ambient(25)


@scene("6to4 and configured tunnels of one workstation", clients=2)
def tunnels(L):
    t = started(L)
    h = L.clients[0]
    own = b"\x20\2" + h.ip + bytes(9) + b"\1"
    for k in range(5):
        L.proto41(t + 3 + k, h, L.gw, h.ip, ip4("192.88.99.1"), own, ip6("2001:db8:1::1"), struct.pack(">BBHHH", 128, 0, 0, 1, k) + bytes(32), hop=64)
    L.ambient(t + 20)


@scene("certificate of the VPN renewed, both leaves seen, nobody complains", clients=3)
def renewed(L):
    import handshake
    v = vpn_site(L)
    new = handshake.certificate("vpn." + DOMAIN, serial=2, year=24)
    L.authority["vpn_servers"][0]["leaf_sha256"].append(handshake.sha256(new))
    t = started(L)
    for k in range(6):
        dial(L, t + 2 + k, L.clients[k % 3], v, GOOD if k < 3 else new)
    L.ambient(t + 20)


@scene("web proxy terminates TLS for everybody", clients=3)
def tls_proxy(L):
    import handshake
    p, v = L.box("PROXY", L.at(31)), vpn_site(L)
    L.announce(1, p, p.ip)
    L.authority["proxies"] = [text_ip(p.ip)]
    t = started(L)
    for k, h in enumerate(L.clients):
        for n, site in enumerate(("www.example.com", "mail.example.org")):
            L.connect(t + 2 + k + n * .3, h, p, h.ip, p.ip, 443, handshake.session(handshake.certificate(site, issuer="Inspection CA", serial=20 + n), site, random=7 + k))
            L.connect(t + 2.05 + k + n * .3, p, L.gw, p.ip, ip4("203.0.113.%d" % (20 + n)), 443, handshake.session(handshake.certificate(site, serial=40 + n), site, random=90 + k))
        dial(L, t + 4 + k, h, v, GOOD)
    L.ambient(t + 20)


@scene("workstation named like a printer, both by mDNS and DHCP", clients=3)
def name_twice(L):
    t = started(L)
    a, b, c = L.clients
    for k in range(3):
        L.mdns(t + 2 + k, a, "shared.local", a.ip)
        L.mdns(t + 2.5 + k, b, "shared.local", b.ip)
        L.llmnr(t + 3 + k, c, "shared", a)
    L.ambient(t + 20)


@scene("half of the hosts log that their scope is full of leases they hold", clients=10)
def organic(L):
    t = started(L)
    L.event(t + 1, L.dhcp, "server", 1020, {"param1": text_ip(L.net), "param2": "90", "param3": "6"})
    for k in range(8):
        h = L.box("NB-%d" % k)
        L.start(t + 3 + k, h)
    L.event(t + 14, L.dhcp, "server", 1063, {"param1": text_ip(L.net)})
    h = L.box("NB-99")
    for k in range(4):
        L.ask4(t + 15 + (0, 4, 12, 28)[k], h, 1, L.rng.getrandbits(32), L.names4(h))
    L.ambient(t + 50)


@scene("one box resolves for the house, by DHCPv4, DHCPv6 and RA; another routes", v6="slaac", clients=3)
def resolver_box(L):
    p = L.box("resolver", L.at(9), agent=False)
    L.announce(.3, p, p.ip)
    own = L.declared(p)
    L.authority.update(dhcp4_servers=[own], dhcp6_servers=[dict(own, duid=[p.duid.hex()])], resolvers=own["ip"])
    for k in range(3):
        L.lease(1 + k * .2, L.box("tv%d" % k, agent=False), p, options=L.options4(dns=p.ip))
    for k, h in enumerate(L.clients):
        t = 2 + 2 * k
        L.link_up(t, h)
        L.ra(t + 1, flags=0x40)
        L.settings(t + 1.01, h, False, True)
        h.ip6 = L.prefix[:8] + eui(h.mac)
        L.dad(t + 1.1, h, h.ip6)
        L.lease(t + 1.2, h, p, options=L.options4(dns=p.ip))
        L.informed6(t + 1.6, h, p, p.ll)
        for n, name in enumerate(("ads.example.com", "track.example.org", "www.corp.lab", "wpad." + DOMAIN)):
            L.lookup(t + 6 + n * .3, h, name, p, (p.ip, p.ip, L.gw.ip, None)[n], src=h.ll, dst=p.ll)
    for k in range(3):
        L.ra(9 + 6 * k, p, 0, 0, slla(p.mac) + rdnss(1200, p.ll))
    L.ambient(30)


@scene("pair of servers, each names itself first as resolver", bare=("dhcpv4-rogue-server",), clients=4)
def own_first(L):
    s = second(L)
    L.authority["resolvers"] = [text_ip(L.dhcp.ip), text_ip(s.ip)]
    a, b = o4(6, L.dhcp.ip + s.ip), o4(6, s.ip + L.dhcp.ip)
    for k, h in enumerate(L.clients):
        L.start(2 + k, h, options=L.options4(dns=False, extra=a), others=((s, .0015, L.at(150 + k), L.options4(dns=False, extra=b)),))
    L.ambient(25)


@scene("classes of one server: other gateways and options for phones and guests", clients=4)
def classes(L):
    for k, h in enumerate(L.clients):
        extra = (b"", o4(252, b"http://proxy.corp.lab/proxy.pac"), o4(150, L.at(9)), o4(121, b"\x08\x0a" + L.gw.ip))[k]
        L.start(2 + k, h, options=L.options4(router=(L.gw.ip, L.gw.ip, L.at(254), L.gw.ip)[k], extra=extra))
    L.ambient(25)


@scene("quarantine network hands the host over", clients=2)
def quarantine(L):
    for k, h in enumerate(L.clients):
        h.vlan, t = 99, 2 + k * 3
        q = L.box("SRV-NAC", bytes((10, 250, 99, 1)), m=mac("00:0c:e6") + L.rng.randbytes(3)) if k == 0 else q
        q.vlan = 99
        L.authority["dhcp4_servers"] += [L.declared(q)] if k == 0 else []
        L.authority["resolvers"] = sorted(set(L.authority["resolvers"] + [text_ip(q.ip)]))
        L.link_up(t, h)
        L.lease(t + .2, h, q, bytes((10, 250, 99, 20 + k)), L.options4(router=q.ip, dns=q.ip, lease=30))
        for n, name in enumerate(("www.example.com", "mail.example.org", "nac.corp.lab")):
            L.lookup(t + 4 + n, h, name, q, q.ip)
        h.vlan = None
        x = L.rng.getrandbits(32)
        L.ask4(t + 9, h, 3, x, o4(50, h.ip) + L.names4(h))
        L.tell4(t + 9.001, L.dhcp, h, 6, x, ZERO4, b"")
        h.ip = None
        L.lease(t + 9.2, h)
    L.ambient(30)
