#!/usr/bin/env python3
"""A simulated month of one site with attacks hidden in it, and how crosstap and three public rules judge it.

usage: month.py --bin CROSSTAP [--hosts 5000] [--days 30] [--seed 1] [--dir DIR] [--table FILE] [--degrade HOSTSxDAYS | --no-degrade]
       month.py --make DIR [--hosts N] [--days N] [--seed N]      only wire.pcap, events.jsonl, authority.yaml, truth.json
       month.py --wire - ...                                      the packets to standard output

Goals: recall 1.0, nothing false confirmed, at most one false suspected a segment and day; with damaged event feeds nothing
false confirmed and no verdict stronger than with the whole feed.  month_known.jsonl holds what is known to fall short, with
the reason; it is printed as such and does not fail the run.  Exit status 0 when all else is met, 1 when not, 2 on a usage
error."""
import argparse, json, os, random, resource, shutil, statistics, subprocess, sys, tempfile, time
import month_attacks, month_site, siemrules

RAISED = ("suspected", "probable", "confirmed")
RANK = {"suspected": 1, "probable": 2, "confirmed": 3}


def make(hosts, days, seed, wire, events):
    """writes packets and events as they happen; returns (authority, truth)"""
    site = month_site.Site(hosts, days, seed, wire, events)
    attacks = month_attacks.hide(site, seed)
    site.calendar()
    site.run()
    return site, [a.truth() for a in attacks]


def write(d, hosts, days, seed, wire=None):
    with open(os.path.join(d, "events.jsonl"), "w") as events:
        if wire:
            site, truth = make(hosts, days, seed, wire, events)
        else:
            with open(os.path.join(d, "wire.pcap"), "wb") as f:
                site, truth = make(hosts, days, seed, f, events)
    with open(os.path.join(d, "authority.yaml"), "w") as f:
        json.dump(site.authority(), f, indent=1)
    about = {"hosts": hosts, "days": days, "seed": seed, "packets": site.packets, "events": site.told, "segments": len(site.segs), "attacks": truth}
    with open(os.path.join(d, "truth.json"), "w") as f:
        json.dump(about, f, indent=1)
    return about


def when(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def sense(binary, d, events):
    """runs crosstap; returns the findings by id (last record, first raise, first confirmation), records, CPU and memory"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(os.path.join(d, "wire.pcap"), "rb") as wire, open(os.path.join(d, "out.jsonl"), "wb") as out:
        cmd = [binary, "-q", "-r", "-", "-e", events, "-c", os.path.join(d, "authority.yaml")]
        p = subprocess.Popen(cmd, stdin=wire, stdout=out, stderr=subprocess.PIPE)
        err = p.stderr.read()
        _, status, use = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    del before
    if p.returncode:
        raise SystemExit("crosstap: exit %d: %s" % (p.returncode, err.decode("utf-8", "replace")[-500:]))
    found, alerts = {}, 0
    for line in open(os.path.join(d, "out.jsonl")):
        r = json.loads(line)
        i = r.get("incident")
        if not i:
            continue
        alerts += r["event_type"] == "alert"
        f = found.setdefault(i["id"], {"told": []})
        f["last"] = i
        if i["verdict"] in RAISED and i["state"] != "closed":
            f["told"].append((when(r["timestamp"]), when(i["last"]), i["verdict"]))
    return found, alerts, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024


GRACE = 2 * 3600


def during(f, a):
    """the records of a finding that speak of the attack's time: one id serves every attack on the same scope"""
    return [x for x in f["told"] if a["start"] - 1 <= x[1] and x[0] <= a["end"] + GRACE]


def belongs(f, a):
    """a finding is an attack's when it names its actor, or nobody on its segment in its time"""
    i = f["last"]
    m = i["actor"].get("mac")
    if not during(f, a):
        return False
    if m in a["actors"]:
        return True
    here = i["segment"] in (a["segment"], "cap0/10")
    return here and (m is None or a["any_actor"] and m in a["victims"]) and i["detection"] in a["expected"] + a["allowed"]


def judge(found, truth):
    """returns rows an attack, the findings that are nobody's, and pairs hit and expected"""
    raised = [f for f in found.values() if f["told"]]
    rows, owned = [], set()
    for a in truth["attacks"]:
        if not a["ran"]:
            rows.append((a, None, None))
            continue
        mine = [f for f in raised if belongs(f, a)]
        owned.update(id(f) for f in mine)
        got = {}
        for f in mine:
            d, told = f["last"]["detection"], during(f, a)
            best = max((x[2] for x in told), key=RANK.get)
            sure = [x[0] for x in told if x[2] == "confirmed"]
            if d not in got or RANK[best] > RANK[got[d]["verdict"]]:
                got[d] = {"verdict": best, "raised": min(x[0] for x in told), "confirmed": min(sure, default=None), "finding": f}
        rows.append((a, got, [d for d in a["expected"] if d not in got]))
    return rows, [f for f in raised if id(f) not in owned]


def best(f):
    return max((x[2] for x in f["told"]), key=RANK.get, default=None)


def span(x):
    return "-" if x is None else "%.1f s" % (0 if abs(x) < .05 else x) if abs(x) < 600 else "%.0f min" % (x / 60)


def first(got, expected, key):
    t = [f[key] for d, f in got.items() if d in expected and f[key] is not None]
    return min(t) if t else None


def report(out, truth, found, rows, false, alerts, cpu, rss):
    out("%d hosts, %d days, %d segments, %d packets, %d host events, %d attacks, seed %d" % (
        truth["hosts"], truth["days"], truth["segments"], truth["packets"], truth["events"], len(truth["attacks"]), truth["seed"]))
    out("")
    out("| attack | raised | confirmed | verdicts | missing |")
    out("|---|---|---|---|---|")
    hit = pairs = seen = ran = 0
    delay, sure = [], []
    for a, got, miss in rows:
        if got is None:
            out("| %s | did not run | | | |" % a["name"])
            continue
        ran += 1
        pairs += len(a["expected"])
        hit += len(a["expected"]) - len(miss)
        r, c = first(got, a["expected"], "raised"), first(got, a["expected"], "confirmed")
        seen += r is not None
        if r is not None:
            delay.append(r - a["start"])
        if c is not None:
            sure.append(c - a["start"])
        out("| %s | %s | %s | %s | %s |" % (a["name"], span(r and r - a["start"]), span(c and c - a["start"]),
            ", ".join("%s %s%s" % (d, f["verdict"], "" if d in a["expected"] + a["allowed"] else " (extra)") for d, f in sorted(got.items())), ", ".join(miss)))
    raised = sum(bool(f["told"]) for f in found.values())
    bad = {v: [f for f in false if best(f) == v] for v in RAISED}
    worst = {}
    for f in bad["suspected"]:
        k = (f["last"]["segment"], int(f["told"][0][0] // 86400))
        worst[k] = worst.get(k, 0) + 1
    out("")
    out("- attacks raised: %d of %d; expected detections: %d of %d (recall %.3f)" % (seen, ran, hit, pairs, hit / max(1, pairs)))
    out("- findings raised: %d, nobody's attack: %d (precision %.3f); of these confirmed %d, probable %d, suspected %d" % (
        raised, len(false), 1 - len(false) / max(1, raised), len(bad["confirmed"]), len(bad["probable"]), len(bad["suspected"])))
    out("- most suspected on one segment and day: %d" % max(worst.values(), default=0))
    if delay:
        out("- delay: raised median %s, longest %s; confirmed (%d attacks) median %s, longest %s" % (
            span(statistics.median(delay)), span(max(delay)), len(sure), span(statistics.median(sure) if sure else None), span(max(sure, default=None))))
    out("- incidents raised a day: %.2f, alert records (rises, updates at most once a minute, ends) a day: %.1f" % (raised / truth["days"], alerts / truth["days"]))
    out("- crosstap: %.1f s of CPU (%.2f us a packet), %.0f MiB resident" % (cpu, cpu * 1e6 / truth["packets"], rss))
    for f in false:
        i = f["last"]
        out("- false: %s %s on %s by %s at %s: %s" % (best(f), i["detection"], i["segment"], i["actor"].get("mac") or i["actor"].get("ip"), month_site.stamp(f["told"][0][0]),
            ", ".join("%s %s x%d" % (x["id"], x["grade"], x["count"]) for x in i["facts"][:6])))
    return shortcomings(out, rows, bad) and max(worst.values(), default=0) <= 1


def shortcomings(out, rows, bad):
    """every miss and false confirmation is either known or fails the run"""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "month_known.jsonl")
    known, used, ok = [json.loads(x) for x in open(path)], set(), True
    now = [{"attack": a["name"], "missing": d} for a, got, miss in rows if got is not None for d in miss]
    now += [{"false": f["last"]["detection"]} for f in bad["confirmed"]]
    for n in now:
        hit = [k for k, e in enumerate(known) if n.items() <= e.items()]
        used.update(hit)
        ok = ok and bool(hit)
        out("- %s: %s: %s" % ("known" if hit else "NOT KNOWN", ", ".join(n.values()), known[hit[0]]["why"] if hit else "a new shortcoming"))
    for k, e in enumerate(known):
        if k not in used:
            print("known but not seen in this run:", json.dumps(e))
    return ok


def shift(text, by):
    return month_site.stamp(when(text) + by)


def damage(d, how, seed):
    """the same events with a feed's usual troubles; arrival decides the order in the file"""
    rng = random.Random("%s %d" % (how, seed))
    clock, lines = {}, []
    for line in open(os.path.join(d, "events.jsonl")):
        e = json.loads(line)
        host, at = e["winlog"]["computer_name"], when(e["@timestamp"])
        if "clocks" in how:
            c = clock.setdefault(host, rng.uniform(-300, 300))
            e["@timestamp"] = shift(e["@timestamp"], c)
        if "lost" in how and rng.random() < 1 / 3:
            continue
        late = rng.uniform(0, 7200) if "delayed" in how and rng.random() < 1 / 3 else 0
        e["event"]["created"] = month_site.stamp(at + 1.2 + late)
        text = json.dumps(e, separators=(",", ":"))
        lines.append((at + late, text))
        if "twice" in how and rng.random() < 1 / 3:
            lines.append((at + late + rng.uniform(0, 60), text))
    lines.sort()
    name = os.path.join(d, "damaged.jsonl")
    with open(name, "w") as f:
        f.writelines(x[1] + "\n" for x in lines)
    return name


DAMAGES = ("lost", "twice", "delayed", "clocks", "lost twice delayed clocks")


def degraded(out, binary, d, truth, whole):
    ok = True
    out("")
    out("The same with damaged event feeds (%d hosts, %d days):" % (truth["hosts"], truth["days"]))
    out("")
    out("| host events | recall | confirmed | confirmed false | stronger than with all |")
    out("|---|---|---|---|---|")

    def row(name, found):
        rows, false = judge(found, truth)
        pairs = sum(len(a["expected"]) for a, got, _ in rows if got is not None)
        hit = pairs - sum(len(m) for _, got, m in rows if got is not None)
        sure = sum(best(f) == "confirmed" for f in found.values())
        wrong = [f for f in false if best(f) == "confirmed"]
        more = [f for k, f in found.items() if RANK.get(best(f), 0) > (RANK.get(best(whole[k]), 0) if k in whole else 0)]
        out("| %s | %.3f | %d | %d | %d |" % (name, hit / max(1, pairs), sure, len(wrong), len(more)))
        return wrong, more
    row("all", whole)
    notes = []
    for how in DAMAGES:
        found = sense(binary, d, damage(d, how, truth["seed"]))[0]
        wrong, more = row({"lost": "a third lost", "twice": "a third twice", "delayed": "a third up to 2 h late",
                           "clocks": "clocks wrong by up to 5 min"}.get(how, "all four"), found)
        ok = ok and not wrong and not more
        for f in wrong + more:
            i = f["last"]
            was = whole.get(i["id"])
            notes.append("- %s: %s %s on %s by %s, was %s" % (how, best(f), i["detection"], i["segment"], i["actor"].get("mac"), was and best(was)))
    out("")
    for n in notes:
        out(n)
    return ok


def arguments():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--bin")
    p.add_argument("--make")
    p.add_argument("--wire")
    p.add_argument("--hosts", type=int, default=5000)
    p.add_argument("--days", type=int, default=30)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--dir")
    p.add_argument("--table")
    p.add_argument("--reuse", action="store_true", help="judge what --make wrote to --dir before")
    p.add_argument("--degrade", help="a smaller site for the runs with damaged event feeds")
    p.add_argument("--no-degrade", action="store_true")
    a = p.parse_args()
    if not (a.bin or a.make or a.wire) or a.hosts < 100 or a.days < 1:
        p.error("give --bin, --make or --wire; at least 100 hosts and one day")
    return a


def main():
    a = arguments()
    if a.wire == "-":
        make(a.hosts, a.days, a.seed, sys.stdout.buffer, open(os.devnull, "w"))
        return 0
    if a.make:
        os.makedirs(a.make, exist_ok=True)
        t = write(a.make, a.hosts, a.days, a.seed)
        print("%d packets, %d events, %d attacks" % (t["packets"], t["events"], len(t["attacks"])))
        return 0
    d = a.dir or tempfile.mkdtemp(prefix="month.")
    lines = []

    def out(text):
        lines.append(text)
        print(text, flush=True)
    try:
        os.makedirs(d, exist_ok=True)
        t0 = time.time()
        truth = json.load(open(os.path.join(d, "truth.json"))) if a.reuse else write(d, a.hosts, a.days, a.seed)
        print("made in %.0f s" % (time.time() - t0), flush=True)
        found, alerts, cpu, rss = sense(a.bin, d, os.path.join(d, "events.jsonl"))
        rows, false = judge(found, truth)
        ok = report(out, truth, found, rows, false, alerts, cpu, rss)
        whole = siemrules.compare(out, a.bin, d, truth, rows, false)
        if a.degrade:
            d = os.path.join(d, "smaller")
            os.makedirs(d, exist_ok=True)
            truth = write(d, *map(int, a.degrade.split("x")), a.seed)
            found = sense(a.bin, d, os.path.join(d, "events.jsonl"))[0]
        if not a.no_degrade:
            ok = degraded(out, a.bin, d, truth, found) and ok
    finally:
        if not a.dir:
            shutil.rmtree(d, ignore_errors=True)
    if a.table:
        with open(a.table, "w") as f:
            f.write("# A simulated site, and what crosstap and three public rules say of it\n\n"
                    "Made by `tests/scenario/month.py --hosts %d --days %d --seed %d --table FILE`; minutes on an idle machine.\n\n" % (a.hosts, a.days, a.seed))
            f.write("\n".join(lines) + "\n")
    print("%d passed, %d failed%s" % (ok, not ok, "" if whole else ", 1 skipped"))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
