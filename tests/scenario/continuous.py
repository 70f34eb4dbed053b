#!/usr/bin/env python3
"""-r DIR --pcap-continuous: files that are made, grow, are cut inside a record for a while and are moved in must end in the same
bytes as a replay of the finished folder; TERM ends it cleanly.

usage: continuous.py CROSSTAP"""
import os, signal, struct, subprocess, sys, tempfile, time

CASE = "pcaps/scenario/mitm6-default"
passed = failed = 0


def check(ok, what, more=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok     " if ok else "FAILED ") + what + ("" if ok else ": " + more))


def pieces(data, bounds):
    """The capture as captures of following frames, cut at these seconds: each but the first makes findings."""
    at, cuts, first = 24, [24], struct.unpack_from("<I", data, 24)[0]
    while at + 16 <= len(data):
        seconds, _, length = struct.unpack_from("<III", data, at)
        if len(cuts) <= len(bounds) and seconds - first >= bounds[len(cuts) - 1]:
            cuts.append(at)
        at += 16 + length
    return [data[:24] + data[a:b] for a, b in zip(cuts, cuts[1:] + [at])]


def wait(path, size, seconds=20):
    until = time.time() + seconds
    while os.path.getsize(path) < size and time.time() < until:
        time.sleep(0.1)
    return os.path.getsize(path) >= size


def main():
    binary = sys.argv[1]
    with open(CASE + "/capture.pcap", "rb") as f:
        parts = pieces(f.read(), (10, 17, 20))
    with tempfile.TemporaryDirectory() as work:
        folder, out, err = (os.path.join(work, x) for x in ("tap", "out", "err"))
        os.mkdir(folder)
        names = [os.path.join(folder, "%s.pcap" % x) for x in ("d", "c", "b", "a")]  # by time, against the alphabet
        with open(names[0], "wb") as f:
            f.write(parts[0])
        command = [binary, "-q", "-c", CASE + "/authority.yaml", "-r", folder]
        p = subprocess.Popen(command + ["--pcap-continuous"], stdout=open(out, "w"), stderr=open(err, "w"))
        text = lambda: open(err).read()
        time.sleep(1)
        with open(names[1], "wb", 0) as f:
            for a, b in ((0, 10), (10, 24), (24, 31), (31, 60), (60, 20000), (20000, len(parts[1]))):  # in a header, in a record
                f.write(parts[1][a:b])
                time.sleep(0.3)
        check(wait(out, 1), "it tells of what is there while files still come", text())
        before = os.path.getsize(out)
        with open(names[2], "wb") as f:
            f.write(parts[2])
        moved = os.path.join(work, "moved")
        with open(moved, "wb") as f:
            f.write(parts[3])
        time.sleep(1)
        os.rename(moved, names[3])
        time.sleep(2)
        check(p.poll() is None and os.path.getsize(out) > before, "and of those that come later, and waits on", text())
        p.send_signal(signal.SIGTERM)
        check(p.wait(30) == 0, "TERM ends it with 0", text())
        whole = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(whole.returncode == 0 and whole.stdout and open(out, "rb").read() == whole.stdout, "the same bytes as from the finished folder", text())
        r = subprocess.run([binary, "-q", "-r", names[0], "--pcap-continuous"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        check(r.returncode == 2 and "d.pcap" in r.stderr, "a file instead of a folder is refused", r.stderr)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
