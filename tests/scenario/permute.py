#!/usr/bin/env python3
"""However host events arrive, the final verdicts are the same.

usage: permute.py --bin crosstap [--lab DIR] [--runs N] [--hours N] [--only SUBSTR] [--jobs N] [--seed N]

For each lab scenario with events: N runs, each with the events shuffled, dealt to several files, delayed, or all handed
in before the first or after the last packet (--events-as-given).  A shuffled or delayed file read with the packets is a
late feed; how many events arrived late, and by how much, is counted from the file order.  Every run must give the
same ids with the same final verdict, severity and victims as the file as it is.  N: 200, in the quick mode 12.
Then --hours runs (10, in the quick mode 2) with each event up to six hours late and the capture that goes on for as long, with
frames that nobody reads: what was in view when the events happened is out of view by then (`feed.event_window: 6h`).
A scenario with fewer orders than that (one or two events) is run once for each.  Last line: `N passed, N failed`.
"""
import argparse, collections, concurrent.futures, glob, itertools, json, os, random, struct, subprocess, sys, tempfile, time
from datetime import datetime, timezone

WINDOW = 120  # seconds that a delay may amount to: within every join's window

def when(line):
    r = json.loads(line)
    return datetime.fromisoformat((r.get("@timestamp") or r["event"]["created"]).replace("Z", "+00:00")).timestamp()

def late(lines):
    """events that come after a later one, and the largest distance"""
    latest, n, worst = 0.0, 0, 0.0
    for t in map(when, lines):
        if t < latest:
            n, worst = n + 1, max(worst, latest - t)
        latest = max(latest, t)
    return n, worst

def verdicts(binary, d, files, extra, pcap=None):
    cmd = [binary, "-q", "-r", pcap or os.path.join(d, "capture.pcap"), "-c", os.path.join(d, "authority.yaml"), *extra]
    for f in files:
        cmd += ["-e", f]
    p = subprocess.run(cmd, capture_output=True, timeout=120)
    if p.returncode != 0:
        return "exit %d: %s" % (p.returncode, p.stderr.decode("utf-8", "replace")[-200:])
    last = {}
    for line in p.stdout.splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = (i["detection"], i["verdict"], i["severity"], tuple(sorted(str(v.get("mac")) for v in i.get("victims", []))))
    return last

def shuffled(rng, lines):
    out = list(lines)
    rng.shuffle(out)
    return [out], [], "shuffled"

def dealt(rng, lines):
    """over two to four files, each in order: the order between files is not time"""
    files = [[] for _ in range(rng.randint(2, 4))]
    for line in lines:
        rng.choice(files).append(line)
    rng.shuffle(files)
    return [f for f in files if f], [], "dealt"

def dealt_shuffled(rng, lines):
    files, _, _ = dealt(rng, lines)
    for f in files:
        rng.shuffle(f)
    return files, [], "dealt and shuffled"

def delayed(rng, lines):
    """every host's agent behind by its own amount, some events by more"""
    behind = collections.defaultdict(lambda: rng.uniform(0, WINDOW))
    key = lambda line: when(line) + behind[json.loads(line).get("host", {}).get("name")] * rng.choice((0.5, 1))
    return [sorted(lines, key=key)], [], "delayed"

def given(rng, lines):
    out = list(lines)
    rng.shuffle(out)
    where = rng.choice(("first", "last"))
    return [out], ["--events-as-given=" + where], "as given, " + where

KINDS = (shuffled, dealt, dealt_shuffled, delayed, given)

def one(job):
    binary, d, lines, seed, want = job
    rng = random.Random(seed)
    files, extra, what = KINDS[seed % len(KINDS)](rng, lines)
    n, worst = late([line for f in files for line in f]) if len(files) == 1 else (sum(late(f)[0] for f in files), max(late(f)[1] for f in files))
    with tempfile.TemporaryDirectory() as tmp:
        names = []
        for i, f in enumerate(files):
            names.append(os.path.join(tmp, "ev%d.jsonl" % i))
            open(names[-1], "w").write("".join(f))
        got = verdicts(binary, d, names, extra)
    return what, n, worst, None if got == want else difference(want, got)

HOURS, SIX = ["--set", "feed.event_window=6h"], 6 * 3600

def clock(at, i):
    """an event of a computer that nobody asks about: what follows it in a file enters when the packets have reached it"""
    stamp = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps({"@timestamp": stamp, "host": {"name": "clock.invalid"}, "winlog": {
        "provider_name": "RasClient", "event_id": "20222", "record_id": i + 1, "channel": "Application",
        "computer_name": "clock.invalid", "event_data": {"param1": "{%032X}" % i}}}) + "\n"

def lengthened(source, target, hours=6.5):
    """the capture, and a frame each ten minutes with an Ethernet type for local experiments (IEEE 802, 9.2.3)"""
    data = open(source, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, last = 24, 0
    while at + 16 <= len(data):
        last, _, kept, _ = struct.unpack_from(order + "4I", data, at)
        at += 16 + kept
    frame = bytes.fromhex("0180c2000000020000000001" "88b5") + bytes(46)
    more = b"".join(struct.pack(order + "4I", last + t, 0, len(frame), len(frame)) + frame for t in range(600, int(hours * 3600), 600))
    open(target, "wb").write(data[:at] + more)

def hours_late(job):
    binary, d, pcap, lines, seed, want = job
    rng = random.Random(seed)
    arrive, feed = sorted((when(l) + rng.uniform(0, SIX - 60), i) for i, l in enumerate(lines)), []
    for n, (at, i) in enumerate(arrive):
        feed += [clock(at, n), lines[i]]
    with tempfile.TemporaryDirectory() as tmp:
        name = os.path.join(tmp, "ev.jsonl")
        open(name, "w").write("".join(feed))
        got = verdicts(binary, d, [name], HOURS, pcap)
    return None if got == want else difference(want, got)

def run_hours(a, pool, d, lines):
    """what was wrong"""
    with tempfile.TemporaryDirectory() as tmp:
        pcap, events = os.path.join(tmp, "capture.pcap"), os.path.join(d, "events.jsonl")
        lengthened(os.path.join(d, "capture.pcap"), pcap)
        want = verdicts(a.bin, d, [events], HOURS, pcap)
        if isinstance(want, str):
            return [want]
        return [w for w in pool.map(hours_late, [(a.bin, d, pcap, lines, a.seed + i, want) for i in range(a.hours)]) if w]

def difference(want, got):
    if isinstance(got, str):
        return got
    bad = ["%s %s -> %s" % (i, want.get(i, ("absent",))[:3], got.get(i, ("absent",))[:3]) for i in sorted(set(want) | set(got)) if want.get(i) != got.get(i)]
    return "; ".join(bad[:3])

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--lab", default=os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps/lab"))
    ap.add_argument("--runs", type=int, default=12 if os.environ.get("CROSSTAP_TEST_MODE") == "quick" else 200)
    ap.add_argument("--hours", type=int, default=2 if os.environ.get("CROSSTAP_TEST_MODE") == "quick" else 10)
    ap.add_argument("--only", default="")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    dirs = [os.path.dirname(p) for p in sorted(glob.glob(os.path.join(a.lab, "*", "truth.json"))) if a.only in p]
    if not dirs:
        print("skipped, no corpus: no scenario under %s (CROSSTAP_SHARED says where)" % os.path.basename(a.lab))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    total, start = collections.Counter(), time.time()
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for d in dirs:
            events, name = os.path.join(d, "events.jsonl"), os.path.basename(d)
            lines = [l for l in open(events)] if os.path.exists(events) else []
            if not lines:
                continue
            want = verdicts(a.bin, d, [events], [])
            if isinstance(want, str):
                print("FAILED %s: %s" % (name, want))
                failed += 1
                continue
            # a handful of events has few orders; running one twice proves nothing
            runs = a.runs if len(lines) > 4 else min(a.runs, len(KINDS) * len(list(itertools.permutations(lines))))
            bad, kinds, worst, arrived_late = [], collections.Counter(), 0.0, 0
            for what, n, w, wrong in pool.map(one, [(a.bin, d, lines, a.seed + i, want) for i in range(runs)]):
                kinds[what] += 1
                arrived_late, worst = arrived_late + n, max(worst, w)
                if wrong:
                    bad.append("%s: %s" % (what, wrong))
            total.update(runs=runs, events=runs * len(lines), late=arrived_late, wrong=len(bad))
            hours = run_hours(a, pool, d, lines) if a.hours else []
            total.update(hours=a.hours, wrong=len(hours))
            passed, failed = passed + (a.hours and not hours), failed + bool(hours)
            passed, failed = passed + (not bad), failed + bool(bad)
            print("%-6s %-34s %3d runs of %3d events, %5d arrived late (by up to %3.0f s), %d wrong; %d runs up to 6 h late, %d wrong" % (
                "FAILED" if bad or hours else "ok", name, runs, len(lines), arrived_late, worst, len(bad), a.hours, len(hours)))
            print("".join("    %s\n" % b for b in bad[:3]), "".join("    six hours: %s\n" % b for b in hours[:3]), sep="", end="")
    print("%d runs, %d events, %d late, %d runs up to 6 h late, %d wrong, %.0f s" % (
        total["runs"], total["events"], total["late"], total["hours"], total["wrong"], time.time() - start))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    sys.exit(main())
