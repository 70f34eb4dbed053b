#!/usr/bin/env python3
"""Listeners, followed files, trust and back pressure, against a running edge (documents on its standard output) and a running
sensor.  usage: feed.py CROSSTAP [NAME...]"""
import os, signal, socket, ssl, sys, threading, time
import rig, warnings
from rig import check, until, event

warnings.simplefilter("ignore", DeprecationWarning) # of old TLS, which is the point
FAR = {"computers": ["*"]}

def plain(port, **more):
    return dict({"address": "127.0.0.1:%d" % port, "plain": True}, **more)

LOOPBACK = dict(FAR, name="lo", address=["127.0.0.0/8", "::1"])

def received(p, want, seconds=8):
    until(lambda: len(p.lines()) >= want, seconds)
    return p.lines()

def test_plain(binary, folder):
    port, six = rig.free_port(), rig.free_port()
    p = rig.Program(binary, folder, {"feed": {"listen": [plain(port), {"address": "[::1]:%d" % six, "plain": True}], "senders": [LOOPBACK]}}, ["--edge"])
    s = rig.connect(port)
    s.sendall(b'{"a":1}\n{"a"')
    time.sleep(0.1)
    counted = [b"<13>1 - - - - - - counted octets", b"<13>1 - - - - - - more of them"]
    s.sendall(b":2}\n" + b"".join(b"%d %s" % (len(c), c) for c in counted))
    s.close()
    got = received(p, 4)
    check("plain: newline and octet count on one connection", got == ['{"a":1}', '{"a":2}'] + [c.decode() for c in counted], got)
    s = rig.connect(six, "::1")
    s.sendall(b'{"six":1}\n')
    s.close()
    check("plain: IPv6", received(p, 5)[4:] == ['{"six":1}'], p.lines())
    check("plain: told as a risk at start", p.err().count("warning: plain text") == 2, p.err())
    s = rig.connect(port)
    s.sendall(b'{"cut":')
    time.sleep(0.2)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0") # a reset
    s.close()
    time.sleep(0.3)
    check("plain: what a reset cut off is no document", len(p.lines()) == 5, p.lines())
    check("plain: ends in order", p.stop() == 0, p.err())

def test_stranger(binary, folder):
    port = rig.free_port()
    p = rig.Program(binary, folder, {"feed": {"listen": [plain(port)], "senders": [dict(LOOPBACK, address=["192.0.2.0/24"])]}}, ["--edge"])
    for _ in range(3):
        s = rig.connect(port)
        try:
            s.sendall(b'{"x":1}\n')
            until(lambda: s.recv(1) == b"", 3)
        except OSError:
            pass
        s.close()
    c = p.told()
    check("stranger: refused, counted, told once", c.get("edge 127.0.0.1:%d" % port, {}).get("strangers") == 3 and p.err().count("refused 127.0.0.1") == 1, p.err())
    p.stop()
    check("stranger: nothing handed on", p.out() == b"", p.out())

def tls_listener(port, pki, **more):
    cert, key = pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
    return dict({"address": "127.0.0.1:%d" % port, "certificate": cert, "key": key, "client_ca": pki.ca}, **more)

def try_tls(port, context, data):
    """True where the connection stood long enough to take a document."""
    try:
        s = rig.connect(port, tls=context)
        s.sendall(data)
        s.settimeout(1.0)
        try:
            return s.recv(1) != b""
        except socket.timeout:
            return True
        finally:
            s.close()
    except OSError:
        return False

def test_tls(binary, folder):
    pki, other, port = rig.Pki(folder), rig.Pki(folder, "other"), rig.free_port()
    listen = tls_listener(port, pki)
    p = rig.Program(binary, folder, {"feed": {"listen": [listen], "senders": [dict(FAR, name="ws1", certificate="ws1.corp.lab"),
        dict(FAR, name="branch", certificate=".branch.lab"), dict(FAR, name="away", certificate="away.corp.lab", address=["192.0.2.1"])]}}, ["--edge"])
    certs = {n: pki.sign(n, cn, san) for n, cn, san in (("cn", "ws1.corp.lab", None), ("san", "whatever", "DNS:ws1.corp.lab"),
        ("below", "x", "DNS:pc7.branch.lab"), ("unknown", "ws9.corp.lab", None), ("away", "away.corp.lab", None), ("star", "x", "DNS:*.corp.lab"),
        ("cn_behind_san", "ws1.corp.lab", "DNS:elsewhere.lab"))}
    foreign = other.sign("foreign", "ws1.corp.lab")
    take = {"cn", "san", "below"}
    for name, (cert, key) in certs.items():
        got = try_tls(port, rig.tls_context(pki.ca, cert, key), b'{"from":"%s"}\n' % name.encode())
        check("tls: certificate %s is %s" % (name, "taken" if name in take else "refused"), got == (name in take), p.err())
    check("tls: without a certificate refused", not try_tls(port, rig.tls_context(pki.ca), b'{"from":"nobody"}\n'))
    check("tls: of another CA refused", not try_tls(port, rig.tls_context(pki.ca, *foreign), b'{"from":"foreign"}\n'))
    old = rig.tls_context(pki.ca, *certs["cn"])
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    check("tls: 1.1 refused", not try_tls(port, old, b'{"from":"old"}\n'))
    check("tls: 1.2 taken", try_tls(port, rig.tls_context(pki.ca, *certs["cn"], version=ssl.TLSVersion.TLSv1_2), b'{"from":"12"}\n'))
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b'{"from":"plain"}\n')
    s.close()
    got = sorted(l for l in received(p, 4))
    check("tls: exactly those documents came", got == sorted('{"from":"%s"}' % n for n in ("12", "below", "cn", "san")), got)
    reload_certificate(p, folder, pki, port, certs["cn"], listen)
    p.stop()

def reload_certificate(p, folder, pki, port, client, listen):
    context = rig.tls_context(pki.ca, *client)
    s = rig.connect(port, tls=context)
    before = s.getpeercert(True)
    s.sendall(b'{"n":1}\n')
    received(p, 5)
    pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
    p.send(signal.SIGHUP)
    until(lambda: "certificates loaded again" in p.err())
    s.sendall(b'{"n":2}\n')
    t = rig.connect(port, tls=context)
    check("reload: new connections see the new certificate", t.getpeercert(True) != before)
    t.sendall(b'{"n":3}\n')
    check("reload: open connections go on", {'{"n":2}', '{"n":3}'} <= set(received(p, 7)), p.lines())
    with open(listen["certificate"], "w") as f:
        f.write("no certificate\n")
    p.send(signal.SIGHUP)
    until(lambda: "the certificates of before stay" in p.err())
    u = rig.connect(port, tls=context)
    check("reload: a bad file leaves the old certificate", u.getpeercert(True) == t.getpeercert(True) and "cannot be used as certificate" in p.err(), p.err())
    for x in (s, t, u): x.close()

def test_udp_unix(binary, folder):
    port, path = rig.free_port(socket.SOCK_DGRAM), folder / "feed.sock"
    p = rig.Program(binary, folder, {"feed": {"listen": [plain(port, protocol="syslog-udp"), {"address": "unix:" + path, "sender": "local"}],
        "senders": [LOOPBACK, dict(FAR, name="local")]}}, ["--edge"])
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(20):
        u.sendto(b"<13>datagram %d\n" % i, ("127.0.0.1", port))
    check("udp: a document a datagram", received(p, 20) == ["<13>datagram %d" % i for i in range(20)], p.lines())
    check("unix: the group may write, others not", os.stat(path).st_mode & 0o777 == 0o660, oct(os.stat(path).st_mode))
    x = socket.socket(socket.AF_UNIX)
    x.connect(path)
    x.sendall(b'{"local":1}\n')
    check("unix: documents", received(p, 21)[20:] == ['{"local":1}'], p.lines())
    x.close()
    p.stop()
    check("unix: the socket is gone with the program", not os.path.exists(path))

def test_follow(binary, folder):
    path = folder / "audit.log"
    p = rig.Program(binary, folder, {"feed": {"follow": [{"path": path, "computer": "dhcp1.corp.lab"}]}}, ["--edge"])
    check("follow: a file that is not there yet is waited for", until(lambda: "waiting for it" in p.err()), p.err())
    log = open(path, "w", buffering=1)
    want = []
    def write(f, *lines):
        for l in lines:
            f.write(l + "\n")
            want.append(l)
    write(log, "a1", "a2")
    ok = received(p, 2) == want
    log.write("a3 in two")
    time.sleep(0.6)
    ok = ok and len(p.lines()) == 2
    log.write(" parts\n")
    want.append("a3 in two parts")
    check("follow: a line is whole before it is one", ok and received(p, 3) == want, p.lines())
    os.rename(path, path + ".1")
    write(log, "a4 into the renamed file")
    time.sleep(0.4)
    new = open(path, "w", buffering=1)
    write(new, "b1")
    write(log, "a5 late, into the renamed file")
    want[-2:] = want[:-3:-1] # the old file is read to its end first
    check("follow: renamed: read to its end, then the new one", sorted(received(p, 6)) == sorted(want) and p.lines()[-1] == "b1", (p.lines(), want))
    del want[:]
    want.extend(p.lines())
    write(new, "b2")
    received(p, len(want))
    os.truncate(path, 0) # copytruncate: the writer appends
    time.sleep(0.4)
    new = open(path, "a", buffering=1)
    write(new, "c1")
    check("follow: truncated", received(p, len(want)) == want, p.lines())
    time.sleep(0.3)
    new = open(path, "w", buffering=1)
    write(new, "d1, and longer than everything that was in it before", "d2")
    check("follow: begun again with more than before", received(p, len(want)) == want, p.lines())
    check("follow: stops", p.stop() == 0)

def test_back_pressure(binary, folder):
    port, r = rig.free_port(), rig.free_port()
    p = rig.Program(binary, folder, {"feed": {"listen": [plain(port), plain(r)], "senders": [dict(LOOPBACK, name="flood", address=["127.0.0.1"]),
        dict(FAR, name="quiet", address=["127.0.0.2"])]}}, ["--edge"], pipe=True)
    line = b'{"pad":"%s","n":%%07d}\n' % (b"x" * 480)
    total, sent = 100000, [0]
    def flood():
        s = rig.connect(port)
        for i in range(0, total, 500):
            s.sendall(b"".join(line % k for k in range(i, i + 500)))
            sent[0] = i + 500
        s.close()
    t = threading.Thread(target=flood, daemon=True)
    t.start()
    time.sleep(1.0)
    stuck = sent[0]
    time.sleep(0.5)
    check("back pressure: a reader that stops stops the sender", stuck == sent[0] < total // 2, (stuck, sent[0]))
    q = socket.socket()
    q.bind(("127.0.0.2", 0))
    q.connect(("127.0.0.1", port))
    q.sendall(b'{"quiet":1}\n')
    time.sleep(0.3)
    rss, got, at = p.rss_kib(), b"", None
    seen = 0
    while t.is_alive() or seen < total + 1:
        data = p.pipe.read1(1 << 20)
        if not data: break
        got += data
        cut = got.rfind(b"\n") + 1
        lines, got = got[:cut].splitlines(), got[cut:]
        for l in lines:
            if b"quiet" in l: at = seen
            seen += 1
        if seen >= total + 1: break
    check("back pressure: nothing is lost", seen == total + 1, seen)
    check("back pressure: bounded memory (%d KiB)" % rss, rss < 40000, rss)
    check("fairness: one document of a quiet sender is not behind the flood", at is not None and at - stuck < 12000, (at, stuck))
    q.close()
    p.stop()

def test_limits(binary, folder):
    pki, port, lo = rig.Pki(folder), rig.free_port(), rig.free_port()
    p = rig.Program(binary, folder, {"feed": {"connections": 100, "sender_connections": 20, "idle": "2s",
        "listen": [tls_listener(port, pki), plain(lo)],
        "senders": [dict(FAR, name="ws1", certificate="ws1.corp.lab"), dict(LOOPBACK, address=["127.0.0.1"])]}}, ["--edge"])
    context = rig.tls_context(pki.ca, *pki.sign("ws1", "ws1.corp.lab"))
    good = rig.connect(port, tls=context)
    flood = []
    for i in range(1000):
        try:
            s = socket.socket()
            s.setblocking(False)
            s.bind(("127.0.%d.1" % (1 + i % 100), 0)) # many addresses: no limit of one address helps
            s.connect_ex(("127.0.0.1", port))
            flood.append(s)
        except OSError:
            pass
    time.sleep(0.5)
    good.sendall(b'{"still":"served"}\n')
    check("limits: 1,000 half-open connections, who is known goes on", received(p, 1) == ['{"still":"served"}'], p.lines())
    new = rig.connect(port, tls=context)
    new.sendall(b'{"new":"served"}\n')
    check("limits: and a known newcomer finds room", received(p, 2)[1:] == ['{"new":"served"}'], p.err())
    mine = [rig.connect(lo) for _ in range(30)]
    time.sleep(0.3)
    c = p.told()
    check("limits: of one sender", c["edge lo"]["connections"] == 20 and c["edge lo"]["connections over the limit"] == 10, c)
    check("limits: refusals are counted", c["edge 127.0.0.1:%d" % port]["without room"] >= 800, c)
    for s in flood + mine[10:]: s.close()
    check("limits: an idle connection is closed", until(lambda: p.told()["edge 127.0.0.1:%d" % lo]["idle"] >= 5, 6), p.err())
    p.stop()

def sensor(binary, folder, feed, name="live"):
    return rig.Program(binary, folder, {"feed": feed}, ["-q", "-i", "tap0"], name=name)

def test_binding(binary, folder):
    port, path = rig.free_port(), folder / "DhcpSrvLog-Mon.log"
    day = time.strftime("%m/%d/%y,%H:%M:%S", time.gmtime())
    with open(path, "w") as f:
        f.write("ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid.\n"
                "10,%s,Assign,192.0.2.50,ws1.corp.lab,005056C00008,,1234,0,,,,\n" % day)
    p = sensor(binary, folder, {"synced": True, "listen": [plain(port)], "follow": [{"path": path, "computer": "dhcp1.corp.lab"}],
        "senders": [dict(name="ws1", address=["127.0.0.1"], computers=["WS1.corp.lab", ".branch.lab"]), dict(name="relay", address=["127.0.0.2"], computers=["*"])]})
    def send(source, *docs):
        s = socket.socket()
        s.bind((source, 0))
        s.connect(("127.0.0.1", port))
        s.sendall(b"\n".join(docs) + b"\n")
        s.close()
    now = time.time()
    send("127.0.0.1", event("ws1.CORP.lab", 1), event("pc.branch.lab", 2), event("dc1.corp.lab", 3, router="192.0.2.99"), event("branch.lab", 4), event("evilbranch.lab", 5),
         event("ws1.corp.lab.evil.lab", 6), b'{"winlog":', event("ws1.corp.lab", 7, provider="Some-Other-Provider"))
    send("127.0.0.2", event("dc2.corp.lab", 10, when=now - 5), event("dc2.corp.lab", 10, when=now), event("dc2.corp.lab", 10, when=now),
         event("dc2.corp.lab", 11, when=now - 4 * 3600),
         *[event("dc2.corp.lab", n, channel="Microsoft-Windows-Iphlpsvc/Operational") for n in (100, 101, 110)])
    def counted():
        c = p.told()
        return c if c.get("feed relay", {}).get("accepted") == 7 and c.get("feed ws1", {}).get("accepted") == 2 else None
    c = until(counted, 6) or p.told()
    ws1, relay, audit = (c.get("feed " + n, {}) for n in ("ws1", "relay", path))
    check("binding: exact and suffix names, in any case", ws1.get("accepted") == 2, c)
    check("binding: other names are refused, told once", ws1.get("refused") == 4 and p.err().count("may not speak") == 1, p.err())
    check("counters: malformed and ignored", ws1.get("malformed") == 1 and ws1.get("ignored") == 1, c)
    check("counters: duplicates, late, gaps", (relay.get("duplicates"), relay.get("late"), relay.get("gaps")) == (1, 1, 8), c)
    check("follow: an audit log speaks for its configured computer", audit.get("accepted", 0) >= 1 and audit.get("refused") == 0, c)
    check("binding: ends in order", p.stop() == 0, p.err())
    check("binding: nothing refused is in any record", b"192.0.2.99" not in p.out() and b"evil" not in p.out() and b"ws1.CORP.lab" in p.out(), p.out())

def test_edge_dies(binary, folder):
    port = rig.free_port()
    p = sensor(binary, folder, {"listen": [plain(port)], "senders": [LOOPBACK]}, "dies")
    s = rig.connect(port)
    s.sendall(event("ws1.lab", 1) + b"\n")
    until(lambda: p.told().get("feed lo", {}).get("accepted") == 1, 5)
    first = p.edge_pid()
    os.kill(first, signal.SIGKILL)
    check("edge dies: told, with when it comes back", until(lambda: "edge: killed by signal 9" in p.err() and "edge: gone, started again in 1 s" in p.err(), 5), p.err())
    s.close()
    back = until(lambda: p.edge_pid() not in (None, first) and p.err().count("edge: 1 listeners") == 2, 8)
    s = rig.connect(port)
    s.sendall(event("ws1.lab", 2) + b"\n")
    check("edge dies: it is back and its counters went on", back and until(lambda: p.told().get("feed lo", {}).get("accepted") == 2, 5), p.err())
    edge = p.edge_pid()
    os.kill(p.pid, signal.SIGKILL)
    p.process.wait()
    gone = until(lambda: not os.path.exists("/proc/%d" % edge) or open("/proc/%d/stat" % edge).read().split(") ")[1][0] == "Z", 5)
    check("engine dies: the edge does not outlive it", gone)
    s.close()

def test_silent(binary, folder):
    port = rig.free_port()
    p = sensor(binary, folder, {"silent_after": "3s", "listen": [plain(port)], "senders": [LOOPBACK]}, "silent")
    s = rig.connect(port)
    for i in range(7):
        s.sendall(event("ws1.lab", i + 1) + b"\n")
        time.sleep(1.1)
    check("silence: told after its usual interval", until(lambda: "feed: lo: silent for " in p.err(), 6), p.err())
    s.sendall(event("ws1.lab", 99) + b"\n")
    check("silence: told when it ends, once each", until(lambda: "feed: lo: heard again" in p.err(), 3) and p.err().count("silent for") == 1, p.err())
    s.close()
    p.stop()

def test_wrong(binary, folder):
    port = rig.free_port()
    with socket.socket() as used:
        used.bind(("127.0.0.1", port))
        used.listen()
        try:
            rig.Program(binary, folder, {"feed": {"listen": [plain(port)], "senders": [LOOPBACK]}}, ["--edge"], name="used")
            check("wrong: an address in use is an error", False)
        except RuntimeError as e:
            check("wrong: an address in use is an error", "127.0.0.1:%d: bind: Address already in use" % port in str(e), e)

EDGE = [test_plain, test_stranger, test_tls, test_udp_unix, test_follow, test_back_pressure, test_limits, test_wrong]
SENSOR = [test_binding, test_edge_dies, test_silent]

def main():
    binary, only = os.path.abspath(sys.argv[1]), sys.argv[2:]
    inside = rig.enter_namespace()
    for test in () if inside else SENSOR:
        rig.skip(test.__name__[5:], "no right to make a network namespace with an interface to watch")
    rig.run(binary, EDGE + (SENSOR if inside else []), only)

if __name__ == "__main__":
    main()
