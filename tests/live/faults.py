"""What goes wrong around a sensor that runs for months: a receiver that is away while the engine is killed, a full disk, a clock that
is set, a feed that floods, an edge that dies.  Alerts must arrive at least once, what is lost must be told where, what was learned
must be there, and the operator must see it.  In a network namespace of its own; each line says what was seen.
Not tried: a step of the kernel's clock, which stamps the frames (a namespace has no wall clock of its own: the program's is moved).
usage: faults.py CROSSTAP CROSSTAPCTL"""
import json, os, re, shutil, signal, socket, struct, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "feed"))
import rig
from rig import check, until

bin_, ctl_ = (os.path.abspath(p) for p in sys.argv[1:3])
sys.argv[1:3] = [bin_, ctl_]
if not rig.enter_namespace():
    rig.skip("faults", "no right to make a network namespace with a veth pair")
    rig.end()
import yaml
case = "pcaps/scenario/mitm6-default"
AWAY = 12 # seconds; for minutes in life

def frames(path):
    data, off = open(path, "rb").read(), 24
    while off + 16 <= len(data):
        n = struct.unpack_from("<I", data, off + 8)[0]
        yield data[off + 16:off + 16 + n]
        off += 16 + n

def attack(pause=0.01):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("tap1", 0))
        for n, f in enumerate(frames(case + "/capture.pcap")):
            if len(f) <= 1514: s.send(f)
            if n % 50 == 49: time.sleep(pause)

def authority():
    conf = dict(yaml.safe_load(open(case + "/authority.yaml")), sensor={"name": "s1"})
    for site in conf["authority"]:
        site.setdefault("dhcp6_servers", [])
    return conf

def child(p, role):
    for pid in open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read().split():
        try:
            if "--role=" + role in open("/proc/%s/cmdline" % pid).read(): return int(pid)
        except OSError:
            pass
    return None

def start(binary, folder, conf, more=(), name="s", env=None):
    """like rig.Program, for a sensor that has no edge or another environment"""
    class Sensor: pass
    p = Sensor()
    path = folder / (name + ".yaml")
    open(path, "w").write(json.dumps(conf))
    p.err_path, p.out_path = folder / (name + ".err"), folder / (name + ".out")
    p.process = subprocess.Popen([binary, "-i", "tap0", "-c", path] + list(more), stdin=subprocess.DEVNULL, stdout=open(p.out_path, "ab"),
                                 stderr=open(p.err_path, "ab"), env=dict(os.environ, **(env or {})))
    p.pid = p.process.pid
    p.err = lambda: open(p.err_path, errors="replace").read()
    if not until(lambda: "watching" in p.err() or p.process.poll() is not None, 15) or p.process.poll() is not None:
        raise RuntimeError("does not start: " + p.err())
    subprocess.run(["ip", "link", "set", "tap1", "up"], check=True)
    time.sleep(0.5)
    def stop():
        if p.process.poll() is None: p.process.terminate()
        return p.process.wait(timeout=30)
    p.stop = stop
    return p

class Receiver:
    """octet-counted lines over TCP"""
    def __init__(self, port):
        self.lines, self.open_ = [], []
        self.s = socket.socket()
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind(("127.0.0.1", port))
        self.s.listen()
        threading.Thread(target=self.run, daemon=True).start()
    def run(self):
        while True:
            try: c, _ = self.s.accept()
            except OSError: return
            self.open_.append(c)
            threading.Thread(target=self.talk, args=(c,), daemon=True).start()
    def talk(self, c):
        data = b""
        while True:
            try: got = c.recv(65536)
            except OSError: return
            if not got: return
            data += got
            while b" " in data:
                head, rest = data.split(b" ", 1)
                if len(rest) < int(head): break
                self.lines.append(rest[:int(head)].decode())
                data = rest[int(head):]
    def away(self):
        self.s.shutdown(socket.SHUT_RDWR)
        self.s.close()
        for c in self.open_: c.close()

def numbers(lines):
    return [int(m.group(1)) for l in lines for m in [re.search(r'sequenceId="(\d+)"', l)] if m]

def incident_keys(lines):
    found = set()
    for l in lines:
        i = l.find("{")
        if i >= 0:
            inc = json.loads(l[i:])["incident"]
            found.add((inc["id"], inc["rev"]))
    return found

def test_receiver_away_and_engine_killed(binary, folder):
    port = rig.free_port()
    conf = dict(authority(), output=[{"type": "syslog", "host": "127.0.0.1", "port": port, "transport": "tcp", "spool": folder / "spool", "spool_mib": 1},
                                     {"type": "file", "path": folder / "all.jsonl"}], state={"every": "10s"})
    p = start(binary, folder, conf, ["--state", folder / "state"])
    first = Receiver(port)
    attack()
    check("alerts arrive at the receiver", until(lambda: len(first.lines) > 5, 8), p.err())
    # the state must be saved before the kill, and each alert be told
    until(lambda: os.path.exists(folder / "state"), 15)
    first.away()
    gone = time.time()
    subprocess.run(["ip", "link", "set", "tap1", "down"], check=True)
    subprocess.run(["ip", "link", "set", "tap1", "up"], check=True)
    engine = child(p, "engine")
    os.kill(engine, signal.SIGKILL)
    check("engine killed while the receiver is away: told, and another one watches", until(lambda: p.err().count("watching") == 2, 10) and
          "engine: killed by signal 9" in p.err(), p.err())
    attack()
    time.sleep(max(0, AWAY - (time.time() - gone)))
    told = sum(1 for _ in open(folder / "all.jsonl"))
    second = Receiver(port)
    check("the receiver was away for %d s: told, with what waits" % (time.time() - gone), until(lambda: "lines wait" in p.err(), 20), p.err())
    until(lambda: False, 8)
    status = p.stop()
    records = {(i["incident"]["id"], i["incident"]["rev"]) for i in map(json.loads, open(folder / "all.jsonl"))}
    arrived = incident_keys(first.lines) | incident_keys(second.lines)
    lost = records - arrived
    check("every record arrived at least once: %d of %d, %d lines before, %d after the pause" % (len(records & arrived), len(records), len(first.lines), len(second.lines)),
          not lost and len(second.lines) > 0 and status == 0, (lost, status, p.err()[-600:]))
    n = numbers(first.lines) + numbers(second.lines)
    check("line numbers go on over the kill, without a hole: %d to %d" % (min(n), max(n)), set(range(min(n), max(n) + 1)) == set(n), sorted(n))
    check("what was known before the kill is known: revisions count on", told > 0 and any(rev > 2 for _, rev in records), records)

def test_disk_full(binary, folder):
    disk = folder / "disk"
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
        rig.skip("a full disk", "no right to mount a small file system")
        return
    try:
        conf = dict(authority(), output=[{"type": "file", "path": disk + "/incidents.jsonl"}, {"type": "stdout"}], state={"every": "10s"})
        p = start(binary, folder, conf, ["--state", disk + "/state"], name="full")
        filler = os.open(disk + "/filler", os.O_WRONLY | os.O_CREAT)
        try:
            while True: os.write(filler, b"x" * 4096)
        except OSError:
            os.close(filler)
        attack()
        check("a full disk: the log that cannot be written is told, once", until(lambda: "incidents.jsonl: No space left" in p.err(), 10) and
              p.err().count("incidents.jsonl: No space") == 1, p.err())
        check("a full disk: the state that cannot be written is told, and that the one of before stays", until(lambda: "the state of before stays" in p.err(), 15), p.err())
        time.sleep(11)
        check("a full disk: told once, not each time", p.err().count("the state of before stays") == 1, p.err())
        out = lambda: [json.loads(l)["incident"]["detection"] for l in open(p.out_path)]
        check("a full disk: the other output has its %d records" % len(out()), "mitm6" in out())
        check("a full disk: no half file is left", not os.path.exists(disk + "/state") and not os.path.exists(disk + "/state.new"), os.listdir(disk))
        os.unlink(disk + "/filler")
        check("room again: the state is written, told with how often it was not", until(lambda: "the state is written again" in p.err(), 15) and
              os.path.getsize(disk + "/state") > 1000, p.err())
        before = os.path.getsize(disk + "/incidents.jsonl")
        attack()
        status = p.stop()
        whole = [l for l in open(disk + "/incidents.jsonl")]
        good = 0
        for l in whole:
            try: good += json.loads(l)["incident"]["id"] != ""
            except ValueError: pass
        check("room again: the log goes on, %d lines, %d of them whole; status %d says that some are missing" % (len(whole), good, status),
              os.path.getsize(disk + "/incidents.jsonl") > before and good > 0 and good >= len(whole) - 1 and status == 3, (before, status, p.err()))
    finally:
        subprocess.run(["umount", disk])

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t *seconds;
static int (*real)(clockid_t, struct timespec *);
__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("CLOCK_FILE"), O_RDONLY);
	real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	seconds = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}
int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = real(id, t);
	if (id == CLOCK_REALTIME)
		t->tv_sec += *seconds;
	return rc;
}
"""

def test_clock_is_set(binary, folder):
    open(folder / "clock.c", "w").write(CLOCK)
    cc = shutil.which("gcc") or shutil.which("cc")
    if cc is None or subprocess.run([cc, "-shared", "-fPIC", "-o", folder / "clock.so", folder / "clock.c", "-ldl"]).returncode or b"__asan_init" in open(binary, "rb").read():
        rig.skip("a clock that is set", "no compiler, or a build with a sanitizer, which wants to be loaded first")
        return
    def put(s): open(folder / "seconds", "r+b").write(struct.pack("<q", s))
    open(folder / "seconds", "wb").write(struct.pack("<q", 0))
    p = start(binary, folder, authority(), name="clock", env={"LD_PRELOAD": folder / "clock.so", "CLOCK_FILE": folder / "seconds"})
    time.sleep(2.5)
    put(-600)
    check("the clock is set back by ten minutes: told", until(lambda: re.search(r"the clock was set by -(600|599) s", p.err()), 4), p.err())
    put(0)
    check("and forward: told", until(lambda: re.search(r"the clock was set by \+(600|599) s", p.err()), 4), p.err())
    time.sleep(2.5)
    check("told once each", p.err().count("the clock was set") == 2, p.err())
    began = time.time()
    attack()
    out = lambda: [json.loads(l)["incident"] for l in open(p.out_path)]
    check("attacks are found after it", until(lambda: any(i["detection"] == "mitm6" for i in out()), 6), p.err())
    known = {(i["id"], i["verdict"]) for i in out()}
    put(7200) # while incidents are open
    time.sleep(2.5)
    attack()
    time.sleep(1)
    check("two hours ahead with open incidents: it lives and ends well", p.process.poll() is None and p.stop() == 0, p.err()[-500:])
    confirmed = {(i["id"], i["verdict"]) for i in out() if i["verdict"] == "confirmed"}
    check("two hours ahead: nothing else became confirmed", confirmed and confirmed <= known, confirmed - known)

def test_feed_floods(binary, folder):
    port = rig.free_port()
    sock = folder / "control"
    conf = dict(authority(), control={"socket": sock}, output=[{"type": "file", "path": folder / "flood.jsonl"}],
                feed={"listen": [{"address": "127.0.0.1:%d" % port, "plain": True}], "senders": [{"name": "lo", "address": ["127.0.0.1/32"], "computers": [".lab"]}]})
    p = start(binary, folder, conf, name="flood")
    until(lambda: "edge: 1 listeners" in p.err(), 8)
    stop, sent = threading.Event(), [0]
    def flood():
        s = rig.connect(port)
        k = 0
        while not stop.is_set() and sent[0] < 150000:
            s.sendall(b"".join(rig.event("ws%d.lab" % (i % 50), k * 100 + i + 1) + b"\n" for i in range(100)))
            k += 1
            sent[0] += 100
        s.close()
    t = threading.Thread(target=flood)
    t.start()
    time.sleep(1)
    began = time.time()
    attack()
    took = lambda: [i for i in map(json.loads, open(folder / "flood.jsonl")) if i["incident"]["detection"] == "mitm6"]
    found = until(took, 15)
    check("a feed that floods: the takeover is found %.1f s after its last frame" % (time.time() - began), found, p.err())
    def ask(what):
        r = subprocess.run([ctl_, "-s", sock, "--json", what], capture_output=True, text=True, timeout=20)
        return json.loads(r.stdout) if r.returncode == 0 else {"error": r.stderr}
    st = ask("status")
    check("a feed that floods: the operator is answered, no frame dropped", st.get("ok") and st["interfaces"][0]["dropped"] == 0, st)
    stop.set()
    t.join(20)
    s = until(lambda: [r for r in ask("senders")["rows"] if r["accepted"] >= sent[0]], 20)
    check("a feed that floods: each of %d events is counted" % sent[0], s, ask("senders"))
    edge = child(p, "edge")
    os.kill(edge, signal.SIGKILL)
    check("edge killed: told, another one listens", until(lambda: p.err().count("edge: 1 listeners") == 2, 10) and "edge: killed by signal 9" in p.err(), p.err())
    check("edge killed: the operator is answered again", until(lambda: ask("status").get("ok"), 5))
    check("it ends as it should", p.stop() == 0, p.err()[-400:])

rig.run(bin_, [test_receiver_away_and_engine_killed, test_disk_full, test_clock_is_set, test_feed_floods], sys.argv[3:])
