"""crosstapctl, the control socket and the metrics endpoint of a live sensor: a capture of an IPv6 DNS takeover is sent over a veth
pair in a network namespace of its own, a sender brings an event, and everything is asked for as an operator would, `top` in a
pseudo-terminal whose screen is read.
usage: control.py CROSSTAP CROSSTAPCTL"""
import fcntl, json, os, pty, re, select, shutil, signal, socket, struct, subprocess, sys, termios, time
import urllib.error, urllib.parse, urllib.request
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "feed"))
import rig
from rig import check, until

bin_, ctl_ = (os.path.abspath(p) for p in sys.argv[1:3])
sys.argv[1:3] = [bin_, ctl_]
if not rig.enter_namespace():
    rig.skip("control", "no right to make a network namespace with a veth pair")
    rig.end()
case = "pcaps/scenario/mitm6-default"
folder = rig.Folder()
sock, feed_sock, metrics_port, kept = folder / "control", folder / "feed", rig.free_port(), folder / "evidence"
os.mkdir(kept)
away = socket.socket() # a receiver that refuses: bound, and nobody listens
away.bind(("127.0.0.1", 0))

def ctl(*args, code=0):
    p = subprocess.run([ctl_, "-s", sock] + list(args), capture_output=True, text=True, timeout=30)
    if code is not None and p.returncode != code:
        check("exit status of " + " ".join(args), False, (p.returncode, p.stderr))
    return p

def rows(*args):
    return [r for line in ctl("--json", *args).stdout.splitlines() for r in json.loads(line)["rows"]]

def raw(data, seconds=5, end=b"\n"):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(sock)
        s.sendall(data)
        got = b""
        while not got.endswith(end):
            more = s.recv(65536)
            if not more: break
            got += more
        return got

def frames(path):
    data, off = open(path, "rb").read(), 24
    while off + 16 <= len(data):
        n = struct.unpack_from("<I", data, off + 8)[0]
        yield data[off + 16:off + 16 + n]
        off += 16 + n

class Screen:
    """As much of a terminal as top needs: cursor position, erase, text."""
    def __init__(self, lines, columns):
        self.lines, self.columns = lines, columns
        self.cell = [[" "] * columns for _ in range(lines)]
        self.y = self.x = 0
        self.modes = []
    def feed(self, text):
        for m in re.finditer(r"\033\[(\??[\d;]*)([A-Za-z])|([^\033])", text):
            arg, what, char = m.groups()
            if char:
                if char == "\n": self.y, self.x = min(self.y + 1, self.lines - 1), 0
                elif char >= " " and self.x < self.columns:
                    self.cell[self.y][self.x] = char
                    self.x += 1
            elif what == "H":
                y, x = (int(n) for n in (arg or "1;1").split(";"))
                self.y, self.x = min(y, self.lines) - 1, min(x, self.columns) - 1 # as a terminal does
            elif what == "K": self.cell[self.y] = [" "] * self.columns
            elif what == "J": self.cell = [[" "] * self.columns for _ in range(self.lines)]
            elif what in "hl": self.modes.append(arg + what)
            elif what != "m": raise ValueError("a sequence that no test terminal knows: " + m.group(0))
    def text(self):
        return "\n".join("".join(l).rstrip() for l in self.cell)

class Top:
    def __init__(self, lines=40, columns=120):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(ctl_, [ctl_, "-s", sock, "top"])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)
        self.screen, self.bytes = Screen(lines, columns), 0
    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.1)[0]: continue
            try: data = os.read(self.fd, 65536)
            except OSError: return False
            if not data: return False
            self.bytes += len(data)
            self.screen.feed(data.decode("utf-8", "replace"))
        return True

# ---- nobody there ----
p = ctl("status", code=1)
check("no socket: says what to do", "is the sensor running" in p.stderr and "control" in p.stderr, p.stderr)
left = socket.socket(socket.AF_UNIX)
left.bind(sock)
left.close()
p = ctl("status", code=1)
check("a socket that is left over", "no sensor listens" in p.stderr, p.stderr)
check("usage", all(ctl(*a, code=2).stderr.count("--help") == 1 for a in ((), ("nothing",), ("why",), ("status", "x"), ("mute", "--reason"),
      ("mute", "--for", "never"), ("--odd",))))
check("help", "mute" in ctl("--help").stdout and "crosstapctl 0" in ctl("--version").stdout)

# ---- a sensor, a capture, an event ----
conf = {"evidence": {"folder": kept}, "output": [{"type": "stdout"}, {"type": "syslog", "host": "127.0.0.1", "port": away.getsockname()[1],
            "transport": "tcp", "spool": folder / "spool"}],
        "control": {"socket": sock, "mode": "0600"}, "metrics": {"listen": "127.0.0.1:%d" % metrics_port}, "sensor": {"name": "s1"},
        "feed": {"listen": [{"address": "unix:" + feed_sock, "sender": "local"}], "senders": [{"name": "local", "computers": [".corp.lab"]}]}}
with open(folder / "authority.yaml", "w") as f: # and no DHCPv6 server at all
    f.write(open(case + "/authority.yaml").read().replace('"resolvers":', '"dhcp6_servers": [], "resolvers":'))
sensor = rig.Program(bin_, folder, conf, ["-c", folder / "authority.yaml", "-i", "tap0"], name="sensor")
check("the socket has the mode that is configured", until(lambda: os.path.exists(sock)) and os.stat(sock).st_mode & 0o777 == 0o600)
subprocess.run(["ip", "link", "set", "tap1", "up"], check=True)
time.sleep(0.5)
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(("tap1", 0))
    for n, f in enumerate(frames(case + "/capture.pcap")):
        if len(f) <= 1514: s.send(f)
        if n % 50 == 49: time.sleep(0.01)
with socket.socket(socket.AF_UNIX) as s:
    s.connect(feed_sock)
    s.sendall(rig.event("WS-ACC-11.corp.lab", 1) + b"\n" + rig.event("dc.elsewhere", 2) + b"\n")
found = until(lambda: [r for r in rows("incidents") if r["detection"] == "mitm6"], 10)
check("incidents: the takeover is among them", found and found[0]["segment"] == "tap0/0", found)

# ---- each question ----
st = json.loads(ctl("--json", "status").stdout)
check("status", st["ok"] and st["sensor"] == "s1" and st["interfaces"][0]["frames"] > 100 and sum(st["open"].values()) > 0 and st["authority"], st)
check("status for a person", "frames" in ctl("status").stdout and "s1" in ctl("status").stdout)
out = {o["to"]: o for o in st["outputs"]}
refused = next((o for name, o in out.items() if name.startswith("syslog 127.0.0.1:")), {})
check("status: an output that is written", out["standard output"]["state"] == "good" and out["standard output"]["lines"] == len(sensor.lines()) and
      out["standard output"]["lost"] == 0, st["outputs"])
check("status: an output whose receiver refuses, and what waits for it", refused.get("state") == "failing" and refused["waits_in"] == "spool" and
      0 < refused["waiting"] <= refused["lines"] and refused["waiting_bytes"] > 1000 and refused["lost"] == 0, st["outputs"])
heard = until(lambda: [l for l in json.loads(ctl("--json", "status").stdout)["edge"]["listeners"] if l["address"] == "unix:" + str(feed_sock) and
                       l["connections"] == 1 and l["strangers"] == 0], 5)
check("status: the listener's connection", heard, json.loads(ctl("--json", "status").stdout)["edge"])
check("status: edge and evidence", (st["edge"]["state"], st["edge"]["restarts"]) == ("listens", 0) and st["evidence"]["files"] == len(os.listdir(kept)) > 0 and
      st["evidence"]["bytes"] == sum(os.path.getsize(os.path.join(kept, f)) for f in os.listdir(kept)) and st["evidence"]["failed"] == 0, (st["edge"], st["evidence"]))
text = ctl("status").stdout
check("status for a person: outputs, edge, evidence", all(w in text for w in ("failing", "spool", "waiting", "edge", "listens", "could not be written")), text)
incident = found[0]["id"] if found else "0" * 16
all_ids = {i["incident"]["id"] for i in map(json.loads, sensor.lines())}
check("incidents: those that were told", {r["id"] for r in rows("incidents", "--all")} == all_ids, all_ids)
part = next(r for r in rows("incidents") if r["detection"] == "dhcpv6-rogue-server")
answer = json.loads(ctl("--json", "why", part["id"]).stdout)
inc = answer["record"]["incident"]
told = [i["incident"] for i in map(json.loads, sensor.lines()) if i["incident"]["id"] == part["id"]][-1]
check("why: the record as it was told", [inc[k] for k in ("title", "verdict", "grade", "actor", "rev")] == [told[k] for k in ("title", "verdict", "grade", "actor", "rev")],
      (inc["title"], told["title"]))
check("why: every fact has its packets", inc["facts"] and all(f["packets"] for f in inc["facts"]))
asked = {q["question"]: q["answer"] for q in answer["asked"]}
check("why: what was asked and answered", any("authority" in q and "declared" in a for q, a in asked.items()) and any("benign" in q for q in asked), asked)
check("why: what the sensor sees there", set(answer["sight"]) >= {"V_M6", "V_S6", "V_B4"}, answer["sight"])
text = ctl("why", part["id"]).stdout
check("why for a person", all(w in text for w in ("on the wire", "D6-", "asked", "next", part["id"], "V_M6")), text)
check("why: where the frames are, on which interface", inc["evidence"] == os.path.join(kept, part["id"] + ".pcapng") and os.path.exists(inc["evidence"]) and
      inc["evidence"] in text and re.search(r"packets tap0:[1-9]\d*", text), text)
check("no frame has the number 0", all(p["frame"] > 0 for r in map(json.loads, sensor.lines()) for f in r["incident"]["facts"] + r["incident"].get("flows", [])
      for p in f["packets"]))
check("why: no such incident", "incidents --all" in ctl("why", "0123456789abcdef", code=1).stderr and
      "16 hex digits" in ctl("why", "zz", code=1).stderr)
b = rows("bindings")
check("bindings", any(r["segment"] == "tap0/0" and r["mac"] and r["address"] for r in b), b[:3])
v = rows("vantage")
check("vantage", v and v[0]["segment"] == "tap0/0" and "percent" in v[0]["V_M6"] and "V_M6" in ctl("vantage").stdout, v)
a = rows("authority")
check("authority: declared and seen", any(r["kind"] == "declared" and r["declared"] for r in a) and any(r["kind"] == "seen" and
      r["service"] == "dhcpv6" and r["standing"] == "unauthorised" for r in a), [r for r in a if r["kind"] == "seen"])
check("authority for a person", "unauthorised" in ctl("authority").stdout)
with open(folder / "learned.yaml", "w") as f: f.write(ctl("learned").stdout)
p = subprocess.run([bin_, "-T", "-c", folder / "learned.yaml"], capture_output=True, text=True)
check("learned: a configuration that can be used", p.returncode == 0, p.stderr)
s = rows("senders")
check("senders", s and s[0]["name"] == "local" and s[0]["accepted"] == 1 and s[0]["refused"] == 1 and s[0]["state"] == "heard", s)
check("clocks", any("WS-ACC-11" in r["computer"].upper() for r in rows("clocks")), rows("clocks"))
t = rows("tables")
check("tables", {"hosts", "bindings"} <= {r["name"] for r in t} and all(r["used"] <= r["capacity"] for r in t))
n = rows("stats")
check("stats: every counter has unit, help and what to do", n and all(r["unit"] and r["help"] and r["act"] for r in n))
check("stats for a person", "observations" in ctl("stats").stdout and "When it moves" in ctl("stats", "--verbose").stdout)
paged = json.loads(raw(b'{"ask":"stats","from":3}\n'))
check("a page begins where it is asked to", paged["rows"][0] == n[3])

# ---- what changes something ----
check("mute: each thing that is missing is named", all(w in ctl("mute", *args, code=1).stderr for w, args in (
    ("reason", ("--for", "1h", "--detection", "mitm6")), ("until", ("--reason", "x", "--detection", "mitm6")),
    ("at least one", ("--for", "1h", "--reason", "x")), ("unknown detection", ("--for", "1h", "--reason", "x", "--detection", "nothing")),
    ("passed", ("--until", "2020-01-01T00:00:00Z", "--reason", "x", "--detection", "mitm6")),
    ("MAC", ("--for", "1h", "--reason", "x", "--actor", "me")))))
ctl("mute", "--for", "1h", "--reason", "drill \"42\"", "--detection", "mitm6", "--verdict", "confirmed")
m = rows("mutes")
check("mutes: with reason and end", len(m) == 1 and m[0]["reason"] == 'drill "42"' and m[0]["detection"] == "mitm6" and m[0]["until"], m)
check("mute: the log says who is not heard", "control: " in sensor.err() and "drill" in sensor.err())
check("mute: the incident says so", until(lambda: any(r["muted"] for r in rows("incidents") if r["detection"] == "mitm6"), 5))
check("reload", "SIGHUP" in ctl("reload").stdout and until(lambda: "reload" in sensor.err(), 3))

# ---- whoever sends something else ----
for name, data, want in (("no JSON", b"hello\n", "flat JSON"), ("unknown", b'{"ask":"shutdown"}\n', "unknown request"), ("nested", b'{"ask":{"a":1}}\n', "flat JSON"),
        ("cut", b'{"ask":"status"\n', "flat JSON"), ("empty", b"\n", "flat JSON"), ("NUL", b'{"ask":"sta\0tus"}\n', "flat JSON"), ("long", b"x" * 5000, "4096"),
        ("bad escape", b'{"ask":"\\q"}\n', "flat JSON"), ("huge number", b'{"ask":"stats","from":99999999999999999999999}\n', '"ok":true')):
    got = raw(data).decode()
    check("request: " + name, want in got and got.endswith("\n") and json.loads(got), got)
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(5)
    s.connect(sock)
    s.sendall(b'{"ask":"status"}\n' * 3)
    got = b""
    while got.count(b"\n") < 3: got += s.recv(65536)
    check("three requests at once: three answers in order", [json.loads(l)["ask"] for l in got.splitlines()] == ["status"] * 3)
idle = [socket.socket(socket.AF_UNIX) for _ in range(40)]
for s in idle: s.connect(sock)
check("forty idle clients shut nobody out", ctl("status").returncode == 0)
for s in idle: s.close()
for _ in range(20):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sock)
        s.sendall(b'{"ask":"bindings"}\n') # and does not wait for the answer
check("who leaves before the answer harms nobody", ctl("status").returncode == 0)

deaf = socket.socket(socket.AF_UNIX)
deaf.connect(sock)
deaf.setblocking(False)
sent, rss = 0, sensor.rss_kib(sensor.edge_pid())
for _ in range(400):
    try: sent += deaf.send(b'{"ask":"stats"}\n' * 100)
    except BlockingIOError: time.sleep(0.005)
grown = sensor.rss_kib(sensor.edge_pid()) - rss
check("who asks and never reads costs nothing: %d KiB" % grown, sent > 1600 and grown < 4096 and ctl("status").returncode == 0, (sent, grown))
deaf.close()

# ---- metrics ----
url = "http://127.0.0.1:%d" % metrics_port
with urllib.request.urlopen(url + "/metrics", timeout=5) as r:
    kind, body = r.headers["Content-Type"], r.read().decode()
check("metrics: OpenMetrics", kind.startswith("application/openmetrics-text") and body.endswith("# EOF\n"), kind)
names = re.findall(r"^# TYPE (\S+) (counter|gauge)$", body, re.M)
check("metrics: each family once, with help", len(dict(names)) == len(names) and all("# HELP %s " % k in body for k, _ in names if not k.endswith("_cut")))
values = dict(re.findall(r"^(\S+?(?:\{.*\})?) (-?\d+)$", body, re.M))
check("metrics: the same as stats", int(values['crosstap_sender_accepted_total{sender="local"}']) == 1 and
      int(values['crosstap_interface_frames_total{interface="tap0"}']) > 100 and {r["name"] for r in n} <= {k[len("crosstap_"):] for k, _ in names})
check("metrics: outputs, edge, evidence", int(values['crosstap_output_good{output="1",to="standard output"}']) == 1 and
      [int(v) for k, v in values.items() if k.startswith('crosstap_output_good{output="2"')] == [0] and
      [int(v) > 0 for k, v in values.items() if k.startswith('crosstap_output_waiting{output="2"')] == [True] and values["crosstap_edge_up"] == "1" and
      [int(v) for k, v in values.items() if k.startswith("crosstap_listener_connections_total{listener=\"1\"")] == [1] and
      int(values["crosstap_evidence_files"]) == len(os.listdir(kept)) and int(values["crosstap_evidence_written_total"]) >= len(os.listdir(kept)) and
      values["crosstap_evidence_failed_total"] == "0", {k: v for k, v in values.items() if "output" in k or "evidence" in k})
try: status = urllib.request.urlopen(url + "/other", timeout=5).status
except urllib.error.HTTPError as e: status = e.code
check("metrics: nothing else is served", status == 404)
try: status = urllib.request.urlopen(urllib.request.Request(url + "/metrics", data=b"x"), timeout=5).status
except urllib.error.HTTPError as e: status = e.code
check("metrics: GET only", status == 405)

prometheus = shutil.which("prometheus")
if prometheus is None:
    rig.skip("scrape", "Debian's prometheus package is not installed")
else:
    port = rig.free_port()
    with open(folder / "prometheus.yml", "w") as f:
        f.write("global: {evaluation_interval: 1s}\n" + open("deploy/prometheus/prometheus.yml").read().replace("127.0.0.1:9669", "127.0.0.1:%d" % metrics_port).replace("30s", "1s"))
    shutil.copy("deploy/prometheus/crosstap.rules.yml", folder / "crosstap.rules.yml")
    scraper = subprocess.Popen([prometheus, "--config.file", folder / "prometheus.yml", "--storage.tsdb.path", folder / "tsdb",
                                "--web.listen-address", "127.0.0.1:%d" % port], stdout=subprocess.DEVNULL, stderr=open(folder / "prometheus.err", "w"))
    def query(what):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/query?query=%s" % (port, urllib.parse.quote(what)), timeout=2) as r:
                return json.load(r)["data"]["result"]
        except OSError: return []
    up = until(lambda: [s for s in query('up{job="crosstap"}') if s["value"][1] == "1"], 15, 0.3)
    check("Prometheus scrapes it", up, open(folder / "prometheus.err").read()[-600:])
    got = query('crosstap_incidents_open{verdict="confirmed"}')
    check("Prometheus has its numbers", got and float(got[0]["value"][1]) > 0, got)
    fired = until(lambda: query('ALERTS{alertname="CrosstapConfirmed",alertstate="firing"}'), 20, 0.5)
    check("Prometheus alerts on a confirmed incident", fired)
    scraper.terminate()
    scraper.wait(timeout=20)

# ---- top ----
top = Top()
top.read(2.5)
text = top.screen.text()
check("top: segments, servers, suspects, feeds", all(w in text for w in ("--- suspects", "--- segments", "tap0/0", "--- servers", "dhcpv6",
      "--- feeds", "local", "crosstap s1", "q ends")), text)
check("top: alternate screen, no cursor", top.screen.modes[:2] == ["?1049h", "?25l"], top.screen.modes)
with socket.socket(socket.AF_UNIX) as s:
    s.connect(feed_sock)
    s.sendall(b"".join(rig.event("WS-ACC-11.corp.lab", 10 + i) + b"\n" for i in range(7)))
before = top.bytes
top.read(2.5)
check("top: shows what changes", re.search(r"^local +heard +\d+ +8 ", top.screen.text(), re.M), top.screen.text())
check("top: rewrites lines, not the screen", top.bytes - before < len(text) * 1.5, top.bytes - before)
fcntl.ioctl(top.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 50, 0, 0))
top.screen = Screen(12, 50)
os.kill(top.pid, signal.SIGWINCH)
top.read(2)
check("top: a smaller window", "q ends" in top.screen.text().splitlines()[11] and "crosstap s1" in top.screen.text().splitlines()[0], top.screen.text())
os.write(top.fd, b"q")
top.read(1.5)
check("top: q ends it and gives the terminal back", top.screen.modes[-2:] == ["?25h", "?1049l"] and os.waitpid(top.pid, 0)[1] == 0, top.screen.modes)
check("top wants a terminal", "wants a terminal" in ctl("top", code=1).stderr)
gone = Top()
gone.read(1.5)
sensor_status = sensor.stop()
gone.read(3)
check("top: ends when the sensor does", os.waitstatus_to_exitcode(os.waitpid(gone.pid, 0)[1]) == 1)
check("the sensor ends in order, its socket is gone", sensor_status == 0 and not os.path.exists(sock), sensor_status)

# ---- Prometheus reads it ----
promtool = shutil.which("promtool")
if promtool is None:
    rig.skip("promtool", "Debian's prometheus package is not installed")
else:
    p = subprocess.run([promtool, "check", "rules", "deploy/prometheus/crosstap.rules.yml"], capture_output=True, text=True)
    check("promtool: the rules load", p.returncode == 0, p.stdout + p.stderr)
    p = subprocess.run([promtool, "test", "rules", "tests/control/rules_test.yml"], capture_output=True, text=True)
    check("promtool: each rule fires and is quiet", p.returncode == 0, p.stdout + p.stderr)
rules = open("deploy/prometheus/crosstap.rules.yml").read()
board = json.load(open("deploy/grafana/crosstap.json"))
exported = {k + ("_total" if t == "counter" else "") for k, t in names}
used = set(re.findall(r"crosstap_[a-z_0-9]+", rules + json.dumps([p["targets"] for p in board["panels"] if "targets" in p])))
check("rules and board use counters that exist", used and used <= exported, used - exported)
ids = [p["id"] for p in board["panels"]]
check("board: panels with a grid place and an id of their own", len(set(ids)) == len(ids) and all(p["gridPos"]["w"] <= 24 and p["type"] and p["title"] for p in board["panels"]) and
      board["schemaVersion"] >= 36 and board["uid"])
folder.remove()
rig.end()
