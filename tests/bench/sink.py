#!/usr/bin/env python3
"""Alerts a second: formatted and sent to a process that looks at nothing, as fast as it goes; then offered to a real rsyslogd on
loopback at a fixed rate, and counted in its file by their sequence numbers.  Over TCP none may be missing.
usage: sink.py BENCH_SINK [SECONDS [RATE]]"""
import os, re, shutil, signal, subprocess, sys, tempfile, time

BENCH, SECONDS = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 2
RATE = int(sys.argv[3]) if len(sys.argv) > 3 else 150000
KINDS = [("udp", "json"), ("udp", "cef"), ("tcp", "json"), ("tcp", "cef")]
SAID = re.compile(r"(\d+) alerts of (\d+) bytes in ([\d.]+) s: (\d+) a second, (\d+) in a second of CPU, (.*)")
passed = failed = 0
CONF = """global(workDirectory="%(work)s" maxMessageSize="64k")
module(load="imudp") module(load="imtcp")
main_queue(queue.type="fixedArray" queue.size="200000" queue.dequeueBatchSize="4096")
template(name="number" type="string" string="%%structured-data:1:40%%\\n")
input(type="imudp" address="127.0.0.1" port="%(port)d" rcvbufSize="64m" ruleset="udp")
input(type="imtcp" address="127.0.0.1" port="%(port)d" ruleset="tcp")
ruleset(name="udp" queue.type="fixedArray" queue.size="400000" queue.dequeueBatchSize="4096") {
  action(type="omfile" file="%(work)s/udp" template="number" ioBufferSize="256k" flushOnTXEnd="off" asyncWriting="on" flushInterval="1") }
ruleset(name="tcp" queue.type="fixedArray" queue.size="100000" queue.dequeueBatchSize="4096") {
  action(type="omfile" file="%(work)s/tcp" template="number" ioBufferSize="256k" flushOnTXEnd="off" asyncWriting="on" flushInterval="1") }
"""


def bench(*args):
    out = subprocess.run([BENCH, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    m = SAID.match(out.stdout)
    if not m:
        sys.exit("%s %s: %s" % (BENCH, args, out.stdout + out.stderr))
    return m.groups()


def count(path):
    """Different numbers in rsyslogd's file, once it has not grown for two seconds."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < 2:
        now = os.path.getsize(path) if os.path.exists(path) else 0
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.2)
    return len(set(re.findall(r'sequenceId="(\d+)"', open(path).read()))) if size > 0 else 0


print("to a process that looks at nothing")
print("%-5s %-5s %6s %12s %18s" % ("", "", "bytes", "alerts/s", "alerts/s of CPU"))
for transport, form in KINDS:
    n, size, s, rate, cpu, lost = bench(transport, form, "127.0.0.1", 0, 0, SECONDS)
    print("%-5s %-5s %6s %12s %18s  %s" % (transport, form, size, rate, cpu, lost))
    passed, failed = passed + (lost == "none lost here"), failed + (lost != "none lost here")

daemon = shutil.which("rsyslogd", path=os.environ["PATH"] + ":/usr/sbin")
if daemon is None:
    print("skipped, rsyslogd is not installed\n%d passed, %d failed, 1 skipped" % (passed, failed))
    sys.exit(bool(failed))
print("offered to rsyslogd at %d a second" % RATE)
print("%-5s %-5s %6s %12s %10s %10s %8s" % ("", "", "bytes", "sent/s", "sent", "received", "missing"))
for transport, form in KINDS:
    with tempfile.TemporaryDirectory() as work:
        port = 20000 + os.getpid() % 20000
        with open(work + "/conf", "w") as f:
            f.write(CONF % {"work": work, "port": port})
        p = subprocess.Popen([daemon, "-n", "-i", work + "/pid", "-f", work + "/conf"], stderr=subprocess.DEVNULL)
        time.sleep(1)
        try:
            n, size, s, rate, cpu, lost = bench(transport, form, "127.0.0.1", port, RATE, SECONDS,
                                                *([work + "/spool"] if transport == "tcp" else []))
            got = count("%s/%s" % (work, transport))
        finally:
            p.send_signal(signal.SIGTERM)
            p.wait()
        print("%-5s %-5s %6s %12s %10s %10d %8d" % (transport, form, size, rate, n, got, int(n) - got))
        good = got == int(n) or transport == "udp"
        passed, failed = passed + good, failed + (not good)
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
