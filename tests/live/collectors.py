#!/usr/bin/env python3
"""Receivers that fail, on loopback: TLS with a real rsyslogd, its certificate and name, fail-over, a receiver that is away and
comes back, a spool that is too small, that finds no room, that a kill -9 interrupts, and a limit of lines a second.
The lines are those of a replay; receivers are rsyslogd (TLS) or a few lines here (TCP), which can be told to be away.
usage: collectors.py CROSSTAP"""
import json, os, re, resource, shutil, signal, socket, subprocess, sys, tempfile, threading, time

BIN = sys.argv[1]
SCENE = "pcaps/scenario/mitm6-default"
WORK = tempfile.mkdtemp()
passed = failed = skipped = 0
HEAD = re.compile(r'^<(\d{1,3})>1 \S+ \S+ crosstap \S+ (\S+) (.*)$', re.S)


def check(name, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%-6s %s%s" % ("ok" if good else "FAILED", name, "" if good else ": " + str(why)[:700]), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Receiver:
    """A TCP receiver of octet-counted lines; `limit`: closes by force after so many lines, once."""

    def __init__(self, port, limit=None):
        self.lines, self.limit, self.port = [], limit, port
        self.open()

    def open(self):
        self.s = socket.socket()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind(("127.0.0.1", self.port))
        self.s.listen()
        self.thread = threading.Thread(target=self.run, args=(self.s,), daemon=True)
        self.thread.start()

    def run(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(c,), daemon=True).start()

    def talk(self, c):
        data = b""
        while True:
            try:
                got = c.recv(65536)
            except OSError:
                return
            if not got:
                c.close()
                return
            data += got
            while b" " in data:
                n, rest = data.split(b" ", 1)
                if len(rest) < int(n):
                    break
                self.lines.append(rest[:int(n)].decode())
                data = rest[int(n):]
                if self.limit is not None and len(self.lines) >= self.limit:
                    self.limit = None
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    c.close()
                    return

    def close(self):
        self.s.shutdown(socket.SHUT_RDWR)
        self.s.close()
        self.thread.join()


def numbers(lines):
    return [int(m[1]) for m in (re.search(r'\[meta sequenceId="(\d+)"\]', l) for l in lines) if m]


def keys(lines):
    return [(m[1], m[2]) for m in (re.search(r' id="([0-9a-f]+)" rev="(\d+)"', l) for l in lines) if m]


def gaps(lines):
    return [tuple(map(int, m.groups())) for m in
            (re.search(r'\[gap@32473 lost="(\d+)" first="(\d+)" last="(\d+)"\]', l) for l in lines) if m]


def once(values):
    return list(dict.fromkeys(values))


def conf(test, **output):
    path = os.path.join(WORK, test + ".yaml")
    with open(SCENE + "/authority.yaml") as f:
        text = f.read()
    out = dict(type="syslog", transport="tcp")
    out.update(output)
    with open(path, "w") as f:
        f.write(text + "\nsensor: {name: t1}\noutput: %s\n" %
                json.dumps([{"type": "file", "path": os.path.join(WORK, test + ".jsonl")}, out]))
    return path


def command(path):
    return [BIN, "-q", "-r", SCENE + "/capture.pcap", "-e", SCENE + "/events.jsonl", "-c", path]


def replay(path, **more):
    return subprocess.run(command(path), stderr=subprocess.PIPE, text=True, timeout=120, **more)


def want(name):
    with open(os.path.join(WORK, name + ".jsonl")) as f:
        return [(r["incident"]["id"], str(r["incident"]["rev"])) for r in map(json.loads, f)]


def arrive(receiver, n, seconds=10):
    end = time.time() + seconds
    while len(receiver.lines) < n and time.time() < end:
        time.sleep(0.05)


def away_and_back():
    port, spool = free_port(), os.path.join(WORK, "spool1")
    path = conf("away", host="127.0.0.1", port=port, spool=spool, spool_mib=8)
    first = replay(path)
    lines = want("away")
    check("away: the run ends well, its lines stay in the spool and that is said",
          first.returncode == 0 and "%d lines stay in the spool" % len(lines) in first.stderr, first)
    r = Receiver(port)
    second = replay(path)
    arrive(r, 2 * len(lines))
    check("back: nothing lost, order kept, over a restart", keys(r.lines) == lines + want("away"),
          (len(r.lines), len(lines), second.stderr))
    check("back: numbers go on where the last run stopped", numbers(r.lines) == list(range(1, 2 * len(lines) + 1)), numbers(r.lines))
    r.close()


def too_small():
    port, spool = free_port(), os.path.join(WORK, "spool2")
    path = conf("small", host="127.0.0.1", port=port, spool=spool, spool_mib=1)
    runs = 16
    for _ in range(runs - 1):
        replay(path)
    n = len(want("small"))
    r = Receiver(port)
    last = replay(path)
    arrive(r, 10 ** 9, 2)
    seen, gap = numbers(r.lines), gaps(r.lines)
    check("small: the gap is told once, first of all, and holds exactly what is missing",
          len(gap) == 1 and gaps(r.lines[:1]) == gap and gap[0][1] == 1 and gap[0][0] == gap[0][2] and seen and seen[0] == gap[0][2] + 1,
          (gap, seen[:3], last.stderr))
    check("small: everything after the gap is there, in order (%d of %d)" % (len(seen), runs * n),
          seen and seen == list(range(seen[0], runs * n + 1)), (seen[:2], seen[-2:], runs * n))
    check("small: the spool's file keeps its size", os.path.getsize(spool) == 1 << 20, os.path.getsize(spool))
    check("small: standard error says it too", "lines lost, from number 1" in last.stderr, last.stderr)
    r.close()


def broken():
    port = free_port()
    r = Receiver(port, limit=7)
    path = conf("broken", host="127.0.0.1", port=port)
    done = replay(path)
    lines = want("broken")
    arrive(r, len(lines))
    check("broken: a connection reset in the middle loses nothing, order kept, what comes twice has its number",
          done.returncode == 0 and once(keys(r.lines)) == once(lines) and once(numbers(r.lines)) == list(range(1, len(lines) + 1)),
          (done, len(r.lines), len(lines)))
    r.close()


def fail_over():
    dead, port = free_port(), free_port()
    r = Receiver(port)
    path = conf("over", hosts=["127.0.0.1:%d" % dead, "127.0.0.1:%d" % port])
    done = replay(path)
    arrive(r, len(want("over")))
    check("fail-over: the second receiver gets everything", keys(r.lines) == want("over") and done.returncode == 0, done)
    r.close()
    one, two = Receiver(free_port(), limit=5), Receiver(free_port())
    path = conf("over2", hosts=["127.0.0.1:%d" % one.port, "[::ffff:127.0.0.1]:%d" % two.port])
    one.s.close()
    done = replay(path)
    arrive(two, len(want("over2")))
    both = one.lines + two.lines
    check("fail-over: between the two nothing is missing", set(keys(both)) == set(want("over2")) and done.returncode == 0,
          (done, len(one.lines), len(two.lines), len(want("over2"))))
    two.close()


def no_room():
    port, spool = free_port(), os.path.join(WORK, "spool3")
    r = Receiver(port)
    path = conf("room", host="127.0.0.1", port=port, spool=spool, spool_mib=64)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
    done = replay(path, preexec_fn=limit)
    arrive(r, len(want("room")))
    check("no room for the spool: told with the file, alerts go on",
          "spool3" in done.stderr and "memory" in done.stderr and keys(r.lines) == want("room"), done)
    r.close()


def killed():
    """kill -9 at many moments of a run that writes into the spool alone: whole lines, in order, without a hole."""
    port, bad, total = free_port(), [], 0
    for i in range(12):
        spool = os.path.join(WORK, "spool4-%d" % i)
        path = conf("killed", host="127.0.0.1", port=port, spool=spool, spool_mib=4)
        p = subprocess.Popen(command(path), stderr=subprocess.DEVNULL)
        end = time.time() + 5 # it writes from here on; the kill comes a little later each time
        while time.time() < end and p.poll() is None and not (os.path.exists(spool) and any(open(spool, "rb").read(8192)[4096:])):
            pass
        time.sleep(0.0005 * i)
        p.kill()
        p.wait()
        r = Receiver(port)
        done = replay(path)
        n = len(want("killed"))
        arrive(r, n, 3)
        arrive(r, 10 ** 9, 0.3)
        seen = numbers(r.lines)
        total += len(r.lines) - n
        if seen != list(range(1, len(seen) + 1)) or len(seen) < n or not all(HEAD.match(l) and l.endswith("}") for l in r.lines):
            bad.append((i, seen[:3], seen[-3:], done.stderr))
        r.close()
    check("kill -9 while the spool is written: whole lines only, no number missing (%d lines came back)" % total, not bad and total > 0,
          bad[:1] or "nothing came back")


def damaged():
    """A spool that somebody wrote into: what is whole in front of it is sent, the rest is said to be lost."""
    port, spool = free_port(), os.path.join(WORK, "spool5")
    path = conf("damaged", host="127.0.0.1", port=port, spool=spool, spool_mib=2)
    replay(path)
    first = want("damaged")
    size = os.path.getsize(spool)
    with open(spool, "r+b") as f:
        f.seek(4096 + 30000)
        f.write(b"\xff" * 64)
    r = Receiver(port)
    done = replay(path)
    arrive(r, len(first))
    arrive(r, 10 ** 9, 0.3)
    seen = keys(r.lines)
    kept = len(seen) - len(first)
    check("damaged: the whole lines before it and everything new", 0 < kept < len(first) and seen == first[:kept] + first and
          "damaged behind %d whole lines" % kept in done.stderr, (kept, done.stderr))
    r.close()
    with open(spool, "r+b") as f:
        f.write(os.urandom(4096))
    r = Receiver(port)
    done = replay(path)
    arrive(r, len(first))
    check("damaged head: the spool begins anew, told", "begins anew" in done.stderr and keys(r.lines) == first, done.stderr)
    check("damaged: its size stays", os.path.getsize(spool) == size)
    r.close()


def rate():
    port = free_port()
    r = Receiver(port)
    path = conf("rate", host="127.0.0.1", port=port, rate=6)
    start = time.time()
    done = replay(path)
    n = len(want("rate"))
    arrive(r, n)
    took = time.time() - start
    check("rate: 6 lines a second, %d lines in %.1f s, none lost" % (n, took),
          done.returncode == 0 and keys(r.lines) == want("rate") and took >= (n - 6) / 6 * 0.9, (done, len(r.lines), n, took))
    r.close()


def certificates():
    def run(*args):
        subprocess.run(["openssl", *args], cwd=WORK, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in ("ca", "other"):
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=%s" % name,
            "-keyout", name + ".key", "-out", name + ".pem")
    for name, san in (("server", "DNS:siem.corp.lab,IP:127.0.0.1"), ("sensor", "DNS:t1.corp.lab")):
        with open(os.path.join(WORK, name + ".ext"), "w") as f:
            f.write("subjectAltName=%s\n" % san)
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".csr")
        run("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
            name + ".ext", "-out", name + ".pem")


class Rsyslog:
    def __init__(self, port):
        self.port, self.out = port, os.path.join(WORK, "tls.log")
        with open(os.path.join(WORK, "rsyslog.conf"), "w") as f:
            f.write('''global(workDirectory="%(w)s" maxMessageSize="64k" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="%(w)s/ca.pem"
 defaultNetstreamDriverCertFile="%(w)s/server.pem" defaultNetstreamDriverKeyFile="%(w)s/server.key")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name" permittedPeer=["t1.corp.lab"])
template(name="raw" type="string" string="%%rawmsg%%\\n")
input(type="imtcp" address="127.0.0.1" port="%(p)d" ruleset="r")
ruleset(name="r") { action(type="omfile" file="%(w)s/tls.log" template="raw") }
''' % {"w": WORK, "p": port})
        self.start()

    def start(self):
        daemon = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
        self.p = subprocess.Popen([daemon, "-n", "-i", os.path.join(WORK, "pid"), "-f", os.path.join(WORK, "rsyslog.conf")],
                                  stdout=subprocess.DEVNULL, stderr=open(os.path.join(WORK, "rsyslog.err"), "w"))
        for _ in range(50):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)

    @property
    def lines(self):
        try:
            with open(self.out) as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def stop(self):
        self.p.terminate()
        self.p.wait(10)


def tls():
    global skipped
    has = os.path.exists("/usr/sbin/rsyslogd") and any(
        os.path.exists(d + "/rsyslog/lmnsd_gtls.so") for d in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"))
    if not has or not shutil.which("openssl"):
        print("skipped, rsyslogd, rsyslog-gnutls or openssl is not installed")
        skipped += 1
        return
    certificates()
    port = free_port()
    own = dict(host="127.0.0.1", port=port, transport="tls", ca=WORK + "/ca.pem", certificate=WORK + "/sensor.pem",
               key=WORK + "/sensor.key", spool=WORK + "/spool-tls", spool_mib=4)
    path = conf("tls", **own)
    away = replay(path)
    lines = want("tls")
    d = Rsyslog(port)
    start = time.time()
    done = replay(path)
    took = time.time() - start
    arrive(d, 2 * len(lines))
    check("rsyslogd over TLS: away, then back: %d lines, nothing lost, order kept, in %.2f s" % (2 * len(lines), took),
          keys(d.lines) == lines + want("tls") and numbers(d.lines) == list(range(1, 2 * len(lines) + 1)),
          (len(d.lines), 2 * len(lines), away.stderr, done.stderr))
    before = len(d.lines)
    for what, change in (("a certificate of somebody else's CA", {"ca": WORK + "/other.pem"}),
                         ("a certificate of another name", {"name": "evil.corp.lab"})):
        bad = dict(own, **change)
        bad.pop("spool")
        bad.pop("spool_mib")
        r = replay(conf("bad", **bad))
        check("TLS: %s is refused, told why, not one line goes out" % what,
              r.returncode != 0 and "certificate" in r.stderr and len(d.lines) == before, r.stderr)
    named = dict(own, name="siem.corp.lab", spool=WORK + "/spool-named")
    r = replay(conf("named", **named))
    arrive(d, before + len(want("named")))
    check("TLS: the name that the configuration states", r.returncode == 0 and keys(d.lines[before:]) == want("named"), r.stderr)
    d.stop()


try:
    for test in (away_and_back, too_small, broken, fail_over, no_room, killed, damaged, rate, tls):
        try:
            test()
        except Exception as e: # the next test says something too
            check(test.__name__, False, repr(e))
finally:
    shutil.rmtree(WORK, ignore_errors=True)
print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
sys.exit(bool(failed))
