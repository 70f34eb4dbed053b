#!/bin/bash
# Lines of dissectors/ that run: with the golden packets alone, and with the fuzz corpora too.  A table by file, then every
# line that neither reaches.
# usage: coverage.sh [BUILD]      BUILD: made from preset cov, default build/cov
# Exit status 1 when both together reach less than CROSSTAP_COVERAGE_LEAST (95) percent of the lines.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=${1:-build/cov}
export LC_ALL=C
log=$(mktemp -d) || exit 2
trap 'rm -rf "$log"' EXIT
if ! { cmake --preset cov -B "$build" && cmake --build "$build" -j "$(nproc)"; } >"$log/build" 2>&1; then
	tail -n 20 "$log/build"
	exit 2
fi

# file: counts of every line of dissectors/ so far
read_counts() {
	python3 -B - "$build" "$1" <<-'END'
		import json, os, subprocess, sys
		build, target = sys.argv[1:]
		top, lines = os.getcwd(), {}
		for folder, _, names in os.walk(os.path.join(build, "dissectors")):
		    for name in sorted(n for n in names if n.endswith(".gcno")):
		        path = os.path.abspath(os.path.join(folder, name))
		        data = path[:-5] + ".gcda"
		        done = subprocess.run(["gcov", "--json-format", "--stdout", data if os.path.exists(data) else path],
		                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=build, check=False)
		        for text in done.stdout.decode("utf-8", "replace").splitlines():
		            if not text.startswith("{"):
		                continue
		            unit = json.loads(text)
		            for f in unit["files"]:
		                source = os.path.relpath(os.path.join(unit["current_working_directory"], f["file"]), top)
		                if not source.startswith("dissectors" + os.sep):
		                    continue
		                have = lines.setdefault(source, {})
		                for l in f["lines"]:
		                    n = str(l["line_number"])
		                    have[n] = have.get(n, 0) + l["count"]
		json.dump(lines, open(target, "w"))
	END
}

find "$build" -name '*.gcda' -delete
captures=0
while read -r capture; do
	"$build/crosstap" -q -r "$capture" --dissect >/dev/null 2>&1
	"$build/crosstap" -q -r "$capture" --dissect=arp >/dev/null 2>&1
	"$build/crosstap" -q -r "$capture" >/dev/null 2>&1
	captures=$((captures + 1))
done < <(find pcaps -name '*.pcap' -o -name '*.pcapng' | sort)
read_counts "$log/golden"
seeds=0
for program in "$build"/tests/fuzz/fuzz_*; do
	name=${program##*/fuzz_}
	corpus=tests/fuzz/corpus/$name
	if [ ! -x "$program" ] || [ ! -f "$program" ] || [ ! -d "$corpus" ]; then continue; fi
	"$program" "$corpus" >/dev/null 2>&1 || echo "fuzz_$name: failed"
	seeds=$((seeds + $(find "$corpus" -type f | wc -l)))
done
read_counts "$log/both"

python3 -B - "$log/golden" "$log/both" "$captures" "$seeds" "${CROSSTAP_COVERAGE_LEAST:-95}" <<'END'
import json, sys
golden, both = (json.load(open(p)) for p in sys.argv[1:3])
captures, seeds, least = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
total = [0, 0, 0]
print("%-32s %7s %18s %18s" % ("file", "lines", "golden packets", "+ fuzz corpora"))
for path in sorted(both):
    n = len(both[path])
    g = sum(1 for l in both[path] if golden.get(path, {}).get(l, 0))
    b = sum(1 for c in both[path].values() if c)
    total = [total[0] + n, total[1] + g, total[2] + b]
    if n:
        print("%-32s %7d %7d  %6.1f %% %7d  %6.1f %%" % (path, n, g, 100 * g / n, b, 100 * b / n))
for path in sorted(both):
    source = open(path).read().split("\n")
    for l in sorted((int(l) for l, c in both[path].items() if not c)):
        print("%s:%d: %s" % (path, l, source[l - 1].strip()))
if total[0] == 0:
    sys.exit("no counts: is it a build from preset cov?")
share = 100 * total[2] / total[0]
print("%d captures, %d seeds: %d lines of dissectors/, %.1f %% by golden packets, %.1f %% with the fuzz corpora" %
      (captures, seeds, total[0], 100 * total[1] / total[0], share))
print("%d passed, %d failed" % (share >= least, share < least))
sys.exit(share < least)
END
