#!/usr/bin/env python3
"""Damaged packets, read by crosstap and by tshark: where tshark finds a message well-formed, both must say the same of it.

usage: differ.py --bin crosstap [--copies N] [--seed N] [--show N] [--keep DIR] [--all] PCAPS_DIR

Every UDP, ICMPv6 and 6in4 packet of the golden captures is copied N times with one to four bytes of its message changed (counts,
lengths, codes and values alike; checksums are put right, so that both readers look).  ../shared/pcaps/make_oracle.py lets tshark
speak; messages and keys are compared as ../shared/score/parity.py does, and what tshark calls malformed is not.  A difference of
meaning is explained in explained-differ.jsonl: protocol, what (a key, `missing` or `spurious`; "*" for all), patterns that what
tshark said (`oracle`) and what we said (`ours`) must hold, and why.  With --all, each explanation must have been needed.
Last line: `N passed, N failed`; without ../shared or tshark the comparison is skipped."""
import argparse, collections, json, os, random, re, shutil, struct, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get("CROSSTAP_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
sys.path.insert(0, HERE)
from golden import packets, write  # noqa: E402

ETHERNET = 1


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def layers(frame):
    """(offset of the layer 4 header, its protocol, pseudo header without length) of a plain, whole Ethernet frame, or None"""
    if len(frame) < 34:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[14] >> 4 == 4:
        size = (frame[14] & 15) * 4
        if struct.unpack_from("!H", frame, 20)[0] & 0x3FFF or struct.unpack_from("!H", frame, 16)[0] + 14 > len(frame):
            return None
        return 14 + size, frame[23], frame[26:34]
    if kind == 0x86DD and len(frame) >= 54 and struct.unpack_from("!H", frame, 18)[0] + 54 <= len(frame):
        return 54, frame[20], frame[22:54]
    return None


def message(frame):
    """where the message begins, and a function that puts the checksum right; None for what is not changed"""
    at = layers(frame)
    if at is None:
        return None
    off, proto, pseudo = at
    ends = off + (struct.unpack_from("!H", frame, off + 4)[0] if proto == 17 else len(frame) - off)
    sums = {17: off + 6, 58: off + 2}
    if proto == 41:
        return off + 40, len(frame), lambda f: f
    if proto not in sums or ends > len(frame):
        return None

    def mend(data):
        where = sums[proto]
        if proto == 17 and data[where:where + 2] == b"\0\0":
            return data
        blank = data[:where] + b"\0\0" + data[where + 2:]
        body = blank[off:ends]
        tail = struct.pack("!HH", len(body), proto) if len(pseudo) == 8 else struct.pack("!II", len(body), proto)
        head = pseudo + (struct.pack("!H", proto) + struct.pack("!H", len(body)) if len(pseudo) == 8 else tail)
        return blank[:where] + struct.pack("!H", checksum(head + body) or 0xFFFF) + blank[where + 2:]
    return off + (8 if proto == 17 else 1), ends, mend


def change(frame, where, rng):
    begin, end, mend = where
    data = bytearray(frame)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(begin, end)
        data[at] = rng.choice(((data[at] + 1) & 255, (data[at] - 1) & 255, data[at] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255))
    return mend(bytes(data))


def damaged(folder, copies, rng):
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not re.search(r"\.pcap(ng)?$", name) or os.path.basename(where) in ("scenario", "shim", "mirror") or "scenario" in where:
                continue
            for link, frame, wire in packets(os.path.join(where, name)):
                place = message(frame) if link == ETHERNET and len(frame) == wire else None
                if place is None or place[0] >= place[1]:
                    continue
                for _ in range(copies):
                    yield change(frame, place, rng), wire


def explained(rules, used, proto, what, oracle, ours):
    for i, rule in enumerate(rules):
        if rule["proto"] in (proto, "*") and rule["what"] in (what, "*") and re.search(rule.get("oracle", ""), oracle) \
                and re.search(rule.get("ours", ""), ours):
            used[i] += 1
            return True
    return False


def compare(parity, want, have, rules, used):
    """counts, and a line for each difference that nothing explains"""
    counts, shown = collections.Counter(), []
    ours = collections.defaultdict(list)
    for r in have:
        if parity.asked(r):
            ours[parity.key(r)].append(r)
    text = lambda r: json.dumps(r, sort_keys=True)
    frames = collections.defaultdict(list)
    for r in have:
        frames[r["frame"]].append(text(r))
    soft = {(w["frame"], w["proto"]) for w in want if parity.soft(w, False)}
    for w in want:
        got = ours[parity.key(w)].pop(0) if ours[parity.key(w)] else None
        if (w["frame"], w["proto"]) in soft:
            counts["damaged for tshark"] += 1
            continue
        counts["messages"] += 1
        if got is None:
            good = explained(rules, used, w["proto"], "missing", text(w), " ".join(frames[w["frame"]]))
            counts["explained" if good else "differences"] += 1
            shown += [] if good else ["MISSING %s" % text(w)]
            continue
        for k, look in parity.compared(w):
            counts["keys"] += 1
            if look(got.get(k)) == look(w[k]):
                continue
            good = explained(rules, used, w["proto"], k, text(w), text(got))
            counts["explained" if good else "differences"] += 1
            shown += [] if good else ["%d %s %s: tshark %s, crosstap %s" % (w["frame"], w["proto"], k, json.dumps(w[k]), json.dumps(got.get(k)))]
    for rest in ours.values():
        for r in rest:
            if r["proto"] in parity.TYPE.keys() | {"dns", "nbns", "teredo", "6in4"} and (r["frame"], r["proto"]) not in soft:
                good = explained(rules, used, r["proto"], "spurious", "", text(r))
                counts["explained" if good else "differences"] += 1
                shown += [] if good else ["SPURIOUS %s" % text(r)]
    return counts, shown


def read(path):
    with open(path, errors="replace") as f:
        return [json.loads(line) for line in f]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", required=True)
    p.add_argument("--copies", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--show", type=int, default=20)
    p.add_argument("--keep")
    p.add_argument("--all", action="store_true")
    p.add_argument("folder")
    a = p.parse_args()
    oracle, score = os.path.join(SHARED, "pcaps", "make_oracle.py"), os.path.join(SHARED, "score")
    if not (os.path.exists(oracle) and shutil.which("tshark")):
        print("skipped, %s" % ("no corpus" if shutil.which("tshark") else "no tshark"))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    sys.dont_write_bytecode = True
    sys.path.insert(0, score)
    import parity
    rules = read(os.path.join(HERE, "explained-differ.jsonl"))
    used = collections.Counter()
    work = a.keep or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True)
    try:
        path = os.path.join(work, "damaged.pcap")
        write(path, ETHERNET, list(damaged(a.folder, a.copies, random.Random(a.seed))))
        subprocess.run([sys.executable, "-B", oracle, path], check=True, stdout=subprocess.DEVNULL)
        ran = subprocess.run([a.bin, "-q", "-r", path, "--dissect"], capture_output=True, timeout=600)
        have = list(parity.records(ran.stdout.decode("utf-8", "replace").splitlines()))
        want = list(parity.records(open(path + ".oracle.jsonl", errors="replace")))
        counts, shown = compare(parity, want, have, rules, used)
    finally:
        if not a.keep:
            shutil.rmtree(work)
    idle = [r for i, r in enumerate(rules) if not used[i]] if a.all else []
    for line in shown[:a.show] + ["explained, but not seen: %s" % json.dumps(r) for r in idle]:
        print("FAILED " + line)
    print(", ".join("%s %d" % c for c in sorted(counts.items())))
    failed = (ran.returncode not in (0, 1)) + counts["differences"] + len(idle)
    print("%d passed, %d failed" % (counts["keys"] + counts["messages"] - counts["explained"] - counts["differences"], failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
