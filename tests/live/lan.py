"""LANs of network namespaces for lab.py: hosts on a bridge whose ports tc copies to the sensor's interface.

Everything lives in namespaces made here: network, mounts and processes.  Programs that are not installed are unpacked from
Debian packages and laid over /usr, /etc and /var for these processes alone.  When the first process ends, however it ends, the
kernel ends all others and the interfaces go with them."""
import ctypes, fcntl, json, os, re, shutil, socket, struct, subprocess, sys, threading, time

PACKAGES = ["isc-dhcp-server", "isc-dhcp-client", "kea-dhcp4-server", "kea-dhcp6-server", "dnsmasq-base", "radvd", "dhcpcd-base",
            "bettercap", "thc-ipv6", "dhcpstarv", "yersinia", "ettercap-text-only"]
TREES = ("usr", "etc", "var")
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*args, **more):
    return subprocess.run(args, check=True, capture_output=True, text=True, **more)


def merged(root):
    """A package of before the merge of / and /usr keeps programs in /sbin: into /usr with them."""
    for name in ("bin", "sbin", "lib"):
        old = os.path.join(root, name)
        if os.path.isdir(old) and not os.path.islink(old):
            shutil.copytree(old, os.path.join(root, "usr", name), symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(old)


def unpack(folder):
    """The packages and what they need, in FOLDER/root; why not, or None."""
    root = os.path.join(folder, "root")
    if os.path.exists(os.path.join(folder, "complete")):
        return None
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("debs",) + tuple("root/" + t for t in TREES):
        os.makedirs(os.path.join(folder, name))
    plan = subprocess.run(["apt-get", "install", "-s", "--no-install-recommends"] + PACKAGES, capture_output=True, text=True)
    wanted = sorted(set(re.findall(r"^Inst (\S+)", plan.stdout, re.M)))
    if plan.returncode:
        return "apt-get does not know the packages: " + plan.stderr.strip()[-200:]
    if wanted:
        got = subprocess.run(["apt-get", "-qq", "download"] + wanted, cwd=os.path.join(folder, "debs"), capture_output=True, text=True, timeout=240)
        if got.returncode:
            return "the packages cannot be downloaded: " + got.stderr.strip()[-200:]
    for deb in os.listdir(os.path.join(folder, "debs")):
        run("dpkg", "-x", os.path.join(folder, "debs", deb), root)
    merged(root)
    open(os.path.join(folder, "complete"), "w").close()
    return None


def fetch_mitm6(folder):
    """mitm6 from PyPI in FOLDER/py; why not, or None."""
    target = os.path.join(folder, "py")
    if os.path.isdir(os.path.join(target, "mitm6")):
        return None
    args = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--retries", "1", "--root-user-action=ignore", "--target", target, "mitm6"]
    try:
        got = subprocess.run(args, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        return "PyPI does not answer"
    if got.returncode == 0:
        return None
    shutil.rmtree(target, ignore_errors=True)
    return "mitm6 cannot be had from PyPI: " + (got.stderr.strip().splitlines() or ["?"])[-1][:200]


def enter(folder):
    """Mounts of the first process in the new namespaces."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    for tree in TREES:
        upper, work = "/run/over/%s/upper" % tree, "/run/over/%s/work" % tree
        os.makedirs(upper), os.makedirs(work)
        run("mount", "-t", "overlay", "overlay", "-o", "lowerdir=%s:/%s,upperdir=%s,workdir=%s" % (os.path.join(folder, "root", tree), tree, upper, work), "/" + tree)
    run("ip", "link", "set", "lo", "up")


def possible():
    """Why the namespaces cannot be made, or None."""
    script = ("mount --make-rprivate / && mount -t tmpfs tmpfs /run && ip netns add probe && ip link add b0 type bridge && "
              "ip link add v0 type veth peer name v1 && tc qdisc add dev v0 clsact && "
              "tc filter add dev v0 ingress protocol all u32 match u32 0 0 action mirred egress mirror dev v1")
    try:
        got = subprocess.run(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", script], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as e:
        return str(e)
    return None if got.returncode == 0 else got.stderr.strip().splitlines()[-1] if got.stderr.strip() else "unshare failed"


def no_offload(iface):
    """Checksums in software: on a real wire every frame has one.  SIOCETHTOOL with ETHTOOL_STXCSUM and ETHTOOL_STSO, ETHTOOL_SGSO."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in (0x17, 0x1f, 0x24):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            try:
                fcntl.ioctl(s, 0x8946, struct.pack("16sP16x", iface.encode(), ctypes.addressof(value)))
            except OSError:
                pass


class Host:
    """A namespace with eth0 on a LAN's bridge."""
    def __init__(self, lan, name, number):
        self.lan, self.name, self.number = lan, name, number
        self.ns = "%s-%s" % (lan.key, name)
        self.mac = "00:16:3e:%02x:00:%02x" % (lan.number, number)
        self.ip = "%s.%d" % (lan.net, number)
        self.computer = "%s.%s.corp.lab" % (name, lan.key)
        self.processes = []
        self.resolver = None
        port = "p%d.%d" % (lan.number, number)
        run("ip", "netns", "add", self.ns)
        run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", self.mac, "netns", self.ns)
        # the switch itself says nothing
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % port, "w") as f:
            f.write("1")
        run("ip", "link", "set", port, "master", lan.bridge, "up")
        self.inside(self.prepare)
        lan.mirror_port(port)
        run("ip", "-n", self.ns, "link", "set", "eth0", "up")

    def prepare(self):
        run("ip", "link", "set", "lo", "up")
        no_offload("eth0")

    def inside(self, what, *args):
        """Calls a function in this namespace: a thread of its own that never leaves it."""
        result = []
        def go():
            fd = os.open("/run/netns/" + self.ns, os.O_RDONLY)
            if libc.setns(fd, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            os.close(fd)
            result.append(what(*args))
        t = threading.Thread(target=go)
        t.start()
        t.join()
        return result[0] if result else None

    def address(self, six=True):
        run("ip", "-n", self.ns, "addr", "add", self.ip + "/24", "dev", "eth0")
        if six:
            run("ip", "-n", self.ns, "addr", "add", "%s::%x/64" % (self.lan.net6, self.number), "dev", "eth0", "nodad")
        if self.number != 1:
            run("ip", "-n", self.ns, "route", "add", "default", "via", self.lan.net + ".1")

    def path(self, name):
        return os.path.join(self.lan.work, "%s.%s" % (self.ns, name))

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def start(self, args, env=None):
        """A program in this namespace with its own /run and /var/lib, standard input open and silent."""
        own = "for d in /run /var/lib; do mount -t tmpfs tmpfs $d; done; mkdir -p /run/dhcpcd /var/lib/dhcpcd /var/lib/kea /run/kea; exec \"$@\""
        log = open(self.path("log"), "ab")
        p = subprocess.Popen(["ip", "netns", "exec", self.ns, "sh", "-c", own, "sh"] + args, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.lan.work,
                             env=dict(os.environ, HOME=self.lan.work, TERM="dumb", **(env or {})), start_new_session=True)
        self.processes.append(p)
        return p

    def log(self):
        try:
            with open(self.path("log"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def sent(self):
        """Frames that left eth0."""
        with open("/sys/class/net/p%d.%d/statistics/rx_packets" % (self.lan.number, self.number)) as f:
            return int(f.read())

    def stop(self):
        for p in self.processes:
            if p.poll() is None:
                os.killpg(p.pid, 9)
            p.wait()
        self.processes = []

    def udp(self, to, data, port=53, wait=0.4):
        """One datagram from this host, and the answer or None."""
        def go():
            family = socket.AF_INET6 if ":" in to else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as s:
                s.settimeout(wait)
                try:
                    where = (to, port, 0, socket.if_nametoindex("eth0")) if family == socket.AF_INET6 else (to, port)
                    s.sendto(data, where)
                    return s.recv(4096) if wait else None
                except OSError:
                    return None
        return self.inside(go)

    def ask(self, name, resolver=None, kind=1):
        """Addresses that a resolver gives for a name (RFC 1035), an empty list without an answer."""
        resolver = resolver or self.resolver
        if not resolver:
            return []
        ident = os.urandom(2)
        question = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack(">HH", kind, 1)
        answer = self.udp(resolver, ident + b"\1\0\0\1\0\0\0\0\0\0" + question)
        if not answer or answer[:2] != ident or answer[7] == 0:
            return []
        found = re.findall(rb"\x00\x01\x00\x01....\x00\x04(.{4})", answer[12 + len(question):], re.S)
        return [socket.inet_ntoa(a) for a in found] if kind == 1 else [answer]


class Lan:
    """A bridge, its hosts, and spanN: what the sensor sees.  MIRROR: `ingress` of every port, or `both` (with duplicates)."""
    def __init__(self, number, key, mirror, work):
        self.number, self.key, self.mirror, self.work = number, key, mirror, work
        self.net, self.net6 = "10.77.%d" % number, "fd77:0:0:%x" % number
        self.bridge, self.span, self.copy = "br%d" % number, "span%d" % number, "copy%d" % number
        self.hosts = {}
        run("ip", "link", "add", self.bridge, "type", "bridge", "mcast_snooping", "0")
        run("ip", "link", "add", self.copy, "mtu", "9000", "type", "veth", "peer", "name", self.span, "mtu", "9000")
        for link in (self.bridge, self.copy, self.span):
            with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % link, "w") as f:
                f.write("1")
            run("ip", "link", "set", link, "arp", "off", "up")

    def mirror_port(self, port):
        run("tc", "qdisc", "add", "dev", port, "clsact")
        for way in ("ingress", "egress") if self.mirror == "both" else ("ingress",):
            run("tc", "filter", "add", "dev", port, way, "protocol", "all", "u32", "match", "u32", "0", "0", "action", "mirred", "egress", "mirror", "dev", self.copy)

    def host(self, name, number):
        self.hosts[name] = Host(self, name, number)
        return self.hosts[name]

    def neighbour(self, host):
        """The address that another workstation makes of the prefix and its MAC (RFC 4291, appendix A)."""
        others = [h for h in self.hosts.values() if h.name.startswith("ws") and h is not host] or [host]
        return "%s:216:3eff:fe%02x:%x" % (self.net6, self.number, others[0].number)

    def stop(self):
        for h in self.hosts.values():
            h.stop()


def bounded(host, args, seconds, frames, env=None):
    """An attack tool, ended after SECONDS or when its host has sent FRAMES, whichever is first."""
    before, until = host.sent(), time.monotonic() + seconds
    p = host.start(args, env)
    def watch():
        while p.poll() is None and time.monotonic() < until and host.sent() - before < frames:
            time.sleep(0.01)
        if p.poll() is None:
            os.killpg(p.pid, 9)
    threading.Thread(target=watch, daemon=True).start()
    return p


def dump(value):
    return json.dumps(value, indent=1)
