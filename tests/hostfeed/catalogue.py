#!/usr/bin/env python3
"""Every event of the catalogue decodes to its manifest's fields, however it is carried.

usage: catalogue.py --bin crosstap [--catalogue FILE] [-v]

Each event of ../shared/hostevents/catalog.json (CROSSTAP_SHARED names another place; "skipped, no corpus" without it) is
composed with values of its fields' types, in four ways: JSON with named data, JSON with unnamed data (param1, param2, ...),
Event XML whose <Data> have no names, and the message alone, in words of no language.  A DHCP server's audit log is composed as
its line.  Wanted: provider, id, names in the manifest's order and spelling with the values given; one kind in all ways, and a
kind of its own for each event that DETECTIONS.md 10 names; of a message nothing that was not put there, `lost` saying that
fields are missing, and the same from other words.  Last line: `N passed, N failed`.
"""
import argparse, collections, json, os, re, subprocess, sys, tempfile
from xml.sax.saxutils import escape

SYSTEM = "2026-05-04T08:01:02.345678Z"
WORDS = "Lorem ipsum dolor", "Zażółć gęślą jaźń"


def value(event, i, field):
    """a value of the field's type, different for each place"""
    name, kind = field["name"], field["type"]
    low = name.lower()
    if kind in ("UInt32", "UInt64", "UInt8", "Int64"):
        return str(40 + i)
    if kind == "Boolean":
        return "true"
    if kind == "GUID" or name == "CoId":
        return "{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9%02X}" % i
    if kind == "HexInt64":
        return "0x3e%d" % i
    if kind == "SID":
        return "S-1-5-21-1-2-3-%d" % (1000 + i)
    if kind == "FileTime":
        return "2026-05-04T08:00:%02d.0000000Z" % i
    if kind == "Binary":
        return "C0A8%02X07" % i if "addr" in low else "0A0B0C%02X" % i
    if "hash" in low:
        return ("%02X" % i) * (20 if "SHA1" in name else 32)
    if "address" in low or low.endswith("ip"):
        return "192.0.2.%d" % (10 + i)
    return "value-%d-%d" % (event["id"], i)


def values(event):
    return [(f["name"], value(event, i, f)) for i, f in enumerate(event["fields"])]


def winlogbeat(event, record, data=None, message=None):
    w = {"provider_name": event["provider"], "event_id": str(event["id"]), "record_id": record, "channel": event["channel"],
         "computer_name": "PC1.example.net"}
    if data:
        w["event_data"] = data
    d = {"@timestamp": SYSTEM, "winlog": w}
    return json.dumps(dict(d, message=message) if message else d)


def xml(event, record):
    data = "".join("<Data>%s</Data>" % escape(v) for _, v in values(event))
    return ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='%s'/><EventID>%d</EventID>"
            "<TimeCreated SystemTime='%s'/><EventRecordID>%d</EventRecordID><Channel>%s</Channel><Computer>PC1.example.net</Computer>"
            "</System><EventData>%s</EventData></Event>" % (event["provider"], event["id"], SYSTEM, record, event["channel"], data))


def audit(event):
    sample = {"Date": "05/04/26", "Time": "08:01:02", "IP Address": "192.0.2.10", "IPv6 Address": "2001:db8::10", "MAC Address": "020000000010",
              "ID": event.get("id_text", str(event["id"]))}
    return [(f["name"], sample.get(f["name"], "v%d" % i)) for i, f in enumerate(event["fields"])]


def message(event, words):
    return words + ": " + "; ".join("%s %s" % (words.split()[0], v) for _, v in values(event)) + "."


def documented(path):
    """(provider, id) of every event that the two tables of section 10 name"""
    text = open(path).read()
    text = text[text.index("## 10. Join table"):text.index("### 10.1")]
    seed, more = text.split("Neighbour events")
    out = set()
    for line in seed.splitlines():
        m = re.match(r"\| (\d+) ", line)
        if m:
            n = int(m[1])
            out.add(("Microsoft-Windows-" + ("RasSstp" if n < 100 else "Iphlpsvc" if 4000 <= n < 5000 else "DHCP-Server"), n))
    return out, more


def decode(binary, lines):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "events")
        open(path, "w").write("".join(x + "\n" for x in lines))
        q = subprocess.run([binary, "-q", "-e", path, "--host-events"], capture_output=True, text=True)
    if q.returncode:
        return None, q.stderr.strip()[:200]
    return [json.loads(x) for x in q.stdout.splitlines()], None


class Judge:
    def __init__(self, verbose):
        self.passed = self.failed = 0
        self.verbose, self.kinds, self.ways = verbose, collections.defaultdict(set), collections.Counter()

    def say(self, event, way, wrong):
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        self.ways[way, not wrong] += 1
        if wrong or self.verbose:
            print("%-6s %s %s, %s%s" % ("FAILED" if wrong else "ok", event["provider"], event["id"], way, ": " + wrong if wrong else ""))

    def full(self, event, way, got, want):
        wrong = None
        if got is None:
            wrong = "no record"
        elif (got["provider"], got["event_id"]) != (event["provider"], event["id"]):
            wrong = "is %s %s" % (got["provider"], got["event_id"])
        elif list(got["fields"].items()) != want:
            wrong = "wanted %s, got %s" % (want, list(got["fields"].items()))
        if got:
            self.kinds[event["provider"], event["id"]].add(got["kind"])
        self.say(event, way, wrong)

    def text(self, event, got, other, want):
        wrong = None
        if got is None or other is None:
            wrong = "no record"
        elif (got["provider"], got["event_id"]) != (event["provider"], event["id"]):
            wrong = "is %s %s" % (got["provider"], got["event_id"])
        elif any(dict(want).get(k) != v and not same(dict(want).get(k), v) for k, v in got["fields"].items()):
            wrong = "wanted some of %s, got %s" % (want, got["fields"])
        elif want and len(got["fields"]) < len(want) and not any(x.startswith("fields") for x in got["lost"]):
            wrong = "the missing fields are not said to be lost"
        elif got["fields"] != other["fields"]:
            wrong = "other words, other fields: %s and %s" % (got["fields"], other["fields"])
        if got:
            self.kinds[event["provider"], event["id"]].add(got["kind"])
        self.say(event, "message", wrong)


def same(want, got):
    """numbers may be written in another base"""
    try:
        return int(want, 0) == int(got, 0)
    except (TypeError, ValueError):
        return False


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    shared = os.environ.get("CROSSTAP_SHARED", "../shared")
    ap.add_argument("--catalogue", default=os.path.join(shared, "hostevents/catalog.json"))
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    if not os.path.exists(a.catalogue):
        print("skipped, no corpus: no %s (CROSSTAP_SHARED says where)\n0 passed, 0 failed, 1 skipped" % a.catalogue)
        return 0
    catalogue = json.load(open(a.catalogue))
    judge = Judge(a.v)
    for version in ("v4", "v6"):
        rows = [e for e in catalogue if e["provider"] == "DHCP-Server-AuditLog-" + version]
        got, error = decode(a.bin, [",".join(v for _, v in audit(e)) for e in rows])
        got = got or []
        for i, e in enumerate(rows):
            judge.full(e, "line", got[i] if i < len(got) else None, audit(e))
        if error:
            print(error)
    events = [e for e in catalogue if "AuditLog" not in e["provider"]]
    ways = [("named", lambda e, n: winlogbeat(e, n, dict(values(e)))),
            ("unnamed", lambda e, n: winlogbeat(e, n, {"param%d" % (i + 1): v for i, (_, v) in enumerate(values(e))})),
            ("xml", xml), ("words", lambda e, n: winlogbeat(e, n, None, message(e, WORDS[0]))),
            ("other words", lambda e, n: winlogbeat(e, n, None, message(e, WORDS[1])))]
    got = {}
    for way, compose in ways:
        records, error = decode(a.bin, [compose(e, i + 1) for i, e in enumerate(events)])
        got[way] = {r["record_id"]: r for r in records or []}
        if error:
            print("%s: %s" % (way, error))
    for i, e in enumerate(events):
        for way in ("named", "unnamed", "xml"):
            judge.full(e, way, got[way].get(i + 1), values(e))
        judge.text(e, got["words"].get(i + 1), got["other words"].get(i + 1), values(e))
    design = os.path.join(shared, "design/DETECTIONS.md")
    named, more = documented(design) if os.path.exists(design) else (set(), "")
    for e in catalogue:
        kinds, key = judge.kinds[e["provider"], e["id"]], (e["provider"], e["id"])
        wrong = "several kinds: %s" % sorted(kinds) if len(kinds) > 1 else \
            "a seed event without a kind" if (e["seed"] or key in named) and kinds <= {"other"} else None
        judge.say(e, "kind", wrong)
    print("%d events of the catalogue" % len(catalogue))
    for way in sorted({w for w, _ in judge.ways}):
        print("%-8s %4d right, %d wrong" % (way, judge.ways[way, True], judge.ways[way, False]))
    print("%d passed, %d failed" % (judge.passed, judge.failed))
    return 1 if judge.failed or not judge.passed else 0


if __name__ == "__main__":
    sys.exit(main())
