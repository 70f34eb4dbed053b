#!/bin/bash
# What a new user does, in a fresh Debian 12: install the package, let --setup propose a configuration from a lab capture,
# approve it, replay another lab capture with rsyslog receiving the incidents.  Each command, its output and its seconds are
# written to REPORT, or printed at the end.  Needs root, debootstrap and a Debian mirror; skipped without.
# usage: chroot.sh PACKAGE.deb|- [REPORT]      -: build the package first
# CROSSTAP_MIRROR names the mirror; the chroot uses the host's /proc and network, and is removed at the end.
set -u
deb=${1:?path of the package, or - to build it}
shared=$(realpath "${CROSSTAP_SHARED:-../shared}" 2>/dev/null)/pcaps/lab
mirror=${CROSSTAP_MIRROR:-http://deb.debian.org/debian}
skip() {
	echo "skipped, $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}
[ "$(id -u)" -eq 0 ] || skip "not root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
[ -d "$shared" ] || skip "no corpus"
unshare -m true 2>/dev/null || skip "no mount namespaces"
# Mounts are made in a mount namespace of our own: nothing of them can be left behind.
[ -n "${CROSSTAP_CHROOT_INSIDE:-}" ] || CROSSTAP_CHROOT_INSIDE=1 exec unshare -m "$0" "$@"
work=$(mktemp -d) root=$work/debian daemon=
report=${2:-$work/report}
finish() {
	if [ -n "$daemon" ]; then kill "$daemon" 2>/dev/null; fi
	umount "$root/proc" 2>/dev/null
	mountpoint -q "$root/proc" || rm -rf --one-file-system "$work"
}
trap finish EXIT
passed=0 failed=0 begin=$SECONDS
: >"$report" || exit 2
check() { # name command...
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAILED $name"
	fi
}
step() { # command line for the chroot's shell: told, run, its output and time told
	local from=$SECONDS status
	echo "# $1" | tee -a "$report"
	chroot "$root" /bin/sh -c "$1" >"$work/out" 2>&1
	status=$?
	sed 's/^/    /' "$work/out" | cut -c1-400 | head -n 60 | tee -a "$report"
	echo "    ($((SECONDS - from)) s, status $status)" | tee -a "$report"
	return $status
}
if [ "$deb" = - ]; then
	sh deploy/package.sh "$work/package" >/dev/null || skip "the package cannot be built here"
	deb=$(ls "$work"/package/crosstap_*.deb)
fi
timeout 400 debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/debootstrap" 2>&1 || {
	tail -n 3 "$work/debootstrap"
	skip "debootstrap has no mirror"
}
echo "debootstrap: $((SECONDS - begin)) s" | tee -a "$report"
mount -t proc proc "$root/proc" || skip "no /proc for the chroot"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no daemon is started by a package
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$deb" "$root/srv/crosstap.deb"
mkdir -p "$root/srv/lab"
cp -r "$shared/benign-isc-dora-renew-release" "$shared/mitm6-default" "$root/srv/lab/"
begin=$SECONDS

check install step 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends /srv/crosstap.deb rsyslog logrotate >/dev/null 2>&1; crosstap --version'
installed=$((SECONDS - begin))
check "the service is off" step 'test ! -e /etc/systemd/system/multi-user.target.wants/crosstap.service && test ! -e /etc/crosstap/crosstap.yaml && getent passwd crosstap'
check "folders are the user's" step 'stat -c "%U:%G %a %n" /var/lib/crosstap /var/log/crosstap || { systemd-tmpfiles --create crosstap.conf && stat -c "%U:%G %a %n" /var/lib/crosstap /var/log/crosstap; }'
check setup step 'crosstap --setup -r eth1=/srv/lab/mitm6-default/capture.pcap -e /srv/lab/mitm6-default/events.jsonl >/srv/proposal.yaml; cat /srv/proposal.yaml'
check "read and approve" step "sed 's/^#? //' /srv/proposal.yaml >/etc/crosstap/crosstap.yaml; mkdir -p /etc/crosstap/conf.d; printf 'sensor: {name: s1}\noutput: [{type: syslog, host: 127.0.0.1, port: 1514, transport: tcp}]\nevidence: {folder: /var/lib/crosstap/evidence}\n' >/etc/crosstap/conf.d/output.yaml; crosstap -T -c /etc/crosstap/crosstap.yaml"
check "the configuration is good" grep -q ': good' "$work/out"
cat >"$root/srv/rsyslog.conf" <<'END'
global(workDirectory="/srv" maxMessageSize="64k")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="1514")
action(type="omfile" file="/srv/received.log" template="RSYSLOG_SyslogProtocol23Format")
END
chroot "$root" rsyslogd -n -i /srv/rsyslog.pid -f /srv/rsyslog.conf >"$work/rsyslog" 2>&1 &
daemon=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	(exec 3<>/dev/tcp/127.0.0.1/1514) 2>/dev/null && break
	sleep 0.3
done
check replay step 'crosstap -r eth1=/srv/lab/mitm6-default/capture.pcap -e /srv/lab/mitm6-default/events.jsonl -c /etc/crosstap/crosstap.yaml'
for _ in $(seq 20); do
	[ -s "$root/srv/received.log" ] && grep -q 'verdict="confirmed"' "$root/srv/received.log" && break
	sleep 0.2
done
check "rsyslog has the confirmed incident" step 'grep -o "crosstap - mitm6 .meta sequenceId=[^ ]*incident@32473 [^{]*verdict=\"confirmed\"" /srv/received.log | tail -n 1 | grep confirmed'
check "its frames are kept where the record says" step 'grep -o "\"evidence\":\"[^\"]*" /srv/received.log | cut -d "\"" -f 4 | sort -u >/srv/named; test -s /srv/named && xargs ls -l </srv/named'
check "a quiet network stays quiet" step 'crosstap -q --set sensor.name=s1 -l /tmp -r eth1=/srv/lab/benign-isc-dora-renew-release/capture.pcap --fail-on probable; test $? -eq 0'
check "logrotate takes its file" step 'logrotate -d /etc/logrotate.d/crosstap'
check "manual pages are there" step 'ls /usr/share/man/man5/crosstap.yaml.5.gz /usr/share/man/man7/crosstap-detections.7.gz /usr/share/man/man7/crosstap-fields.7.gz /usr/share/man/man8/crosstap.8.gz || dpkg -L crosstap | grep man/'
check remove step 'apt-get -qq remove -y crosstap >/dev/null 2>&1; test ! -e /usr/bin/crosstap && test -e /etc/crosstap/crosstap.yaml'
[ $# -gt 1 ] || cat "$report"
echo "installed after $installed s, all of it $((SECONDS - begin)) s" | tee -a "$report"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
