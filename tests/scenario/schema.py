#!/usr/bin/env python3
"""Every record and every observation of the captures in pcaps/ (and of the shared lab, where it is) against the JSON Schema
that the program prints: with python3-jsonschema where it is installed, else with the few words of it that the schema uses.
usage: schema.py CROSSTAP"""
import copy, glob, json, os, re, subprocess, sys

BIN = sys.argv[1]
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
    return None


def lines(*args):
    p = subprocess.run([BIN, "-q", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    return [json.loads(l) for l in p.stdout.splitlines()]


schema = json.loads(subprocess.run([BIN, "--dump-schema"], stdout=subprocess.PIPE, check=True).stdout)
try:
    import jsonschema
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = jsonschema.Draft202012Validator(schema)
    print("with jsonschema too")
except (ImportError, AttributeError):
    whole = None
records = observations = 0
bad, odd, sample = [], [], None
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
    if capture.startswith("pcaps/"):
        for o in lines("-r", capture, "--dissect"):
            observations += 1
            w = wrong(schema["$defs"].get(o["proto"], {"const": "a protocol with fields"}), o)
            if w:
                odd.append((capture, w))
check("%d incident records of %d captures" % (records, len(captures)), records > 50 and not bad, bad[:2])
check("%d observations" % observations, observations > 100 and not odd, odd[:2])


def spoiled(how):
    r = copy.deepcopy(sample)
    how(r)
    return wrong(schema, r) is not None


for name, how in (("a key that nobody knows", lambda r: r["incident"].update(x=1)),
                  ("a verdict that is none", lambda r: r["incident"].update(verdict="maybe")),
                  ("no severity", lambda r: r["incident"].pop("severity")),
                  ("a MAC in capitals", lambda r: r["ether"].update(src_mac="AA:BB:CC:DD:EE:FF")),
                  ("a fact whose count is text", lambda r: r["incident"]["facts"][0].update(count="1"))):
    check("the schema refuses " + name, sample and spoiled(how))
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
