"""What the tests of host feeds share: certificates, a sensor or an edge on loopback, its counters.  Everything runs in a network
namespace of its own where one can be had (only there the sensor can watch an interface)."""
import json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time

passed = failed = skipped = 0

def check(name, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%-6s %s%s" % ("ok" if good else "FAILED", name, "" if good else ": " + str(why)[:800]), flush=True)
    return good

def skip(name, why):
    global skipped
    skipped += 1
    print("skipped, %s: %s" % (why, name), flush=True)

def end():
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    sys.exit(1 if failed else 0)

def run(binary, tests, only=()):
    """each test with a folder of its own; one that breaks is one test less, not all of them"""
    for test in tests:
        name = test.__name__[5:]
        if only and name not in only:
            continue
        folder = Folder()
        try:
            test(binary, folder)
        except Exception as e:
            check(name, False, "%s: %s" % (type(e).__name__, e))
        folder.remove()
    end()

def enter_namespace():
    """Starts the script again in a namespace; True inside one."""
    if os.environ.get("CROSSTAP_NETNS"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "link", "add", "tap0", "type", "veth", "peer", "name", "tap1"], check=True)
        subprocess.run(["ip", "link", "set", "tap0", "up"], check=True)
        return True
    for how in ("-n", "-rn"):
        if subprocess.run(["unshare", how, "ip", "link", "add", "tap0", "type", "veth", "peer", "name", "tap1"], capture_output=True).returncode == 0:
            os.environ["CROSSTAP_NETNS"] = "1"
            os.execvp("unshare", ["unshare", how, sys.executable, "-B"] + sys.argv)
    return False

def until(what, seconds=8.0, step=0.02):
    end_at = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end_at:
            return value
        time.sleep(step)

def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

class Folder:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="crosstap-feed-")
    def __truediv__(self, name):
        return os.path.join(self.path, name)
    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

def openssl(*args):
    subprocess.run(("openssl",) + args, check=True, capture_output=True)

class Pki:
    """A CA and what it signs."""
    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                "-keyout", folder / (name + ".key"), "-out", folder / (name + ".pem"))
        self.ca = folder / (name + ".pem")
    def sign(self, file, cn, san=None, server=False):
        f, ext = self.folder, self.folder / (file + ".ext")
        with open(ext, "w") as out:
            out.write("extendedKeyUsage=%s\n" % ("serverAuth" if server else "clientAuth"))
            if san: out.write("subjectAltName=%s\n" % san)
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + cn, "-keyout", f / (file + ".key"),
                "-out", f / (file + ".csr"))
        openssl("x509", "-req", "-in", f / (file + ".csr"), "-CA", self.ca, "-CAkey", f / (self.name + ".key"), "-CAcreateserial", "-days", "2",
                "-extfile", ext, "-out", f / (file + ".pem"))
        return f / (file + ".pem"), f / (file + ".key")

class Program:
    """crosstap with a configuration; what it says is in .err, its standard output in .out (a file) or .pipe."""
    def __init__(self, binary, folder, conf, args, name="p", pipe=False):
        self.err_path, self.out_path = folder / (name + ".err"), folder / (name + ".out")
        path = folder / (name + ".yaml")
        with open(path, "w") as f:
            f.write(json.dumps(conf)) # YAML holds JSON
        self.process = subprocess.Popen([binary, "-c", path] + args, stdin=subprocess.DEVNULL, stderr=open(self.err_path, "ab"),
                                        stdout=subprocess.PIPE if pipe else open(self.out_path, "ab"))
        self.pipe = self.process.stdout
        self.pid = self.process.pid
        ready = "edge: %d listeners" % len(conf["feed"].get("listen", []))
        if not until(lambda: ready in self.err() or self.process.poll() is not None) or self.process.poll() is not None:
            raise RuntimeError("does not start: " + self.err())
    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as f: return f.read()
    def out(self):
        with open(self.out_path, "rb") as f: return f.read()
    def lines(self):
        return self.out().decode("utf-8", "replace").splitlines()
    def send(self, sig):
        os.kill(self.pid, sig)
    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            os.kill(self.pid, sig)
        return self.process.wait(timeout=15)
    def rss_kib(self, pid=None):
        with open("/proc/%d/status" % (pid or self.pid)) as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    def edge_pid(self):
        """the first process starts both"""
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
            for pid in f.read().split():
                with open("/proc/%s/cmdline" % pid) as g:
                    if "--role=edge" in g.read():
                        return int(pid)
        return None
    def told(self):
        """Counters after USR1: {"feed NAME": {...}, "edge NAME": {...}} of the last time they were told."""
        before = len(self.err())
        self.send(signal.SIGUSR1)
        until(lambda: re.search(r"^crosstap: (feed|edge): ", self.err()[before:], re.M), 3)
        time.sleep(0.2)
        return counters(self.err()[before:])

def counters(text):
    found = {}
    for line in text.splitlines():
        m = re.match(r"crosstap: (feed|edge): (\S+?): (\d+ .*)$", line)
        if not m: continue
        found[m.group(1) + " " + m.group(2)] = {k.strip(): int(n) for n, k in re.findall(r"(\d+) ([a-z ]+)", m.group(3))}
    return found

def event(computer, record, when=None, provider="Microsoft-Windows-Iphlpsvc", event_id=4100, channel="System", router="192.0.2.66"):
    t = time.time() if when is None else when
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%03dZ" % (t % 1 * 1000)
    return json.dumps({"@timestamp": stamp, "winlog": {"provider_name": provider, "event_id": event_id, "computer_name": computer, "record_id": record,
        "channel": channel, "event_data": {"IsatapRouter": router, "ErrorCode": "0"}}}).encode()

def tls_context(ca, cert=None, key=None, version=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.load_verify_locations(ca)
    if cert: c.load_cert_chain(cert, key)
    if version: c.minimum_version = c.maximum_version = version
    return c

def connect(port, host="127.0.0.1", tls=None):
    s = socket.create_connection((host, port), timeout=10)
    return tls.wrap_socket(s) if tls else s
