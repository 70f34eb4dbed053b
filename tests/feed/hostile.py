#!/usr/bin/env python3
"""Senders that mean harm, against a running edge on loopback: whatever they do, memory stays bounded (VmRSS is printed), who is known
is still served, and counters say what happened.  Forged computer names, replays and wrong clocks are tests of the engine's side:
feed.py, binding.  usage: hostile.py CROSSTAP [NAME...]        CROSSTAP_TEST_MODE=long: the line is 1 GiB, not 128 MiB"""
import gzip, json, os, resource, socket, struct, subprocess, sys, time, zlib
import rig
from rig import check, until, event

RSS_MAX = 64 * 1024 # KiB, of an edge with the usual 1024 connections
LOOPBACK = dict(name="lo", address=["127.0.0.1"], computers=["*"])
FRIEND = dict(name="friend", address=["127.0.0.2"], computers=["*"])

class Edge(rig.Program):
    count = 0
    def __init__(self, binary, folder, protocol="stream", senders=(LOOPBACK, FRIEND), **feed):
        self.port = rig.free_port()
        Edge.count += 1
        listen = {"address": "127.0.0.1:%d" % self.port, "plain": True, "protocol": protocol}
        super().__init__(binary, folder, {"feed": dict({"listen": [listen], "senders": list(senders)}, **feed)}, ["--edge"], name="p%d" % Edge.count)
    def counter(self, which, name):
        return self.told().get("edge " + which, {}).get(name)
    def friend(self, data=b'{"friend":1}\n'):
        s = socket.socket()
        s.bind(("127.0.0.2", 0))
        s.settimeout(10)
        s.connect(("127.0.0.1", self.port))
        s.sendall(data)
        return s
    def served(self, name):
        before = len(self.lines())
        s = self.friend()
        check("%s: others are served" % name, until(lambda: self.lines()[before:] == ['{"friend":1}'], 8), self.lines()[before:][:5])
        s.close()
    def bounded(self, name):
        rss = self.rss_kib()
        check("%s: bounded memory (VmRSS %d KiB)" % (name, rss), rss < RSS_MAX, rss)

def reply(s, seconds=10):
    s.settimeout(seconds)
    got = b""
    try:
        while True:
            data = s.recv(65536)
            if not data: break
            got += data
    except OSError:
        pass
    return got

def post(body, *fields):
    return ("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n" % (len(body), "".join(f + "\r\n" for f in fields))).encode() + body

def lumber(*docs):
    return b"2W" + struct.pack(">I", len(docs)) + b"".join(b"2J" + struct.pack(">II", i + 1, len(d)) + d for i, d in enumerate(docs))

def test_byte_at_a_time(binary, folder):
    doc = event("ws1.corp.lab", 1)
    for protocol, data, answer in (("stream", doc + b"\n", b""), ("lumberjack", lumber(doc), b"2A\0\0\0\1"), ("http", post(doc), b"HTTP/1.1 200 ")):
        p = Edge(binary, folder, protocol)
        slow = [rig.connect(p.port) for _ in range(20)]
        for s in slow: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            for s in slow: s.sendall(data[i:i + 1])
        ok = until(lambda: p.lines() == [doc.decode()] * 20, 8)
        got = [s.recv(len(answer)) if answer else b"" for s in slow]
        check("%s, a byte at a time: whole and answered" % protocol, ok and all(g == answer for g in got), (len(p.lines()), got[0]))
        p.bounded(protocol)
        for s in slow: s.close()
        p.stop()

def test_slow_document(binary, folder):
    """64 KiB of what looks like an end at each byte, in small pieces: the work is in the bytes, not in their square"""
    p = Edge(binary, folder)
    head, tail = b"<Event><Data>", b"</Data></Event>\n"
    data = head + b"<a/>" * ((60000 - len(head) - len(tail)) // 4) + tail
    s = rig.connect(p.port)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(0, len(data), 16): s.sendall(data[i:i + 16])
    ok = until(lambda: p.out() == data, 10)
    with open("/proc/%d/stat" % p.pid) as f: used = f.read().rsplit(")", 1)[1].split()
    cpu = (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")
    check("a document in 3750 pieces: %.2f s of CPU" % cpu, ok and cpu < 2, (len(p.out()), len(data)))
    s.close()
    p.stop()

def test_flood(binary, folder):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 10000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 200), hard))
    p = Edge(binary, folder)
    friend, flood = p.friend(), []
    try:
        until(lambda: p.lines() == ['{"friend":1}'])
        for i in range(wanted):
            s = socket.socket()
            s.setblocking(False)
            s.bind(("127.1.%d.1" % (i % 250), 0))
            s.connect_ex(("127.0.0.1", p.port))
            flood.append(s)
            if i % 500 == 499: time.sleep(0.05) # as fast as the backlog takes them
        time.sleep(0.5)
        friend.sendall(b'{"still":1}\n')
        check("flood: %d connections, one that stands goes on" % len(flood), until(lambda: p.lines()[1:] == ['{"still":1}'], 8), p.lines())
        p.served("flood")
        p.bounded("flood")
        name = "127.0.0.1:%d" % p.port
        c = p.told()["edge " + name]
        check("flood: counted", c["strangers"] + c["without room"] + c["failed handshakes"] > 5000, c)
    finally:
        for s in flood + [friend]: s.close()
        p.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

def test_half_open_tls(binary, folder):
    pki, port = rig.Pki(folder), rig.free_port()
    cert, key = pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
    context = rig.tls_context(pki.ca, *pki.sign("ws1", "ws1.corp.lab"))
    p = rig.Program(binary, folder, {"feed": {"listen": [{"address": "127.0.0.1:%d" % port, "certificate": cert, "key": key, "client_ca": pki.ca}],
        "senders": [dict(name="ws1", certificate="ws1.corp.lab", computers=["*"])]}}, ["--edge"])
    half = []
    for i in range(600):
        s = socket.socket()
        s.bind(("127.2.%d.1" % (i % 200), 0))
        s.connect(("127.0.0.1", port))
        s.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20))
        half.append(s)
    good = rig.connect(port, tls=context)
    good.sendall(b'{"good":1}\n')
    check("half-open TLS: a known sender is served beside 600", until(lambda: p.lines() == ['{"good":1}'], 8), p.err())
    rss = p.rss_kib()
    check("half-open TLS: bounded memory (VmRSS %d KiB)" % rss, rss < RSS_MAX, rss)
    check("half-open TLS: closed after 10 s, counted", until(lambda: p.told()["edge 127.0.0.1:%d" % port]["failed handshakes"] >= 600, 20, 0.5), p.err())
    for s in half + [good]: s.close()
    p.stop()

def test_bombs(binary, folder):
    zeros = bytes(256 << 20)
    p = Edge(binary, folder, "http")
    got = reply(p.friend(post(gzip.compress(zeros, 9), "Content-Encoding: gzip")))
    check("zip bomb by HTTP: 400", got.startswith(b"HTTP/1.1 400 ") and b"bomb" in got, got)
    check("zip bomb by HTTP: counted", p.counter("friend", "malformed") == 1, p.err())
    # many bodies begun and never ended: what each holds is bounded
    open_bodies = [rig.connect(p.port) for _ in range(60)]
    begin = zlib.compress(os.urandom(60000) + bytes(60000))[:-10]
    for s in open_bodies:
        s.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: deflate\r\nContent-Length: 999999\r\n\r\n" + begin)
    time.sleep(0.5)
    p.bounded("60 bodies half inflated")
    s = p.friend(post(b'{"friend":1}'))
    check("zip bomb: others are served", reply(s).startswith(b"HTTP/1.1 200 ") and p.lines()[-1:] == ['{"friend":1}'], p.lines()[-1:])
    for s in open_bodies: s.close()
    p.stop()
    q = Edge(binary, folder, "lumberjack")
    inner = zlib.compress(b"2J" + struct.pack(">II", 1, len(zeros)) + zeros, 9)
    got = reply(q.friend(b"2W\0\0\0\1" + b"2C" + struct.pack(">I", len(inner)) + inner))
    check("zip bomb by lumberjack: closed without acknowledgement", got == b"" and q.counter("friend", "malformed") == 1, (got, q.err()))
    twice = zlib.compress(b"2C" + struct.pack(">I", len(inner)) + inner)
    got = reply(q.friend(b"2W\0\0\0\1" + b"2C" + struct.pack(">I", len(twice)) + twice))
    check("compressed frame inside a compressed frame: closed", got == b"" and q.counter("friend", "malformed") == 2, (got, q.err()))
    q.bounded("zip bomb by lumberjack")
    q.stop()

def test_long_line(binary, folder):
    size = 1 << 30 if os.environ.get("CROSSTAP_TEST_MODE") == "long" else 128 << 20
    p = Edge(binary, folder)
    s = rig.connect(p.port)
    chunk = b'{"a":"' + b"x" * ((1 << 20) - 6)
    for i in range(size >> 20): s.sendall(chunk if i == 0 else b"x" * (1 << 20))
    s.sendall(b'"}\n{"after":1}\n')
    check("a line of %d MiB: passed over, the next document comes" % (size >> 20), until(lambda: p.lines() == ['{"after":1}'], 20), len(p.out()))
    check("long line: counted once", p.counter("lo", "too long") == 1, p.err())
    p.bounded("long line")
    p.served("long line")
    s.close()
    p.stop()

def test_smuggling(binary, folder):
    p = Edge(binary, folder, "http")
    hidden = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n{\"hidden\":1}"
    head = b"POST / HTTP/1.1\r\nHost: a\r\n"
    shapes = {"both lengths": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "two lengths": b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
              "folded field": b"X: y\r\n Content-Length: 4\r\nContent-Length: 0\r\n\r\n", "bare LF": b"X: y\nContent-Length: 0\r\n\r\n",
              "blank before colon": b"Content-Length : 0\r\n\r\n", "chunk size behind a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n"}
    for name, rest in shapes.items():
        got = reply(p.friend(head + rest + hidden))
        check("smuggling, %s: 400 and closed" % name, got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1") == 1, got[:200])
    check("smuggling: nothing hidden came out", p.out() == b"", p.out()[:200])
    p.stop()

def test_documents(binary, folder):
    """the edge hands on what has an end; the decoder must stand it, and take what lies between"""
    laughs = b'<!DOCTYPE a [<!ENTITY a "lol">' + b"".join(b'<!ENTITY b%d "%s">' % (i, b"&a;" * 10) for i in range(9)) + b"]><Event>&b8;</Event>\n"
    bad_text = event("ws1.corp.lab", 2).replace(b"192.0.2.66", b"192.0.2.66\xff\xc0\x80\xed\xa0\x80")
    bad = [b"[" * 30000 + b"]" * 30000 + b"\n", b'{"a":' * 10000 + b"\n", laughs, b"<a>" * 8000 + b"</a>" * 8000 + b"\n", b'{"winlog":{"event_id":1,"event_id":2}}\n', b"\xff\xfe<\0E\0\n", b"\0" * 1000 + b"\n"]
    good = [event("ws1.corp.lab", n) + b"\n" for n in (1, 3, 4)] + [bad_text + b"\n"]
    p = Edge(binary, folder)
    for doc in bad:
        s = rig.connect(p.port)
        s.sendall(doc)
        s.shutdown(socket.SHUT_WR)
        reply(s, 3)
        s.close()
    s = rig.connect(p.port)
    for doc in good: s.sendall(doc)
    until(lambda: p.out().count(b"ws1.corp.lab") == 4)
    s.close()
    p.bounded("documents that mean harm")
    p.stop()
    start = time.monotonic()
    r = subprocess.run([binary, "-q", "-e", p.out_path, "--host-events"], capture_output=True, timeout=60)
    events = [json.loads(l) for l in r.stdout.decode().splitlines()]
    took = time.monotonic() - start
    check("deep JSON and XML, entities, NULs, invalid UTF-8: told, the four good events are read (%.2f s)" % took,
          r.returncode == 1 and took < 10 and len(events) == 4, (r.returncode, r.stderr[-400:], len(events)))
    for what in ("nested deeper", "DOCTYPE"):
        check("documents: '%s' is told" % what, what in r.stderr.decode(), r.stderr[-800:])

if __name__ == "__main__":
    rig.run(os.path.abspath(sys.argv[1]), (test_byte_at_a_time, test_slow_document, test_flood, test_half_open_tls, test_bombs, test_long_line, test_smuggling, test_documents), sys.argv[2:])
