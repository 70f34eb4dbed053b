#!/usr/bin/env python3
"""Real servers, clients and attack tools on LANs of network namespaces, a mirror of each port to one running sensor; what the
clients' own logs say comes as host events from rsyslog over TLS; the alerts arrive at rsyslog, over TLS too, and are judged there.

usage: lab.py [--long] [--seconds N] [--keep] CROSSTAP [ROW...]
  --seconds N  how long the benign LANs run (120; --long: 3600, with leases of seconds instead of hours)
  --keep       leaves the folder with all logs, and with tshark what each mirror carried
Root, unshare, tc, rsyslog with rsyslog-gnutls, apt-get and PyPI; what cannot be had is skipped and counted.  Packages are
unpacked into build/live-tools (CROSSTAP_LIVE_TOOLS), nothing is installed, and no frame leaves the namespaces."""
import argparse, json, os, random, re, shutil, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "feed"))
import lan, rig
from rig import check, skip, until

TOOLS = os.environ.get("CROSSTAP_LIVE_TOOLS", os.path.join(HERE, "..", "..", "build", "live-tools"))
SHARED = os.environ.get("CROSSTAP_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
ORDER = ["info", "refuted", "unverifiable", "host-only", "suspected", "probable", "confirmed"]
DHCLIENT_HOOK = """#!/bin/sh
case $reason in
PREINIT*) ip link set "$interface" up ;;
BOUND|RENEW|REBIND|REBOOT) ip -4 addr replace "$new_ip_address/24" dev "$interface"; ip route replace default via "${new_routers%% *}" ;;
EXPIRE|RELEASE|STOP|FAIL) ip -4 addr flush dev "$interface" ;;
BOUND6|RENEW6|REBIND6) ip -6 addr replace "$new_ip6_address/$new_ip6_prefixlen" dev "$interface" ;;
EXPIRE6|RELEASE6|STOP6) ip -6 addr del "$old_ip6_address/$old_ip6_prefixlen" dev "$interface" ;;
esac
printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$(date +%s.%N)" "$reason" "$new_ip_address" "$new_dhcp_server_identifier" "$new_domain_name_servers" \\
	"$new_ip6_address" "$new_dhcp6_name_servers" >>"$LEASES"
"""
DHCPCD_HOOK = """#!/bin/sh
printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$(date +%s.%N)" "$reason" "$new_ip_address" "$new_dhcp_server_identifier" "$new_domain_name_servers" \\
	"$new_dhcp6_ia_na1_ia_addr1" "$new_dhcp6_name_servers" "$nd1_flags" >>LEASES
"""


# ---- servers: each starts on its host and serves that host's LAN

def dns(host):
    """The LAN's resolver: it knows corp.lab and nothing else."""
    conf = "no-resolv\nno-hosts\nbind-interfaces\ninterface=eth0\nexcept-interface=lo\nlocal=/corp.lab/\nuser=root\npid-file=\n"
    conf += "".join("host-record=%s.corp.lab,%s\n" % (n, host.lan.net + ".2") for n in ("srv", "intranet", "files", "mail"))
    host.start(["dnsmasq", "-k", "-C", host.write("dns.conf", conf)])


def router(host, managed=False):
    """radvd with the LAN's prefix."""
    with_flags = "AdvManagedFlag on; AdvOtherConfigFlag on;" if managed else ""
    conf = "interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 5; %s prefix %s::/64 { AdvOnLink on; AdvAutonomous %s; }; };\n" % (
        with_flags, host.lan.net6, "off" if managed else "on")
    host.inside(forwarding)
    host.start(["radvd", "-n", "-C", host.write("radvd.conf", conf), "-p", host.path("radvd.pid"), "-m", "stderr"])


def forwarding():
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        with open("/proc/sys/net/" + name, "w") as f:
            f.write("1")


def dnsmasq(host, first=100, last=150, gateway=None, more=""):
    net = host.lan.net
    conf = ("port=0\nbind-dynamic\ninterface=eth0\nuser=root\npid-file=\nno-ping\ndhcp-authoritative\nlog-dhcp\ndhcp-range=%s.%d,%s.%d,120s\ndhcp-option=3,%s\n"
            "dhcp-option=6,%s\ndomain=corp.lab\ndhcp-leasefile=%s\n" % (net, first, net, last, gateway or net + ".1", gateway or net + ".1", host.path("leases")))
    host.start(["dnsmasq", "-k", "--log-facility=-", "-C", host.write("dhcp.conf", conf + more)])


def dnsmasq6(host):
    dnsmasq(host, more="dhcp-range=%s::1000,%s::1fff,64,120s\n" % (host.lan.net6, host.lan.net6))


def isc(host, first=100, last=150, more=""):
    net = host.lan.net
    conf = more + ("authoritative; default-lease-time 20; max-lease-time 20; option domain-name \"corp.lab\"; subnet %s.0 netmask 255.255.255.0 "
            "{ range %s.%d %s.%d; option routers %s.1; option domain-name-servers %s.1; }\n" % (net, net, first, net, last, net, net))
    host.start(["dhcpd", "-4", "-f", "-d", "-user", "root", "-group", "root", "-cf", host.write("dhcpd.conf", conf), "-lf", host.write("dhcpd.leases", ""), "-pf", host.path("dhcpd.pid"), "eth0"])


def isc_small(host):
    # without the ping before an offer (1 s each), so that the pool ends while the test looks
    isc(host, 100, 115, "ping-check false; ")


def kea(host):
    net, six = host.lan.net, host.lan.net6
    times = {"valid-lifetime": 20, "renew-timer": 8, "rebind-timer": 14, "lease-database": {"type": "memfile", "persist": False}, "interfaces-config": {"interfaces": ["eth0"]}}
    option = lambda name, data: {"name": name, "data": data}
    four = dict(times, **{"authoritative": True, "subnet4": [{"subnet": net + ".0/24", "pools": [{"pool": "%s.100 - %s.150" % (net, net)}],
        "option-data": [option("routers", net + ".1"), option("domain-name-servers", net + ".1"), option("domain-name", "corp.lab")]}]})
    sixer = dict(times, **{"preferred-lifetime": 16, "subnet6": [{"subnet": six + "::/64", "interface": "eth0", "pools": [{"pool": "%s::1000 - %s::1fff" % (six, six)}],
        "option-data": [option("dns-servers", six + "::1")]}]})
    host.inside(link_local) # before that the server finds no address for its socket
    env = {"KEA_PIDFILE_DIR": "/run/kea", "KEA_LOCKFILE_DIR": "/run/kea"}
    host.start(["kea-dhcp4", "-c", host.write("kea4", json.dumps({"Dhcp4": four}))], env)
    host.start(["kea-dhcp6", "-c", host.write("kea6", json.dumps({"Dhcp6": sixer}))], env)


# ---- clients

def dhclient(host, six=False):
    hook = host.write("hook", DHCLIENT_HOOK)
    os.chmod(hook, 0o755)
    name = host.computer.split(".")[0]
    conf = host.write("dhclient.conf", 'timeout 20; retry 3; initial-interval 1; backoff-cutoff 3;\nsend host-name "%s";\nrequest subnet-mask, routers, domain-name-servers, '
                      'domain-name, dhcp6.name-servers, dhcp6.domain-search;\n' % name)
    for version in ("-4", "-6") if six else ("-4",):
        host.start(["dhclient", version, "-d", "-cf", conf, "-lf", host.path("leases" + version), "-pf", host.path("pid" + version), "-sf", hook, "-e",
                    "LEASES=" + host.path("story"), "eth0"])


def dhclient6(host):
    dhclient(host, True)


def dhcpcd(host):
    hook = host.write("hook", DHCPCD_HOOK.replace("LEASES", host.path("story")))
    os.chmod(hook, 0o755)
    conf = host.write("dhcpcd.conf", "hostname %s\nduid\nslaac hwaddr\nnoarp\nnoipv4ll\noption domain_name_servers, routers, domain_name\n"
                      "option dhcp6_name_servers\nia_na\n" % host.computer.split(".")[0])
    host.start(["dhcpcd", "-B", "-f", conf, "-c", hook, "eth0"])


# ---- attacks: each returns nothing and is bounded by lan.bounded(seconds, frames)

def mitm6(a, seconds):
    lan.bounded(a, [sys.executable, "-B", "-m", "mitm6.mitm6", "-i", "eth0", "-d", "corp.lab", "-l", "corp.lab", "-v"], seconds, 3000,
                {"PYTHONPATH": os.path.join(TOOLS, "py"), "PYTHONUNBUFFERED": "1"})


def bettercap(a, seconds, what):
    a.udp(a.lan.net + ".1", b"hello", port=9, wait=0.1) # it looks for the gateway in the ARP cache, once
    lan.bounded(a, ["bettercap", "-iface", "eth0", "-no-colors", "-no-history", "-gateway-override", a.lan.net + ".1", "-eval", what], seconds, 3000)


def bettercap_dhcp6(a, seconds):
    bettercap(a, seconds, "set dhcp6.spoof.domains corp.lab; dhcp6.spoof on; set dns.spoof.domains *.corp.lab; set dns.spoof.all true; dns.spoof on")


def leases(a):
    return [h.lease for h in a.lan.hosts.values() if h.name.startswith("ws") and h.lease]


def bettercap_arp(a, seconds):
    bettercap(a, seconds, "set arp.spoof.fullduplex true; set arp.spoof.targets %s; net.probe on; sleep 4; net.probe off; arp.spoof on; "
              "set dns.spoof.domains *.corp.lab; set dns.spoof.all true; dns.spoof on" % ",".join(leases(a)))


def fake_router(a, seconds):
    lan.bounded(a, ["atk6-fake_router26", "-A", "fd66:6666::/64", "-D", "fd66:6666::1", "-F", "managed,other", "-i", "1", "eth0"], seconds, 100)


def flood_router(a, seconds):
    lan.bounded(a, ["atk6-flood_router26", "eth0"], seconds, 200)


def fake_dhcps6(a, seconds):
    own = a.inside(link_local)
    lan.bounded(a, ["atk6-fake_dhcps6", "eth0", "fd66:6667::/64", own], seconds, 300)


def link_local():
    """Also the moment to wait until the address is no longer tentative."""
    show = lambda: re.search(r"inet6 (fe80\S+)/64 scope link (?!tentative)", lan.run("ip", "-6", "addr", "show", "dev", "eth0").stdout)
    found = until(show, 5)
    return found.group(1) if found else "fe80::66"


def flood_dhcpc6(a, seconds):
    lan.bounded(a, ["atk6-flood_dhcpc6", "eth0"], seconds, 1000)


def parasite6(a, seconds):
    lan.bounded(a, ["atk6-parasite6", "-lR", "eth0"], seconds, 1500)


def dhcpstarv(a, seconds):
    lan.bounded(a, ["dhcpstarv", "-v", "-i", "eth0"], seconds, 600)


def yersinia(a, seconds):
    lan.bounded(a, ["yersinia", "dhcp", "-attack", "1", "-interface", "eth0"], seconds, 2000)


def ettercap(a, seconds, how):
    with open("/etc/ettercap/etter.conf") as f:
        conf = f.read()
    conf = re.sub(r"(?m)^(ec_[ug]id\s*=\s*)\d+", r"\g<1>0", conf)
    lan.bounded(a, ["ettercap", "-T", "-q", "-a", a.write("etter.conf", conf), "-i", "eth0"] + how, seconds, 1500)


def ettercap_dhcp(a, seconds):
    net = a.lan.net
    ettercap(a, seconds, ["-M", "dhcp:%s.200-220/255.255.255.0/%s" % (net, a.ip)])


def ettercap_arp(a, seconds):
    net = a.lan.net
    with open("/etc/ettercap/etter.dns", "w") as f: # laid over, not the machine's
        f.write("*.corp.lab A %s\n" % a.ip)
    ettercap(a, seconds, ["-M", "arp:remote", "/%s//" % ";".join(leases(a)), "/%s.1//" % net, "-P", "dns_spoof"])


def rogue_dnsmasq(a, seconds):
    a.processes, before = [], a.processes
    dnsmasq(a, 200, 220, gateway=a.ip, more="dhcp-option=252,http://%s/wpad.dat\n" % a.ip)
    a.processes += before
    conf = "no-resolv\nno-hosts\nbind-interfaces\ninterface=eth0\nexcept-interface=lo\naddress=/corp.lab/%s\nuser=root\npid-file=\n" % a.ip
    lan.bounded(a, ["dnsmasq", "-k", "-C", a.write("dns.conf", conf)], seconds, 2000)


class Row:
    """One LAN: what serves it, who is attached, the attack, what must be found about whom; `more` may be found beside it.
    LATE is a client that is switched on when the attack already runs."""
    def __init__(self, key, server, clients, attack=None, found=(), more=(), mirror="ingress", forged=False, needs=None, managed=False, late=None):
        self.key, self.server, self.clients, self.attack, self.found, self.more = key, server, clients, attack, dict(found), set(more)
        self.mirror, self.forged, self.needs, self.managed, self.late = mirror, forged, needs, managed, late
        self.lan = self.started = None
        self.computers = {}


# Confirmed wherever a victim depends on the actor or its host tells.  Spoofed neighbours and floods of advertisements from forged
# addresses, or of Solicits whose answers reach nobody, leave no such trace of their own: probable is what they can be.  The names
# that a spoofed resolver answers are confirmed as dns-takeover.
C = "confirmed"
ROWS = [
    Row("benign-kea", kea, [dhclient6, dhcpcd, dhclient], managed=True),
    Row("benign-isc", isc, [dhclient, dhcpcd, dhclient], mirror="both"),
    Row("benign-dnsmasq", dnsmasq6, [dhclient6, dhcpcd, dhclient], managed=True, mirror="both"),
    Row("mitm6", dnsmasq, [dhclient6, dhcpcd], mitm6, {"dhcpv6-rogue-server": C, "dns-takeover": C, "mitm6": C}, {"rogue-ra"}, needs="mitm6"),
    Row("mitm6-both", isc, [dhclient6, dhclient6], mitm6, {"dhcpv6-rogue-server": C, "dns-takeover": C, "mitm6": C}, {"rogue-ra"}, mirror="both", needs="mitm6"),
    Row("bettercap-dhcp6", dnsmasq, [dhclient6, dhclient6], bettercap_dhcp6, {"dhcpv6-rogue-server": C, "dns-takeover": C, "mitm6": C}, {"rogue-ra"}),
    Row("bettercap-arp", dnsmasq, [dhclient, dhclient], bettercap_arp, {"nd-spoof": "probable", "dns-takeover": C}),
    Row("thc-fake-router", dnsmasq, [dhclient, dhcpcd], fake_router, {"rogue-ra": C}),
    Row("thc-flood-router", dnsmasq, [dhclient, dhclient], flood_router, {"rogue-ra": "probable"}, forged=True, mirror="both"),
    Row("thc-fake-dhcps6", dnsmasq, [dhclient6, dhclient6], fake_dhcps6, {"dhcpv6-rogue-server": C}, {"dns-takeover", "mitm6"}),
    Row("thc-flood-dhcpc6", kea, [dhclient6, dhclient], flood_dhcpc6, {"dhcpv6-solicit-flood": "probable"}, forged=True, managed=True),
    Row("thc-parasite6", dnsmasq, [dhclient, dhclient], parasite6, {"nd-spoof": "probable"}, late=dhcpcd),
    Row("dhcpstarv", isc_small, [dhclient, dhclient], dhcpstarv, {"dhcp-starvation": C}, {"dhcp-discover-flood"}),
    Row("yersinia", isc, [dhclient, dhclient], yersinia, {"dhcp-discover-flood": C}, {"dhcp-starvation"}, forged=True, mirror="both"),
    Row("ettercap-dhcp", isc, [dhclient, dhclient], ettercap_dhcp, {"dhcpv4-rogue-server": C}, {"dns-takeover"}, late=dhclient),
    Row("ettercap-arp", dnsmasq, [dhclient, dhclient], ettercap_arp, {"nd-spoof": "probable", "dns-takeover": C}, mirror="both"),
    Row("dnsmasq-rogue", isc, [dhclient, dhclient], rogue_dnsmasq, {"dhcpv4-rogue-server": C, "dns-takeover": C}, late=dhclient),
]
ATTACK_SECONDS, LATE_SECONDS = 40, 8


# ---- the sensor and both rsyslogs

RSYSLOG = """
global(workDirectory="{work}" maxMessageSize="64k" defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{cert}" defaultNetstreamDriverKeyFile="{key}")
module(load="imptcp")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
template(name="event" type="string" string="<134>1 - relay windows - - - %rawmsg%")
template(name="alert" type="string" string="%timegenerated:::date-rfc3339% %rawmsg%\\n")
input(type="imptcp" address="127.0.0.1" port="{source}" ruleset="events")
input(type="imtcp" address="127.0.0.1" port="{alerts}" ruleset="alerts")
ruleset(name="events" queue.type="LinkedList") {{
	action(type="omfwd" target="127.0.0.1" port="{feed}" protocol="tcp" TCP_Framing="octet-counted" template="event" action.resumeRetryCount="-1"
		action.resumeInterval="1" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid")
}}
ruleset(name="alerts") {{ action(type="omfile" file="{work}/alerts.log" template="alert") }}
"""


def authority(number, row):
    gw, srv = "00:16:3e:%02x:00:01" % number, "00:16:3e:%02x:00:02" % number
    net, six = "10.77.%d" % number, "fd77:0:0:%x" % number
    # RFC 4291 appendix A; the host number is the last octet
    local = lambda mac: "fe80::216:3eff:fe%02x:%x" % (number, int(mac[15:], 16))
    return {"name": row.key, "segments": ["span%d/*" % number], "prefixes": [net + ".0/24", six + "::/64"], "dhcp4_servers": [{"ip": [net + ".2"], "mac": srv}],
            "dhcp6_servers": [{"ip": [local(srv)], "mac": srv}] if row.managed else [], "routers": [{"ip": [net + ".1", six + "::1", local(gw)], "mac": gw}],
            "resolvers": [net + ".1", six + "::1"]}


def both_ways(pki, name):
    """rsyslog has one certificate for what it sends and what it receives, and so has the sensor here."""
    cert, key = pki.sign(name, name + ".lab", "DNS:%s.lab" % name, server=True)
    with open(pki.folder / (name + ".ext"), "w") as f:
        f.write("extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:%s.lab\n" % name)
    rig.openssl("x509", "-req", "-in", pki.folder / (name + ".csr"), "-CA", pki.ca, "-CAkey", pki.folder / "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", pki.folder / (name + ".ext"), "-out", cert)
    return cert, key


class Site:
    """Sensor, rsyslog, and the way of events into it."""
    def __init__(self, binary, folder, rows):
        pki = rig.Pki(folder)
        cert, key = both_ways(pki, "crosstap")
        relay, relay_key = both_ways(pki, "relay")
        feed, self.source, alerts = rig.free_port(), rig.free_port(), rig.free_port()
        self.log, self.record, self.lock = folder / "alerts.log", 1000, threading.Lock()
        conf = {"authority": [authority(r.lan.number, r) for r in rows], "sensor": {"name": "lab"},
                "feed": {"listen": [{"address": "127.0.0.1:%d" % feed, "certificate": cert, "key": key, "client_ca": pki.ca}],
                         "senders": [{"name": "relay", "computers": [".corp.lab"], "certificate": "relay.lab"}]},
                "output": [{"type": "syslog", "host": "127.0.0.1", "port": alerts, "transport": "tls", "ca": pki.ca, "name": "relay.lab", "certificate": cert, "key": key}]}
        text = RSYSLOG.format(work=folder.path, ca=pki.ca, cert=relay, key=relay_key, source=self.source, alerts=alerts, feed=feed)
        with open(folder / "rsyslog.conf", "w") as f:
            f.write(text)
        self.daemon = subprocess.Popen(["rsyslogd", "-n", "-i", folder / "rsyslog.pid", "-f", folder / "rsyslog.conf"], stderr=open(folder / "rsyslog.err", "wb"))
        self.input = until(lambda: self.connected(), 10)
        args = []
        for r in rows:
            args += ["-i", r.lan.span]
        self.sensor = rig.Program(binary, folder, conf, ["-q"] + args, name="sensor")

    def connected(self):
        try:
            return socket.create_connection(("127.0.0.1", self.source), timeout=5)
        except OSError:
            return None

    def tell(self, computer, when, provider, event_id, data):
        """One event as Winlogbeat writes it, through rsyslog."""
        with self.lock:
            self.record += 1
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when)) + ".%06dZ" % (when % 1 * 1e6)
            event = {"@timestamp": stamp, "winlog": {"provider_name": "Microsoft-Windows-" + provider, "event_id": event_id, "computer_name": computer,
                     "record_id": self.record, "event_data": data}}
            self.input.sendall(json.dumps(event).encode() + b"\n")

    def alerts(self):
        """(seconds of arrival, record, sequence number of RFC 5424 7.3.1) of each line that came so far."""
        out = []
        try:
            lines = open(self.log, encoding="utf-8").read().splitlines()
        except FileNotFoundError:
            return out
        for line in lines:
            m = re.match(r'(\S+) <\d+>1 (?:\S+ ){5}(?:\[meta sequenceId="(\d+)"\])?\[incident@32473 .*?\] (\{.*\})$', line)
            if m:
                out.append((seconds(m[1]), json.loads(m[3]), int(m[2] or 0)))
            elif "[incident@" in line:
                raise ValueError("no RFC 5424 with JSON: " + line[:200])
        return out


def seconds(stamp):
    m = re.match(r"(\d+-\d+-\d+T\d+:\d+:\d+)(\.\d+)?(Z|[+-]00:00)", stamp)
    import calendar
    return calendar.timegm(time.strptime(m[1], "%Y-%m-%dT%H:%M:%S")) + float(m[2] or 0)


# ---- what happened, told as the hosts would

class Story:
    """Follows the clients' logs and the servers', and tells each new line as an event of Windows."""
    def __init__(self, site, rows):
        self.site, self.rows, self.at, self.full = site, rows, {}, {}

    def step(self):
        for row in self.rows:
            for h in row.lan.hosts.values():
                if h.name.startswith("ws"):
                    self.client(h)
            self.server(row)

    def fresh(self, path):
        try:
            with open(path, errors="replace") as f:
                f.seek(self.at.get(path, 0))
                text = f.read()
        except FileNotFoundError:
            return []
        whole = text[:text.rfind("\n") + 1]
        self.at[path] = self.at.get(path, 0) + len(whole.encode())
        return whole.splitlines()

    def client(self, h):
        for line in self.fresh(h.path("story")):
            when, reason, ip, server, resolver, ip6, resolver6 = (line.split("\t") + [""] * 7)[:7]
            ip6, flags = ip6.split("%")[0], (line.split("\t") + [""] * 8)[7]
            if reason == "ROUTERADVERT" and flags != h.flags:
                # 1006 says that M or O is not what it was; Windows begins with neither
                if set(flags) & {"M", "O"} != set(h.flags) & {"M", "O"}:
                    self.site.tell(h.computer, float(when), "DHCPv6-Client", 1006, {"InterfaceId": "8", "Flag1": str("M" in flags).lower(), "Flag2": str("O" in flags).lower()})
                h.flags = flags
            if reason in ("BOUND", "RENEW", "REBIND", "REBOOT"):
                h.lease, h.resolver = ip, h.resolver6 or resolver.split()[0]
                self.site.tell(h.computer, float(when), "Dhcp-Client", 50013, {"InterfaceId": "8", "Address1": ip, "Address2": server})
            if reason in ("BOUND6", "RENEW6", "REBIND6") and ip6:
                h.six = True
                h.resolver6 = resolver6.split()[0] if resolver6 else h.resolver6
                h.resolver = h.resolver6 or h.resolver
                for event in (51010, 51039):
                    self.site.tell(h.computer, float(when), "DHCPv6-Client", event, {"InterfaceId": "8", "StatusCode": "0", "Address": ip6})

    def server(self, row):
        srv = row.lan.hosts["srv"]
        for line in self.fresh(srv.path("log")):
            if re.search(r"no free leases|no address available|ALLOC_FAIL", line) and time.time() - self.full.get(row.key, 0) > 5:
                self.full[row.key] = time.time()
                six = "V6" in line
                self.site.tell(srv.computer, time.time(), "DHCP-Server", 10005 if six else 1063, {"param1": row.lan.net6 + "::" if six else row.lan.net + ".0"})

    def work(self, row):
        """A little of what people at their desks do."""
        for h in row.lan.hosts.values():
            if not h.name.startswith("ws") or not h.resolver:
                continue
            name = random.choice(("srv", "intranet", "files", "mail", "wpad")) + ".corp.lab"
            found = h.ask(name)
            if found:
                self.site.tell(h.computer, time.time(), "DNS-Client", 3008, {"QueryName": name, "QueryType": "1", "QueryOptions": "0", "QueryStatus": "0",
                               "QueryResults": "".join("::ffff:%s;" % a for a in found)})
            # the discard service of the gateway, of a neighbour and of somebody outside
            for to in (row.lan.net + ".1", row.lan.net6 + "::1", row.lan.neighbour(h), "2001:db8::9", "192.0.2.9"):
                h.udp(to, b"hello", port=9, wait=0)


def build(rows, folder):
    for number, row in enumerate(rows, 1):
        row.lan = lan.Lan(number, row.key, row.mirror, folder.path)
        gw, srv = row.lan.host("gw", 1), row.lan.host("srv", 2)
        for h in (gw, srv):
            h.address()
        if row.attack:
            row.lan.host("att", 66).address(six=False)
        for n in range(len(row.clients) + (row.late is not None)):
            h = row.lan.host("ws%d" % (n + 1), 10 + n)
            h.computer, h.six, h.lease, h.flags = "%s-ws%d.corp.lab" % (row.key, n + 1), False, None, ""
            h.resolver6 = None
        srv.computer = "%s-srv.corp.lab" % row.key


def serve(rows):
    for row in rows:
        dns(row.lan.hosts["gw"])
        router(row.lan.hosts["gw"], row.managed)
        row.server(row.lan.hosts["srv"])


def attach(rows):
    for row in rows:
        for n, client in enumerate(row.clients):
            client(row.lan.hosts["ws%d" % (n + 1)])


def judge(row, alerts):
    """What the collector got about one LAN against the row."""
    mine = [(at, r) for at, r, _ in alerts if r["incident"]["segment"].startswith(row.lan.span + "/")]
    last, late = {}, []
    for at, r in mine:
        i = r["incident"]
        best = last.get(i["id"])
        if i["verdict"] == C and (best is None or best["verdict"] != C):
            late.append((at - seconds(r["timestamp"]), i["detection"]))
        last[i["id"]] = i
    actor = row.lan.hosts["att"].mac if row.attack else None
    for detection, least in row.found.items():
        got = [i for i in last.values() if i["detection"] == detection and (row.forged or i["actor"].get("mac") == actor)]
        best = max(got, key=lambda i: ORDER.index(i["verdict"]), default=None)
        check("%s: %s is %s" % (row.key, detection, least), best and ORDER.index(best["verdict"]) >= ORDER.index(least),
              [(i["detection"], i["verdict"], i["actor"].get("mac"), [f["id"] for f in i["facts"]]) for i in last.values()])
    allowed = set(row.found) | row.more
    wrong = [(i["detection"], i["verdict"], i["actor"].get("mac"), i["explain"][:200]) for i in last.values() if ORDER.index(i["verdict"]) >= ORDER.index("host-only")
             and (i["detection"] not in allowed or not row.forged and i["actor"].get("mac") != actor)]
    check("%s: nothing else above info" % row.key, not wrong, wrong)
    if late:
        worst = max(late)
        check("%s: confirmed %d within 1 s of packet or event, worst %.0f ms" % (row.key, len(late), worst[0] * 1000), worst[0] <= 1.0, late)


def play(site, rows, seconds_in_all):
    story = Story(site, rows)
    begin = time.monotonic()
    def attached(row):
        hosts = [(c, row.lan.hosts["ws%d" % (n + 1)]) for n, c in enumerate(row.clients)]
        return all(h.lease and (h.six or c is dhclient or not row.managed) for c, h in hosts)
    def leases():
        story.step()
        return all(attached(r) for r in rows)
    until(leases, 30, 0.1)
    for row in rows:
        check("%s: every client has its lease" % row.key, attached(row), row.lan.hosts["srv"].log()[-600:])
    for _ in range(3):
        for row in rows:
            story.work(row)
        story.step()
    for row in rows:
        if row.attack:
            row.attack(row.lan.hosts["att"], ATTACK_SECONDS)
    attacked, churn = time.monotonic(), 0
    late = [r for r in rows if r.late]
    benign = any(not r.attack for r in rows)
    while time.monotonic() < max(attacked + ATTACK_SECONDS + 3, begin + seconds_in_all if benign else 0):
        over = time.monotonic() > attacked + ATTACK_SECONDS + 3
        while late and time.monotonic() > attacked + LATE_SECONDS:
            row = late.pop()
            row.late(row.lan.hosts["ws%d" % (len(row.clients) + 1)])
        for row in rows:
            if not over or not row.attack:
                story.work(row)
            story.step()
        if time.monotonic() > begin + 30 + churn * 15:
            churn += 1
            for row in (r for r in rows if not r.attack):
                again(row, churn)
        time.sleep(0.2)


def again(row, n):
    """A client goes away without a word and comes back."""
    k = n % len(row.clients)
    h = row.lan.hosts["ws%d" % (k + 1)]
    h.stop()
    row.clients[k](h)


def inside(args, rows):
    rig.passed, rig.failed, rig.skipped = map(int, os.environ["CROSSTAP_LAB_TALLY"].split())
    lan.enter(TOOLS)
    folder = rig.Folder.__new__(rig.Folder)
    folder.path = os.environ["CROSSTAP_LAB"]
    build(rows, folder)
    site = Site(args.binary, folder, rows)
    if args.keep and shutil.which("tshark"):
        for row in rows:
            subprocess.Popen(["tshark", "-q", "-F", "pcap", "-i", row.lan.span, "-w", folder / (row.key + ".pcap")], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    serve(rows)
    time.sleep(2)
    attach(rows)
    play(site, rows, args.seconds)
    time.sleep(1)
    for row in rows:
        row.lan.stop()
    check("the sensor ends in order", site.sensor.stop() == 0, site.sensor.err()[-600:])
    time.sleep(0.5)
    site.daemon.terminate()
    alerts = site.alerts()
    check("alerts arrived", alerts or not any(r.attack for r in rows), site.sensor.err()[-600:])
    check("none is missing", [n for _, _, n in alerts] == list(range(1, len(alerts) + 1)), [n for _, _, n in alerts][:40])
    for row in rows:
        judge(row, alerts)
    rig.end()


def recorded(binary, name):
    """The recording of a tool that cannot be had here."""
    where = os.path.join(SHARED, "pcaps/lab", name)
    if not os.path.isdir(where):
        where = os.path.join(HERE, "../../pcaps/scenario", name)
    got = subprocess.run([binary, "-q", "-r", where + "/capture.pcap", "-e", where + "/events.jsonl", "-c", where + "/authority.yaml"], capture_output=True, text=True)
    best = {(i["detection"], i["verdict"]) for i in (json.loads(l)["incident"] for l in got.stdout.splitlines())}
    check("%s: the recording is confirmed" % name, got.returncode == 0 and {("mitm6", C), ("dhcpv6-rogue-server", C), ("dns-takeover", C)} <= best, best)


def usable(rows, binary):
    """Rows that can be run here; the others are skipped with the reason."""
    why = "not root" if os.geteuid() else lan.possible()
    if not why and not (shutil.which("rsyslogd") and any(os.path.exists(d + "/rsyslog/lmnsd_gtls.so") for d in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"))):
        why = "rsyslog with rsyslog-gnutls is not installed"
    why = why or lan.unpack(TOOLS)
    if why:
        for row in rows:
            skip(row.key, why)
        return []
    no_pypi = lan.fetch_mitm6(TOOLS) if any(r.needs == "mitm6" for r in rows) else None
    if no_pypi:
        for row in rows:
            if row.needs == "mitm6":
                skip(row.key, no_pypi)
        recorded(binary, "mitm6-default")
    return [r for r in rows if not (r.needs == "mitm6" and no_pypi)]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--long", action="store_true")
    p.add_argument("--seconds", type=int)
    p.add_argument("--keep", action="store_true")
    p.add_argument("binary")
    p.add_argument("row", nargs="*")
    args = p.parse_args()
    args.seconds = args.seconds or (3600 if args.long else 120)
    args.binary = os.path.realpath(args.binary)
    rows = [r for r in ROWS if not args.row or r.key in args.row]
    if os.environ.get("CROSSTAP_LAB"):
        return inside(args, [r for r in rows if r.key in os.environ["CROSSTAP_LAB_ROWS"].split()])
    rows = usable(rows, args.binary)
    if not rows:
        rig.end()
    work = tempfile.mkdtemp(prefix="crosstap-lab-")
    os.chmod(work, 0o755)
    env = dict(os.environ, CROSSTAP_LAB=work, CROSSTAP_LAB_ROWS=" ".join(r.key for r in rows), CROSSTAP_LAB_TALLY="%d %d %d" % (rig.passed, rig.failed, rig.skipped))
    child = subprocess.Popen(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", sys.executable, "-B"] + sys.argv, env=env,
                             preexec_fn=lambda: lan.libc.prctl(1, 9)) # PR_SET_PDEATHSIG: whoever kills this kills all of it
    try:
        child.wait(timeout=args.seconds + 240)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if args.keep:
            print("logs in " + work, file=sys.stderr)
        else:
            shutil.rmtree(work, ignore_errors=True)
    sys.exit(child.returncode)


if __name__ == "__main__":
    main()
