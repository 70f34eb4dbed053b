#!/usr/bin/env python3
"""Attacks and harmless networks that the lab's captures do not have, each judged in the ways of MODES.

usage: redteam.py --bin CROSSTAP [--only SUBSTR] [--seed N] [--table] [--write DIR] [-v]

A scene is right when what its truth expects is raised (suspected or more) by its actor, every victim is named, what host events
prove is confirmed while all events are there, nobody else is raised and nothing is raised in a harmless network.  Late events end in the
same verdicts.  --table prints one line a scene; --write keeps the folders in the form that the lab's scorer reads.
Exit status 1 when a scene fails.  Last line: `N passed, N failed`."""
import argparse, concurrent.futures, json, os, random, subprocess, sys, tempfile
import redteam_attacks, redteam_benign
from redteam_lab import Lab

RAISED = ("suspected", "probable", "confirmed")
# name, events, declarations, capture
MODES = (("all", "events", True, "capture"), ("no events", None, True, "capture"), ("no authority", "events", False, "capture"),
         ("neither", None, False, "capture"),
         ("late", "late", True, "capture"),         # all events at the very end
         ("lost", "lost", True, "capture"),         # a third of the events never comes
         ("skew", "skew", True, "capture"),         # clocks minutes off
         ("twice", "events", True, "twice"),        # a mirror of both directions
         ("names", "names", True, "tagged"),        # events without addresses of their host, a tag more
         ("mid", "events", True, "mid"),            # the capture begins in the middle of it
         ("mid, neither", None, False, "mid"),
         ("addresses", "events", "addresses", "capture"),  # declared without MACs, as people write it
         ("gaps", "events", True, "gaps"),          # frames are missing: nobody may be accused for it
         ("gaps, no authority", "events", False, "gaps"))
CONFIRMS, FINDS_LESS = ("all", "late", "skew", "twice", "names"), ("gaps", "gaps, no authority", "mid", "mid, neither", "addresses")


def run(binary, folder, events, authority, capture):
    cmd = [binary, "-q", "-r", "%s/%s.pcap" % (folder, capture)]
    if events:
        cmd += ["-e", "%s/%s.jsonl" % (folder, events)]
    if authority:
        cmd += ["-c", folder + ("/authority.yaml" if authority is True else "/%s.yaml" % authority)]
    p = subprocess.run(cmd, capture_output=True, timeout=60)
    last = {}
    for line in p.stdout.splitlines():
        r = json.loads(line)
        last[r["incident"]["id"]] = r["incident"]
    return p.returncode, list(last.values()), p.stderr.decode("utf-8", "replace")


def actor(i):
    return (i.get("actor") or {}).get("mac")


def judge(truth, found, mode, events, authority, bare):
    """what is wrong, in words"""
    wrong, used = [], set()
    raised = [i for i in found if i["verdict"] in RAISED]
    attackers = {e["attacker"]["mac"] for e in truth["expected"]} - {None}
    anyone = any(e["attacker"]["mac"] is None for e in truth["expected"])
    innocent = {v["mac"] for k, v in truth["roles"].items() if not k.startswith("attacker")}
    for e in truth["expected"]:
        m = e["attacker"]["mac"]
        hits = [i for i in raised if i["detection"] == e["detection"] and (actor(i) == m if m else actor(i) not in innocent)]
        used |= {i["id"] for i in hits}
        if not hits:
            due = authority or e["bare"] and (events or not e["either"])
            if e["told"]:
                due = events in ("events", "late")
            if due and mode not in FINDS_LESS:
                near = ["%s %s" % (i["verdict"], actor(i)) for i in found if i["detection"] == e["detection"]]
                wrong.append("MISSED %s%s" % (e["detection"], " (%s)" % ", ".join(near) if near else ""))
            continue
        lacks = {v["mac"] for v in e["victims"]} - {v.get("mac") for i in hits for v in i["victims"]}
        if lacks and mode not in FINDS_LESS:
            wrong.append("%s names %d of %d victims" % (e["detection"], len(e["victims"]) - len(lacks), len(e["victims"])))
        if e["confirmed_by_host_events"] and mode in CONFIRMS and not any(i["verdict"] == "confirmed" and i.get("host_events") for i in hits):
            wrong.append("%s only %s, %d events" % (e["detection"], hits[0]["verdict"], len(hits[0].get("host_events", []))))
    for i in raised:
        if actor(i) and actor(i) in {v.get("mac") for v in i["victims"]}:
            wrong.append("FALSE %s: its own victim" % i["detection"])
        if i["id"] in used or i["detection"] in truth["tolerated"]:
            continue
        if actor(i) in attackers or (anyone and actor(i) not in innocent):
            continue
        if authority is not True and i["verdict"] == "suspected" and (i["detection"] in bare or mode == "mid, neither"):
            continue                # of two who contradict each other, who was there first is not known then
        if mode in FINDS_LESS and actor(i) is None and i["detection"] in {e["detection"] for e in truth["expected"]}:
            continue
        wrong.append("%s %s %s by %s" % ("NOISE" if i["verdict"] == "suspected" else "FALSE", i["verdict"], i["detection"], actor(i)))
    return wrong


def play(binary, name, lab, scene, seed, root):
    """(mode, what is wrong) of one scene"""
    lab = dict(lab)
    bare = lab.pop("bare", ())
    L = Lab(name, seed, **lab)
    scene(L)
    folder = os.path.join(root, "".join(c if c.isalnum() else "-" for c in name))
    L.write(folder)
    lines = L.told()
    for name, told in (("late", lines[::-1]), ("lost", [x for k, x in enumerate(lines) if k % 3 != seed % 3]), ("skew", L.told(skew=True)),
                       ("names", L.told(named=True))):
        open("%s/%s.jsonl" % (folder, name), "w").writelines(told)
    L.capture(folder + "/twice.pcap", twice=True)
    L.capture(folder + "/gaps.pcap", gaps=True)
    L.capture(folder + "/tagged.pcap", tag=42)
    L.capture(folder + "/mid.pcap", since=random.Random(name).uniform(5, 20))
    out, first = [], None
    for mode, events, authority, capture in MODES:
        if not lines and events not in (None, "events"):
            continue
        rc, found, err = run(binary, folder, events, authority, capture)
        wrong = judge(L.truth(), found, mode, events, authority, bare)
        if rc:
            wrong.append("exit %d: %s" % (rc, err.strip()[-200:]))
        verdicts = sorted((i["id"], i["verdict"]) for i in found if i["verdict"] in RAISED)
        first = verdicts if mode == "all" else first
        if mode == "late" and verdicts != first:
            wrong.append("late events end in other verdicts")
        out.append((mode, wrong))
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--only", default="")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--table", action="store_true")
    ap.add_argument("--write")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    good = bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        scenes = [x for x in redteam_attacks.SCENES + redteam_benign.SCENES if a.only in x[0]]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            played = list(pool.map(lambda x: play(a.bin, *x, a.seed, a.write or tmp), scenes))
        for (name, _, _), results in zip(scenes, played):
            failed = [(m, w) for m, w in results if w]
            good, bad = good + (not failed), bad + bool(failed)
            if a.table:
                said = {}
                for m, w in failed:
                    said.setdefault("; ".join(w), []).append(m)
                print("%-72s %s" % (name, "ok" if not failed else " | ".join("[%s] %s" % (", ".join(m), w) for w, m in said.items())))
            elif failed or a.v:
                for m, w in failed or results:
                    print("%s: %s: %s" % (name, m, "; ".join(w) or "ok"))
            sys.stdout.flush()
    print("%d passed, %d failed" % (good, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
