#!/usr/bin/env python3
"""Clients that others wrote, against a running edge on loopback: curl (HTTP), Elastic's lumberjack library (a Go module, built here;
without Go or its proxy that part is skipped) and openssl s_client.  usage: clients.py CROSSTAP [NAME...]"""
import json, os, re, shutil, signal, subprocess, sys, time
import rig
from rig import check, until

HERE = os.path.dirname(os.path.abspath(__file__))
LOOPBACK = dict(name="lo", address=["127.0.0.1"], computers=["*"])

def edge(binary, folder, feed, name="p"):
    return rig.Program(binary, folder, {"feed": feed}, ["--edge"], name=name)

def received(p, want, seconds=10):
    until(lambda: len(p.lines()) >= want, seconds)
    return p.lines()

def curl(url, *args, data=None):
    """(status, body)"""
    r = subprocess.run(["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", url, *args] + (["--data-binary", "@-"] if data is not None else []),
                       input=data, capture_output=True)
    body, _, status = r.stdout.decode("utf-8", "replace").rpartition("\n")
    return int(status or 0), body if r.returncode == 0 else r.stderr.decode()

def docs(first, n):
    return [json.dumps({"record": i, "text": "a b"}) for i in range(first, first + n)]

def test_http(binary, folder):
    if not shutil.which("curl"):
        return rig.skip("http", "no curl")
    port, anyone = rig.free_port(), rig.free_port()
    plain = lambda p: {"address": "127.0.0.1:%d" % p, "protocol": "http", "plain": True}
    p = edge(binary, folder, {"listen": [plain(port)], "senders": [dict(name="hec", token="s3cret-token", computers=["*"])]})
    q = edge(binary, folder, {"listen": [plain(anyone)], "senders": [LOOPBACK]}, "q")
    url, token = "http://127.0.0.1:%d" % anyone, ["-H", "Authorization: Splunk s3cret-token"]
    lines = docs(0, 50)
    check("curl: NDJSON", curl(url + "/", data="\n".join(lines).encode()) == (200, "{}"))
    check("curl: every line came", received(q, 50) == lines, q.lines()[:3])
    big = docs(50, 30000) # curl waits for 100 Continue before a body of this size; one array of over 1 MiB
    status, body = curl(url + "/", data=("[" + ",".join(big) + "]").encode())
    check("curl: an array of 1.1 MiB", status == 200 and received(q, 30050)[50:] == big, (status, body, len(q.lines())))
    zipped = subprocess.run(["gzip", "-c"], input="\n".join(docs(40000, 2000)).encode(), capture_output=True).stdout
    status, body = curl(url + "/x", "-H", "Content-Encoding: gzip", "-H", "Transfer-Encoding: chunked", data=zipped)
    check("curl: gzip in chunks", status == 200 and received(q, 32050)[30050:] == docs(40000, 2000), (status, body))
    otlp = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]})
    check("curl: OTLP", curl(url + "/v1/logs", "-H", "Content-Type: application/json", data=otlp.encode()) == (200, "{}") and received(q, 32051)[-1] == otlp)
    check("curl: OTLP as protobuf is refused with the remedy", curl(url + "/v1/logs", "-H", "Content-Type: application/x-protobuf", data=b"\n\0")[0] == 415)
    bulk = "".join('{"create":{"_index":"x"}}\n%s\n' % d for d in docs(50000, 250))
    status, body = curl(url + "/_bulk", data=bulk.encode())
    items = json.loads(body).get("items", []) if status == 200 else []
    check("curl: _bulk answers for each event", len(items) == 250 and all(i["create"]["status"] == 201 for i in items), (status, body[:200]))
    check("curl: GET is refused", curl(url + "/x")[0] == 405)
    hec = "http://127.0.0.1:%d/services/collector/event" % port
    events = "".join(json.dumps({"event": "<Event>%d</Event>" % i}) for i in range(3))
    check("curl: HEC", curl(hec, *token, data=events.encode()) == (200, '{"text":"Success","code":0}'))
    status, body = curl(hec, *token, "-H", "X-Splunk-Request-Channel: 6b1f", data=events.encode())
    check("curl: HEC with acknowledgement", status == 200 and "ackId" in json.loads(body), body)
    ack = json.loads(body).get("ackId", 0) if status == 200 else 0
    check("curl: ... which is true", curl(hec[:-5] + "ack?channel=6b1f", *token, data=json.dumps({"acks": [ack]}).encode()) == (200, '{"acks":{"%d":true}}' % ack))
    check("curl: HEC events came", "".join(received(p, 2)) == events * 2, p.lines())
    check("curl: a wrong token", curl(hec, "-H", "Authorization: Splunk wrong", data=events.encode())[0] == 403)
    check("curl: no token", curl(hec, data=events.encode())[0] == 401)
    check("curl: token as a password", curl(hec, "-u", "x:s3cret-token", data=b'{"event":1}')[0] == 200)
    check("curl: nothing of a stranger came", "".join(received(p, 3)) == events * 2 + '{"event":1}', p.lines())
    for x in (p, q): x.stop()

def build_lumber(folder):
    if not shutil.which("go"):
        return None, "no go"
    out = folder / "lumber"
    r = subprocess.run(["go", "build", "-buildvcs=false", "-mod=readonly", "-o", out, "."], cwd=os.path.join(HERE, "lumber"), capture_output=True, timeout=150,
                       env=dict(os.environ, GOFLAGS=""))
    return (out, "") if r.returncode == 0 else (None, "the client does not build here: " + r.stderr.decode()[-200:])

def records(p):
    return [json.loads(l)["record"] for l in p.lines()]

def test_curl(binary, folder):
    """batches of 500 records by curl, a process each as a script would: stops at the first that is not answered with success"""
    if not shutil.which("curl"):
        return rig.skip("curl", "no curl")
    port = rig.free_port()
    feed = {"listen": [{"address": "127.0.0.1:%d" % port, "protocol": "http", "plain": True}], "senders": [LOOPBACK]}
    script = folder / "post.sh"
    with open(script, "w") as f:
        f.write("""n=$1; acked=0
while [ "$n" -lt "$2" ]; do
	to=$((n + 500)); [ "$to" -gt "$2" ] && to=$2
	seq "$n" $((to - 1)) | sed 's/.*/{"record":&,"message":"posted"}/' |
		curl -sS --fail --max-time 20 -o /dev/null --data-binary @- "http://127.0.0.1:%d/" 2>/dev/null || break
	acked=$((acked + to - n)); n=$to
done
echo "$acked"
""" % port)
    send = lambda first, total: subprocess.Popen(["sh", script, str(first), str(total)], stdout=subprocess.PIPE)
    killed_in_the_middle(binary, folder, feed, "curl", send)

def test_lumberjack(binary, folder):
    lumber, why = build_lumber(folder)
    if lumber is None:
        return rig.skip("lumberjack", why)
    pki, port, tls = rig.Pki(folder), rig.free_port(), rig.free_port()
    cert, key = pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
    feed = {"listen": [{"address": "127.0.0.1:%d" % port, "protocol": "lumberjack", "plain": True},
                       {"address": "127.0.0.1:%d" % tls, "protocol": "lumberjack", "certificate": cert, "key": key, "client_ca": pki.ca}],
            "senders": [dict(name="beat", certificate="ws1.corp.lab", computers=["*"]), LOOPBACK]}
    p = edge(binary, folder, feed)
    want = []
    for n, (how, args) in enumerate((("plain", ["0"]), ("compressed", ["6"]), ("over TLS", ["3", pki.ca, *pki.sign("ws1", "ws1.corp.lab", "DNS:ws1.corp.lab")]))):
        address = "127.0.0.1:%d" % (tls if len(args) > 1 else port)
        r = subprocess.run([lumber, address, "0-2000", "450", *args], capture_output=True, timeout=60)
        want += range(2000)
        received(p, len(want))
        check("lumberjack %s: 2000 events acknowledged, all there once" % how, r.stdout == b"2000\n" and records(p) == want, (r, len(p.lines())))
    p.stop()
    def send(first, total):
        """records from `first` on until the end or until nobody answers: how many were acknowledged"""
        return subprocess.Popen([lumber, "127.0.0.1:%d" % port, "%d-%d" % (first, total), "100", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    killed_in_the_middle(binary, folder, feed, "lumberjack", send)

def killed_in_the_middle(binary, folder, feed, name, send):
    """the edge is killed while a client sends; what was acknowledged is there, and when the client sends the rest again nothing is missing"""
    total = 100000 if os.environ.get("CROSSTAP_TEST_MODE") == "long" else 20000
    p = edge(binary, folder, feed, name + "-killed")
    client = send(0, total)
    until(lambda: len(p.out()) > 100000)
    os.kill(p.pid, signal.SIGKILL)
    acked = int(client.communicate(timeout=60)[0])
    p.process.wait()
    there = numbers(p)
    check("%s: of %d sent to an edge that was killed, all %d acknowledged are there" % (name, total, acked), 0 < acked < total and set(range(acked)) <= set(there), (acked, len(there)))
    q = edge(binary, folder, feed, name + "-again")
    rest = int(send(acked, total).communicate(timeout=120)[0])
    until(lambda: len(set(numbers(q))) >= total - acked, 20)
    both = there + numbers(q)
    check("%s: the rest sent again, all %d there, %d of them twice before the dedupe" % (name, total, len(both) - len(set(both))),
          rest == total - acked and set(both) == set(range(total)) and len(both) - len(set(both)) <= 1000, (rest, len(set(both)), len(both)))
    q.stop()

def numbers(p):
    """record numbers of the whole lines: the last may have been cut by the kill"""
    return [int(n) for n in re.findall(rb'"record": ?(\d+)[,}].*\n', p.out())]

def test_s_client(binary, folder):
    pki, port = rig.Pki(folder), rig.free_port()
    cert, key = pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
    own, own_key = pki.sign("ws1", "ws1.corp.lab")
    p = edge(binary, folder, {"listen": [{"address": "127.0.0.1:%d" % port, "certificate": cert, "key": key, "client_ca": pki.ca}],
                              "senders": [dict(name="ws1", certificate="ws1.corp.lab", computers=["*"])]})
    s = subprocess.Popen(["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:%d" % port, "-CAfile", pki.ca, "-cert", own, "-key", own_key],
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    s.stdin.write("\n".join(docs(0, 1000)).encode() + b"\n")
    s.stdin.flush()
    check("openssl s_client: 1000 documents", received(p, 1000) == docs(0, 1000), len(p.lines()))
    s.kill()
    s.wait()
    p.stop()

if __name__ == "__main__":
    rig.run(os.path.abspath(sys.argv[1]), (test_http, test_curl, test_lumberjack, test_s_client), sys.argv[2:])
