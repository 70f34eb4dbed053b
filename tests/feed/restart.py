#!/usr/bin/env python3
"""Real syslog relays deliver across a restart of crosstap in the middle: rsyslog (omfwd, octet-counted, plain and TLS) and syslog-ng.
Every event is there, once after the dedupe by record number.  Each relay is private: own configuration, files and pid, loopback only.
usage: restart.py [--long] CROSSTAP      --long: 100,000 events each instead of 1,000
Debian's rsyslog and syslog-ng cannot be installed together: where the latter is missing its package is unpacked into a folder."""
import json, os, shutil, subprocess, sys, threading, time
import rig
from rig import check, skip, until, event

RSYSLOG = """
global(workDirectory="{work}" maxMessageSize="64k"{tls_global})
module(load="imptcp")
template(name="out" type="string" string="<134>1 - relay windows - - - %rawmsg%")
input(type="imptcp" address="127.0.0.1" port="{source}" ruleset="forward")
ruleset(name="forward" queue.type="LinkedList" queue.size="200000") {{
	action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="out"
		action.resumeRetryCount="-1" action.resumeInterval="1"{tls_action})
}}
"""
SYSLOG_NG = """@version: 3.38
options {{ keep-hostname(yes); time-reopen(1); stats-freq(0); log-msg-size(65536); use-dns(no); }};
source s {{ network(ip("127.0.0.1") port({source}) transport("tcp") flags(no-parse)); }};
destination d {{ network("127.0.0.1" port({port}) transport("tcp") template("<134>1 - relay windows - - - ${{MESSAGE}}\\n")); }};
log {{ source(s); destination(d); flags(flow-control); }};
"""

def rsyslog(binary, work, source, port, pki=None):
    keys = {"work": work, "source": source, "port": port, "tls_global": "", "tls_action": ""}
    if pki:
        cert, key = pki.sign("relay", "relay.lab")
        keys["tls_global"] = ' defaultNetstreamDriverCAFile="%s" defaultNetstreamDriverCertFile="%s" defaultNetstreamDriverKeyFile="%s"' % (pki.ca, cert, key)
        keys["tls_action"] = ' StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"'
    conf = os.path.join(work, "rsyslog.conf")
    with open(conf, "w") as f:
        f.write(RSYSLOG.format(**keys))
    return [binary, "-n", "-i", os.path.join(work, "pid"), "-f", conf], None

def syslog_ng(binary, work, source, port, root):
    conf = os.path.join(work, "syslog-ng.conf")
    with open(conf, "w") as f:
        f.write(SYSLOG_NG.format(source=source, port=port))
    command, env = syslog_ng_command(binary, root)
    return command + ["-F", "--no-caps", "-f", conf, "-R", os.path.join(work, "persist"), "-p", os.path.join(work, "pid"), "-c", os.path.join(work, "ctl")], env

NO_SYSLOG_NG = "syslog-ng is not installed, and its package cannot be had"

def syslog_ng_command(program, root):
    """what starts it, and its environment: an unpacked one has its modules and libraries elsewhere"""
    if root is None:
        return [program], None
    return [program, "--module-path", modules(root)], dict(os.environ, LD_LIBRARY_PATH=libraries(root))

def libraries(root):
    return ":".join(sorted({d for d, _, files in os.walk(root) if any(f.startswith("libsyslog-ng") for f in files)}))

def modules(root):
    return ":".join(d for d, _, files in os.walk(root) if any(f.startswith("libaffile") for f in files))

def find_syslog_ng(folder):
    """(program, root of the unpacked package or None), or None."""
    found = shutil.which("syslog-ng") or (os.path.exists("/usr/sbin/syslog-ng") and "/usr/sbin/syslog-ng")
    if found:
        return found, None
    root = folder / "unpacked"
    os.mkdir(root)
    os.chmod(folder.path, 0o755)
    if subprocess.run(["apt-get", "-qq", "download", "syslog-ng-core"], cwd=root, capture_output=True, timeout=60).returncode:
        return None
    debs = [os.path.join(root, f) for f in os.listdir(root) if f.endswith(".deb")]
    if not debs or subprocess.run(["dpkg", "-x", debs[0], root], capture_output=True).returncode:
        return None
    program = os.path.join(root, "usr/sbin/syslog-ng")
    env = dict(os.environ, LD_LIBRARY_PATH=libraries(root))
    runs = subprocess.run([program, "--version"], capture_output=True, env=env)
    return (program, root) if runs.returncode == 0 else None

def records(path):
    got = []
    with open(path, "rb") as f:
        for line in f:
            at = line.find(b'"record_id": ')
            got.append(int(line[at + 13:line.find(b",", at)]) if at >= 0 else -1)
    return got

def feed(source, total, half, flows):
    """Writes events; two fifths of them before the relay is known to deliver, the rest while crosstap is restarted."""
    chunk = max(total // 50, 1)
    with until(lambda: connected(source), 10) as s:
        for first in range(0, total, chunk):
            s.sendall(b"".join(event("ws%d.corp.lab" % (n % 50), n + 1) + b"\n" for n in range(first, min(first + chunk, total))))
            if first >= total * 2 // 5:
                half.set()
                flows.wait(60)
                time.sleep(0.15) # longer than a relay that does not notice is waited for
            time.sleep(0.03)

def connected(port):
    try:
        return rig.connect(port)
    except OSError:
        return None

def run(binary, folder, name, relay, total, pki=None):
    port, source, work = rig.free_port(), rig.free_port(), folder / (name + ".d")
    os.mkdir(work)
    listen = {"address": "127.0.0.1:%d" % port, "plain": True}
    sender = {"name": "relay", "computers": [".corp.lab"], "address": ["127.0.0.1"]}
    if pki:
        cert, key = pki.sign("server", "crosstap.lab", "DNS:crosstap.lab", server=True)
        listen = {"address": "127.0.0.1:%d" % port, "certificate": cert, "key": key, "client_ca": pki.ca}
        sender = {"name": "relay", "computers": [".corp.lab"], "certificate": "relay.lab"}
    conf = {"feed": {"listen": [listen], "senders": [sender]}}
    p = rig.Program(binary, folder, conf, ["--edge"], name=name)
    args, env = relay(work, source, port)
    log = open(folder / (name + ".relay"), "ab")
    daemon = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    half, flows = threading.Event(), threading.Event()
    writer = threading.Thread(target=feed, args=(source, total, half, flows), daemon=True)
    writer.start()
    half.wait(60)
    until(lambda: os.path.getsize(p.out_path) > 0, 15)
    flows.set()
    time.sleep(0.2)
    status = p.stop()
    between = len(records(p.out_path))
    time.sleep(1.5)
    q = rig.Program(binary, folder, conf, ["--edge"], name=name)
    writer.join()
    last, deadline = -1, time.monotonic() + 60
    while time.monotonic() < deadline:
        now = os.path.getsize(q.out_path)
        if now == last and len(set(records(q.out_path))) >= total: break
        last = now
        time.sleep(0.5)
    got = records(q.out_path)
    daemon.terminate()
    daemon.wait(timeout=20)
    q.stop()
    relay_said = open(log.name, errors="replace").read()[-600:]
    missing = set(range(1, total + 1)) - set(got)
    check("%s: the restart was in the middle (%d of %d before it)" % (name, between, total), status == 0 and 0 < between < total, (p.err(), relay_said))
    check("%s: every event once after the dedupe (%d sent again)" % (name, len(got) - len(set(got))), not missing and -1 not in got,
          "%d missing: %s; %s" % (len(missing), sorted(missing)[:10], relay_said))

def main():
    long = "--long" in sys.argv
    binary = os.path.abspath([a for a in sys.argv[1:] if a != "--long"][0])
    total, folder = 100000 if long else 1000, rig.Folder()
    rsyslogd = shutil.which("rsyslogd") or (os.path.exists("/usr/sbin/rsyslogd") and "/usr/sbin/rsyslogd")
    gtls = any(os.path.exists(d + "/rsyslog/lmnsd_gtls.so") for d in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"))
    try:
        if rsyslogd:
            run(binary, folder, "rsyslog", lambda *a: rsyslog(rsyslogd, *a), total)
        else:
            skip("rsyslog", "not installed")
        if rsyslogd and gtls:
            pki = rig.Pki(folder)
            run(binary, folder, "rsyslog-tls", lambda *a: rsyslog(rsyslogd, *a, pki=pki), total, pki)
        else:
            skip("rsyslog-tls", "rsyslog-gnutls is not installed")
        found = find_syslog_ng(folder)
        if found:
            run(binary, folder, "syslog-ng", lambda *a: syslog_ng(found[0], *a, root=found[1]), total)
        else:
            skip("syslog-ng", NO_SYSLOG_NG)
    finally:
        folder.remove()
    rig.end()

if __name__ == "__main__":
    main()
