#!/usr/bin/env python3
"""TCP streams say the same however they are cut: each capture with TCP is sent again in other segments, and the messages of
each direction must be the ones that it had.

usage: segments.py --bin crosstap [--skip SUBSTR] [--show N] CAPTURE_OR_DIR...

Ways:   bytes     segments of one byte
        reversed  pieces of 5 bytes, those of a segment from the last to the first
        mixed     pieces of 1 to 40 bytes, every window of 8 shuffled, every third one sent twice, across segments
        doubled   every frame twice, as of two mirrored ports
        tagged    the mixed one behind two VLAN tags
Each direction gets a SYN where its first segment has none: without one the first segment is where we came in, and there is
nothing to be put in order.  Not for streams that contradict themselves, nor for TLS behind
another protocol (STARTTLS), which is looked for where a segment begins.  Frames that are no TCP, fragments, and captures that a snap length cut stay as they are.
Last line: `N passed, N failed`.
"""
import argparse, json, os, random, struct, subprocess, sys, tempfile

PREFIX = 12000      # of each direction; what crosstap is sure to look at
MARKS = ("frame", "ts", "timestamp", "midstream", "vlan", "stream", "file")

def packets(path):
    """(link type, time, bytes, wire length); None for what is no plain Ethernet pcap"""
    data = open(path, "rb").read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if order is None or struct.unpack_from(order + "I", data, 20)[0] & 0xffff != 1:
        return None
    nano, off, all_of = data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"), 24, []
    while off + 16 <= len(data):
        sec, part, cap, wire = struct.unpack_from(order + "IIII", data, off)
        all_of.append((sec * 10**9 + part * (1 if nano else 1000), data[off + 16:off + 16 + cap], wire))
        off += 16 + cap
    return all_of

class Segment:
    """Ethernet, IPv4 or IPv6 without extension headers, TCP; `good` where it is one, whole"""
    def __init__(self, frame, wire):
        self.frame, self.good = frame, False
        at = 12
        while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        self.tags, kind, self.ip = at, frame[at:at + 2], at + 2
        h = frame[self.ip:]
        if kind == b"\x08\x00" and len(h) >= 20 and h[9] == 6 and struct.unpack_from(">H", h, 6)[0] & 0x3fff == 0:
            self.v6, total, self.tcp = False, struct.unpack_from(">H", h, 2)[0], (h[0] & 15) * 4
            ends = h[12:20]
        elif kind == b"\x86\xdd" and len(h) >= 40 and h[6] == 6:
            self.v6, total, self.tcp = True, 40 + struct.unpack_from(">H", h, 4)[0], 40
            ends = h[8:40]
        else:
            return
        if len(frame) < wire or len(h) < total or total < self.tcp + 20:
            return
        t = h[self.tcp:total]
        head = (t[12] >> 4) * 4
        if head < 20 or head > len(t):
            return
        half = len(ends) // 2
        (self.seq, self.ack), self.flags, self.data = struct.unpack_from(">II", t, 4), t[13], t[head:]
        self.a, self.b = (ends[:half], t[0:2]), (ends[half:], t[2:4])
        self.way = (frame[12:self.tags], self.a, self.b)
        self.header, self.good = frame[:self.ip] + h[:self.tcp], True
        self.start = self.seq + (1 if self.flags & 2 else 0)

    def piece(self, off, data, flags=0x10):
        """a frame with these bytes; checksums stay as they are, nobody looks at them"""
        head = bytearray(self.header)
        n = self.tcp + 20 + len(data)
        struct.pack_into(">H", head, self.ip + (4 if self.v6 else 2), n - 40 if self.v6 else n)
        t = self.a[1] + self.b[1] + struct.pack(">IIHHHH", (self.start + off) & 0xffffffff, self.ack, 0x5000 | flags, 8192, 0, 0)
        return bytes(head) + t + data

def cuts(data, size):
    off = 0
    while off < len(data):
        n = size()
        yield off, data[off:off + n]
        off += n

def again(frames, way):
    """the capture in other segments: (time, bytes, wire length)"""
    draw, opened, sent, held = random.Random(7), set(), {}, []
    sizes = {"bytes": lambda: 1, "reversed": lambda: 5, "mixed": lambda: draw.randint(1, 40), "tagged": lambda: draw.randint(1, 40)}

    def flush():
        for i in range(0, len(held), 8):
            window = held[i:i + 8]
            draw.shuffle(window)
            for k, (ts, p) in enumerate(window):
                for _ in range(2 if k % 3 == 2 else 1):
                    yield ts, p, len(p)
        held.clear()

    side = None
    for ts, frame, wire in frames:
        s = Segment(frame, wire)
        if way == "doubled" or not s.good or (not s.data and not s.flags & 7):
            yield from flush()
            for _ in range(2 if way == "doubled" else 1):
                yield ts, frame, wire
            continue
        if s.way != side or s.flags & 7:
            yield from flush()
            side = s.way
        if s.way not in opened and not s.flags & 2:
            p = s.piece(-1, b"", 0x12 if (s.way[0], s.b, s.a) in opened else 2)
            yield ts, p, len(p)
        if s.flags & 2:
            p = s.piece(-1, b"", s.flags & 0x12)
            yield ts, p, len(p)
            sent.pop(s.way, None)
            if s.flags & 16:
                opened.add((s.way[0], s.b, s.a))    # the answer says where it began
        opened.add(s.way)
        if s.flags & 5 and not s.data:
            yield ts, frame, wire
        if sent.get(s.way, 0) > PREFIX:
            yield ts, frame, wire
            continue
        sent[s.way] = sent.get(s.way, 0) + len(s.data)
        pieces = [s.piece(off, part) for off, part in cuts(s.data, sizes[way])]
        if way == "reversed":
            pieces.reverse()
        if way in ("mixed", "tagged"):
            held.extend((ts, p) for p in pieces)
        else:
            for p in pieces:
                yield ts, p, len(p)
    yield from flush()

def write(path, frames, tag):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for ts, data, wire in frames:
            if tag:
                data, wire = data[:12] + b"\x88\xa8\x00\x64\x81\x00\x00\x0c" + data[12:], wire + 8
            f.write(struct.pack("<IIII", ts // 10**9, ts % 10**9, len(data), wire) + data)

def messages(binary, path, ports):
    """what each direction says over TCP, of those between these ports"""
    p = subprocess.run([binary, "-q", "-r", path, "--dissect"], capture_output=True, timeout=300)
    if p.returncode not in (0, 1):
        return {"died": [p.stderr.decode("utf-8", "replace")[-500:]]}
    out = {}
    for line in p.stdout.decode("utf-8").splitlines():
        r = json.loads(line)
        if r.get("l4", "tcp") == "tcp" and (r.get("sport"), r.get("dport")) in ports:
            key = "%s %s %s %s" % (r["src"], r["sport"], r["dst"], r["dport"])
            out.setdefault(key, []).append(json.dumps({k: v for k, v in r.items() if k not in MARKS}, sort_keys=True))
    return out

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--skip", action="append", default=[])
    ap.add_argument("--show", type=int, default=3)
    ap.add_argument("path", nargs="+")
    a = ap.parse_args()
    files = []
    for p in a.path:
        files += [p] if os.path.isfile(p) else [os.path.join(d, n) for d, _, ns in os.walk(p) for n in ns]
    passed = failed = total = 0
    with tempfile.TemporaryDirectory() as tmp:
        work = os.path.join(tmp, "work.pcap")
        for path in sorted(f for f in files if f.endswith((".pcap", ".cap")) and not any(s in f for s in a.skip)):
            frames = packets(path)
            segments = [s for s in (Segment(p, w) for _, p, w in frames or []) if s.good]
            ports = {(int.from_bytes(s.a[1], "big"), int.from_bytes(s.b[1], "big")) for s in segments}
            want = messages(a.bin, path, ports) if ports else None
            if not want:
                continue
            total += sum(len(v) for v in want.values())
            for way in ("bytes", "reversed", "mixed", "doubled", "tagged"):
                write(work, again(frames, way), way == "tagged")
                have = messages(a.bin, work, ports)
                bad = [k for k in sorted(set(want) | set(have)) if want.get(k) != have.get(k)]
                passed, failed = passed + (not bad), failed + bool(bad)
                if bad:
                    print("FAILED %s %s: %d directions" % (way, path, len(bad)))
                for k in bad[:a.show]:
                    w, h = want.get(k, []), have.get(k, [])
                    i = next((i for i in range(min(len(w), len(h))) if w[i] != h[i]), min(len(w), len(h)))
                    print("    %s, message %d of %d: expected %s\n        got %s" % (k, i + 1, len(w), (w[i:i + 1] or ["none"])[0][:300], (h[i:i + 1] or ["none"])[0][:300]))
    print("%d messages" % total)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    sys.exit(main())
