#!/usr/bin/env python3
"""List every finding above `suspected` on the public captures that their manifest marks benign, with its facts.

usage: benign.py CROSSTAP

Nothing is declared on these networks, so a finding there must rest on what no legitimate server does.  benign-explained.jsonl
holds the findings that a person has looked at, with the reason why they stand.  Exit status: 0 when every finding is
explained and every explanation needed, 1 otherwise, 2 on a usage error."""
import json, os, subprocess, sys

ABOVE = ("probable", "confirmed")


def findings(binary, capture):
    p = subprocess.run([binary, "-q", "-r", capture], capture_output=True, timeout=120)
    if p.returncode not in (0, 1):
        raise SystemExit("%s: exit %d" % (capture, p.returncode))
    last = {}
    for line in p.stdout.decode().splitlines():
        i = json.loads(line)["incident"]
        last[i["id"]] = i
    return [i for i in last.values() if i["verdict"] in ABOVE]


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    binary = sys.argv[1]
    root = os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps", "public")
    if not os.path.exists(os.path.join(root, "MANIFEST.json")):
        print("skipped, no corpus: %s has no MANIFEST.json (CROSSTAP_SHARED says where)\n0 passed, 0 failed, 1 skipped" % root)
        return 0
    explained = [json.loads(x) for x in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "benign-explained.jsonl"))]
    used, not_explained, benign = set(), 0, 0
    for f in json.load(open(os.path.join(root, "MANIFEST.json")))["captures"]:
        if not f.get("benign"):
            continue
        benign += 1
        for i in findings(binary, os.path.join(root, f["file"])):
            actor = i["actor"].get("mac") or ",".join(i["actor"].get("ip") or []) or "unknown"
            facts = ", ".join("%s %s x%d" % (x["id"], x["grade"], x["count"]) for x in i["facts"])
            hit = [k for k, e in enumerate(explained) if (e["file"], e["detection"], e["actor"]) == (f["file"], i["detection"], actor)]
            used.update(hit)
            not_explained += not hit
            print("%s: %s by %s: %s\n    %s\n    %s" % (f["file"], i["detection"], actor, i["verdict"], facts,
                  "explained: " + explained[hit[0]]["why"] if hit else "NOT EXPLAINED"))
    for k, e in enumerate(explained):
        if k not in used:
            print("explained but not found:", json.dumps(e))
    bad = not_explained + len(explained) - len(used)
    print("%d benign captures, %d findings explained, %d not explained" % (benign, len(used), not_explained))
    print("%d passed, %d failed" % (benign - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
