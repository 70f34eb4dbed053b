#!/usr/bin/env python3
"""Evidence: each alert's pcapng holds the frames of its record byte for byte, readable by tshark, the record as its comment; the
folder keeps its bounds; what goes wrong is told once, and a kill leaves no torn file.
usage: evidence.py CROSSTAP                        captures in pcaps/scenario and in the shared lab, where it is
       evidence.py --live RECORDS FOLDER CAPTURE   what a live sensor wrote, against what was sent to it"""
import glob, json, os, random, shutil, signal, struct, subprocess, sys, tempfile, time

SHARED = os.environ.get("CROSSTAP_SHARED", "../shared")
passed = failed = skipped = 0


def check(name, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%-6s %s%s" % ("ok" if good else "FAILED", name, "" if good else ": " + str(why)[:700]))


def pcap_frames(data):
    """Bytes of the packets of a pcap file, in order."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    off, out = 24, []
    while off + 16 <= len(data):
        cap = struct.unpack_from(order + "I", data, off + 8)[0]
        out.append(data[off + 16:off + 16 + cap])
        off += 16 + cap
    return out


def pcapng(data):
    """(comment of the section, [(bytes, comment)]); raises where a block is torn."""
    off, head, out = 0, None, []
    while off < len(data):
        kind, n = struct.unpack_from("<II", data, off)
        if n < 12 or off + n > len(data) or struct.unpack_from("<I", data, off + n - 4)[0] != n:
            raise ValueError("torn at byte %d" % off)
        body = data[off + 8:off + n - 4]
        off += n
        if kind == 0x0a0d0d0a:
            options = body[16:]
        elif kind == 6:
            cap = struct.unpack_from("<I", body, 12)[0]
            packet, options = body[20:20 + cap], body[20 + (cap + 3) // 4 * 4:]
        else:
            continue
        comment, at = None, 0
        while at + 4 <= len(options):
            code, size = struct.unpack_from("<HH", options, at)
            if code == 0:
                break
            if code == 1:
                comment = options[at + 4:at + 4 + size].decode()
            at += 4 + (size + 3) // 4 * 4
        if kind == 6:
            out.append((packet, comment))
        else:
            head = comment
    return head, out


def read(path):
    with open(path, "rb") as f:
        return f.read()


def by_tshark(path):
    return pcap_frames(subprocess.run(["tshark", "-n", "-r", path, "-F", "pcap", "-w", "-"], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, check=True).stdout)


def listed(incident):
    return sorted({p["frame"] for f in incident["facts"] for p in f["packets"]})


def run(folder, capture, *more):
    args, home = [BIN, "-q", "-r", capture, *more], os.path.dirname(capture)
    for flag, name in (("-e", "events.jsonl"), ("-c", "authority.yaml")):
        if os.path.exists(home + "/" + name):
            args += [flag, home + "/" + name]
    if folder:
        args += ["--set", "evidence.folder=" + folder]
    return subprocess.run(args, capture_output=True, text=True, timeout=120)


def wrong_file(r, name, frames, tshark):
    """What is wrong with the evidence of a record whose frames are those of the capture `name`, or None."""
    i = r["incident"]
    if "evidence" not in i:
        return "no evidence"
    comment, packets = pcapng(read(i["evidence"]))
    if json.loads(comment) != r:
        return "the comment is another record"
    got = by_tshark(i["evidence"]) if tshark else [p for p, _ in packets]
    if i.get("cut"):    # the record lists fewer than there are
        return None if {frames[n - 1] for n in listed(i)} <= set(got) else "a listed frame is missing"
    if sorted(got) != sorted(frames[n - 1] for n in listed(i)):
        return "%d frames, %d listed" % (len(got), len(listed(i)))
    facts = {}
    for f in i["facts"]:
        for n in dict.fromkeys(p["frame"] for p in f["packets"]):
            facts.setdefault(n, []).append(f["id"])
    comments = sorted("frame %d of %s: %s" % (n, name, ", ".join(ids)) for n, ids in facts.items())
    return None if sorted(c for _, c in packets) == comments else "comments of the frames"


def each_scene(work):
    tshark = shutil.which("tshark")
    scenes = sorted(glob.glob("pcaps/scenario/*/capture.pcap") + glob.glob(SHARED + "/pcaps/lab/*/capture.pcap"))
    alerts = confirmed = shown = 0
    bad, other = [], []
    for capture in scenes:
        folder = tempfile.mkdtemp(dir=work)
        records = [json.loads(l) for l in run(folder, capture).stdout.splitlines()]
        frames, ask = pcap_frames(read(capture)), tshark
        for r in {r["incident"]["id"]: r for r in records}.values():
            if r["event_type"] != "alert" or not listed(r["incident"]):
                continue
            good = r["incident"]["verdict"] == "confirmed"
            why = wrong_file(r, os.path.basename(capture), frames, ask and good)
            alerts, confirmed, shown = alerts + 1, confirmed + good, shown + bool(ask and good)
            ask = ask and not good      # one a capture: it takes a third of a second
            if why:
                bad.append((capture, r["incident"]["id"], why))
        named = {r["incident"]["evidence"] for r in records if "evidence" in r["incident"]}
        if named != set(glob.glob(folder + "/*")):
            bad.append((capture, "files that no record names", named ^ set(glob.glob(folder + "/*"))))
        for r in records:
            r["incident"].pop("evidence", None)
        plain = [json.loads(l) for l in run(None, capture).stdout.splitlines()]
        # a record that is cut anyway is cut a little more
        if len(plain) != len(records) or any(a != b for a, b in zip(plain, records) if not b["incident"].get("cut")):
            other.append(capture)
        shutil.rmtree(folder)
    check("%d alerts of %d captures, %d of them confirmed: the frames of the record, byte for byte; %d read by tshark" %
          (alerts, len(scenes), confirmed, shown), confirmed > 0 and not bad, bad[:3])
    check("nothing else in the records changes", not other, other[:3])


def bounds(work):
    folder, old = work + "/bounds", "00000000000000aa.pcapng"
    os.mkdir(folder)
    for name, size, age in ((old, 100, 40), ("00000000000000ab.pcapng", 1020 * 1024, 2), ("00000000000000ac.pcapng.new", 9, 0),
                            ("other.txt", 5, 400)):
        with open(folder + "/" + name, "wb") as f:
            f.write(b"x" * size)
        os.utime(folder + "/" + name, (time.time() - age * 86400,) * 2)
    p = run(folder, SCENE, "--set", "evidence.mib=1")
    there = set(os.listdir(folder))
    named = {os.path.basename(json.loads(l)["incident"].get("evidence", "")) for l in p.stdout.splitlines()} - {""}
    check("too old, too much and never finished: those files go, the oldest first, and nobody else's",
          there == named | {"other.txt"}, there)
    for path in glob.glob(folder + "/*.pcapng"):
        os.utime(path, (time.time() - 3600,) * 2)
    run(folder, SCENE, "--set", "evidence.mib=1")
    check("a second run replaces its files", set(os.listdir(folder)) == there, os.listdir(folder))
    p = run(folder, SCENE, "--set", "evidence.memory_mib=2", "--set", "limits.hosts=64")
    check("little memory: the frames of facts are kept", p.stdout.count('"evidence"') > 3 and "evidence_gone" not in p.stdout)


def restart(work):
    """A capture in two, with --state between: no record of the second half names frames of the first, whose file stays in front."""
    data, at, folder = read(SCENE), 24, work + "/restart"
    os.mkdir(folder)
    ends = [24]
    while at + 16 <= len(data):
        at += 16 + struct.unpack_from("<I" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">I", data, at + 8)[0]
        ends.append(at)
    cut, wrong, front = int(len(ends) * 0.6), [], {}
    for name, part in (("first.pcap", data[:ends[cut]]), ("second.pcap", data[:24] + data[ends[cut]:])):
        path = work + "/" + name
        with open(path, "wb") as f:
            f.write(part)
        p = subprocess.run([BIN, "-q", "-r", path, "-c", HOME + "/authority.yaml", "--state", work + "/state", "--set",
                            "evidence.folder=" + folder], capture_output=True, text=True, timeout=120)
        frames = pcap_frames(part)
        last = {r["incident"]["id"]: r for r in map(json.loads, p.stdout.splitlines())}
        files = {f: read(folder + "/" + f) for f in os.listdir(folder)}
        for i, r in ((i, r) for i, r in last.items() if r["event_type"] == "alert"):
            mine, name_of = files.get(i + ".pcapng", b""), r["incident"].get("evidence")
            old = front.get(i + ".pcapng", b"")
            if not mine.startswith(old) or name_of is None:
                wrong.append((name, i, "what was written before", name_of))
            elif len(mine) > len(old):
                got = [b for b, _ in pcapng(mine[len(old):])[1]]
                if not r["incident"].get("cut") and sorted(got) != sorted(frames[n - 1] for n in listed(r["incident"])):
                    wrong.append((name, i, "frames"))
            early = {f["id"] for f in r["incident"]["facts"] if not f["packets"] and f["count"]}
            if name == "second.pcap" and early and not r["incident"].get("evidence_gone"):
                wrong.append((name, i, "frames of before are not counted"))
        grown = sum(len(files[f]) > len(front[f]) for f in front)
        front = files
    check("a state between two captures: %d files, %d went on, each frame in the section of its run" % (len(front), grown),
          front and grown and not wrong, wrong[:3])


def trouble(work):
    p = run(work + "/nowhere", SCENE)
    check("a folder that is not there: told, status 2, nothing processed",
          p.returncode == 2 and p.stderr.count("nowhere: No such file or directory") == 1 and not p.stdout, p.stderr)
    folder = work + "/blocked"
    os.mkdir(folder)
    want = run(folder, SCENE).stdout.splitlines()
    for path in glob.glob(folder + "/*"):
        os.unlink(path)
        os.mkdir(path + ".new")    # what is written aside cannot be written
    p = run(folder, SCENE)
    check("files that cannot be written: told once, every record is there, without a path",
          p.stderr.count("without evidence") == 1 and len(p.stdout.splitlines()) == len(want) and '"evidence"' not in p.stdout, p.stderr)
    script = "mount -t tmpfs -o size=24k none %s && exec \"$@\"" % folder
    shutil.rmtree(folder)
    os.mkdir(folder)
    mine = ["unshare", "-m" if os.getuid() == 0 else "-rm", "sh", "-c", script, "sh"]
    if subprocess.run(mine + ["true"], stderr=subprocess.DEVNULL).returncode:
        global skipped
        skipped += 1
        print("skipped, no right to mount a small file system: a full disk")
        return
    count = "; ls -A %s" % folder
    p = subprocess.run(mine[:-2] + [script.replace("exec ", "") + count, "sh", BIN, "-q", "-r", SCENE, "-e", HOME + "/events.jsonl", "-c",
                                    HOME + "/authority.yaml", "--set", "evidence.folder=" + folder], capture_output=True, text=True)
    left = [l for l in p.stdout.splitlines() if not l.startswith("{")]
    told = [l for l in p.stdout.splitlines() if l.startswith("{")]
    check("a full disk: told once, every record is there, no half file stays",
          p.stderr.count("No space left on device") >= 1 and p.stderr.count("without evidence") <= 1 + p.stderr.count("written again") and
          len(told) == len(want) and left and all(l.endswith(".pcapng") for l in left), (p.stderr, left))


def kills(work, n=12):
    """Killed anywhere: every file is whole, and the next start leaves nothing unfinished."""
    folder, torn, seen = work + "/kills", [], 0
    os.mkdir(folder)
    rng = random.Random(7)
    start = time.monotonic()
    run(folder, SCENE)
    whole = time.monotonic() - start
    for _ in range(n):
        p = subprocess.Popen([BIN, "-q", "-r", SCENE, "-e", HOME + "/events.jsonl", "-c", HOME + "/authority.yaml", "--set",
                              "evidence.folder=" + folder], stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.2, 1.1) * whole)
        p.send_signal(signal.SIGKILL)
        p.wait()
        for path in glob.glob(folder + "/*.pcapng"):
            seen += 1
            try:
                if not pcapng(read(path))[1]:
                    torn.append(path)
            except ValueError as e:
                torn.append((path, e))
    run(folder, SCENE)
    check("%d kills: %d files, none torn, none unfinished after the next start" % (n, seen),
          seen and not torn and not glob.glob(folder + "/*.new"), torn[:3])


def live(records, folder, capture):
    """Frame numbers are the sensor's own: the bytes must be among those that were sent, as many as the record lists."""
    sent, n, last = set(pcap_frames(read(capture))), 0, {}
    for line in open(records):
        r = json.loads(line)
        last[r["incident"]["id"]] = r["incident"]
    for i in last.values():
        if "evidence" not in i or i.get("cut"):
            continue
        got = [p for p, _ in pcapng(read(i["evidence"]))[1]]
        if len(got) != len(listed(i)) or not set(got) <= sent:
            sys.exit("%s: %d frames, %d listed, %d of them were not sent" % (i["evidence"], len(got), len(listed(i)), len(set(got) - sent)))
        n += 1
    if sum("evidence" in i for i in last.values()) != len(os.listdir(folder)):
        sys.exit("%s: %s" % (folder, os.listdir(folder)))
    print("%d files" % n)


if sys.argv[1] == "--live":
    live(*sys.argv[2:])
    sys.exit()
BIN = os.path.abspath(sys.argv[1])
HOME = "pcaps/scenario/mitm6-default"
SCENE = HOME + "/capture.pcap"
with tempfile.TemporaryDirectory() as work:
    each_scene(work)
    bounds(work)
    restart(work)
    trouble(work)
    kills(work)
print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
sys.exit(bool(failed))
