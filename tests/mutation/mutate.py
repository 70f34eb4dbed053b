#!/usr/bin/env python3
"""How many faults seeded into correlate/ do the quick tests catch?

usage: mutate.py --build DIR [--count N] [--seed S] [--files SUBSTR[,SUBSTR...]] [--seconds N] [--unit | --tests NAME[,NAME...]]
                 [--least PERCENT] [--list]

A mutant is one change of one line: a comparison or condition turned round, a grade or a limit moved, a flag or key dropped
from a row.  DIR is a built tree; of a mutant one object is compiled and linked anew, outside of DIR and of the sources.  Then
the unit tests of correlate, traps, fires, events57, joins57 and score (these need DIR's forge and the recordings) run
until one fails: first those that caught most faults in the same file for their time, of equal ones the shortest.  --unit runs
the unit tests only, --tests only those named; --seconds begins no further mutant after so long.
What does not compile, compiles to the same code, or stands in equivalent.jsonl (a change that no input can show, with the
reason) is no mutant.  Prints each survivor and the rate of each file; fails when fewer than PERCENT (90) are caught.
Last line: `N passed, N failed`.
"""
import argparse, collections, glob, json, os, random, re, shlex, subprocess, sys, tempfile, time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = ("verdict joins d4 d6 ra halves identity auth authority tunnels sstp failover ledger where who clocks nd nbns skew "
         "vantage snapshot").split()
SECONDS = 300           # a test that takes longer met a mutant that does not end

# name, what is looked for, what stands there instead
OPERATORS = [
    ("boundary", r"(?<=[\w)\]]) (<|>) (?=[\w(])", lambda m: " %s= " % m[1]),
    ("boundary", r" (<|>)= ", lambda m: " %s " % m[1]),
    ("equality", r" == ", lambda m: " != "),
    ("equality", r" != ", lambda m: " == "),
    ("condition", r" && ", lambda m: " || "),
    ("condition", r" \|\| ", lambda m: " && "),
    ("negation", r"\bif \((?=.*\)$)(.*)\)$", lambda m: "if (!(%s))" % m[1]),
    ("negation", r"\breturn (?=!)!", lambda m: "return "),
    ("grade", r"\bE([0-5])\b", lambda m: "E%d" % (int(m[1]) + (1 if m[1] == "0" else -1))),
    ("flag", r"\b(?:FF|KEY|KF|RF|JF)_\w+ \| ", lambda m: ""),
    ("flag", r" \| (?:FF|KEY|KF|RF|JF)_\w+", lambda m: ""),
    ("limit", r"\b([1-9]\d*) \* (?=TS_)", lambda m: "%d * " % (2 * int(m[1]))),
    ("limit", r"(?<== )([2-9]|[1-9]\d+)(?=,)", lambda m: str(2 * int(m[1]))),
]

def mutants(files):
    """every (file, line number, operator, new line, old line)"""
    for path in files:
        comment = False
        for n, line in enumerate(open(path), 1):
            code = line.rstrip("\n")
            opens = comment or code.lstrip().startswith(("/*", "*"))
            comment = (comment or "/*" in code) and "*/" not in code[code.find("/*") if "/*" in code else 0:]
            if opens or code.startswith("#"):
                continue
            for name, what, then in OPERATORS:
                for m in re.finditer(what, code):
                    if code.count('"', 0, m.start()) % 2 == 0 and "/*" not in code[:m.start()]:
                        yield path, n, name, code[:m.start()] + then(m) + code[m.end():], code.strip()

class Bench:
    def __init__(self, build, where, unit_only, only):
        self.build, self.where, self.unit_only, self.only = build, where, unit_only, only
        self.compile = {c["file"]: c["command"] for c in json.load(open(os.path.join(build, "compile_commands.json")))}
        self.units = ["tests/test_" + u for u in UNITS if os.path.exists(os.path.join(build, "tests/test_" + u))]
        missing = [u for u in UNITS if "tests/test_" + u not in self.units]
        if missing:
            print("without the unit tests that %s does not have: %s" % (build, " ".join(missing)))
        self.links = {t: self.link_command(t) for t in self.units + ["crosstap"]}
        self.bin = os.path.join(where, "crosstap")
        self.caught = collections.Counter()     # by test, and by (file, test)
        self.took = {}                          # test: seconds, with linking

    def link_command(self, target):
        out = subprocess.run(["ninja", "-C", self.build, "-t", "commands", target], capture_output=True, text=True, check=True)
        return out.stdout.rstrip("\n").split("\n")[-1]

    def run(self, command, seconds=SECONDS):
        """whether it ends with 0"""
        try:
            shell = isinstance(command, str)
            return subprocess.run(command, shell=shell, cwd=self.build if shell else ROOT, timeout=seconds,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def object(self, path, source):
        """the bytes of an object without debug information; None where it does not compile"""
        made = os.path.join(self.where, os.path.basename(path) + ".o")
        argv = shlex.split(self.compile[path])
        argv[argv.index("-o") + 1], argv[argv.index("-c") + 1] = made, source
        argv += ["-g0", "-O1", "-I" + os.path.dirname(path)]
        if not self.run(" ".join(map(shlex.quote, argv))):
            return None
        return open(made, "rb").read()

    def link(self, target, made):
        library = os.path.join(self.where, "libcorrelate.a")
        command = self.links[target].replace("correlate/libcorrelate.a", library)
        command = command.replace("-o %s " % target, "-o %s " % os.path.join(self.where, os.path.basename(target)))
        copied = "cp correlate/libcorrelate.a %s && ar r %s %s" % (library, library, made)
        return self.run(copied) and self.run(command)

    def tests(self):
        """(name, arguments) of every test"""
        forge = os.path.join(self.build, "pcaps/forge/forge")
        for t in self.units:
            yield t, [os.path.join(self.where, os.path.basename(t))]
        if self.unit_only:
            return
        for name in ("traps", "fires", "events57"):
            if os.path.exists(forge):
                yield name, [sys.executable, "-B", "tests/scenario/%s.py" % name, "--bin", self.bin, "--forge", forge]
        yield "joins57", [sys.executable, "-B", "tests/scenario/joins57.py", self.bin]
        yield "score", ["bash", "tests/scenario/score.sh", self.bin]

    def caught_by(self, made, path):
        """the first test that fails, None where all pass"""
        def worth(test):
            return (1 + self.caught[test[0]] + 4 * self.caught[path, test[0]]) / self.took.get(test[0], 1)
        linked = set()
        for name, argv in sorted(self.tests(), key=worth, reverse=True):
            if self.only and os.path.basename(name) not in self.only:
                continue
            start = time.monotonic()
            target = name if name in self.links else "crosstap"
            if target not in linked and not self.link(target, made):
                sys.exit("%s cannot be linked: build %s first" % (target, self.build))
            linked.add(target)
            if not self.run(argv):
                self.caught[name] += 1
                self.caught[path, name] += 1
                return name
            self.took.setdefault(name, time.monotonic() - start)
        return None

def equivalents():
    """the changes of equivalent.jsonl; one whose line is no longer there hides nothing, and is told"""
    rows = [json.loads(line) for line in open(os.path.join(HERE, "equivalent.jsonl")) if line.strip()]
    for r in rows:
        if r["text"] not in [line.strip() for line in open(os.path.join(ROOT, r["file"]))]:
            sys.exit("equivalent.jsonl: %s has no line `%s` any more: take the row out or mend it" % (r["file"], r["text"]))
    return {(r["file"], r["text"], r["mutant"]) for r in rows}

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", required=True)
    ap.add_argument("--count", type=int, default=40)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--files", default="")
    ap.add_argument("--seconds", type=int, default=0)
    ap.add_argument("--least", type=int, default=90)
    ap.add_argument("--unit", action="store_true")
    ap.add_argument("--tests", default="")
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    files = sorted(glob.glob(os.path.join(ROOT, "correlate/*.c")) + glob.glob(os.path.join(ROOT, "correlate/detectors/*.c")))
    same = equivalents()
    found = [m for m in mutants(files) if any(part in m[0] for part in a.files.split(","))]
    found = [m for m in found if (os.path.relpath(m[0], ROOT), m[4], m[3].strip()) not in same]
    random.Random(a.seed).shuffle(found)
    if a.list:
        for path, n, name, line, was in sorted(found):
            print("%s:%d: %s: %s" % (os.path.relpath(path, ROOT), n, name, line.strip()))
        return 0
    caught, survived, rate = 0, [], collections.defaultdict(lambda: [0, 0])
    end = time.monotonic() + a.seconds if a.seconds else float("inf")
    with tempfile.TemporaryDirectory() as where:
        bench = Bench(os.path.abspath(a.build), where, a.unit, [t for t in a.tests.split(",") if t])
        plain = {}
        for path, n, name, line, was in found:
            if caught + len(survived) == a.count or time.monotonic() > end:
                break
            if path not in plain:
                source = os.path.join(where, os.path.basename(path))
                open(source, "w").write(open(path).read())
                plain[path] = bench.object(path, source)
                if len(plain) == 1:
                    bad = bench.caught_by(os.path.join(where, os.path.basename(path) + ".o"), path)
                    if bad:
                        sys.exit("%s fails without a mutant: nothing can be learned" % bad)
            lines = open(path).read().split("\n")
            lines[n - 1] = line
            source = os.path.join(where, os.path.basename(path))
            open(source, "w").write("\n".join(lines))
            code = bench.object(path, source)
            if code is None or code == plain[path]:
                continue
            by = bench.caught_by(os.path.join(where, os.path.basename(path) + ".o"), path)
            caught += by is not None
            rate[path][0] += by is not None
            rate[path][1] += 1
            text = "%s:%d: %s: %s" % (os.path.relpath(path, ROOT), n, name, line.strip())
            if by is None:
                survived.append(text)
            print("%-20s %s" % (by or "SURVIVED", text), flush=True)
    for path, (some, all_) in sorted(rate.items()):
        print("%-32s %3d of %3d" % (os.path.relpath(path, ROOT), some, all_))
    total = caught + len(survived)
    enough = total > 0 and 100 * caught >= a.least * total
    print("%d of %d mutants caught" % (caught, total))
    print("%d passed, %d failed" % (enough, not enough))
    return not enough

if __name__ == "__main__":
    sys.exit(main())
