"""Eight hours' worth of mixed traffic through the live path of a sensor, replayed faster: 1.4 million control frames (50 a second for
eight hours) of ever new hosts over a veth pair, beside them host events over TCP from senders that come and go, an operator who
asks, mutes and reloads, a receiver of syslog over TCP that is away at times.  The largest resident size and the descriptors of each
process are printed; with tables that are full within the first third both must then stay.  Times are those of the replay: what
expires by the hour is the replayed month's matter (tests/scenario/month.py).  In a network namespace of its own.
usage: soak.py BUILD [SECONDS]      (150)"""
import glob, json, os, re, signal, socket, subprocess, sys, threading, time
top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(top, "tests", "feed"))
import rig
from rig import check, until

build = os.path.abspath(sys.argv[1])
sys.argv[1] = build
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 150
FRAMES, ROUND = 1440000, 240000 # ROUND: frames of the file that is sent again and again
if subprocess.run(["which", "tcpreplay"], capture_output=True).returncode:
    rig.skip("the live soak", "tcpreplay is not installed")
    rig.end()
if not rig.enter_namespace():
    rig.skip("the live soak", "no right to make a network namespace with a veth pair")
    rig.end()
subprocess.run(["ip", "link", "set", "tap0", "mtu", "9000"], check=True)
# tcpreplay takes tap1 for a TAP device
subprocess.run(["ip", "link", "set", "tap1", "name", "wire", "mtu", "9000", "up"], check=True)
folder = rig.Folder()
captures = sorted(glob.glob(os.path.join(top, "pcaps", "**", "*.pcap"), recursive=True))
subprocess.run([build + "/tests/bench/bench_traffic", folder / "mix.pcap", str(ROUND), "1"] + captures, check=True)
feed, siem, sock = rig.free_port(), rig.free_port(), folder / "control"
conf = {"limits": {"hosts": 1024, "leases": 1024, "events": 1024}, "control": {"socket": sock}, "state": {"every": "10s"}, "capture": {"buffer_mib": 64},
        "feed": {"listen": [{"address": "127.0.0.1:%d" % feed, "plain": True}], "senders": [{"name": "lo", "address": ["127.0.0.1/32"], "computers": [".lab"]}]},
        "output": [{"type": "syslog", "host": "127.0.0.1", "port": siem, "transport": "tcp", "spool": folder / "spool", "spool_mib": 4}]}
sensor = rig.Program(build + "/crosstap", folder, conf, ["-q", "-i", "tap0", "--state", folder / "state"], name="soak")
stop, counts = threading.Event(), {"events": 0, "lines": 0, "reloads": 0, "questions": 0, "senders": 0, "pauses": 0}

def receiver():
    """away for a second after each fifteen"""
    while not stop.is_set():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", siem))
        s.listen()
        s.settimeout(0.5)
        until_, open_ = time.monotonic() + 15, []
        while time.monotonic() < until_ and not stop.is_set():
            try:
                c, _ = s.accept()
                c.settimeout(0.2)
                open_.append(c)
            except OSError:
                pass
            for c in list(open_):
                try:
                    got = c.recv(1 << 20)
                    counts["lines"] += got.count(b" crosstap ")
                    if not got: open_.remove(c)
                except OSError:
                    pass
        for c in open_: c.close()
        s.close()
        counts["pauses"] += 1
        time.sleep(1)

def events():
    k = 0
    while not stop.is_set():
        try:
            s = rig.connect(feed)
            counts["senders"] += 1
            for _ in range(20):
                s.sendall(b"".join(rig.event("ws%d.lab" % (k * 10 + i), k * 10 + i + 1) + b"\n" for i in range(10)))
                k += 1
                counts["events"] += 10
                time.sleep(0.05)
            s.close()
        except OSError:
            time.sleep(0.5)

def operator():
    k = 0
    while not stop.wait(1):
        k += 1
        for what in ("status", "stats", "incidents", "bindings"):
            r = subprocess.run([build + "/crosstapctl", "-s", sock, what], capture_output=True, timeout=30)
            counts["questions"] += r.returncode == 0
        if k % 7 == 0:
            conf["mutes"] = [{"detection": "rogue-ra", "until": "2099-01-01T00:00:00Z", "reason": "planned %d" % k}]
            json.dump(conf, open(folder / "soak.yaml", "w"))
            before = sensor.err().count("nothing forgotten")
            os.kill(sensor.pid, signal.SIGHUP)
            counts["reloads"] += bool(until(lambda: sensor.err().count("nothing forgotten") > before, 8))

def processes():
    found = {"first": sensor.pid}
    for pid in open("/proc/%d/task/%d/children" % (sensor.pid, sensor.pid)).read().split():
        found[re.search(r"--role=(\w+)", open("/proc/%s/cmdline" % pid).read()).group(1)] = int(pid)
    return found

def looked_at():
    row = {}
    for name, pid in processes().items():
        row[name] = (sensor.rss_kib(pid), len(os.listdir("/proc/%d/fd" % pid)))
    return row

threads = [threading.Thread(target=f, daemon=True) for f in (receiver, events, operator)]
for t in threads: t.start()
replay = subprocess.Popen(["tcpreplay", "-q", "--preload-pcap", "--loop=%d" % (FRAMES // ROUND), "--pps=%d" % (FRAMES // seconds), "-i", "wire", folder / "mix.pcap"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
rows, began = [], time.monotonic()
print("seconds  %s" % "  ".join("%6s KiB  fds" % n for n in ("first", "engine", "edge")))
while replay.poll() is None and time.monotonic() - began < seconds * 1.5:
    time.sleep(seconds / 15)
    rows.append(looked_at())
    print("%7.0f  %s" % (time.monotonic() - began, "  ".join("%10d  %3d" % rows[-1][n] for n in ("first", "engine", "edge"))), flush=True)
if replay.poll() is None:
    replay.terminate()
said = replay.communicate()[0].decode()
found = re.search(r"Actual: (\d+) packets", said) or re.search(r"Successful packets:\s+(\d+)", said)
if found is None:
    check("tcpreplay sends", False, said)
    rig.end()
sent = int(found.group(1))
stop.set()
for t in threads: t.join(20)
time.sleep(2)
last = looked_at()
st = json.loads(subprocess.run([build + "/crosstapctl", "-s", sock, "--json", "status"], capture_output=True, text=True).stdout)["interfaces"][0]
print("%d frames sent in %d s, %d passed the filter, %d dropped; %s" % (sent, time.monotonic() - began, st["frames"], st["dropped"], ", ".join("%d %s" % (v, k) for k, v in counts.items())))
warm = rows[len(rows) // 3]
for name in ("first", "engine", "edge"):
    grown = max(r[name][0] for r in rows[len(rows) // 3:]) - max(r[name][0] for r in rows[:len(rows) // 3 + 1])
    check("%s: %d KiB more in the last two thirds than in the first, at most 4096" % (name, grown), grown <= 4096, rows)
    check("%s: %d descriptors at the end, %d at a third" % (name, last[name][1], warm[name][1]), last[name][1] <= warm[name][1] + 1, rows)
check("all of it was done", sent >= FRAMES * 0.95 and st["frames"] > sent // 2 and counts["events"] > 1000 and counts["lines"] > 0 and counts["reloads"] >= 3 and counts["questions"] > 50, (sent, st, counts))
check("the same processes all the time, nothing told as killed", "killed" not in sensor.err() and sensor.err().count("watching") == 1, sensor.err()[-600:])
check("messages: %d lines in all" % sensor.err().count("\n"), sensor.err().count("\n") < 1000, sensor.err()[-600:])
check("it ends as it should", sensor.stop() in (0, 3), sensor.err()[-600:])
folder.remove()
rig.end()
