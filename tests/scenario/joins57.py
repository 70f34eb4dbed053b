#!/usr/bin/env python3
"""The join table that the program prints, against the 57 events and their windows below and, where the corpus is there, against
DETECTIONS.md 10 itself: windows, severities and techniques; and --explain knows every event, fact and detection.

The manual page of the tables in deploy/man is compared with what the program prints, and looked through by man where it is there.

usage: joins57.py CROSSTAP
Last line: `N passed, N failed`."""
import os, re, shutil, subprocess, sys

# event: window in seconds of the packet relative to the event, key; (0, 0) where no packet belongs to it
WANTED = {
    "4000": (-5, 3600, "reporter"), "4001": (-30, 60, "reporter"), "4002": (-120, 10, "address"), "4003": (-60, 5, "host+name"),
    "4004": (0, 0, "reporter"), "4005": (0, 600, "reporter"), "4100": (-120, 60, "host+router"), "4200": (-60, 300, "tunnel"),
    "4201": (-60, 60, "reporter"), "4202": (-60, 10, "host+enabled"), "4300": (-5, 3600, "reporter"), "4301": (0, 600, "reporter"),
    "4302": (-60, 60, "reporter"), "4303": (-120, 10, "reporter"), "4304": (-300, 120, "reporter"), "4400": (-10, 5, "reporter"),
    "4500": (0, 0, "reporter"), "4501": (0, 1800, "reporter"),
    "1020": (-1800, 300, "subnet"), "1042": (-60, 10, "server"), "1045": (-120, 30, "host"), "1046": (-300, 30, "host"),
    "1051": (-86400, 60, "reporter"), "1052": (-120, 10, "server+domain"), "1053": (-120, 10, "server"), "1059": (-300, 30, "host"),
    "1063": (-3600, 300, "subnet"), "1338": (-120, 30, "subnet+queue"), "20255": (-600, 120, "segment"), "20256": (-60, 10, "segment"),
    "1": (-90, 5, "session"), "2": (-120, 5, "session"), "3": (-60, 5, "session"), "4": (-60, 5, "session"), "5": (-120, 5, "session"),
    "6": (-90, 5, "session"), "7": (0, 0, "reporter"), "8": (-60, 300, "reporter"), "9": (0, 0, "reporter"), "10": (0, 0, "reporter"),
    "11": (-60, 600, "reporter"), "12": (-60, 600, "reporter"), "13": (-60, 600, "reporter"), "14": (-60, 60, "host"),
    "15": (-60, 5, "host+vpn-name"), "16": (-60, 5, "session"), "17": (0, 0, "reporter"), "18": (0, 86400, "reporter"),
    "19": (0, 86400, "reporter"), "20": (-600, 60, "reporter"), "21": (-60, 600, "reporter"), "22": (-60, 600, "reporter"),
    "23": (-300, 5, "host"), "24": (-86400, 86400, "reporter"), "25": (-60, 600, "reporter"), "32": (-86400, 86400, "reporter"),
    "33": (-120, 120, "session"),
}
TECHNIQUE = r"T\d{4}(?:\.\d{3})?"
UNIT = {"": 1, "s": 1, "m": 60, "h": 3600}
SEVERITIES = "info", "low", "medium", "high", "critical"


def printed(binary):
    rows = {}
    text = subprocess.run([binary, "--list-events"], capture_output=True, text=True, check=True).stdout
    for line in text[text.index("\nJoins:"):].splitlines()[3:]:
        f = line.split()
        rows.setdefault(f[0], {"attack": set(re.findall(TECHNIQUE, line)), "key": f[2], "from": int(f[3]), "to": int(f[4]), "alone": f[6], "confirmed": f[7]})
    return rows


def seconds(text, other):
    m = re.fullmatch(r"([+-]?\d+) ?([smh]?)", text.strip())
    return int(m[1]) * UNIT[m[2] or other]


def documented(path):
    """id: (from, to, words of the severity when alone, words when confirmed, techniques)"""
    rows, last, before = {}, None, None
    text = open(path).read()
    text = text[text.index("## 10. Join table"):text.index("Neighbour events")]
    for line in text.splitlines():
        cell = [c.strip() for c in line.replace("\\|", "/").split("|")[1:-1]]
        if len(cell) != 8 or not re.match(r"\d+ ", cell[0]):
            continue
        window = cell[4]
        if window == "same":
            window = last
        last = window
        if window == "-":
            w = (0, 0)
        elif window.startswith("+-"):
            n = seconds(window[2:], "")
            w = (-n, n)
        else:
            a, b = window.split("..")
            w = (seconds(a, b.strip()[-1]), seconds(b, ""))
        words = lambda x: [s for s in re.findall(r"[a-z]+", x) if s in SEVERITIES]
        alone, _, confirmed = cell[5].partition(" / ")
        rows[cell[0].split()[0]] = w + (words(alone), words(confirmed), set(re.findall(TECHNIQUE, re.sub(r"\(.*?\)", "", before if cell[6] == "same" else cell[6]))))
        before = before if cell[6] == "same" else cell[6]
    return rows


def main():
    binary = sys.argv[1]
    rows = printed(binary)
    passed = failed = 0

    def check(ok, what):
        nonlocal passed, failed
        passed, failed = passed + bool(ok), failed + (not ok)
        if not ok:
            print("FAILED " + what)

    check(len(WANTED) == 57, "the list holds 57 events")
    for number, want in WANTED.items():
        r = rows.get(number)
        check(r and (r["from"], r["to"], r["key"]) == want, "%s: wanted %s, printed %s" % (number, want, r))
    listing = subprocess.run([binary, "--list-detectors"], capture_output=True, text=True, check=True).stdout
    names = [x.split()[0] for x in listing.splitlines() if x.startswith("  ")]
    page = subprocess.run([binary, "--document", "crosstap-detections.7"], capture_output=True, text=True, check=True).stdout
    check(open("deploy/man/crosstap-detections.7").read() == page, "deploy/man/crosstap-detections.7 is not what the program says: "
          "crosstap --document crosstap-detections.7 >deploy/man/crosstap-detections.7")
    entries = [x[3:].replace("\\-", "-").split(",")[0] for x in page.splitlines() if x.startswith(".B ")]
    check(len(entries) > 150 and {"confirmed", "V_B4", "R-ISATAP", "TRAP-MESH", "mitm6", "D4-ROGUE", "4100"} <= set(entries), "the page has all kinds: %d" % len(entries))
    if shutil.which("man") and shutil.which("groff"):
        q = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "deploy/man/crosstap-detections.7"], capture_output=True, text=True)
        check(q.returncode == 0 and not q.stderr, "man --warnings: " + q.stderr[:300])
        skipped = 0
    else:
        print("skipped, no man or groff: how the manual page prints")
        skipped = 1
    same = ["Iphlpsvc:4100", "Microsoft-Windows-RasSstp:6", "rassstp:1", "dhcp-server:1020", "blind-spots", "traps"]
    for wrong in "nothing", "Iphlpsvc:1020", "SITE-1", ":4100x", "":
        q = subprocess.run([binary, "--explain", wrong], capture_output=True, text=True)
        check(q.returncode == 2 and q.stderr and not q.stdout, "--explain %r: %s" % (wrong, q.stdout))
    for name in sorted(set(list(WANTED) + names + entries + same)):
        q = subprocess.run([binary, "--explain", name], capture_output=True, text=True)
        check(q.returncode == 0 and len(q.stdout) > 40, "--explain %s: %s" % (name, (q.stdout + q.stderr)[:100]))
    doc = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "design", "DETECTIONS.md")
    table = documented(doc) if os.path.exists(doc) else {}
    if not table:
        print("skipped, no corpus: the document itself")
        skipped += 1
    else:
        check(sorted(table) == sorted(WANTED), "the document's events are these: %s" % sorted(set(table) ^ set(WANTED)))
    for number, (start, end, alone, confirmed, attack) in table.items():
        r = rows.get(number)
        check(r and (r["from"], r["to"]) == (start, end), "%s: the document says %d..%d, printed %s" % (number, start, end, r))
        check(r and r["attack"] == attack, "%s: techniques %s, the document says %s" % (number, r and r["attack"], attack))
        check(r and (r["alone"] in alone or not alone), "%s: alone %s, the document says %s" % (number, r and r["alone"], alone))
        check(r and (r["confirmed"] in confirmed or not confirmed), "%s: confirmed %s, the document says %s" % (number, r and r["confirmed"], confirmed))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
