#!/usr/bin/env python3
"""README.md is true: the incident that it explains is what the program says, its YAML is accepted, its options exist.

usage: readme.py CROSSTAP CROSSTAPCTL"""
import json, os, re, subprocess, sys, tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BIN, CTL = (os.path.abspath(p) for p in sys.argv[1:3])
SCENE = os.path.join(ROOT, "pcaps", "scenario", "mitm6-default")
README = open(os.path.join(ROOT, "README.md"), encoding="utf-8").read()
passed = failed = 0


def say(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAILED %s %s" % (what, detail))


def run(*args):
    return subprocess.run(args, capture_output=True, text=True, timeout=60)


def section(title):
    return README.split("\n## %s\n" % title)[1].split("\n## ")[0]


def closed(detection):
    """The last record of the scene's incident of this detection."""
    ran = run(BIN, "-r", os.path.join(SCENE, "capture.pcap"), "-e", os.path.join(SCENE, "events.jsonl"),
              "-c", os.path.join(SCENE, "authority.yaml"))
    records = [json.loads(line) for line in ran.stdout.splitlines()]
    return [r for r in records if r.get("incident", {}).get("detection") == detection][-1]


def at(record, path):
    for step in path.split("."):
        record = record[int(step) if step.isdigit() else step]
    return record


def incident():
    text = section("Read an incident")
    record = closed(re.search(r"`([a-z0-9-]+)`", text.split("record of")[1]).group(1))
    rows = re.findall(r"^\| `(incident[^`]*)` \| `([^`]*)` \|", text, re.M)
    say(len(rows) > 15, "the incident is explained field by field", len(rows))
    for path, value in rows:
        seen = at(record, path)
        say(seen == json.loads(value), "%s is what the record holds" % path, "%r, README says %s" % (seen, value))
    said = {path.split(".")[1] for path, _ in rows}
    for key in ("state", "verdict", "grade", "actor", "victims", "facts", "host_events", "refuted_by", "vantage", "next"):
        say(key in said, "the README explains incident.%s" % key)


def verdicts():
    """Each word of the verdict table is one of the schema, and none is left out."""
    schema = run(BIN, "--dump-schema").stdout
    words = set(json.loads(re.search(r'"verdict":\{"enum":(\[[^\]]*\])', schema).group(1)))
    told = set(re.findall(r"^\| ([a-z-]+) \|", section("What a verdict asks of you"), re.M)) - {"verdict"}
    say(told == words, "each verdict says what it asks", told ^ words)


def blocks():
    """YAML blocks of the README: accepted by the program, key by key."""
    yaml = [b for b in re.findall(r"(?:^    .*\n)+", README, re.M) if re.match(r"    (feed|authority):\n", b)]
    say(len(yaml) == 2, "the README shows feed and authority", len(yaml))
    for block in yaml:
        with tempfile.TemporaryDirectory() as where:
            text = re.sub(r"^    ", "", block, flags=re.M)
            for name in re.findall(r"/etc/crosstap/\S+", text):
                mine = os.path.join(where, os.path.basename(name))
                text = text.replace(name, mine)
                open(mine, "w").close()
            path = os.path.join(where, "crosstap.yaml")
            open(path, "w").write(text)
            ran = run(BIN, "-T", "-c", path)
            # empty key files are refused for what is in them, never for a key of ours that does not exist
            bad = [line for line in ran.stderr.splitlines() if "expected" in line]
            say(not bad, "configuration of the README is read", ran.stderr)


def options():
    known = run(BIN, "--help").stdout
    for line in re.findall(r"^    (?:\./)?crosstap (.*)$", README, re.M):
        for option in re.findall(r"(?<!\S)(--?[a-zA-Z][a-z0-9-]*)", line.split("#")[0]):
            say(re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(option), known), "%s is an option" % option)
    known = run(CTL, "--help").stdout
    for word in set(re.findall(r"crosstapctl ([a-z]+)", README)):
        say(re.search(r"\b%s\b" % word, known), "crosstapctl %s exists" % word)


incident()
verdicts()
blocks()
options()
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
