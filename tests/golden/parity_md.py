"""Writes PARITY.md: what the judge counts over the public captures, why each explained line is right, and for each TLS message
that was found at another frame what the segments say: those that came out of order, and in which frames the message's own bytes
and those of its record (which may hold more messages) are complete.  That is worked out here, by a reader of capture files, TCP
headers and TLS records of its own, so that neither crosstap nor the oracle is asked about itself.

usage: parity_md.py CROSSTAP SHARED [--to FILE]     exit status 1: the judge is not content, or a moved message is not explained
"""
import collections
import ipaddress
import json
import os
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHOWN = 12  # frames listed of one message
HALF = 1 << 31
KEPT = 1 << 17  # bytes of a direction that are put in order


def frames(path):
    """(number, bytes) of each frame of a pcap or pcapng file, as far as it is whole"""
    data = open(path, "rb").read()
    magic = data[:4]
    for order in "<>":
        if struct.pack(order + "I", 0xA1B2C3D4) == magic or struct.pack(order + "I", 0xA1B23C4D) == magic:
            at, n = 24, 0
            while at + 16 <= len(data):
                size = struct.unpack_from(order + "I", data, at + 8)[0]
                n += 1
                yield n, data[at + 16:at + 16 + size]
                at += 16 + size
            return
    at, n, order = 0, 0, "<"
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + "I", data, at)[0]
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        size = struct.unpack_from(order + "I", data, at + 4)[0]
        if size < 12:
            return
        if kind in (2, 6):  # packet, enhanced packet
            n += 1
            cap = struct.unpack_from(order + "I", data, at + 20)[0]
            yield n, data[at + 28:at + 28 + cap]
        elif kind == 3:
            n += 1
            yield n, data[at + 12:at + size - 4]
        at += size


def segment(packet, src, dst, sport, dport):
    """(sequence number, data, its length on the wire) of that direction's segment in the packet, whatever is wrapped around it; or None.  Its IP
    header is where both addresses stand behind one another."""
    both = src.packed + dst.packed
    at = packet.find(both)
    while at >= 0:
        if src.version == 4:
            ip, tcp, total = at - 12, 0, 0
            if ip >= 0 and packet[ip] >> 4 == 4 and packet[ip + 9] == 6:
                tcp = ip + 4 * (packet[ip] & 15)
                total = ip + struct.unpack_from(">H", packet, ip + 2)[0]
        else:
            ip, tcp, total = at - 8, 0, 0
            if ip >= 0 and packet[ip] >> 4 == 6 and packet[ip + 6] == 6:
                tcp = ip + 40
                total = tcp + struct.unpack_from(">H", packet, ip + 4)[0]
        if tcp and tcp + 14 <= len(packet):
            ports = struct.unpack_from(">HH", packet, tcp)
            if ports == (sport, dport):
                seq = struct.unpack_from(">I", packet, tcp + 4)[0]
                syn = packet[tcp + 13] >> 1 & 1
                data = tcp + 4 * (packet[tcp + 12] >> 4)
                return seq + syn & 0xFFFFFFFF, packet[data:max(data, total)], max(0, total - data)
        at = packet.find(both, at + 1)
    return None


class Direction:
    """The beginning of one direction: its bytes in order, in which frame each of them was there with all before it, and the frames
    that begin before (-) or behind (+) the next byte that was due."""

    def __init__(self, path, record, until):
        src, dst = ipaddress.ip_address(record["src"]), ipaddress.ip_address(record["dst"])
        self.data, self.there, self.odd = bytearray(), [], []  # there: (offset behind, frame)
        first, due, waiting = None, 0, {}
        for n, packet in frames(path):
            if n > until:
                break
            got = segment(packet, src, dst, record["sport"], record["dport"])
            if got is None or got[2] == 0:
                continue
            if first is None:
                first = got[0]
            at = (got[0] - first + HALF & 0xFFFFFFFF) - HALF
            if at != due:
                self.odd.append((n, "%+d" % (at - due)))
            due = max(due, at + got[2])
            if len(self.data) < KEPT:
                waiting.setdefault(at, got[1])
                self.join(waiting, n)

    def join(self, waiting, n):
        before = len(self.data)
        for at in sorted(waiting):
            if at > len(self.data):
                break
            self.data += waiting.pop(at)[len(self.data) - at:] if at >= 0 else b""
        if len(self.data) > before:
            self.there.append((len(self.data), n))

    def frame_of(self, offset):
        """the frame with which everything before the offset was there"""
        return next((n for end, n in self.there if end >= offset), None)

    def messages(self):
        """(type, frame of its last byte, frame of its record's last byte, bytes of that record)"""
        at, body, spans = 0, bytearray(), []  # spans: (handshake offset behind, stream offset of its first byte, record's end, bytes)
        while at + 5 <= len(self.data) and self.data[at] == 22:
            size = int.from_bytes(self.data[at + 3:at + 5], "big")
            body += self.data[at + 5:at + 5 + size]
            spans.append((len(body), at + 5 - (len(body) - len(self.data[at + 5:at + 5 + size])), at + 5 + size, size))
            at += 5 + size
        at = 0
        while at + 4 <= len(body):
            end = at + 4 + int.from_bytes(body[at + 1:at + 4], "big")
            for behind, shift, record_end, size in spans:
                if end <= behind:
                    yield body[at], self.frame_of(end + shift), self.frame_of(record_end), size
                    break
            at = end


def reason(direction, w, r):
    """in words, '' where there is none"""
    said = []
    odd = [o for o in direction.odd if o[0] <= max(w["frame"], r["frame"])]
    whole = [m for m in direction.messages() if m[0] == w.get("hs_type") and m[1] == r["frame"]]
    if whole and whole[0][2] == w["frame"] and whole[0][1] != whole[0][2]:
        said.append("its own bytes are complete in frame %d, its record of %d bytes, which holds more, in frame %d" %
                    (whole[0][1], whole[0][3], whole[0][2]))
    if odd:
        text = ", ".join("%d (%s)" % o for o in odd[-SHOWN:])
        said.append("out of order: " + ("%d earlier ones, " % (len(odd) - SHOWN) if len(odd) > SHOWN else "") + text)
        if whole:
            said.append("all bytes are there with frame %d" % whole[0][1])
    return "; ".join(said)


def load(lines):
    for line in lines:
        try:
            r = json.loads(line)
        except ValueError:
            continue
        if isinstance(r, dict) and r.get("proto") == "tls" and "frame" in r:
            yield r


def soft(r):
    """what the judge does not judge: damaged, guessed, over QUIC, behind an HTTP CONNECT"""
    return any(r.get(m) for m in ("malformed", "truncated", "quoted", "via")) or r.get("over") != "tcp" or \
        "http" in (r.get("path") or "").split(":")


def moved_in(binary, path):
    """(oracle record, our record) of messages that both know of, at different frames of one direction"""
    want = [r for r in load(open(path + ".oracle.jsonl", errors="replace"))]
    if not want:
        return []
    done = subprocess.run([binary, "-q", "-r", path, "--dissect=tls"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    have = collections.defaultdict(list)
    for r in load(done.stdout.decode("utf-8", "replace").splitlines()):
        have[r["frame"], r.get("hs_type")].append(r)
    lost = []
    for w in sorted(want, key=soft):
        if have[w["frame"], w.get("hs_type")]:
            have[w["frame"], w.get("hs_type")].pop(0)
        elif not soft(w):
            lost.append(w)
    left, pairs = [r for rs in have.values() for r in rs], []
    for w in lost:
        for r in left:
            if all(r.get(k) == w.get(k) for k in ("src", "dst", "sport", "dport", "hs_type")):
                left.remove(r)
                pairs.append((w, r))
                break
    return pairs


def moved(binary, root):
    rows = []
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.exists(path + ".oracle.jsonl"):
                continue
            for w, r in moved_in(binary, path):
                rows.append((os.path.relpath(path, root), w, r, reason(Direction(path, w, max(w["frame"], r["frame"])), w, r)))
    return rows


def ends(r):
    wrap = "[%s]:%s" if ":" in r["src"] else "%s:%s"
    return wrap % (r["src"], r["sport"]) + " to " + wrap % (r["dst"], r["dport"])


def cell(text):
    return str(text).replace("|", "\\|")


def write(out, judged, explained, rows):
    out.write("# What others read in the same captures\n\n")
    out.write("Made by `sh tests/golden/parity.sh CROSSTAP --write`; every public capture, every protocol, nothing left out.\n")
    out.write("tshark wrote the oracle beside each capture; `JA4` are values that others published.\n\n```\n")
    out.write("\n".join(judged) + "\n```\n\n")
    out.write("`soft`: marked damaged, cut or guessed by the oracle itself, or inside a carrier that nobody asks for: not judged.\n\n")
    out.write("## Explained: the oracle is wrong\n\n| capture | frame | protocol | what | why |\n|---|---|---|---|---|\n")
    for e in explained:
        out.write("| %s |\n" % " | ".join(cell(e[k]) for k in ("file", "frame", "proto", "what", "why")))
    out.write("\n## Moved: the same message, told at another frame\n\n")
    out.write("The oracle does not wait for segments that come out of order, and tells all messages of one record when the record is\n")
    out.write("complete (RFC 5246 6.2.1 lets a record hold several); crosstap tells a message when all bytes up to its end are there.\n")
    out.write("Behind a frame number: how many bytes it begins before (-) or behind (+) the next byte that was due.\n\n")
    out.write("| capture | direction | message | oracle | ours | why |\n|---|---|---|---|---|---|\n")
    for path, w, r, why in rows:
        out.write("| %s | %s | %s | %d | %d | %s |\n" % (cell(path), ends(w), w.get("hs", w.get("hs_type")), w["frame"], r["frame"], why or "NOT EXPLAINED"))
    if not rows:
        out.write("| none | | | | | |\n")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    binary, shared = sys.argv[1:3]
    target = sys.argv[4] if sys.argv[3:4] == ["--to"] else os.path.join(HERE, "PARITY.md")
    public = os.path.join(shared, "pcaps", "public")
    why = os.path.join(HERE, "explained.jsonl")
    done = subprocess.run([sys.executable, "-B", os.path.join(shared, "score", "parity.py"), "--bin", binary, "--show", "0",
                           "--explained", why, public], stdout=subprocess.PIPE, check=False)
    judged = done.stdout.decode().splitlines()
    explained = [json.loads(line) for line in open(why) if line.strip()]
    rows = moved(binary, public)
    with open(target, "w", encoding="utf-8") as out:
        write(out, judged, explained, rows)
    bare = [row for row in rows if not row[3]]
    print("\n".join(judged))
    print("%d moved messages, %d of them not explained; written to %s" % (len(rows), len(bare), target))
    return 1 if done.returncode or bare else 0


if __name__ == "__main__":
    sys.exit(main())
