#!/usr/bin/env python3
"""The configurations under deploy/: do the senders ask for each event that crosstap knows, and can their own programs read them?

usage: senders.py CROSSTAP        python3-yaml, rsyslogd and syslog-ng where they are installed
What cannot be run here (wecutil, winlogbeat, nxlog, fluent-bit, vector, otelcol, PowerShell) is said in deploy/windows/README.md."""
import json, os, re, shutil, subprocess, sys, tempfile
from xml.etree import ElementTree
import restart, rig

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WINDOWS, SIEM = os.path.join(ROOT, "deploy", "windows"), os.path.join(ROOT, "deploy", "siem")
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


def known(binary):
    """(provider, id) that the program has a row for, the audit logs (files, no channel) left out"""
    text = subprocess.run([binary, "--list-events"], capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^(\S+) +(\d+)  \S", text, re.M)
    return {(p.lower(), int(i)) for p, i in rows if "AuditLog" not in p}


def query_of(path):
    outer = ElementTree.parse(path).getroot()
    text = next(e.text for e in outer.iter() if e.tag.endswith("}Query"))
    return ElementTree.fromstring(text.strip())


FORM = re.compile(r"\*\[System\[Provider\[@Name='([^']+)'\] and \(([^][']+)\)\]\]")


def takes(xpath, provider, event):
    """the XPath 1.0 subset that the event log knows, and that is used here; anything else is an error"""
    name, condition = FORM.fullmatch(xpath).groups()
    if re.sub(r"EventID|>=|<=|=| and | or |[()0-9]", "", condition):
        raise ValueError(xpath)
    return name == provider and eval(re.sub(r"(?<![<>])=", "==", condition), {"EventID": event})


def asked(query, provider, event):
    return [s.get("Path") for s in query.iter("Select") if takes(s.text, provider, event)]


def subscriptions(events):
    queries = {n: query_of(os.path.join(WINDOWS, n)) for n in sorted(os.listdir(WINDOWS)) if n.startswith("subscription")}
    spelling = {}
    for q in queries.values():
        for s in q.iter("Select"):
            name = re.search(r"@Name='([^']+)'", s.text).group(1)
            spelling[name.lower()] = name
            comparisons = len(re.findall(r"EventID|@Name", s.text))
            say(comparisons <= 23, "select", "of %d comparisons, Windows takes 23: %s" % (comparisons, s.text[:60]))
    for p, i in sorted(events - LEFT_OUT):
        hits = [c for q in queries.values() for c in asked(q, spelling.get(p, p), i)]
        say(hits, "nobody asks for %s %d" % (p, i))
        # one more than the event itself must not come along
    for p in sorted(spelling):
        extra = [i for i in range(0, 66000) if (p, i) not in events and i in LISTED.get(p, ())]
        say(not extra, "asked for and not known: %s %s" % (p, extra))
    beside = [i for i in (9, 26, 3999, 4101, 4503) if asked(queries["subscription-hosts.xml"], spelling["microsoft-windows-iphlpsvc"], i)]
    say(not beside, "takes what is not asked for", beside)


def generated():
    r = subprocess.run([sys.executable, os.path.join(WINDOWS, "make.py"), "--check"], capture_output=True, text=True)
    say(r.returncode == 0, "generated files", r.stdout)


def yaml_files():
    try:
        import yaml
    except ImportError:
        return skip("YAML", "no python3-yaml")
    for name in sorted(os.listdir(WINDOWS)):
        if name.endswith((".yml", ".yaml")):
            try:
                say(isinstance(yaml.safe_load(open(os.path.join(WINDOWS, name))), dict), name)
            except yaml.YAMLError as e:
                say(False, name, e)


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=relay", "-keyout",
                    folder + "/relay.key", "-out", folder + "/relay.pem"], capture_output=True, check=True)
    shutil.copy(folder + "/relay.pem", folder + "/ca.pem")


def relay(name, program, args, env=None):
    """the program's own check of the file, its certificates replaced by ones that exist"""
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        text = open(os.path.join(SIEM, name)).read().replace("/etc/ssl/crosstap", folder).replace("/var/spool/rsyslog", folder)
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run([program, *args, "-f", path], capture_output=True, text=True, timeout=60, env=env)
        said = (r.stdout + r.stderr).strip()
        if "lmnsd_gtls" in said:
            return skip(name, "no rsyslog-gnutls")
        say(r.returncode == 0, name, said)


def relays():
    rsyslogd = shutil.which("rsyslogd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if rsyslogd:
        relay("rsyslog-relay.conf", rsyslogd, ["-N1"])
    else:
        skip("rsyslog-relay.conf", "no rsyslogd")
    folder = rig.Folder()
    found = restart.find_syslog_ng(folder)
    if found:
        (program, *args), env = restart.syslog_ng_command(*found)
        relay("syslog-ng-relay.conf", program, args + ["--syntax-only"], env)
    else:
        skip("syslog-ng-relay.conf", restart.NO_SYSLOG_NG)
    folder.remove()


def channels():
    table = json.load(open(os.path.join(WINDOWS, "channels.json")))
    out = {}
    for r in table["channels"]:
        out.setdefault(r["provider"].lower(), set()).update(r["ids"])
    return out, {(r["provider"].lower(), r["id"]) for r in table["left_out"]}


LISTED, LEFT_OUT = channels()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    generated()
    subscriptions(known(sys.argv[1]))
    yaml_files()
    relays()
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
