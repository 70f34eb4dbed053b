#!/usr/bin/env python3
"""--setup and -T: what they propose and say is right, and each of their messages is provoked once.

usage: setup.py CROSSTAP      lab captures in ../shared (CROSSTAP_SHARED), else those parts are skipped
Every message text of the sources (conf*.c, missing.c, setup*.c) must be matched by a line that a case here made."""
import os, re, subprocess, sys, tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("CROSSTAP_SHARED", os.path.join(ROOT, "..", "shared"))
LAB = os.path.join(SHARED, "pcaps", "lab")
BIN = os.path.abspath(sys.argv[1])
passed = failed = skipped = 0
heard = []  # every line of every run


def say(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s %s" % (what, detail))


def skip(what, why):
    global skipped
    skipped += 1
    print("skipped, %s: %s" % (why, what))


def run(*args, data=None, prefix=()):
    r = subprocess.run([*prefix, BIN, *args], capture_output=True, input=data, timeout=60)
    out, err = r.stdout.decode(), r.stderr.decode()
    heard.extend((out + err).splitlines())
    return r.returncode, out, err


def wants(what, text, *args, status=2, **more):
    code, out, err = run(*args, **more)
    say(code == status and text in out + err, what, "status %d: %s" % (code, (out + err)[:400]))


# ---- --setup on lab captures ----

def lab(name):
    folder = os.path.join(LAB, name)
    return ["-r", "eth1=" + os.path.join(folder, "capture.pcap"), "-e", os.path.join(folder, "events.jsonl")]


def approve(text):
    return re.sub(r"(?m)^#\? ", "", text)


def active(text):
    return "\n".join(l.split(" # ")[0] for l in text.splitlines() if not l.lstrip().startswith("#"))


def conf(folder, text, name="c.yaml"):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def proposals(folder):
    attack, quiet = "mitm6-default", "benign-two-routers-ha"
    code, out, _ = run("--setup", *lab(attack))
    say(code == 0, "setup of an attack: status")
    rogue = "00:0c:29:47:a1:a6"  # who the lab's truth file says attacked
    say(rogue in open(os.path.join(LAB, attack, "truth.json")).read(), "the truth file names the attacker")
    say(rogue not in active(approve(out)), "the attacker is not proposed")
    say(re.search(r"# left out, confirmed: .*" + rogue, out), "the attacker is told as left out")
    say("dhcp4_servers" not in active(out), "what was seen for a minute is not active")
    say("10.16.40.0/24" in active(approve(out)) and "48:4d:7e:d5:8c:ae" in active(approve(out)),
        "subnet and server are proposed")
    say(run("--setup", *lab(attack))[1] == out, "the same input gives the same bytes")
    for name, text in (("as it is", out), ("approved", approve(out))):
        path = conf(folder, text)
        wants("-T of the proposal " + name, ": good", "-T", "-c", path, status=0)
    path = conf(folder, approve(out))
    code, records, _ = run("-q", *lab(attack), "-c", path)
    say('"detection":"mitm6","verdict":"confirmed"' in records, "the approved proposal convicts the attacker")
    code, out, _ = run("--setup", *lab(quiet))
    path = conf(folder, approve(out))
    say("missing: authority[0].dhcp4_servers" not in run("-T", "-c", path)[1], "the proposal declares the DHCP server")
    _, records, _ = run("-q", *lab(quiet), "-c", path)
    say('"event_type":"alert"' not in records, "the approved proposal of a quiet network accuses nobody")
    code, out, _ = run("-T", "-c", path, *lab(quiet))
    say("missing: vantage V_S4 on eth1/0" in out, "-T with a capture tells what the tap does not show", out)
    _, out, _ = run("--setup", *lab("sstp-legit"))
    say("88da089a2187d060d73fb85065859300dd3d7b746e2b816b056887de4403207f" in out and "vpn_servers" not in active(out),
        "a TLS server is a candidate and no declaration")
    wants("a mirror's wrappers are told", "came inside a mirror's wrapper", "--setup", "-r",
          os.path.join(ROOT, "pcaps", "wrapped", "erspan2.pcap"), status=0) if os.path.exists(
              os.path.join(ROOT, "pcaps", "wrapped", "erspan2.pcap")) else None


# ---- messages ----

PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")


def setup_messages(folder):
    empty = os.path.join(folder, "empty.pcap")
    open(empty, "wb").write(PCAP)
    wants("no input", "--setup needs -r or -i: see --help", "--setup")
    wants("both inputs", "-i and -r contradict each other", "--setup", "-r", empty, "-i", "eth0")
    wants("--for without -i", "--for wants -i", "--setup", "-r", empty, "--for", "5s")
    for bad in ("0", "soon", "10x", "2d", "25h", "-5", "5s5", "99999999999999999999"):
        wants("--for " + bad, '--for: found "%s", expected a time' % bad, "--setup", "-i", "lo", "--for", bad)
    wants("two things to do", "more than one thing to do", "--setup", "--dissect", "-r", empty)
    wants("no such file", "No such file", "--setup", "-r", os.path.join(folder, "absent.pcap"))
    wants("no such events", "absent", "--setup", "-r", empty, "-e", os.path.join(folder, "absent.json"))
    wants("nothing seen", "--setup: no frame was seen: is the right interface mirrored?", "--setup", "-r", empty, status=0)
    say("authority: [] # nothing was seen" in run("--setup", "-r", empty)[1], "an empty capture proposes nothing")
    wants("damaged", "cut.pcap", "--setup", "-r", conf(folder, "\xd4", "cut.pcap"), status=1)
    wants("a bad configuration", "found the unknown key", "--setup", "-r", empty, "-c", conf(folder, "sensors: {}\n"))
    wants("no such interface", "nonesuch0: No such device exists: crosstap -D lists the interfaces", "--setup", "-i", "nonesuch0")
    net = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if subprocess.run([*net, "true"], capture_output=True).returncode:
        skip("--setup -i", "no network namespace")
        return
    wants("listening", "listening for 1 s on 1 interface; INT ends it", "--setup", "-i", "lo", "--for", "1s", status=0, prefix=net)
    wants("a bad filter", "lo: filter: ", "--setup", "-i", "lo", "-F", "no such words", prefix=net)


SENDER = "  senders: [{name: a, certificate: a, computers: ['*']}]\n"
RULE = "rules:\n  - {id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, exists]]}\n"
CASES = [  # YAML, what -T must say
    ("sensors: 1", 'found the unknown key "sensors", expected one of: sensor, '),
    ("sensor: {name: a, name: b}", "found the key a second time, expected it once"),
    ("{[a]: b}", "found a list as a key, expected a word"),
    ("{{a: b}: c}", "found a mapping as a key, expected a word"),
    ("text", "found a text, expected a mapping (key: value)"),
    ("[a]", "found a list, expected a mapping (key: value)"),
    ("a: [", "not readable as YAML: "),
    ("sensor: {}\n---\nfeed: {}", "found a second document, expected one"),
    ("sensor: &a {}\nfeed: *a", "found an alias (*name), expected the value itself"),
    ("authority: ", "found nothing, expected a list ([] for none), or the key left out (unknown)"),
    ("sensor: []", "found a list, expected "),
    ("authority: {}", "found a mapping, expected "),
    ("limits: {hosts: many}", 'found "many", expected a whole number from 64 to 1048576'),
    ("limits: {hosts: 1}", 'found "1", expected a whole number'),
    ("feed: {idle: 5y}", "expected a time like 90s, 30m or 2h, of 1 to 86400 seconds"),
    ("capture: {promisc: maybe}", 'found "maybe", expected '),
    ("feed: {zone: CET}", 'found "CET", expected '),
    ("sensor: {name: 'a b'}", 'found "a b", expected '),
    ("output: [{type: pigeon}]", 'found "pigeon", expected stdout, file or syslog'),
    ("authority: [{failover: [[10.0.0.1]]}]", "found a list of less than two, expected a pair of addresses"),
    ("authority: [{failover: [[10.0.0.1, 10.0.0.2, 10.0.0.3]]}]", "found a third address, expected a pair"),
    ("authority: [{failover: [[10.0.0.1, x]]}]", 'found "x", expected an IPv4 or IPv6 address'),
    ("authority: [{failover: [[10.0.0.1, 10.0.0.1]]}]", "found a failover pair of the same address twice"),
    ("authority: [{routers: [{}]}]", "found a server without ip, mac, server_id and duid"),
    ("authority: [{routers: [{mac: nonsense}]}]", 'found "nonsense", expected '),
    ("authority: [{prefixes: [10.0.0.0/99]}]", 'found "10.0.0.0/99", expected '),
    ("authority: [{resolvers: [dns]}]", 'found "dns", expected '),
    ("authority: [{dhcp6_servers: [{duid: [zz]}]}]", 'found "zz", expected '),
    ("authority: [{vpn_servers: [{leaf_sha256: [00]}]}]", 'found "00", expected '),
    ("authority: [{vpn_servers: [{}]}]", "found a server without sni, ip and leaf_sha256"),
    ("authority: [{hosts: [{mac: '00:0c:29:47:a1:a6'}]}]", "found a host without a name, expected one"),
    ("authority: [{hosts: [{name: a}]}]", "found a host without mac and ip"),
    ("authority: [{changes: [{from: 2026-11-20T22:00:00Z}]}]", "found planned work without from or to"),
    ("authority: [{changes: [{from: 2026-11-20T22:00:00Z, to: 2026-11-20T21:00:00Z}]}]", "found planned work that is over before it begins"),
    ("authority: [{changes: [{from: today}]}]", 'found "today", expected '),
    ("authority: [{name: a}, {name: a}]", "found the name of an earlier site"),
    ("output: [{type: file}]", "found type file without path"),
    ("output: [{type: syslog}]", "found type syslog without host"),
    ("output: [{type: stdout, path: a}]", "found path, expected it with type file only"),
    ("output: [{type: stdout, host: a}]", "found host, expected it with type syslog only"),
    ("output: [{type: file, path: a}, {type: file, path: a}]", "found the path of an earlier output"),
    ("output: [{type: stdout}, {type: stdout}]", "found standard output twice"),
    ("feed: {listen: [{address: here}]}", "found no address, expected one like"),
    ("feed: {listen: [{address: 'unix:/a', protocol: syslog-udp}]}", "found syslog-udp on a unix socket"),
    ("feed: {listen: [{address: 'unix:/a'}]}", "found a unix socket without sender"),
    ("feed: {listen: [{address: '[::]:1', sender: a}]}", "found sender, expected it with a unix socket only"),
    ("feed: {listen: [{address: 'unix:/a', sender: a, certificate: b}]}", "found certificate, expected no TLS on a unix socket"),
    ("feed: {listen: [{address: '[::]:1', protocol: syslog-udp}]}", "found syslog-udp, expected plain: true with it"),
    ("feed: {listen: [{address: '[::]:1', plain: true, certificate: b}]}", "found plain: true and certificate"),
    ("feed: {listen: [{address: '[::]:1'}]}", "found a listener without certificate and key"),
    ("feed: {listen: [{address: '[::]:1', certificate: a, key: b}]}", "found no client_ca"),
    ("feed: {listen: [{address: '[::]:1', plain: true}]}", "found no feed.senders, expected who may send"),
    ("feed:\n  listen: [{address: 'unix:/a', sender: b}]\n" + SENDER, 'found the sender "b", expected a name out of feed.senders'),
    ("feed: {follow: [{path: a}]}", "found a followed file without path and computer"),
    ("feed: {follow: [{path: a, computer: b}, {path: a, computer: c}]}", "found the path of an earlier followed file"),
    ("feed: {senders: [{certificate: a}]}", "found a sender without name"),
    ("feed: {senders: [{name: a, certificate: a}]}", "found a sender without computers"),
    ("feed: {senders: [{name: a, token: x, computers: [b]}, {name: a, token: y, computers: [b]}]}", "found the name of an earlier sender"),
    ("feed: {senders: [{name: a, computers: [b]}]}", 'found "a" without certificate, address, token and unix socket'),
    ("rules: [{id: seven}]", "found a rule without an id like SITE-7"),
    (RULE + RULE[7:], "found the id of an earlier rule"),
    ("rules: [{id: SITE-1}]", "found a rule without `on`"),
    ("rules: [{id: SITE-1, on: dhcpv4}]", "found a rule without `where`"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dns.id, exists]]}]", "found a field of another protocol in `where`"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, exists]], attack: x}]", "found an attack that is no technique"),
    ("rules: [{id: SITE-1, on: smtp}]", 'found "smtp", expected '),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.nothing, exists]]}]", 'found "dhcpv4.nothing", expected '),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers]]}]", "found a predicate that is not complete, expected [field, operator"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.routers, eq, [[1]]]]}]", "found a list, expected [field, operator"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [%s]}]" % ", ".join(["[dhcpv4.routers, exists]"] * 17), "found a list, expected at most 16 predicates"),
    ("rules:\n" + "".join(RULE[7:].replace("SITE-1", "SITE-%d" % i) for i in range(257)), "found more than 256 rules"),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.msg, eq, nonsense]]}]", 'found "nonsense", expected a name that --dissect prints'),
    ("rules: [{id: SITE-1, on: dhcpv6, where: [[dhcpv6.client_duid, eq, zz]]}]", 'found "zz", expected bytes in hex'),
    ("rules: [{id: SITE-1, on: tls, where: [[tls.not_before, lt, soon]]}]", 'found "soon", expected a time, like'),
    ("rules: [{id: SITE-1, on: arp, where: [[arp.sender_mac, eq, nobody]]}]", 'found "nobody", expected a MAC address, like'),
    ("rules: [{id: SITE-1, on: dhcpv4, where: [[dhcpv4.o, eq, 1]]}]", 'found "eq", expected exists or absent'),
    ("mutes: [{}]", "found a mute without detection, actor and segment"),
    ("mutes: [{detection: nothing}]", "found an unknown detection"),
    ("mutes: [{detection: mitm6, reason: a}]", "found a mute without until"),
    ("mutes: [{detection: mitm6, until: 2026-11-20T22:00:00Z}]", "found a mute without reason"),
    ("mutes: [{detection: SITE-9, until: 2026-11-20T22:00:00Z, reason: a}]", "found the id of no rule"),
    ("mutes:\n" + "  - {detection: mitm6, until: 2026-11-20T22:00:00Z, reason: a}\n" * 257, "found more than 256, expected fewer"),
    ("output: [{type: syslog, host: a, ca: b}]", "found ca, name, certificate or key, expected them with transport tls only"),
    ("output: [{type: syslog, host: a, transport: tls, certificate: b}]", "found one of certificate and key"),
    ("output: [{type: syslog, host: a, spool: b}]", "found spool, expected it with transport tcp or tls only"),
    ("output: [{type: syslog, host: a, format: ocsf}]", "found format ocsf over udp"),
    ("output: [{type: syslog, host: a, hosts: [b]}]", "found host and hosts, expected one of them"),
    ("output: [{type: syslog, host: a, transport: tcp, spool: b}, {type: syslog, host: c, transport: tcp, spool: b}]", "found the spool of an earlier output"),
    ("control: {mode: '0999'}", "found a mode that is none"),
    ("metrics: {listen: here}", "found no address in listen"),
    ("#" * (5 << 20), "found more than 4 MiB, expected a configuration"),
]


def test_messages(folder):
    wants("-T alone", "-T needs -c: see --help", "-T")
    wants("no such configuration", "No such file", "-T", "-c", os.path.join(folder, "absent"))
    wants("--set without =", "--set sensor.name: expected KEY=VALUE", "-T", "--set", "sensor.name")
    wants("--set too long", "too long", "-T", "--set", "a." * 5000 + "b=c")
    for text, message in CASES:
        wants("-T of %s" % text[:50].replace("\n", "\\n"), message, "-T", "-c", conf(folder, text + "\n"))
    code, out, err = run("-T", "-c", conf(folder, "sensors: 1\nfeeds: 2\nlimits: {hosts: 1}\n"))
    say(code == 2 and "3 problems" in err and err.count("found") == 3, "every problem is told", err)
    wants("one problem", "1 problem", "-T", "-c", conf(folder, "sensors: 1\n"))


def missing_messages(folder):
    nothing = conf(folder, "{}\n")
    for text in ("missing: authority: nothing is declared", "missing: feed: neither", "missing: state.snapshot: ",
                 "missing: output: ", "missing: evidence.folder: ", "missing: vantage: "):
        wants(text, text, "-T", "-c", nothing, status=0)
    keys = "dhcp4_servers dhcp6_servers routers relays pxe_servers resolvers isatap_routers teredo_servers proxies vpn_servers".split()
    for key in keys:  # each alone is what is missing
        given = ", ".join("%s: []" % k for k in keys if k != key)
        _, out, _ = run("-T", "-c", conf(folder, "authority: [{%s}]\n" % given))
        say(re.findall(r"missing: authority\[0\]\.(\S+)", out) == [key], "the absent list %s is told alone" % key, out)
    full = "authority: [{%s}]\n" % ", ".join("%s: []" % k for k in keys)
    feed = "feed:\n  synced: %s\n  listen: [{address: '[::]:1', plain: true}]\n  senders: [{name: a, token: b, computers: ['*']}]\n"
    wants("a plain listener", "missing: feed.listen[0] is plain: ", "-T", "-c", conf(folder, full + feed % "true"), status=0)
    wants("no audit log", "missing: feed.follow: ", "-T", "-c", conf(folder, full + feed % "true"), status=0)
    wants("clocks", "missing: feed.synced is false: ", "-T", "-c", conf(folder, full + feed % "false"), status=0)
    _, out, _ = run("-T", "-c", nothing, "--state", os.path.join(folder, "state"))
    say("state.snapshot" not in out and not os.path.exists(os.path.join(folder, "state")), "--state keeps what is learned", out)
    empty = os.path.join(folder, "none.pcap")
    open(empty, "wb").write(PCAP)
    follow = full + "feed: {synced: true, follow: [{path: /a, computer: b}]}\n"
    wants("followed files alone", "missing: feed.listen: ", "-T", "-c", conf(folder, follow), status=0)
    wants("who speaks for all", 'missing: feed.senders[0].computers has "*": ', "-T", "-c", conf(folder, full + feed % "true"), status=0)
    whole = full + ("feed: {synced: true, listen: [{address: 'unix:/a', sender: s}], senders: [{name: s, computers: [.corp.example]}],\n"
                    "  follow: [{path: /a, computer: b}]}\nstate: {snapshot: /a}\noutput: [{type: syslog, host: a}]\nevidence: {folder: /a}\n")
    wants("nothing is missing", "nothing is missing for full verdicts", "-T", "-c", conf(folder, whole), "-r", empty, status=0)
    if os.path.isdir(LAB):
        wants("the tap", "missing: vantage V_", "-T", "-c", conf(folder, whole), *lab("mitm6-default"), status=0)


# ---- each message of the sources was heard ----

UNHEARD = {  # what a test cannot provoke: no memory, or a device that fails while it is read
    "out of memory", "--setup: out of memory", "cannot be waited for", "--setup: %s: %s",
    "no value",  # behind the end of a switch over all classes
}
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*(?:PRI[a-z]\d+\s*)?"(?:[^"\\]|\\.)*")*')


def literals(path):
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    text = re.sub(r"(?m)^#.*$", "", text)
    text = re.sub(r"PRI[a-z]\d+", '"u"', text)
    for m in STRINGS.finditer(text):
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(0))
        yield "".join(parts).replace('\\"', '"').replace("\\n", "\n"), text[max(0, m.start() - 60):m.start()]


def all_heard():
    whole = "\n".join(heard)
    for name in ("sensor/conf.c", "sensor/conf_schema.c", "sensor/conf_value.c", "correlate/where.c", "sensor/missing.c", "sensor/setup.c",
                 "sensor/setup_listen.c", "sensor/setup_seen.c"):
        for text, before in literals(os.path.join(ROOT, name)):
            message = ("expected" in text or text.startswith("missing: ") or before.endswith("log_say(")
                       or re.search(r"\bone\([^;{}]*$", before) or text.startswith("not readable"))
            if name.endswith("conf_schema.c"):
                message = text.startswith("found ")
            if name.endswith(("conf_value.c", "where.c")):  # what was expected: they return it
                message = before.endswith(("return ", ": ", "? "))
            if not message or text in UNHEARD or not text.strip():
                continue
            words = max(re.split(r"%[-+.*\d]*(?:z|h|l)*[a-zA-Z%]", text.strip("\n")), key=len)
            say(words in whole, "a case provokes: %s" % text.strip()[:100])


def main():
    with tempfile.TemporaryDirectory() as folder:
        setup_messages(folder)
        test_messages(folder)
        missing_messages(folder)
        if os.path.isdir(LAB):
            proposals(folder)
            all_heard()
        else:
            skip("proposals out of lab captures", "no corpus")
            skip("every message was heard", "no corpus")
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed > 0


sys.exit(main())
