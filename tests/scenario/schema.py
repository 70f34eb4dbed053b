#!/usr/bin/env python3
"""Every record and observation of the captures in pcaps/ (and of the shared lab, where it is), as JSON and as OCSF, every host
event beside them, and what other tests of this folder make the program print, against the JSON Schema that it prints: with
python3-jsonschema where it is installed, else with the few words of it that the schema uses.
usage: schema.py CROSSTAP [FORGE]      FORGE: for the tests that need it"""
import copy, glob, json, os, re, subprocess, sys, tempfile

THROUGH = sys.argv[1] == "--through"   # --through CROSSTAP SCHEMA NOTES ARGUMENT...: runs it, and notes what its lines are worth
BIN = os.path.abspath(sys.argv[2 if THROUGH else 1])
SHARED = os.environ.get("CROSSTAP_SHARED", "../shared")
passed = failed = 0
TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}


def check(name, good, why=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%-6s %s%s" % ("ok" if good else "FAILED", name, "" if good else ": " + str(why)[:700]))


def wrong(s, v, at="$"):
    """The first thing in v that the schema s does not allow, or None."""
    unknown = set(s) - {"$schema", "title", "$defs", "description", "type", "const", "enum", "pattern", "anyOf", "items", "properties",
                        "required", "additionalProperties"}
    if unknown:
        return "%s: this test does not know %s" % (at, unknown)
    if "anyOf" in s and all(wrong(a, v, at) for a in s["anyOf"]):
        return "%s: %r is none of %s" % (at, v, s["anyOf"])
    t = s.get("type")
    if t == "integer" and (not isinstance(v, int) or isinstance(v, bool)) or t in TYPES and not isinstance(v, TYPES[t]):
        return "%s: %r is no %s" % (at, v, t)
    if "const" in s and v != s["const"] or "enum" in s and v not in s["enum"]:
        return "%s: %r is not allowed" % (at, v)
    if "pattern" in s and not re.search(s["pattern"], v):
        return "%s: %r is not like %s" % (at, v, s["pattern"])
    if isinstance(v, list) and "items" in s:
        return next((w for i, x in enumerate(v) for w in [wrong(s["items"], x, "%s[%d]" % (at, i))] if w), None)
    if not isinstance(v, dict):
        return None
    for k in s.get("required", []):
        if k not in v:
            return "%s: %s is missing" % (at, k)
    for k, x in v.items():
        if k in s.get("properties", {}):
            w = wrong(s["properties"][k], x, at + "." + k)
            if w:
                return w
        elif s.get("additionalProperties") is False:
            return "%s: %s is not in the schema" % (at, k)
        elif s.get("additionalProperties"):
            w = wrong(s["additionalProperties"], x, at + "." + k)
            if w:
                return w
    return None


def lines(*args):
    p = subprocess.run([BIN, "-q", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    return [json.loads(l) for l in p.stdout.splitlines()]


def part_of(s, r):
    """The part of the schema that a line is of, None where it is none of ours."""
    kind = r.get("event_type")
    return s if kind in ("alert", "incident") else s["$defs"].get("host_event" if kind else "ocsf_finding" if "class_uid" in r else r.get("proto"))


if THROUGH:
    p = subprocess.run([BIN, *sys.argv[5:]], stdout=subprocess.PIPE)
    with open(sys.argv[3]) as f:
        whole = json.load(f)
    n, notes = 0, []
    for line in p.stdout.splitlines():
        if line.startswith(b"{"):
            r = json.loads(line)
            part = part_of(whole, r)
            n += part is not None
            notes += [w for w in [part and wrong(part, r)] if w]
    with open(sys.argv[4], "a") as f:
        f.write("".join("%s\n" % l for l in [n] + notes))
    sys.stdout.buffer.write(p.stdout)
    sys.stdout.flush()
    sys.exit(p.returncode)

schema = json.loads(subprocess.run([BIN, "--dump-schema"], stdout=subprocess.PIPE, check=True).stdout)
try:
    import jsonschema
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = jsonschema.Draft202012Validator(schema)
    print("with jsonschema too")
except (ImportError, AttributeError):
    whole = None
records = observations = findings = events = 0
bad, odd, other, lost, sample = [], [], [], [], None
captures = sorted(glob.glob("pcaps/**/*.pcap", recursive=True) + glob.glob(SHARED + "/pcaps/lab/*/capture.pcap"))
for capture in captures:
    scene = os.path.dirname(capture)
    args = ["-r", capture]
    if os.path.basename(capture) == "capture.pcap":
        for flag, name in (("-e", "events.jsonl"), ("-c", "authority.yaml")):
            if os.path.exists(scene + "/" + name):
                args += [flag, scene + "/" + name]
    for r in lines(*args):
        records += 1
        sample = sample or (r if r["event_type"] == "alert" and r["incident"]["facts"] else None)
        w = wrong(schema, r)
        if w is None and whole and records % 20 == 0 and not whole.is_valid(r):
            w = "jsonschema: " + str(next(whole.iter_errors(r)))
        if any(p["frame"] < 1 for f in r.get("incident", {}).get("facts", []) for p in f["packets"]):
            w = w or "a packet before the first"
        if w or ("alert" in r) != (r["event_type"] == "alert"):
            bad.append((capture, w))
    for r in lines(*args, "--set", "output=[{type: stdout, format: ocsf}]"):
        findings += 1
        w = wrong(schema["$defs"]["ocsf_finding"], r)
        if w is None and r["type_uid"] != r["class_uid"] * 100 + r["activity_id"]:
            w = "type_uid is not the class and the activity"
        if w:
            other.append((capture, w))
    if "-e" in args:
        for e in lines("-e", scene + "/events.jsonl", "--host-events"):
            events += 1
            w = wrong(schema["$defs"]["host_event"], e)
            if w:
                lost.append((capture, w))
    if capture.startswith("pcaps/"):
        for o in lines("-r", capture, "--dissect"):
            observations += 1
            w = wrong(schema["$defs"].get(o["proto"], {"const": "a protocol with fields"}), o)
            if w:
                odd.append((capture, w))
check("%d incident records of %d captures" % (records, len(captures)), records > 50 and not bad, bad[:2])
check("%d observations" % observations, observations > 100 and not odd, odd[:2])
check("%d OCSF findings, one for each record" % findings, findings == records and not other, other[:2])
for path in sorted(glob.glob(SHARED + "/hostevents/samples/*") + glob.glob("tests/unit/data/*")):
    if os.path.isfile(path):
        for e in lines("-e", path, "--host-events"):
            events += 1
            w = wrong(schema["$defs"]["host_event"], e)
            if w:
                lost.append((path, w))
check("%d host events" % events, events > 30 and not lost, lost[:2])


def through(name, *more):
    """Another test with a program in between that looks at every line."""
    with tempfile.TemporaryDirectory() as work:
        with open(work + "/schema", "w") as f:
            json.dump(schema, f)
        with open(work + "/crosstap", "w") as f:
            f.write("#!/bin/sh\nexec '%s' -B '%s' --through '%s' '%s/schema' '%s/notes' \"$@\"\n" %
                    (sys.executable, os.path.abspath(__file__), BIN, work, work))
        os.chmod(work + "/crosstap", 0o755)
        p = subprocess.run([sys.executable, "-B", "tests/scenario/" + name, *[a.replace("CROSSTAP", work + "/crosstap") for a in more]],
                           stdout=subprocess.PIPE, text=True, timeout=280)
        notes = open(work + "/notes").read().splitlines() if os.path.exists(work + "/notes") else []
    n = sum(int(l) for l in notes if l.isdigit())
    check("%s: %d lines" % (name, n), n > 0 and all(l.isdigit() for l in notes), [l for l in notes if not l.isdigit()][:2] or p.stdout[-300:])


through("policy.py", "CROSSTAP")
if len(sys.argv) > 2:
    for name in ("traps.py", "fires.py"):
        through(name, "--bin", "CROSSTAP", "--forge", sys.argv[2])


def spoiled(how):
    r = copy.deepcopy(sample)
    how(r)
    return wrong(schema, r) is not None


for name, how in (("a key that nobody knows", lambda r: r["incident"].update(x=1)),
                  ("a verdict that is none", lambda r: r["incident"].update(verdict="maybe")),
                  ("no severity", lambda r: r["incident"].pop("severity")),
                  ("a MAC in capitals", lambda r: r["ether"].update(src_mac="AA:BB:CC:DD:EE:FF")),
                  ("an evidence that is a number", lambda r: r["incident"].update(evidence=1)),
                  ("a fact whose count is text", lambda r: r["incident"]["facts"][0].update(count="1"))):
    check("the schema refuses " + name, sample and spoiled(how))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
