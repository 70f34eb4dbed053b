#!/bin/bash
# Recordings of real attacks and benign networks against what truly happened (../shared/score/score.py): with host events and
# declared authority, then what the wire alone must give, then with nothing declared.
# usage: score.sh CROSSTAP
bin=${1:?path of crosstap}
shared=${CROSSTAP_SHARED:-../shared}
lab=$shared/pcaps/lab score=$shared/score/score.py
passed=0 failed=0
if [ ! -f "$score" ] || [ ! -d "$lab" ]; then
	echo "skipped, no corpus: $shared has no score/score.py with pcaps/lab (CROSSTAP_SHARED says where)"
	echo "0 passed, 0 failed, 4 skipped"
	exit 0
fi

# name filter what arguments...: `all` wants the scorer content, `recall` only nothing missed and nothing false, anything else
# is the one line of complaint that there may be
judge() {
	name=$1 only=$2 what=$3
	shift 3
	out=$(python3 -B "$score" --bin "$bin" --only "$only" "$@" "$lab" 2>&1)
	status=$?
	if [ "$what" = recall ]; then
		echo "$out" | tail -n 1 | grep -q 'failed 0, recall 1.000 .* false 0, '
		status=$?
	elif [ "$what" != all ]; then
		rest=$(echo "$out" | grep -vE " ok$|^[^ ]+ +(extra [a-z0-9-]+(; )?)+$|$what|^scenarios ")
		[ -z "$rest" ] && echo "$out" | tail -n 1 | grep -q ' false 0, noise 0,'
		status=$?
	fi
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok     $name: $(echo "$out" | tail -n 1)"
	else
		failed=$((failed + 1))
		echo "FAILED $name"
		echo "$out" | grep -v ' ok$' | sed 's/^/    /'
	fi
}

judge "whole lab" "" all
judge "whole lab, wire only" "" recall --no-events
# a second router with a prefix of its own is what many networks have: DETECTIONS 3 and 6 accuse none without authority
judge "whole lab, nothing declared" "" "^rogue-ra-fake-router26 +MISSED rogue-ra by [0-9a-f:]+$" --no-authority
judge "mitm6, nothing declared" mitm6 recall --no-authority
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
