#!/usr/bin/env python3
"""Proves the contracts in dissectors/core with Frama-C's WP, for input of any size and content.

usage: prove.py [--write] [--no-faults] [UNIT...]

A goal is a contract, a memory access, an overflow or the end of a loop, each found by Frama-C (-wp-rte) and given to Qed, Z3
and CVC4.  What they leave open must be listed in OPEN.md, which --write makes anew; a goal that is open and not listed, or
listed and proved, is a failure.  FAULTS shows that the proofs can fail: each seeded fault must leave a goal open.
FRAMAC_WP_CACHE=update and FRAMAC_WP_CACHEDIR=DIR keep answers between runs.  Last line: `N passed, N failed`.
"""
import argparse, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = os.path.join(HERE, "..", "..", "dissectors", "core")
NEEDS = ("frama-c", "why3", "z3", "cvc4", "ocamlfind")     # Debian: frama-c-base why3 z3 cvc4 ocaml-findlib

# unit: file the prover reads, functions (all where empty)
UNITS = {
    "cursor": ("cursor.c", ""),
    "out": ("../../dissectors/core/out.c", "out_put,out_chr,out_u64,out_i64,out_hexn,out_be,two,dotted,hex_group,colons"),
}

# why a goal of that name is open; the first that matches
REASONS = [
    (r"_requires_(initialization|danglingness)", "WP has no model of initialised or released memory, which Frama-C's "
     "contract of this libc function asks for; view_ok says that the bytes may be read"),
    (r"typed_bytes_text_ensures", "Frama-C's contract of memchr() says that the result is in the same block, not that it is "
     "in the range; C11 7.24.5.1 does"),
]

# file, what stands there, the fault, the function whose proof must break
FAULTS = [
    ("cursor.h", "if (n > c->len - c->off) {", "if (n > c->len) {", "cur_need"),
    ("cursor.h", "c->off += (uint32_t)n;", "c->off += (uint32_t)n + 1;", "cur_take"),
    ("cursor.h", "if (!cur_need(c, 2))", "if (!cur_need(c, 1))", "cur_peek_be16"),
    ("cursor.h", "b.p[big ? i : b.n - 1 - i]", "b.p[big ? i : b.n - i]", "cur_order"),
    ("bytes.h", "if (off < b.n && n <= b.n - off)", "if (off < b.n && n <= b.n)", "bytes_copy"),
    ("bytes.h", "if (off >= b.n || b.n - off < 2)", "if (off >= b.n)", "bytes_be16"),
]

def prove(unit, core=CORE, only=None, conf=None):
    """(goals, names of the open ones) of a unit, or of one function of it"""
    source, functions = UNITS[unit]
    with tempfile.TemporaryDirectory() as session:
        argv = ["frama-c", "-load-script", os.path.join(HERE, "machine.ml"), "-machdep", "x86_64_uchar",
                "-cpp-extra-args=-I%s -D__FC_MACHDEP_GCC_X86_64 -funsigned-char" % core,
                "-wp", "-wp-rte", "-wp-prover", "tip,z3,cvc4", "-wp-auto", "wp:bitshift", "-wp-session", session,
                "-wp-timeout", "10", "-wp-par", "1", os.path.join(HERE, source)]
        if only or functions:
            argv += ["-wp-fct", only or functions]
        out = subprocess.run(argv, capture_output=True, text=True, cwd=session, env=dict(os.environ, WHY3CONFIG=conf)).stdout
    total = re.search(r"Proved goals:\s+(\d+) / (\d+)", out)
    if total is None or "User Error" in out:
        sys.exit("frama-c does not get through %s:\n%s" % (source, out[-2000:]))
    proved, goals = map(int, total.groups())
    left = sorted({m[1] for m in re.finditer(r"^\[wp\] \[[^]]*\] Goal (\S+)(.*)$", out, re.M) if ": Valid" not in m[2]})
    if goals - proved != len(left):
        sys.exit("%s: %d of %d goals proved, but %d are called open:\n%s" % (unit, proved, goals, len(left), "\n".join(left)))
    return goals, left

def reason(goal):
    return next((why for pattern, why in REASONS if re.search(pattern, goal)), None)

def row(unit, goals, left):
    text = "## %s: %d of %d goals proved\n\n" % (unit, goals - len(left), goals)
    for why in sorted({reason(g) or "" for g in left}):
        text += "".join("- `%s`\n" % g for g in left if (reason(g) or "") == why) + "\n  %s\n\n" % why
    return text

def fault_found(fault, conf):
    name, good, bad, function = fault
    with tempfile.TemporaryDirectory() as d:
        core = os.path.join(d, "core")
        shutil.copytree(CORE, core)
        path = os.path.join(core, name)
        text = open(path).read()
        if text.count(good) != 1:
            sys.exit("%s has `%s` %d times: bring FAULTS up to date" % (name, good, text.count(good)))
        open(path, "w").write(text.replace(good, bad))
        unit = "out" if name.startswith("out") else "table" if name.startswith("table") else "cursor"
        left = prove(unit, core, function, conf)[1]
    return any(reason(g) is None for g in left)

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--write", action="store_true", help="write OPEN.md")
    ap.add_argument("--no-faults", action="store_true")
    ap.add_argument("units", nargs="*", default=sorted(UNITS))
    a = ap.parse_args()
    missing = [p for p in NEEDS if shutil.which(p) is None]
    if missing:
        print("skipped, not installed: " + " ".join(missing))
        return 77
    passed = failed = 0
    listed_in = os.path.join(HERE, "OPEN.md")
    listed = open(listed_in).read() if os.path.exists(listed_in) else ""
    rows = {m[1]: m[0] for m in re.finditer(r"^## (\w+):.*?(?=^## |\Z)", listed, re.M | re.S)}
    with tempfile.TemporaryDirectory() as d:
        conf = os.path.join(d, "why3.conf")
        subprocess.run(["why3", "-C", conf, "config", "detect"], capture_output=True, check=True)
        for unit in a.units:
            goals, left = prove(unit, conf=conf)
            known = set(re.findall(r"^- `(\S+)`", rows.get(unit, ""), re.M))
            new, gone = [g for g in left if g not in known], sorted(known - set(left))
            nameless = [g for g in left if reason(g) is None]
            rows[unit] = row(unit, goals, left)
            bad = nameless if a.write else nameless + new + gone
            print("%-6s %s: %d of %d goals proved, %d open" % ("FAILED" if bad else "ok", unit, goals - len(left), goals, len(left)))
            for g in sorted(set(bad)):
                print("       %s: %s" % (g, "listed in OPEN.md, but proved or gone" if g in gone else "open and without a reason"
                                         if g in nameless else "open and not listed in OPEN.md"))
            passed, failed = passed + (not bad), failed + bool(bad)
        for fault in [] if a.no_faults else FAULTS:
            found = fault_found(fault, conf)
            print("%-6s %s: %s" % ("ok" if found else "FAILED", fault[3], fault[2]))
            passed, failed = passed + found, failed + (not found)
    if a.write:
        head = "# Goals the provers leave open\n\nMade by `tests/proof/prove.py --write`; the reasons stand in that script.\n\n"
        open(listed_in, "w").write(head + "".join(rows[u] for u in sorted(rows)).rstrip("\n") + "\n")
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0

if __name__ == "__main__":
    sys.exit(main())
