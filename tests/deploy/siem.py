#!/usr/bin/env python3
"""The SIEM packs of deploy/siem against recorded lines: what a real rsyslogd writes, what pySigma makes of the rules.

usage: siem.py CROSSTAP
Input: deploy/siem/sample/incidents.syslog, recorded over TCP and UDP from a replay of pcaps/scenario/mitm6-default; what must
come out stands below, worked out by hand from the attack. A fresh replay must still send lines of that shape.
Run here: rsyslogd; syslog-ng and pySigma where they are installed. Not run here: Elasticsearch and Splunk; of their files only
the form is checked (JSON, the processors' names; stanzas, and that Python's re, close to PCRE, matches the recorded lines)."""
import configparser, glob, json, os, re, shutil, socket, subprocess, sys, tempfile, time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "feed"))
import restart, rig
SIEM = os.path.join(ROOT, "deploy", "siem")
SAMPLE = os.path.join(SIEM, "sample", "incidents.syslog")
SCENARIO = os.path.join(ROOT, "pcaps", "scenario", "mitm6-default")
ATTACKER = "00:0c:29:47:a1:a6"
BIN = os.path.abspath(sys.argv[1])
passed = failed = skipped = 0


def say(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s %s" % (what, detail))


def skip(what, why):
    global skipped
    skipped += 1
    print("skipped, %s: %s" % (why, what))


def sample():
    return [l for l in open(SAMPLE, encoding="utf-8").read().split("\n") if l]


def records():
    return [json.loads(l[l.index("] {") + 2:]) for l in sample() if "] {" in l]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait(path, lines):
    for _ in range(50):
        if os.path.exists(path) and open(path).read().count("\n") >= lines:
            break
        time.sleep(0.1)
    return open(path).read().splitlines() if os.path.exists(path) else []


def daemon(command, port, work, env):
    """starts it, sends the sample over TCP (octet-counted) and the short lines over UDP, gives what it wrote"""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    try:
        for _ in range(50):
            try:
                tcp = socket.create_connection(("127.0.0.1", port), 1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            return None
        long = [l for l in sample() if "] {" in l]
        short = [l for l in sample() if "] {" not in l]
        with tcp:
            for l in long + ["<134>1 2026-11-20T22:48:05Z s1 other - - - a line of somebody else"]:
                raw = l.encode()
                tcp.sendall(b"%d %s" % (len(raw), raw))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for l in short:
            udp.sendto(l.encode(), ("127.0.0.1", port))
        return (wait(os.path.join(work, "crosstap-incidents.jsonl"), len(long)),
                wait(os.path.join(work, "crosstap-incidents.log"), len(long) + len(short)))
    finally:
        process.terminate()
        process.wait(10)


def receiver(name, conf, command, env=None):
    with tempfile.TemporaryDirectory() as work:
        port = free_port()
        text = open(os.path.join(SIEM, conf)).read().replace("0.0.0.0", "127.0.0.1").replace("1514", str(port))
        path = os.path.join(work, "receiver.conf")
        with open(path, "w") as f:
            f.write(text.replace("/var/log/", work + "/"))
        got = daemon([a.replace("CONF", path).replace("WORK", work) for a in command], port, work, env)
        if not got:
            say(False, "%s did not start" % name)
            return
        json_lines, lines = got
        say([json.loads(l) for l in json_lines] == records(), "%s: the records arrive whole, in order, nothing else" % name,
            json_lines[:1])
        want = sorted((r["incident"]["id"], str(r["incident"]["rev"]), r["incident"]["verdict"], r["incident"]["severity"])
                      for r in records())
        row = re.compile(r"^2026-11-20T22:4\S+ s1 (\S+) (\S+) (\S+) ([0-9a-f]{16}) rev (\d+) actor (\S*)$")
        seen = [row.match(l) for l in lines]
        say(all(seen), "%s: each line has its form" % name, [l for l, m in zip(lines, seen) if not m][:2])
        have = sorted((m.group(4), m.group(5), m.group(2), m.group(3)) for m in seen if m)
        say(have == sorted(want * 2), "%s: long and short forms give the same id, revision, verdict, severity" % name)
        say(any(m and m.group(1) == "mitm6" and m.group(2) == "confirmed" and m.group(6) == ATTACKER for m in seen),
            "%s: the takeover and who did it" % name)


PREFIX = re.compile(r'<1[0-9]+>1 [0-9T:.-]+Z s1 crosstap - [a-z0-9-]+ \[meta sequenceId="[0-9]+"\]\[incident@32473 id="[0-9a-f]{16}" rev="[0-9]+" sev=')


def sent():
    """the datagrams of a replay"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, tempfile.TemporaryDirectory() as work:
        s.bind(("127.0.0.1", 0))
        s.settimeout(0.5)
        conf = os.path.join(work, "c.yaml")
        with open(conf, "w") as f:
            f.write("sensor: {name: s1}\noutput: [{type: syslog, host: 127.0.0.1, port: %d}]\n" % s.getsockname()[1])
        subprocess.run([BIN, "-q", "-r", SCENARIO + "/capture.pcap", "-c", conf], check=True)
        lines = []
        try:
            while True:
                lines.append(s.recv(65536).decode())
        except socket.timeout:
            return lines


def recorded():
    """the sample is what a replay still sends"""
    long = [l for l in sample() if "] {" in l]
    say(len(long) >= 5 and len(sample()) == 2 * len(long), "the sample holds both forms")
    now = sent()
    say(now and all(PREFIX.match(l) for l in now), "a fresh replay sends lines of the sample's form", [l[:120] for l in now if not PREFIX.match(l)][:1])
    say(all(PREFIX.match(l) for l in sample()), "each line of the sample begins with what is sent today")
    # the truth of the scenario: one attacker, an IPv6 DNS takeover that hosts confirm
    say(any(r["incident"]["detection"] == "mitm6" and r["incident"]["verdict"] == "confirmed" and
            r["incident"]["actor"]["mac"] == ATTACKER for r in records()), "the sample holds the attack")
    with tempfile.TemporaryDirectory() as folder:
        r = subprocess.run([BIN, "-q", "-r", SCENARIO + "/capture.pcap", "-e", SCENARIO + "/events.jsonl", "-c", SCENARIO + "/authority.yaml",
                            "--set", "sensor.name=s1", "--set", "evidence.folder=" + folder], capture_output=True, text=True)
    now = {r["incident"]["detection"]: set(r) | set(r["incident"]) for r in map(json.loads, r.stdout.splitlines())}
    old = {r["incident"]["detection"]: set(r) | set(r["incident"]) for r in records()}
    say(old.keys() == now.keys() and all(old[k] <= now[k] for k in old), "a fresh replay sends the keys of the sample",
        [(k, old[k] - now.get(k, set())) for k in old if not old[k] <= now.get(k, set())])


# ---- Elastic: the form only ----

PROCESSORS = {"json", "date", "set", "convert", "lowercase", "uppercase", "gsub", "foreach", "append"}


def elastic():
    pipeline = json.load(open(os.path.join(SIEM, "elastic", "crosstap-pipeline.json")))
    names = [n for p in pipeline["processors"] for n in p]
    say(set(names) <= PROCESSORS, "elastic: known processors", set(names) - PROCESSORS)
    used = set(re.findall(r'"(?:field|copy_from)": "crosstap\.([\w.]+)"', json.dumps(pipeline)))

    def has(record, path):
        for k in path.split("."):
            record = record.get(k) if isinstance(record, dict) else None
        return record is not None
    for path in sorted(used):
        say(any(has(r, path) for r in records()), "elastic: a record has %s" % path)
    print("not run: the pipeline in Elasticsearch (POST _ingest/pipeline/_simulate with the sample)")


# ---- Splunk: the form, and its expressions on the recorded lines ----

def ini(name):
    c = configparser.RawConfigParser(delimiters=("=",), strict=True)
    c.optionxform = str
    c.read(os.path.join(SIEM, "splunk", name))
    return c


def splunk():
    props, transforms = ini("props.conf"), ini("transforms.conf")
    named = [t.strip() for s in props.sections() for k, v in props.items(s) if k.startswith(("TRANSFORMS-", "REPORT-"))
             for t in v.split(",")]
    say(sorted(named) == sorted(transforms.sections()), "splunk: props name the transforms that are there")
    say(ini("tags.conf").sections() == ["eventtype=" + s for s in ini("eventtypes.conf").sections()], "splunk: tags of the event types")
    perl = lambda e: re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", e))
    record, header = perl(transforms["crosstap_record"]["REGEX"]), perl(transforms["crosstap_header"]["REGEX"])
    for l in sample():
        m = record.match(l)
        say((m is not None) == ("] {" in l), "splunk: the record is cut out of the long form alone", l[:80])
        if m:
            say(json.loads(m.group(1))["incident"]["id"] == header.match(l).group("incident_id"), "splunk: record and header agree")
            say(re.match(props["crosstap:incident"]["TIME_PREFIX"], m.group(1)), "splunk: the time stands where it is looked for")
        say(header.match(l) and header.match(l).group("sensor") == "s1", "splunk: the header of each line")
    told = '<132>1 2026-11-20T22:48:05.226450Z s1 crosstap - gap [gap@32473 lost="3" first="4" last="6"]'
    m = perl(transforms["crosstap_gap"]["REGEX"]).match(told)  # as sensor/README.md has it
    say(m and m.group("lost", "lost_first", "lost_last") == ("3", "4", "6") and not header.match(told), "splunk: a line that tells of lost ones")
    for alias, field in re.findall(r"FIELDALIAS-(\w+) = (\S+) AS", open(os.path.join(SIEM, "splunk", "props.conf")).read()):
        path = field.split(".")
        say(any(path[0] in r and (len(path) == 1 or path[1] in r[path[0]]) for r in records()), "splunk: a record has %s" % field)
    print("not run: splunkd (its PCRE and its precedence of transforms)")


# ---- Sigma ----

def sigma():
    # which rules must fire, by hand: confirmed takeover, rogue server, captured credentials; and each victim tells of an
    # ISATAP interface (4200) of which no packet was on the wire
    wanted = {"confirmed", "rogue-server", "mitm6", "credentials", "unverifiable"}
    try:
        from sigma.backends.elasticsearch import LuceneBackend
        from sigma.backends.splunk import SplunkBackend
        from sigma.collection import SigmaCollection
    except ImportError:
        SigmaCollection = None
        skip("sigma: conversion of the rules", "pySigma is not installed")
    try:
        import yaml
    except ImportError:
        skip("sigma", "no python3-yaml")
        return
    ids = set()
    for path in sorted(glob.glob(os.path.join(SIEM, "sigma", "*.yml"))):
        name = os.path.basename(path)[:-4]
        rule = yaml.safe_load(open(path))
        say(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", rule["id"]) and rule["id"] not in ids, "sigma %s: an id of its own" % name)
        ids.add(rule["id"])
        say(rule["detection"]["condition"] == "selection", "sigma %s: equality of fields is all it asks" % name)

        def value(record, key):
            for k in key.split("."):
                record = record.get(k, {})
            return record
        hit = any(all(value(r, k) in (v if isinstance(v, list) else [v]) for k, v in rule["detection"]["selection"].items())
                  for r in records())
        say(hit == (name in wanted), "sigma %s: %s on the sample" % (name, "fires" if name in wanted else "is silent"))
        quiet = {"event_type": "incident", "incident": {"verdict": "refuted", "severity": "info", "detection": "mitm6"}}
        say(not all(value(quiet, k) in (v if isinstance(v, list) else [v]) for k, v in rule["detection"]["selection"].items()),
            "sigma %s: silent on what was refuted" % name)
        if SigmaCollection:
            parsed = SigmaCollection.from_yaml(open(path).read())
            say(not parsed.errors and all(SplunkBackend().convert(parsed)) and all(LuceneBackend().convert(parsed)),
                "sigma %s: pySigma converts it" % name)
    known = subprocess.run([BIN, "--list-detectors"], capture_output=True, text=True).stdout
    for name in re.findall(r"incident\.detection:((?: \S+|(?:\n +- \S+)+))", "".join(open(p).read() for p in glob.glob(SIEM + "/sigma/*.yml"))):
        for d in re.findall(r"[\w-]{3,}", name):
            say(re.search(r"(?m)^  %s " % d, known), "sigma: %s is a detection" % d)


recorded()
if shutil.which("rsyslogd") or os.path.exists("/usr/sbin/rsyslogd"):
    rsyslogd = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
    receiver("rsyslog", "rsyslog-receiver.conf", [rsyslogd, "-n", "-i", "WORK/pid", "-f", "CONF"])
else:
    skip("rsyslog-receiver.conf", "rsyslogd is not installed")
folder = rig.Folder()
found = restart.find_syslog_ng(folder)
if found:
    command, env = restart.syslog_ng_command(*found)
    receiver("syslog-ng", "syslog-ng-receiver.conf", command + ["-F", "--no-caps", "-f", "CONF", "-R", "WORK/persist",
                                                               "-p", "WORK/pid", "-c", "WORK/ctl"], env)
else:
    skip("syslog-ng-receiver.conf", restart.NO_SYSLOG_NG)
folder.remove()
elastic()
splunk()
sigma()
print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
sys.exit(failed > 0)
