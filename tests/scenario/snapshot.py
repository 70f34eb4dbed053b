#!/usr/bin/env python3
"""What was learned, and the incidents, outlive a restart.

usage: snapshot.py --bin crosstap [--lab DIR] [--splits N] [--only SUBSTR] [--jobs N]

For each lab scenario, with its authority and without: the capture is cut in two at several packets (host events at the
same time), both halves are replayed with --state between them, and the last records of the two together must be those
of the replay in one piece: the same ids with the same verdict, severity and victims, and revisions that go on.
What differs because a restart forgets it (a datagram or a TCP segment of which one part stands in each half) is listed in
EXPLAINED with the reason.  Then what a damaged file does.  Last line: `N passed, N failed`.
"""
import argparse, concurrent.futures, glob, hashlib, json, os, signal, struct, subprocess, sys, tempfile, time
from datetime import datetime

EXPLAINED = {}
SAVES = 20  # attempts to end the program while it saves

def when(line):
    r = json.loads(line)
    return datetime.fromisoformat((r.get("@timestamp") or r["event"]["created"]).replace("Z", "+00:00")).timestamp()

def packets(path):
    """header, [(seconds, bytes of the record)] of a classic capture"""
    b = open(path, "rb").read()
    order = "<" if b[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nano = b[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    at, out = 24, []
    while at + 16 <= len(b):
        s, f, n, _ = struct.unpack(order + "IIII", b[at:at + 16])
        out.append((s + f / (1e9 if nano else 1e6), b[at:at + 16 + n]))
        at += 16 + n
    return b[:24], out

def run(binary, args):
    p = subprocess.run([binary, "-q", *args], capture_output=True, timeout=120)
    return p.returncode, [json.loads(x) for x in p.stdout.splitlines()], p.stderr.decode("utf-8", "replace")

def last_of(records):
    out = {}
    for r in records:
        i = r["incident"]
        out[i["id"]] = (i["detection"], i["verdict"], i["severity"], tuple(sorted(str(v.get("mac")) for v in i.get("victims", []))))
    return out

def revisions_go_on(records):
    rev = {}
    for r in records:
        i = r["incident"]
        if i["rev"] != rev.get(i["id"], 0) + 1:
            return "%s: revision %d after %d" % (i["id"], i["rev"], rev.get(i["id"], 0))
        rev[i["id"]] = i["rev"]
    return None

def one(binary, d, splits, declared):
    """[(name, what is wrong or None)]"""
    head, p = packets(os.path.join(d, "capture.pcap"))
    events = os.path.join(d, "host-events.jsonl")
    lines = open(events).read().splitlines() if os.path.exists(events) else []
    extra = ["-c", os.path.join(d, "authority.yaml")] if declared else []
    out = []
    with tempfile.TemporaryDirectory() as tmp:
        def file(name, text):
            path = os.path.join(tmp, name)
            open(path, "wb").write(text)
            return path
        everything = file("all.jsonl", "\n".join(lines).encode() + b"\n")
        rc, whole, _ = run(binary, ["-r", "cap0=" + os.path.join(d, "capture.pcap"), *extra, *(["-e", everything] if lines else [])])
        want = last_of(whole)
        for k in range(1, splits + 1):
            at = len(p) * k // (splits + 1)
            name = "%s%s at packet %d of %d" % (os.path.basename(d), "" if declared else ", nothing declared", at, len(p))
            state = os.path.join(tmp, "state%d" % k)
            parts = [p[:at], p[at:]]
            told = []
            wrong = None
            for i, part in enumerate(parts):
                cap = file("half%d.pcap" % i, head + b"".join(x for _, x in part))
                early = [x for x in lines if when(x) <= p[at][0]]
                mine = early if i == 0 else [x for x in lines if x not in set(early)]
                ev = file("half%d.jsonl" % i, "".join(x + "\n" for x in mine).encode())
                rc, r, err = run(binary, ["-r", "cap0=" + cap, *extra, "--state", state, *(["-e", ev] if mine else [])])
                if rc != 0 or "not read" in err:
                    wrong = "exit %d: %s" % (rc, err[-300:])
                told += r
            got = last_of(told)
            if wrong is None:
                wrong = revisions_go_on(told)
            if wrong is None and got != want:
                wrong = "; ".join("%s: in one piece %s, in two %s" % (i, want.get(i), got.get(i))
                                  for i in sorted(set(got) | set(want)) if got.get(i) != want.get(i))
            out.append((name, wrong))
    return out

def damage(binary, d):
    """what a file that is not whole does: one line, an empty start, exit 0"""
    cap, conf = os.path.join(d, "capture.pcap"), ["-c", os.path.join(d, "authority.yaml")]
    out = []
    with tempfile.TemporaryDirectory() as tmp:
        state = os.path.join(tmp, "state")
        base = ["-r", "cap0=" + cap, *conf]
        _, fresh, _ = run(binary, base)
        run(binary, [*base, "--state", state])
        good = open(state, "rb").read()
        body, tail = good[:-48], good[-48:]

        def sealed(b):
            t = tail[:8] + struct.pack(">Q", len(b))
            return b + t + hashlib.sha256(b + t).digest()
        out.append(("a file is read only by its owner", None if os.stat(state).st_mode & 0o777 == 0o600 else oct(os.stat(state).st_mode)))
        out.append(("the seal is what the header says", None if sealed(body) == good else "another one"))
        cases = [("empty", b"", True), ("half", good[:len(good) // 2], True), ("one byte short", good[:-1], True), ("one byte more", good + b"x", True),
                 ("a bit", good[:100] + bytes([good[100] ^ 1]) + good[101:], True), ("no state at all", sealed(b"something else"), True),
                 ("the next version", sealed(body[:15] + bytes([body[15] + 1]) + body[16:]), True), ("cut and sealed", sealed(body[:len(body) // 2]), True),
                 ("whole", good, False)]
        for name, content, empty in cases:
            open(state, "wb").write(content)
            rc, told, err = run(binary, [*base, "--state", state])
            said = [x for x in err.splitlines() if "starting without" in x]
            wrong = None
            if rc != 0:
                wrong = "exit %d: %s" % (rc, err[-200:])
            elif len(said) != empty:
                wrong = "%d lines say so: %s" % (len(said), err[-200:])
            elif empty and told != fresh:
                wrong = "not what an empty start tells"
            out.append(("a file that is damaged: " + name, wrong))
    return out


def ended_while_saving(binary, d):
    """kill -9 at any moment: the file is the one of before or the new one, whole"""
    cap = ["-r", "cap0=" + os.path.join(d, "capture.pcap")]
    with tempfile.TemporaryDirectory() as tmp:
        state = os.path.join(tmp, "state")
        run(binary, [*cap, "--state", state])
        begun = time.monotonic()
        run(binary, [*cap, "--state", state])
        lasts = time.monotonic() - begun
        inside = 0
        for k in range(SAVES):
            before = open(state, "rb").read()
            p = subprocess.Popen([binary, "-q", *cap, "--state", state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 4 * lasts * (k + 1) / SAVES
            while time.monotonic() < end and p.poll() is None and not (k % 2 and os.path.exists(state + ".new")):
                time.sleep(0.0005)
            inside += os.path.exists(state + ".new")
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
            p.wait()
            now = open(state, "rb").read()
            if hashlib.sha256(now[:-32]).digest() != now[-32:]:
                return [("kill -9 while saving", "neither the old file nor a new one (attempt %d)" % k)]
            rc, _, err = run(binary, [*cap, "--state", state])
            if rc or "starting without" in err:
                return [("kill -9 while saving", "exit %d: %s" % (rc, err[-200:]))]
    return [("kill -9 %d times, %d of them while it saved" % (SAVES, inside), None if inside else "never while it saved")]


def forgets(binary, dirs):
    """without --state the second half alone must differ somewhere, or the comparison above shows nothing"""
    n = 0
    for d in dirs:
        head, p = packets(os.path.join(d, "capture.pcap"))
        with tempfile.TemporaryDirectory() as tmp:
            half = os.path.join(tmp, "half.pcap")
            open(half, "wb").write(head + b"".join(x for _, x in p[len(p) // 2:]))
            n += last_of(run(binary, ["-r", "cap0=" + half])[1]) != last_of(run(binary, ["-r", "cap0=" + os.path.join(d, "capture.pcap")])[1])
    return [("without the state %d of %d second halves end otherwise" % (n, len(dirs)), None if n else "none does")]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--bin", required=True)
    a.add_argument("--lab", default=os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps/lab"))
    a.add_argument("--splits", type=int, default=3)
    a.add_argument("--only", default="")
    a.add_argument("--jobs", type=int, default=2)
    o = a.parse_args()
    passed = failed = 0
    dirs = sorted(d for d in glob.glob(os.path.join(o.lab, "*")) if os.path.exists(os.path.join(d, "capture.pcap")) and o.only in d)
    if not dirs:
        print("skipped, no corpus: %s (CROSSTAP_SHARED says where)" % o.lab)
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        for result in pool.map(lambda x: one(o.bin, x[0], o.splits, x[1]), [(d, y) for d in dirs for y in (True, False)]):
            for name, wrong in result:
                if wrong and name in EXPLAINED:
                    print("ok     %s: differs, %s" % (name, EXPLAINED[name]))
                    wrong = None
                elif wrong:
                    print("FAILED %s: %s" % (name, wrong))
                passed, failed = passed + (wrong is None), failed + (wrong is not None)
    if dirs:
        for name, wrong in damage(o.bin, dirs[0]) + ended_while_saving(o.bin, dirs[-1]) + forgets(o.bin, dirs):
            print("%s %s%s" % ("FAILED" if wrong else "ok    ", name, ": " + wrong if wrong else ""))
            passed, failed = passed + (wrong is None), failed + (wrong is not None)
    print("%d passed, %d failed%s" % (passed, failed, "" if dirs else ", 1 skipped"))
    return 1 if failed else 0

sys.exit(main())
