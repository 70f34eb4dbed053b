#!/usr/bin/env python3
"""The live path, measured over a veth pair in a network namespace of its own.

usage: live.py [latency|drops]... BUILD      BUILD: a release build with crosstap and tests/bench
  latency  from the packet that completes an incident to its syslog datagram on loopback, immediate mode and blocks, idle and
           with the bulk of TLS behind it; `bare` answers each frame from an empty libpcap loop: what the machine itself takes
  drops    the share of what was sent that crosstap received, beside a bare libpcap loop offered the same, up to the highest rate
           that the sender reaches here
  --seconds N  of each run of drops (4)    --samples N  of each run of latency (300)    --rt  sensor and collector with a real-time
           priority: without what else runs on the machine
Prints tables; the last line is `N passed, N failed`: no sample missing, and nowhere less than 0.95 of the bare loop."""
import argparse, glob, os, re, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
PORT, MIB = 5514, 32
CONF = """authority: [{name: bench, routers: []}]
output: [{type: syslog, host: 127.0.0.1, port: %d, transport: udp}]
capture: {buffer_mib: %d, snaplen: 2048}
""" % (PORT, MIB)


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def skip(why):
    print("skipped, " + why)
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def enter():
    """Again in a namespace where a pair of interfaces can be made."""
    if os.environ.get("CROSSTAP_NETNS"):
        return
    for how in ("-n", "-rn"):
        if run("unshare", how, "ip", "link", "add", "ctprobe0", "type", "veth", "peer", "name", "ctprobe1").returncode == 0:
            os.execvpe("unshare", ["unshare", how, sys.executable, "-B"] + sys.argv, dict(os.environ, CROSSTAP_NETNS="1"))
    skip("no right to make a network namespace with a veth pair")


def links():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "cta", "type", "veth", "peer", "name", "ctb")
    for end in ("cta", "ctb"):
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % end, "w") as f:
            f.write("1")  # the kernel's own solicitations are no part of the load
        run("ip", "link", "set", end, "arp", "off", "up")


class Bench:
    def __init__(self, build, work, options):
        self.build, self.work, self.options = os.path.abspath(build), work, options
        self.passed = self.failed = 0
        self.load = os.path.join(work, "load.pcap")
        self.rt = ["chrt", "-f", "10"] if options.rt else []

    def tool(self, name):
        return os.path.join(self.build, "tests", "bench", "bench_" + name)

    def check(self, ok, what):
        self.passed += bool(ok)
        self.failed += not ok
        if not ok:
            print("FAILED " + what)

    def make_load(self):
        shared = os.environ.get("CROSSTAP_SHARED", os.path.join(TOP, "..", "shared"))
        captures = sorted(glob.glob(os.path.join(TOP, "pcaps", "tls", "*.pcap")))
        zoo = os.path.join(shared, "pcaps", "lab", "tls-handshake-zoo", "capture.pcap")
        captures += [zoo] if os.path.exists(zoo) else []
        r = run(self.tool("tls"), self.load, "200000", "1500", *captures)
        if r.returncode:
            sys.exit("no load: " + r.stdout)

    def start(self, command, ready):
        err = open(os.path.join(self.work, "err"), "w")
        p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
        for _ in range(100):
            time.sleep(0.1)
            with open(err.name) as f:
                if ready in f.read():
                    time.sleep(0.2)
                    return p
        with open(err.name) as f:
            sys.exit("did not start: %s\n%s" % (" ".join(command), f.read()))

    def sensor(self, *settings):
        conf = os.path.join(self.work, "conf.yaml")
        with open(conf, "w") as f:
            f.write(CONF)
        more = [x for s in settings for x in ("--set", s)]
        return self.start(self.rt + [os.path.join(self.build, "crosstap"), "-q", "-i", "ctb", "-c", conf] + more, "watching")

    def end(self, p):
        """Frames and drops, from its last words or its output."""
        p.send_signal(signal.SIGTERM)
        out = p.communicate(timeout=60)[0]
        with open(os.path.join(self.work, "err")) as f:
            told = re.search(r"ctb: (\d+) frames, (\d+) dropped", f.read())
        found = told or re.search(r"(\d+) packets, \d+ bytes, (\d+) dropped", out)
        return int(found.group(1)), int(found.group(2))

    def send(self, rate, seconds):
        return subprocess.Popen([self.tool("send"), "cta", self.load, str(rate), str(seconds)], stdout=subprocess.PIPE, text=True)

    def sent(self, p):
        n, seconds = re.match(r"(\d+) packets, \d+ bytes, ([\d.]+) seconds", p.communicate()[0]).groups()
        return int(n), int(n) / float(seconds)

    # ---- latency

    def one_latency(self, name, rate, *settings):
        bare = settings == ("bare",)
        p = None if bare else self.sensor(*settings)
        if bare:
            p = subprocess.Popen(self.rt + [self.tool("latency"), "bare", "ctb", str(PORT)])
            time.sleep(0.5)
        background = self.send(rate, 1000) if rate else None
        time.sleep(0.3)
        out = run(*self.rt, self.tool("latency"), "cta", str(PORT), str(self.options.samples), "5").stdout
        offered = ""
        if background:
            background.send_signal(signal.SIGINT)
            offered = "%.0f" % self.sent(background)[1]
        dropped = 0
        if bare:
            p.terminate()
            p.wait()
        else:
            dropped = self.end(p)[1]
        m = re.match(r"(\d+) samples, (\d+) missing, p50 ([\d.]+) us, p90 ([\d.]+) us, p99 ([\d.]+) us, max ([\d.]+) us", out)
        if not m:
            self.check(False, "%s: %s" % (name, out.strip()))
            return
        n, missing, p50, p90, p99, most = m.groups()
        print("%-26s %10s %8s %9s %9s %9s %9s %8d" % (name, offered or "idle", n, p50, p90, p99, most, dropped))
        sys.stdout.flush()
        self.check(int(missing) == 0, "%s: %s samples without a line" % (name, missing))

    def latency(self):
        print("%-26s %10s %8s %9s %9s %9s %9s %8s" % ("latency, us", "behind/s", "samples", "p50", "p90", "p99", "max", "dropped"))
        modes = [("bare loop", ("bare",)), ("immediate", ("capture.immediate=true",)),
                 ("blocks, timeout 20 ms", ()), ("blocks, timeout 1 ms", ("capture.timeout_ms=1",))]
        for rate in (0, 50000, 150000):
            for name, settings in modes[1:] if rate else modes:
                self.one_latency(name, rate, *settings)

    # ---- drops

    def one_drops(self, name, rate, *settings):
        bare = settings == ("bare",)
        p = self.start(self.rt + [self.tool("count"), "-i", "ctb", str(MIB)], "watching") if bare else self.sensor("capture.all_frames=true", *settings)
        n, offered = self.sent(self.send(rate, self.options.seconds))
        time.sleep(1)
        got, dropped = self.end(p)
        share = min(1.0, got / n)
        print("%-26s %10.0f %10d %10d %10d %8.4f" % (name, offered, n, got, dropped, share))
        sys.stdout.flush()
        return share

    def drops(self):
        print("%-26s %10s %10s %10s %10s %8s" % ("every frame taken", "offered/s", "sent", "received", "dropped", "share"))
        for rate in (50000, 100000, 150000, 0):
            bare = self.one_drops("bare loop", rate, "bare")
            ours = self.one_drops("blocks", rate)
            self.one_drops("immediate", rate, "capture.immediate=true")
            self.check(ours >= 0.95 * bare, "%s a second: %.4f of what was sent, the bare loop %.4f" % (rate or "all", ours, bare))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--rt", action="store_true")
    parser.add_argument("what", nargs="+")
    options = parser.parse_args()
    *what, build = options.what
    enter()
    links()
    with tempfile.TemporaryDirectory() as work:
        b = Bench(build, work, options)
        b.make_load()
        for name in what or ["latency", "drops"]:
            {"latency": b.latency, "drops": b.drops}[name]()
    print("%d passed, %d failed" % (b.passed, b.failed))
    sys.exit(b.failed > 0)


main()
