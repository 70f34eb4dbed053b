#!/bin/bash
# The unit and what a process gives up.  The score of the shipped unit; then the sensor with what of the unit a namespace can
# give: an ordinary user with CAP_NET_RAW alone (ambient), no new privileges, /proc with subset=pid, a read-only root, the
# unit's list of system calls.  It must see a capture, keep its state, hold no capability, and write nowhere but in its folders.
# Not tried: what only a running systemd does (users, devices, addresses, control groups).
# usage: proc.sh CROSSTAP
bin=${1:?path of crosstap}
unit=deploy/systemd/crosstap.service
skip() {
	echo "skipped, $1"
	echo "${passed:-0} passed, ${failed:-0} failed, 1 skipped"
	exit "$((${failed:-0} > 0))"
}
if [ -z "${CROSSTAP_NETNS-}" ]; then
	passed=0 failed=0
	command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
	score=$(systemd-analyze security --no-pager --offline=true "$unit" | sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
	if [ -n "$score" ] && [ "$(printf '%s\n2.0\n' "$score" | sort -g | tail -n 1)" = 2.0 ]; then
		echo "ok     the unit's exposure is $score, at most 2.0"
		passed=1
	else
		echo "FAILED the unit's exposure is \"$score\", more than 2.0"
		failed=1
	fi
	for tool in tcpreplay setpriv ip; do
		command -v $tool >/dev/null || skip "$tool is not installed"
	done
	[ "$(id -u)" = 0 ] || skip "only root becomes another user in a namespace"
	unshare -mnpf --mount-proc ip link add ctprobe0 type veth peer name ctprobe1 2>/dev/null || skip "no right to make a namespace with a veth pair"
	export passed failed
	CROSSTAP_NETNS=$(mktemp -d) || exit 2
	export CROSSTAP_NETNS
	unshare -mnpf --mount-proc "$0" "$(readlink -f "$bin")"
	status=$?
	rmdir "$CROSSTAP_NETNS"
	exit $status
fi
passed=${passed:-0} failed=${failed:-0} skipped=0
work=$CROSSTAP_NETNS
mount -t tmpfs -o size=64m tmpfs "$work" || exit 2
sensor=
finish() {
	[ -n "$sensor" ] && kill "$sensor" 2>/dev/null
	cd / && umount "$work" # the folder itself goes where the root is writable again
}
trap finish EXIT
check() {
	if [ "$2" = 0 ]; then
		echo "ok     $1"
		passed=$((passed + 1))
	else
		echo "FAILED $1"
		failed=$((failed + 1))
		tail -n 5 "$work/err"
	fi
}
ip link set lo up
ip link add cta type veth peer name ctb
for link in cta ctb; do
	echo 1 >/proc/sys/net/ipv6/conf/$link/disable_ipv6
	ip link set $link arp off up
done
cp "$bin" "$work/crosstap"
cp pcaps/scenario/mitm6-default/capture.pcap "$work/in.pcap"
mkdir "$work/state" "$work/log" "$work/elsewhere"
cat pcaps/scenario/mitm6-default/authority.yaml - >"$work/conf.yaml" <<END

output: [{type: file, path: $work/log/incidents.jsonl}]
control: {socket: $work/state/control}
END
chmod 755 "$work"
chown 65534:65534 "$work/state" "$work/log" "$work/elsewhere"

# The unit's system calls, by name: groups resolved by systemd, in the order of its lines.
python3 -B - "$unit" >"$work/calls" <<'END'
import subprocess, sys
groups, allowed = {}, set()
for line in subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines():
    word = line.strip()
    if line.startswith("@"): groups[word] = current = []
    elif word and not word.startswith("#") and groups: current.append(word)
def calls(word):
    return set().union(*map(calls, groups[word])) if word.startswith("@") else {word}
for line in open(sys.argv[1]):
    if line.startswith("SystemCallFilter="):
        words = line.split("=", 1)[1].strip()
        named = set().union(*(calls(w) for w in words.lstrip("~").split()))
        allowed = allowed - named if words.startswith("~") else allowed | named
print("\n".join(sorted(allowed)))
END
# Loads the list (all others: EPERM) and becomes the program.
cat >"$work/filtered.py" <<'END'
import ctypes, os, sys
lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
lib.seccomp_init.restype = ctypes.c_void_p
for f in (lib.seccomp_rule_add, lib.seccomp_load):
    f.argtypes = [ctypes.c_void_p] + ([ctypes.c_uint32, ctypes.c_int, ctypes.c_uint] if f is lib.seccomp_rule_add else [])
ctx = lib.seccomp_init(0x00050001)
for name in open(sys.argv[1]).read().split():
    n = lib.seccomp_syscall_resolve_name(name.encode())
    if n >= 0 and lib.seccomp_rule_add(ctx, 0x7fff0000, n, 0) != 0: sys.exit("no rule for " + name)
if lib.seccomp_load(ctx) != 0: sys.exit("the filter is not loaded")
os.execv(sys.argv[2], sys.argv[2:])
END
[ "$(grep -c . "$work/calls")" -gt 100 ]
check "the unit's list of system calls is read: $(grep -c . "$work/calls")" $?
mount -t proc -o subset=pid,hidepid=2 proc /proc || exit 2
mount --bind / / 2>/dev/null
mount -o remount,bind,ro / || exit 2
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+net_raw --ambient-caps -all,+net_raw \
	--bounding-set -all,+net_raw --no-new-privs /usr/bin/python3 -B "$work/filtered.py" "$work/calls" \
	"$work/crosstap" -q -v -i ctb -c "$work/conf.yaml" --state "$work/state/s" >"$work/out" 2>"$work/err" &
sensor=$!
for _ in $(seq 50); do
	grep -q watching "$work/err" && break
	sleep 0.1
done
sleep 1
# hidepid hides it from nobody but others: we are root here
child() {
	tr ' ' '\n' <"/proc/$sensor/task/$sensor/children" | while read -r p; do
		grep -q "role=$1" "/proc/$p/cmdline" && echo "$p"
	done
}
# filters of a process: the unit's list, that of the first process, its own
filters() { sed -n 's/^Seccomp_filters:[^0-9]*//p' "/proc/$1/status"; }
given_up() {
	for role in engine edge; do
		status=/proc/$(child $role)/status
		grep -Eq '^CapEff:\s*0+$' "$status" && grep -Eq '^CapPrm:\s*0+$' "$status" && grep -Eq '^CapAmb:\s*0+$' "$status" || return 1
		grep -Eq '^NoNewPrivs:\s*1$' "$status" && grep -Eq '^Uid:\s*65534' "$status" || return 1
	done
}
given_up
check "engine and edge: no capability once everything is open, an ordinary user without new privileges" $?
if grep -q 'built with a sanitizer' "$work/err"; then
	echo "skipped, a build with a sanitizer filters no system calls"
	skipped=$((skipped + 1))
else
	[ "$(filters $sensor)" = 2 ] && [ "$(filters "$(child engine)")" = 3 ] && [ "$(filters "$(child edge)")" = 3 ]
	check "system calls are filtered: first process $(filters $sensor), engine $(filters "$(child engine)"), edge $(filters "$(child edge)") lists, the unit's included" $?
fi
kill -9 "$(child engine)"
for _ in $(seq 50); do
	[ "$(grep -c watching "$work/err")" = 2 ] && break
	sleep 0.1
done
sleep 1
[ "$(grep -c watching "$work/err")" = 2 ] && given_up
check "an engine that is killed is there again, under the same restrictions" $?
tcpreplay -q -x 20 -i cta "$work/in.pcap" >"$work/sent" 2>&1
sleep 2
grep -q '"detection":"mitm6"' "$work/log/incidents.jsonl"
check "what is sent over the interface is found" $?
# Rotation in its folder works; the same name behind a link to another folder does not.
mv "$work/log/incidents.jsonl" "$work/log/incidents.1"
kill -HUP $sensor
sleep 2
[ -f "$work/log/incidents.jsonl" ]
check "a renamed log is opened again" $?
mv "$work/log" "$work/log.away"
ln -s elsewhere "$work/log"
kill -HUP $sensor
sleep 2
if grep -q 'no Landlock' "$work/err"; then
	echo "skipped, this kernel has no Landlock: writing elsewhere"
	skipped=$((skipped + 1))
else
	grep -q 'incidents.jsonl: Permission denied' "$work/err" && [ ! -e "$work/elsewhere/incidents.jsonl" ]
	check "it writes into no other folder, though the user may" $?
fi
kill -TERM $sensor
wait $sensor
status=$?
sensor=
[ -s "$work/state/s" ]
check "state is kept (status $status at the end: the log that could not be opened)" $?
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
