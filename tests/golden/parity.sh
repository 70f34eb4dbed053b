#!/bin/sh
# Hundreds of public captures against what tshark says of them, key by key.  They belong to others and stay beside the tree.
# usage: parity.sh CROSSTAP [--write]      --write: makes PARITY.md anew, with the totals and the reasons
bin=${1:?path of crosstap}
shared=${CROSSTAP_SHARED:-../shared}
if [ ! -f "$shared/score/parity.py" ] || [ ! -d "$shared/pcaps/public" ]; then
	echo "skipped, no corpus: $shared has no score/parity.py with pcaps/public (CROSSTAP_SHARED says where)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
[ "${2-}" = --write ] && exec python3 -B tests/golden/parity_md.py "$bin" "$shared"
exec python3 -B "$shared/score/parity.py" --bin "$bin" --explained tests/golden/explained.jsonl "$shared/pcaps/public"
