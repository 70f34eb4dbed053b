#!/usr/bin/env python3
"""What each rule is for: switch it off and see which expectation fails.

usage: switchoff.py --bin crosstap [--forge FORGE] [--lab DIR] [--only ID] [--jobs N]

Rules are the facts of --list-detectors, the rows of correlate/joins.c, the chains and the refutations.  Each is switched
off (--test-off=ID) in every lab scenario, trap (traps.py) and scene (fires.py), and the final records are compared:
  breaks    the scenario's truth no longer holds (a detection, a victim or a confirmation is missing, something false is
            raised), or a trap or evasion ends outside its limit
  changes   a finding's verdict, grade, severity, confidence or victims are others, but the truth still holds
  supports  only the named evidence is missing: others carry the finding
A rule whose absence nobody notices is a failure.  A join row that no recording holds is counted as `unit`: there
tests/unit/test_joins.c walks through every row of the table at both ends of its window.  Last line: `N passed, N failed`.
"""
import argparse, concurrent.futures, glob, json, os, re, subprocess, sys, tempfile
import fires, traps

RAISED = ("suspected", "probable", "confirmed")
CHAINS = ("chain/mitm6", "chain/starve-then-serve", "chain/silence-the-server", "chain/vpn-leak", "chain/vpn-interception",
          "chain/tunnel-backdoor")
JOINS = re.compile(r'^\t\{ "(\d+(?:/\w+)?)", ', re.M)
EVERY_ROW = "join_at(i)"        # how the unit test goes through them

def mac(x):
    return x.lower() if isinstance(x, str) and x.count(":") == 5 else None

class Lab:
    """a recording with its truth"""
    def __init__(self, d):
        self.name, self.dir = os.path.basename(d), d
        self.truth = json.load(open(os.path.join(d, "truth.json")))
        self.args = ["-r", os.path.join(d, "capture.pcap"), "-c", os.path.join(d, "authority.yaml")]
        events = os.path.join(d, "events.jsonl")
        self.args += ["-e", events] if os.path.getsize(events) else []

    def broken(self, final):
        raised = [i for i in final.values() if i["verdict"] in RAISED]
        actor = lambda i: mac((i.get("actor") or {}).get("mac"))
        attackers = {mac(e["attacker"].get("mac")) for e in self.truth["expected"]}
        for e in self.truth["expected"]:
            found = [i for i in raised if i["detection"] == e["detection"] and mac(e["attacker"].get("mac")) in (actor(i), None)]
            if not found:
                return "no " + e["detection"]
            want, got = ({mac(v.get("mac")) for v in vs} - {None} for vs in (e["victims"], [v for i in found for v in i["victims"]]))
            if want - got:
                return "%s: %d of %d victims" % (e["detection"], len(want & got), len(want))
            if e.get("confirmed_by_host_events") and not any(i["verdict"] == "confirmed" and i["host_events"] for i in found):
                return e["detection"] + " is not confirmed"
        for i in raised:
            if i["detection"] not in self.truth.get("tolerated", []) and not (self.truth["attack"] and (actor(i) in attackers or None in attackers)):
                return "false " + i["detection"]
        return None

class Trap:
    """a case of traps.py, forged once"""
    def __init__(self, case, where, forge):
        name, self.want, authority, self.at_least, events, build = case
        self.name = name
        w = traps.Wire()
        w.case = name
        build(w)
        path = lambda n: os.path.join(where, n)
        open(path("wire.forge"), "w").write(w.text())
        subprocess.run([forge, "-o", path("wire.pcap"), path("wire.forge")], check=True)
        self.args = ["-r", path("wire.pcap")]
        if authority:
            json.dump({"authority": [dict(authority, name="test")]}, open(path("authority.yaml"), "w"))
            self.args += ["-c", path("authority.yaml")]
        if events:
            open(path("events.jsonl"), "w").write("".join(json.dumps(e) + "\n" for e in events))
            self.args += ["-e", path("events.jsonl")]
        self.lines = []

    def broken(self, final):
        got = traps.worst([{"incident": i} for i in final.values()])[0][0]
        rank, want = traps.RANK[got], traps.RANK[self.want]
        return None if (rank >= want if self.at_least else rank <= want) else "%s, wanted %s %s" % (got, ">=" if self.at_least else "<=", self.want)

class Scene:
    """a scene of fires.py, forged once"""
    def __init__(self, case, where, forge):
        self.rule, self.speaks, self.name = case[0], case[2], case[0] + ", " + case[1]
        self.args = fires.prepare(case, where, forge)

    def broken(self, final):
        return None if fires.spoke(self.rule, final.values()) == self.speaks else "%s is %s" % (self.rule, "silent" if self.speaks else "heard")

def run(binary, scenario, off):
    p = subprocess.run([binary, "-q", *scenario.args, *(["--test-off=" + off] if off else [])], capture_output=True, timeout=120)
    if p.returncode:
        raise SystemExit("%s: exit %d: %s" % (scenario.name, p.returncode, p.stderr.decode()[-300:]))
    return {i["id"]: i for i in (json.loads(line)["incident"] for line in p.stdout.splitlines())}

def outcome(i):
    return i["verdict"], i["grade"], i["severity"], i["confidence"], sorted(str(v.get("mac")) for v in i["victims"])

def evidence(i):
    return sorted(f["id"] for f in i["facts"]), sorted((h["computer"], h["event_id"], h["record_id"]) for h in i["host_events"]), i.get("refuted_by"), i.get("members")

def judge(binary, scenario, before, off):
    after = run(binary, scenario, off)
    broken = scenario.broken(after)
    if broken and not scenario.broken(before):
        return 3, broken
    for part, level in ((outcome, 2), (evidence, 1)):
        for i in sorted(set(before) | set(after)):
            if i not in before or i not in after or part(before[i]) != part(after[i]):
                return level, (before.get(i) or after[i])["detection"] + (" is not there" if i not in after else "")
    return 0, ""

def rules(binary):
    text = subprocess.run([binary, "--list-detectors"], capture_output=True, text=True, check=True).stdout
    ids = re.findall(r"^  ([A-Z0-9]+-[A-Z0-9]+) +E\d", text, re.M)
    return ids, JOINS.findall(open("correlate/joins.c").read()), [*CHAINS, "refute"]

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--forge")
    ap.add_argument("--lab", default=os.path.join(os.environ.get("CROSSTAP_SHARED", "../shared"), "pcaps/lab"))
    ap.add_argument("--only", default="")
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    a = ap.parse_args()
    scenarios = [Lab(os.path.dirname(p)) for p in sorted(glob.glob(os.path.join(a.lab, "*", "truth.json")))]
    if not scenarios:
        print("skipped, no corpus: no lab recordings (CROSSTAP_SHARED says where)\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as tmp, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for kind, cases in ((Trap, traps.CASES), (Scene, fires.CASES)):
            for n, case in enumerate(cases if a.forge else ()):
                where = os.path.join(tmp, "%s%d" % (kind.__name__, n))
                os.mkdir(where)
                scenarios.append(kind(case, where, a.forge))
        before = list(pool.map(lambda s: run(a.bin, s, None), scenarios))
        passed = failed = 0
        print("%-26s %-9s %9s %9s %9s  first" % ("switched off", "", "breaks", "changes", "supports"))
        facts, joins, others = rules(a.bin)
        by_unit = joins if EVERY_ROW in open("tests/unit/test_joins.c").read() else []
        for rule in (r for r in facts + joins + others if a.only in r):
            rows = list(pool.map(lambda sb: judge(a.bin, sb[0], sb[1], rule), zip(scenarios, before)))
            level = max(r[0] for r in rows)
            first = next(("%s: %s" % (s.name, r[1]) for s, r in zip(scenarios, rows) if r[0] == level), "") if level else ""
            good = level > 0 or rule in by_unit
            passed, failed = passed + good, failed + (not good)
            word = ("unit" if good else "FAILED") if level == 0 else ("supports", "changes", "breaks")[level - 1]
            print("%-26s %-9s %9d %9d %9d  %s" % (rule, word, *(sum(r[0] == n for r in rows) for n in (3, 2, 1)), first), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    sys.exit(main())
