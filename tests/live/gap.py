#!/usr/bin/env python3
"""Interfaces that come and go under a running sensor: one of two removed (the other is watched on), back as another link type,
a carrier lost.  In a network namespace of its own.

usage: gap.py CROSSTAP"""
import fcntl, json, os, signal, socket, struct, subprocess, sys, tempfile, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CAPTURE = "pcaps/scenario/mitm6-default/capture.pcap"
passed = failed = 0


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def skip(why):
    print("skipped, " + why)
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def enter():
    if os.environ.get("CROSSTAP_NETNS"):
        return
    for how in ("-nm", "-rnm"):
        if run("unshare", how, "ip", "link", "add", "ctprobe0", "type", "veth", "peer", "name", "ctprobe1").returncode == 0:
            os.execvpe("unshare", ["unshare", how, sys.executable, "-B"] + sys.argv, dict(os.environ, CROSSTAP_NETNS="1"))
    skip("no right to make a network namespace with a veth pair")


def check(ok, what, more=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok     " if ok else "FAILED ") + what + ("" if ok else ": " + more))


def pair(one, other):
    run("ip", "link", "add", one, "type", "veth", "peer", "name", other)
    for end in (one, other):
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % end, "w") as f:
            f.write("1")  # the kernel's own solicitations are no part of the test
        run("ip", "link", "set", end, "arp", "off", "up")


def frames():
    """The frames of the capture, in its order."""
    with open(CAPTURE, "rb") as f:
        data, at = f.read(), 24
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + n]
        at += 16 + n


def send(iface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((iface, 0))
    for i, f in enumerate(frames()):
        s.send(f)
        if i % 64 == 63:
            time.sleep(0.01)
    s.close()


def tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w") as f:
        f.write("1")
    run("ip", "link", "set", name, "up")
    return fd


class Sensor:
    def __init__(self, binary, work, *ifaces):
        self.out, self.err = os.path.join(work, "out"), os.path.join(work, "err")
        args = [x for i in ifaces for x in ("-i", i)]
        self.p = subprocess.Popen([binary, "-q", "-c", "pcaps/scenario/mitm6-default/authority.yaml", "--state", os.path.join(work, "state")] + args,
                                  stdout=open(self.out, "w"), stderr=open(self.err, "w"))

    def text(self):
        with open(self.err) as f:
            return f.read()

    def told(self, what, times=1, seconds=20):
        until = time.time() + seconds
        while time.time() < until:
            if self.text().count(what) >= times:
                return True
            time.sleep(0.1)
        return False

    def found(self, segment, seconds=5):
        """Is there a finding on that segment?"""
        until = time.time() + seconds
        while time.time() < until:
            with open(self.out) as f:
                for line in f:
                    if line.endswith("\n") and json.loads(line)["incident"]["segment"] == segment:
                        return True
            time.sleep(0.2)
        return False


def main():
    binary = os.path.realpath(sys.argv[1])
    enter()
    if run("mount", "-t", "sysfs", "sysfs", "/sys").returncode:  # that of before shows the interfaces of another namespace
        skip("no right to mount the namespace's own /sys")
    with tempfile.TemporaryDirectory() as work:
        pair("cta", "ctb")
        pair("ctc", "ctd")
        r = run(binary, "-q", "-i", "ctb", "-i", "ctnone", "-c", "pcaps/scenario/mitm6-default/authority.yaml")
        check(r.returncode == 2 and "ctnone" in r.stdout, "an interface that is not there at the first start ends it", r.stdout)

        s = Sensor(binary, work, "ctb", "ctd")
        check(s.told("watching 2 interfaces"), "two interfaces are watched", s.text())
        run("ip", "link", "del", "cta")
        check(s.told("ctb: not watched any more"), "one is removed: told", s.text())
        send("ctc")
        check(s.found("ctd/0"), "the other is watched on", s.text())
        check("engine: ended" not in s.text(), "by the same engine", s.text())

        run("ip", "link", "set", "ctc", "down")
        check(s.told("ctd: no carrier"), "the carrier is lost: told", s.text())
        run("ip", "link", "set", "ctc", "up")
        check(s.told("ctd: carrier is back"), "the carrier is back: told", s.text())

        if os.path.exists("/dev/net/tun"):
            fd = tun("ctb")
            check(s.told("ctb: it is back") and s.told("watching 2 interfaces", 2), "the interface is back as one without link headers: opened", s.text())
            time.sleep(0.5)
            for f in frames():
                if f[12:14] in (b"\x08\x00", b"\x86\xdd"):
                    os.write(fd, f[14:])
            check(s.found("ctb/0"), "and read: there are findings", s.text())
            check("is not read" not in s.text(), "its link type is known", s.text())
            os.close(fd)
            check(s.told("ctb: not watched any more", 2), "removed again: told again", s.text())
            send("ctc")
            check(s.told("engine: ended with status", 1, 1) and s.text().count("engine: ended") == 1, "which ends no engine", s.text())
        else:
            print("skipped, there is no /dev/net/tun: no other link type")
        run("ip", "link", "del", "ctc")
        check(s.told("engine: ended with status", 2 if os.path.exists("/dev/net/tun") else 1), "the last one is removed: a new engine waits for it", s.text())
        pair("ctc", "ctd")
        check(s.told("watching 2 interfaces", 3 if os.path.exists("/dev/net/tun") else 2, 40), "it is back: watched", s.text())
        check(s.told("1 of 2 interfaces are watched", 1), "without the other, which is told", s.text())
        s.p.send_signal(signal.SIGTERM)
        check(s.p.wait(30) == 0, "TERM ends it", s.text())
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
