#!/bin/bash
# From a fresh Debian 12 to a confirmed incident: installs what the build needs, builds the release, replays a recorded
# mitm6 attack with its host events, and shows what the sensor says of it.
set -eu
cd "$(dirname "$0")/.."

packages="gcc cmake ninja-build pkg-config libc6-dev libpcap-dev libjansson-dev libexpat1-dev libyaml-dev libmd-dev libndpi-dev
	zlib1g-dev libevent-dev libssl-dev libcap-ng-dev libseccomp-dev python3"
missing=
for p in $packages; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
if [ -n "$missing" ]; then
	echo "installing:$missing"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || {
			echo "quickstart: packages are missing and this is neither root nor a user with sudo; as root run:" >&2
			echo "    apt-get install$missing" >&2
			exit 1
		}
		as_root=sudo
	fi
	$as_root apt-get -qq update
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
fi

echo "building"
mkdir -p build
if ! { cmake --preset release -DCROSSTAP_TESTS=OFF && cmake --build build/release; } >build/quickstart.log 2>&1; then
	tail -n 20 build/quickstart.log >&2
	exit 1
fi

scenario=pcaps/scenario/mitm6-default
records=build/quickstart.jsonl
echo
echo "\$ crosstap -r capture.pcap -e events.jsonl -c authority.yaml     (in $scenario)"
echo
build/release/crosstap -r $scenario/capture.pcap -e $scenario/events.jsonl -c $scenario/authority.yaml >$records
echo
echo "The record that confirmed the takeover, one of $(wc -l <$records) JSON lines in $records, shortened:"
echo
python3 - $records <<'EOF'
import json, sys
for line in open(sys.argv[1]):
    record = json.loads(line)
    i = record["incident"]
    if i["detection"] == "mitm6" and i["verdict"] == "confirmed":
        break
i["facts"] = [dict(f, packets=f["packets"][:1]) for f in i["facts"]]
i["host_events"] = i["host_events"][:2]
print(json.dumps(record, indent=1))
EOF
echo
echo "Next: build/release/crosstap --help; the tests: ./tests/run.sh"
