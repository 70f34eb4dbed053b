#!/usr/bin/env python3
"""List every finding above `suspected` on the public captures that their manifest marks benign, with its facts.

usage: benign.py BIN PUBLIC_DIR [EXPLAINED]

Nothing is declared on these networks, so a finding there must rest on what no legitimate server does.  EXPLAINED is a
file of JSON lines {"file": ..., "detection": ..., "actor": ..., "why": ...}: findings a person has looked at.  Exit
status: 0 when every finding is explained and every explanation needed, 1 otherwise, 2 on a usage error."""
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
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    binary, root = sys.argv[1:3]
    explained = [json.loads(x) for x in open(sys.argv[3])] if len(sys.argv) == 4 else []
    used, open_findings, benign = set(), 0, 0
    for f in json.load(open(os.path.join(root, "MANIFEST.json")))["captures"]:
        if not f.get("benign"):
            continue
        benign += 1
        for i in findings(binary, os.path.join(root, f["file"])):
            actor = i["actor"].get("mac") or ",".join(i["actor"].get("ip") or []) or "unknown"
            facts = ", ".join("%s %s x%d" % (x["id"], x["grade"], x["count"]) for x in i["facts"])
            hit = [k for k, e in enumerate(explained) if (e["file"], e["detection"], e["actor"]) == (f["file"], i["detection"], actor)]
            used.update(hit)
            open_findings += not hit
            print("%s: %s by %s: %s\n    %s\n    %s" % (f["file"], i["detection"], actor, i["verdict"], facts,
                  "explained: " + explained[hit[0]]["why"] if hit else "NOT EXPLAINED"))
    for k, e in enumerate(explained):
        if k not in used:
            print("explained but not found:", json.dumps(e))
    print("%d benign captures, %d findings explained, %d not explained" % (benign, len(used), open_findings))
    return 1 if open_findings or len(used) != len(explained) else 0


if __name__ == "__main__":
    sys.exit(main())
