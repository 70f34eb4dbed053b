"""Writes PARITY.md: what the judge counts over the public captures, why each explained line is right, and for each TLS message
that was found at another frame the segments that came out of order.  These are looked up here, by a reader of capture files and
TCP headers of its own, so that neither crosstap nor the oracle is asked about itself.

usage: parity_md.py CROSSTAP SHARED [--to FILE]     exit status 1: the judge is not content, or a moved message has no such segment
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
    """(sequence number, bytes of data) of that direction's segment in the packet, whatever is wrapped around it; or None.  Its IP
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
                return seq + syn & 0xFFFFFFFF, max(0, total - tcp - 4 * (packet[tcp + 12] >> 4))
        at = packet.find(both, at + 1)
    return None


def out_of_order(path, record, until):
    """numbers of the direction's frames up to `until` that begin before or behind the next byte that is due"""
    src, dst = ipaddress.ip_address(record["src"]), ipaddress.ip_address(record["dst"])
    due, odd = None, []
    for n, packet in frames(path):
        if n > until:
            break
        got = segment(packet, src, dst, record["sport"], record["dport"])
        if got is None or got[1] == 0:
            continue
        seq, size = got
        if due is None:
            due = seq
        ahead = (seq - due) & 0xFFFFFFFF
        if ahead:
            odd.append((n, "%+d" % (ahead if ahead < HALF else ahead - 2 * HALF)))
        if (seq + size - due) & 0xFFFFFFFF < HALF:
            due = seq + size & 0xFFFFFFFF
    return odd


def load(lines):
    for line in lines:
        try:
            r = json.loads(line)
        except ValueError:
            continue
        if isinstance(r, dict) and r.get("proto") == "tls" and "frame" in r:
            yield r


def moved_in(binary, path):
    """(oracle record, our record) of messages that both know of, at different frames of one direction"""
    want = [r for r in load(open(path + ".oracle.jsonl", errors="replace"))]
    if not want:
        return []
    soft = ("malformed", "truncated", "quoted", "via")
    done = subprocess.run([binary, "-q", "-r", path, "--dissect=tls"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    have = collections.defaultdict(list)
    for r in load(done.stdout.decode("utf-8", "replace").splitlines()):
        have[r["frame"], r.get("hs_type")].append(r)
    lost = []
    for w in sorted(want, key=lambda r: any(r.get(m) for m in soft) or r.get("over") != "tcp"):
        if have[w["frame"], w.get("hs_type")]:
            have[w["frame"], w.get("hs_type")].pop(0)
        elif not any(w.get(m) for m in soft) and w.get("over") == "tcp":
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
                odd = out_of_order(path, w, max(w["frame"], r["frame"]))
                rows.append((os.path.relpath(path, root), w, r, odd))
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
    out.write("The oracle does not wait for segments that come out of order; crosstap tells a message when all bytes before its end are\n")
    out.write("there. Behind each frame number: how many bytes it begins before (-) or behind (+) the next byte that was due.\n\n")
    out.write("| capture | direction | message | oracle | ours | segments of it out of order |\n|---|---|---|---|---|---|\n")
    for path, w, r, odd in rows:
        text = ", ".join("%d (%s)" % o for o in odd[-SHOWN:]) or "NONE"
        if len(odd) > SHOWN:
            text = "%d earlier ones, " % (len(odd) - SHOWN) + text
        out.write("| %s | %s | %s | %d | %d | %s |\n" % (cell(path), ends(w), w.get("hs", w.get("hs_type")), w["frame"], r["frame"], text))
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
    print("%d moved messages, %d of them without a segment out of order; written to %s" % (len(rows), len(bare), target))
    return 1 if done.returncode or bare else 0


if __name__ == "__main__":
    sys.exit(main())
