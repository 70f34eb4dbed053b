"""A configuration is read again while the sensor runs: what each class of options does, that a bad file changes nothing, that no
frame is lost and nothing known is forgotten.  In a network namespace of its own.
usage: reload.py CROSSTAP CROSSTAPCTL"""
import json, os, signal, socket, struct, subprocess, sys, threading, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "feed"))
import rig
from rig import check, until

bin_, ctl_ = (os.path.abspath(p) for p in sys.argv[1:3])
sys.argv[1:3] = [bin_, ctl_]
if not rig.enter_namespace():
    rig.skip("reload", "no right to make a network namespace with a veth pair")
    rig.end()
import yaml
case = "pcaps/scenario/mitm6-default"
folder = rig.Folder()
sock, conf_path = folder / "control", folder / "sensor.yaml"
ports = [rig.free_port(), rig.free_port()]
ROGUE = "00:0c:29:47:a1:a6"

def ctl(*args, code=0):
    p = subprocess.run([ctl_, "-s", sock] + list(args), capture_output=True, text=True, timeout=30)
    if code is not None and p.returncode != code:
        check("exit status of " + " ".join(args), False, (p.returncode, p.stderr))
    return p

def rows(*args):
    p = ctl("--json", *args, code=None)
    return [r for line in p.stdout.splitlines() for r in json.loads(line)["rows"]] if p.returncode == 0 else []

def frames(path):
    data, off = open(path, "rb").read(), 24
    while off + 16 <= len(data):
        n = struct.unpack_from("<I", data, off + 8)[0]
        yield data[off + 16:off + 16 + n]
        off += 16 + n

def send(what, pause=0.01):
    n = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("tap1", 0))
        for n, f in enumerate(what, 1):
            s.send(f)
            if n % 50 == 0: time.sleep(pause)
    return n

def attack():
    return send(f for f in frames(case + "/capture.pcap") if len(f) <= 1514)

def seen():
    return json.loads(ctl("--json", "status").stdout)["interfaces"][0]

def records(path):
    return [json.loads(l)["incident"] for l in open(path)] if os.path.exists(path) else []

# ---- the configuration of the start ----
conf = dict(yaml.safe_load(open(case + "/authority.yaml")), sensor={"name": "s1"}, control={"socket": sock},
            output=[{"type": "file", "path": folder / "a.jsonl"}],
            feed={"listen": [{"address": "127.0.0.1:%d" % ports[0], "plain": True}], "senders": [{"name": "lo", "address": ["127.0.0.1/32"], "computers": [".lab"]}]})
for site in conf["authority"]:
    site.setdefault("dhcp6_servers", [])
sensor = rig.Program(bin_, folder, conf, ["-i", "tap0", "--state", folder / "state"], name="sensor")
children = lambda: {open("/proc/%s/cmdline" % p).read().split("\0")[1]: int(p) for p in open("/proc/%d/task/%d/children" % (sensor.pid, sensor.pid)).read().split()}
subprocess.run(["ip", "link", "set", "tap1", "up"], check=True)
time.sleep(0.5)
engine = children().get("--role=engine")

def write(c):
    with open(conf_path, "w") as f:
        f.write(c if isinstance(c, str) else json.dumps(c))

def reload(c, seconds=8):
    """as an operator does; what was said of it"""
    before = len(sensor.err())
    write(c)
    os.kill(sensor.pid, signal.SIGHUP)
    until(lambda: any(w in sensor.err()[before:] for w in ("nothing forgotten", "of before stays", "next start")), seconds)
    return sensor.err()[before:]

attack()
found = until(lambda: [r for r in rows("incidents") if r["detection"] == "mitm6"], 10)
check("it watches and finds the takeover", found and engine, sensor.err())
ctl("mute", "--for", "1h", "--reason", "a drill", "--detection", "rogue-ra")

# ---- what is bad changes nothing ----
bad = json.dumps(conf)[:-1] + ',\n"limits": {"hosts": 12}}'
said = reload(bad)
check("a bad file: file, line, key, and that the old one stays", conf_path + ":2" in said and "limits.hosts" in said and "stays" in said, said)
p = ctl("reload", code=1)
check("crosstapctl: a bad file is refused with the same words", "limits.hosts" in p.stderr and "stays" in p.stderr, p.stderr)
said = reload("authority: [")
check("no YAML at all: told, the old one stays", conf_path + ":" in said and "stays" in said, said)
os.rename(conf_path, folder / "gone")
os.kill(sensor.pid, signal.SIGHUP)
check("no file at all: told, the old one stays", until(lambda: conf_path + ": " in sensor.err()[len(said):] and sensor.err().count("of before stays") >= 3, 5), sensor.err())
said = reload(dict(conf, output=[{"type": "file", "path": "/nowhere/at/all.jsonl"}]))
check("an output that cannot be opened: told, the old one stays", "/nowhere/at/all.jsonl" in said and "stays" in said, said)
said = reload(dict(conf, capture={"snaplen": 2000}, state={"snapshot": folder / "elsewhere"}))
check("what wants a new start is named", all(k + ": changed, but counts only from the next start" in said for k in ("capture.snaplen", "state.snapshot")), said)

# ---- authority ----
more = json.loads(json.dumps(conf))
more["authority"][0]["dhcp6_servers"] = [{"mac": ROGUE}]
said = reload(more)
check("authority: told by name and taken", "reload: authority: changed" in said and "nothing forgotten" in said, said)
check("authority: the server is declared now", until(lambda: any(r["kind"] == "seen" and r["service"] == "dhcpv6" and r["standing"] != "unauthorised" for r in rows("authority")), 5),
      [r for r in rows("authority") if r.get("service") == "dhcpv6"])
said = reload(conf)
check("authority: taken back", until(lambda: any(r["kind"] == "seen" and r["service"] == "dhcpv6" and r["standing"] == "unauthorised" for r in rows("authority")), 5))

part = next(r for r in rows("incidents") if r["detection"] == "dhcpv6-rogue-server")
inc = json.loads(ctl("--json", "why", part["id"]).stdout)["record"]["incident"]
check("the packets of every fact are known still", inc["facts"] and all(f["packets"] for f in inc["facts"]), inc["facts"])

# ---- rules, outputs ----
before = records(folder / "a.jsonl")
rules = dict(conf, rules=[{"id": "SITE-1", "on": "dhcpv6", "title": "any advertise", "where": [["dhcpv6.msg_type", "in", [2]]], "severity": "low"}],
             output=conf["output"] + [{"type": "file", "path": folder / "b.jsonl"}])
said = reload(rules)
check("rules, outputs: told by name", all("reload: %s: changed" % k in said for k in ("rules", "output")), said)
attack()
check("rules: the new one speaks", until(lambda: [r for r in rows("incidents") if r["detection"] == "site-rule"], 8), rows("incidents"))
check("outputs: the new one gets records, the old one too", until(lambda: any(i["detection"] == "site-rule" for i in records(folder / "b.jsonl")), 5) and
      any(i["detection"] == "site-rule" for i in records(folder / "a.jsonl")))
said = reload(dict(rules, output=rules["output"][1:], rules=[]))
size = os.path.getsize(folder / "a.jsonl")
attack()
time.sleep(2)
check("outputs: one that is taken out gets nothing", os.path.getsize(folder / "a.jsonl") == size)
reload(conf)

# ---- mutes ----
m = {"detection": "mitm6", "until": "2099-01-01T00:00:00Z", "reason": "planned"}
reload(dict(conf, mutes=[m]))
check("mutes: the configured one and the operator's", sorted(r["reason"] for r in rows("mutes")) == ["a drill", "planned"], rows("mutes"))
reload(dict(conf, mutes=[dict(m, reason="still planned")]))
check("mutes: another takes its place", sorted(r["reason"] for r in rows("mutes")) == ["a drill", "still planned"], rows("mutes"))
reload(conf)
check("mutes: taken out of the file it ends, the operator's stays", [r["reason"] for r in rows("mutes")] == ["a drill"], rows("mutes"))

# ---- limits, the sensor's name ----
reload(dict(conf, limits={"hosts": 2048}, sensor={"name": "s2"}))
size = {r["name"]: r["capacity"] for r in rows("tables")}
status = json.loads(ctl("--json", "status").stdout)
check("limits: tables of another size; the sensor's name", size.get("hosts") == 2048 and status["sensor"] == "s2", (size, status["sensor"]))
reload(conf)

# ---- the feed ----
moved = json.loads(json.dumps(conf))
moved["feed"]["listen"][0]["address"] = "127.0.0.1:%d" % ports[1]
said = reload(moved)
check("feed: told that its sockets are opened anew", "reload: feed.listen: changed: the feed" in said, said)
def reached(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1): return True
    except OSError:
        return False
check("feed: the new port listens, the old one does not", until(lambda: reached(ports[1]) and not reached(ports[0]), 10), sensor.err())
s = rig.connect(ports[1])
s.sendall(rig.event("ws1.lab", 1) + b"\n")
check("feed: an event arrives there", until(lambda: any(r["accepted"] == 1 for r in rows("senders")), 8), rows("senders"))
s.close()
check("feed: the new edge was no crash to anybody", "edge: gone" not in sensor.err() and "killed" not in sensor.err(), sensor.err())

# ---- frames over reloads ----
reload(conf)
until(lambda: reached(ports[0]), 8)
time.sleep(1)
first = seen()
arp = lambda i: bytes.fromhex("ffffffffffff0200000%05x08060001080006040001" % (i % 1000)) + bytes.fromhex("0200000%05x" % (i % 1000)) + bytes((10, 16, 41, i % 250)) + bytes(6) + bytes((10, 16, 41, 254)) + bytes(18)
sent = [0]
def sender():
    sent[0] = send((arp(i) for i in range(30000)), pause=0.02)
t = threading.Thread(target=sender)
t.start()
times = 0
while t.is_alive() and times < 12:
    said = reload(more if times % 2 == 0 else conf)
    times += "nothing forgotten" in said
t.join()
reload(conf)
time.sleep(1.5)
after = seen()
got = after["frames"] - first["frames"]
check("frames over %d reloads: %d of %d, %d dropped" % (times, got, sent[0], after["dropped"]), times >= 3 and got >= sent[0] and after["dropped"] == 0, (got, sent, after))
check("the same engine all the time", children().get("--role=engine") == engine)
ms = sorted(int(l.split(" done in ")[1].split()[0]) for l in sensor.err().splitlines() if " done in " in l)
print("       reloads take %d to %d ms, median %d" % (ms[0], ms[-1], ms[len(ms) // 2]))
check("it ends as it should", sensor.stop() == 0, sensor.err()[-400:])
told = {i["id"]: i["rev"] for i in before}
last = {i["id"]: i for i in records(folder / "a.jsonl")}
check("the incidents of the beginning end as the same, revisions counted up", told and all(i in last and last[i]["rev"] > told[i] and last[i]["state"] == "closed" for i in told),
      {i: (told[i], last[i]["rev"], last[i]["state"]) for i in told})
folder.remove()
rig.end()
