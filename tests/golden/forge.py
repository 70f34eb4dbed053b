#!/usr/bin/env python3
"""Every golden capture is what forge makes of the script beside it, byte for byte.  usage: forge.py FORGE PCAPS_DIR"""
import os, subprocess, sys, tempfile

def main():
    forge, root = sys.argv[1:]
    passed = failed = 0
    for d, _, names in sorted(os.walk(root)):
        for n in sorted(n for n in names if n.endswith(".forge")):
            script = os.path.join(d, n)
            with tempfile.TemporaryDirectory() as tmp:
                out = os.path.join(tmp, "out")
                p = subprocess.run([forge, "-o", out, script], capture_output=True, text=True)
                there = [f for f in (script[:-6] + ".pcap", script[:-6] + ".pcapng") if os.path.exists(f)]
                good = p.returncode == 0 and len(there) == 1 and open(out, "rb").read() == open(there[0], "rb").read()
            passed, failed = passed + good, failed + (not good)
            if not good:
                print("FAILED %s: %s" % (script, p.stderr.strip() or "the capture beside it is another one"))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0

if __name__ == "__main__":
    sys.exit(main())
