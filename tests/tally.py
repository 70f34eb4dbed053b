#!/usr/bin/env python3
"""Count the cases behind a ctest run and print one line a program.

usage: tally.py GROUP JUNIT.xml

A cmocka program counts its own cases; a script prints `N passed, N failed[, N skipped]` as its last line; whatever
prints neither counts as one.  A program that dies counts as one failure on top of what it had passed; one that ends with
its SKIP_RETURN_CODE counts as skipped.  Lines that begin with `skipped` are repeated, and of a failed program the last lines.  Last line: `= PASSED FAILED SKIPPED` for run.sh.
"""
import re, sys, xml.etree.ElementTree as ET

SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)

def cmocka(text):
    count = lambda word: sum(int(n) for n in re.findall(r"^\[ +%s +\] (\d+) test\(s\)" % word, text, re.M))
    failed = len(set(re.findall(r"^\[ +(?:FAILED|ERROR) +\] (?!---|\d+ test)(\S+)$", text, re.M)))
    return count("PASSED"), max(failed, count("FAILED")), count("SKIPPED")

def cases(text, ok):
    if re.search(r"^\[=+\]", text, re.M):
        passed, failed, skipped = cmocka(text)
    elif SUMMARY.search(text):
        passed, failed, skipped = (int(n or 0) for n in SUMMARY.findall(text)[-1])
    else:
        passed, failed, skipped = int(ok), 0, 0
    return passed, failed or int(not ok), skipped

def main():
    group, path = sys.argv[1:]
    total = [0, 0, 0]
    for case in ET.parse(path).getroot().iter("testcase"):
        text = "\n".join(case.findtext(tag) or "" for tag in ("system-out", "system-err"))
        status = case.get("status")
        left = case.find("skipped")     # also of a program that is missing: that is a failure
        left = left is not None and left.get("message", "").startswith("SKIP_RETURN_CODE")
        n = cases(text, status == "run" or left)
        if left and sum(n) <= n[0]:
            n = (0, 0, 1)
        total = [a + b for a, b in zip(total, n)]
        print("%-6s %-10s %-28s %5d passed%s%s %7.1f s" % ("FAILED" if n[1] else "ok", group, case.get("name"), n[0],
              ", %d failed" % n[1] if n[1] else "", ", %d skipped" % n[2] if n[2] else "", float(case.get("time") or 0)))
        for line in text.splitlines():
            if line.startswith("skipped"):
                print("       " + line)
        if n[1]:
            print("\n".join("       | " + line for line in text.strip().splitlines()[-25:]))
    print("= %d %d %d" % tuple(total))

if __name__ == "__main__":
    main()
