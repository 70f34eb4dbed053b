#!/bin/sh
# Makes captures from their scripts and asks an independent reader (tshark, through ../shared/pcaps/make_oracle.py) what is
# in them.  A case whose README row says "by hand" keeps its .obs.jsonl: there the RFC is the reader.
# usage: pcaps/forge/expect.sh FORGE SCRIPT...
forge=${1:?path of forge}
shift
shared=${CROSSTAP_SHARED:-$(dirname "$0")/../../../shared}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# Left alone, tshark takes TCP segments in the order in which they were captured.
reader=$(command -v tshark) || { echo "no tshark"; exit 2; }
mkdir "$work/bin"
printf '#!/bin/sh\nexec "%s" "$@" -o tcp.reassemble_out_of_order:TRUE\n' "$reader" >"$work/bin/tshark"
chmod +x "$work/bin/tshark"
PATH=$work/bin:$PATH
for script in "$@"; do
	base=${script%.forge} name=$(basename "${script%.forge}")
	ext=pcap
	grep -q '^format pcapng' "$script" && ext=pcapng
	"$forge" -o "$base.$ext" "$script" || exit 1
	grep -q "^| $name |.*by hand" "$(dirname "$script")/README.md" 2>/dev/null && [ -f "$base.obs.jsonl" ] && continue
	case $base in
	*pcaps/http/* | *pcaps/auth/*)
		python3 -B "$(dirname "$0")/../../tests/golden/heads.py" --expect "$base.$ext" >"$base.obs.jsonl" || exit 1
		echo "$base: $(wc -l <"$base.obs.jsonl") observations"
		continue
		;;
	esac
	python3 "$shared/pcaps/make_oracle.py" -s -o "$work" "$base.$ext" >"$work/log" || { cat "$work/log"; exit 1; }
	oracle=$work/$name.$ext.oracle.jsonl
	# The reader's own header and marks stay out: a golden file holds what the packets say.
	if [ -f "$oracle" ]; then
		python3 -B - "$oracle" >"$base.obs.jsonl" <<-'END'
			import json, sys
			for line in open(sys.argv[1]).read().splitlines()[1:]:
			    r = {k: v for k, v in json.loads(line).items() if k not in ("ts", "path", "stream")}
			    print(json.dumps(r, ensure_ascii=False, separators=(",", ":")))
		END
	else
		: >"$base.obs.jsonl"
	fi
	rm -f "$oracle"
	echo "$base: $(wc -l <"$base.obs.jsonl") observations"
done
