#!/bin/bash
# The Debian package: built by the one command, lintian clean, holds what it must, its unit is good, nothing is on by itself.
# usage: package.sh [DIR]      DIR is where the package goes; one that lies there is looked at and not built again
dir=${1:-build/package}
passed=0 failed=0 skipped=0
ok() { # name status [detail]
	if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		printf 'FAILED %s %s\n' "$1" "${3-}"
	fi
}
for tool in dpkg-buildpackage dh lintian; do
	command -v $tool >/dev/null || {
		echo "skipped, $tool is not installed"
		echo "0 passed, 0 failed, 1 skipped"
		exit 0
	}
done
if ! ls "$dir"/crosstap_*.deb >/dev/null 2>&1; then
	sh deploy/package.sh "$dir" >/dev/null
	ok "deploy/package.sh builds" $?
fi
deb=$(ls "$dir"/crosstap_*.deb) || exit 1
told=$(lintian --allow-root --fail-on error,warning "$dir"/*.changes 2>&1)
ok "lintian" $? "$told"
files=$(dpkg-deb -c "$deb" | awk '{ print $6 }')
for f in /usr/bin/crosstap /lib/systemd/system/crosstap.service /usr/lib/sysusers.d/crosstap.conf /usr/lib/tmpfiles.d/crosstap.conf \
	/etc/logrotate.d/crosstap /etc/default/crosstap /etc/crosstap/conf.d/ /usr/share/man/man8/crosstap.8.gz \
	/usr/share/man/man5/crosstap.yaml.5.gz /usr/share/man/man7/crosstap-detections.7.gz /usr/share/man/man7/crosstap-fields.7.gz \
	/usr/share/bash-completion/completions/crosstap /usr/share/bash-completion/completions/crosstapctl \
	/usr/share/zsh/vendor-completions/_crosstapctl /usr/share/fish/vendor_completions.d/crosstapctl.fish /usr/share/zsh/vendor-completions/_crosstap \
	/usr/share/fish/vendor_completions.d/crosstap.fish /usr/share/doc/crosstap/examples/crosstap.yaml.sample; do
	grep -Eq "^\.(/usr)?$f\$" <<<"$files"
	ok "the package holds $f" $?
done
! grep -q '^\./etc/crosstap/crosstap.yaml$' <<<"$files"
ok "no configuration: off until configured" $?
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
dpkg-deb -e "$deb" "$work/control"
! grep -q deb-systemd-invoke "$work/control/postinst" && grep -q "debian-installed .crosstap" "$work/control/postinst"
ok "the service is neither enabled nor started" $?
[ "$(dpkg-deb -f "$deb" Version)" = "$(sed -n 's/^project(crosstap VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" ]
ok "the version is CMake's" $?
dpkg-deb -x "$deb" "$work/root"
"$work/root/usr/bin/crosstap" --version >/dev/null
ok "the program runs" $?
# its user does not exist here: the file is read with one that does
sed "s/crosstap adm/$(id -un) $(id -gn)/" "$work/root/etc/logrotate.d/crosstap" >"$work/rotate"
logrotate -d -s "$work/rotate.state" "$work/rotate" >"$work/out" 2>&1 && ! grep -q '^error' "$work/out"
ok "logrotate reads its file" $? "$(head -n 3 "$work/out")"
if command -v systemd-analyze >/dev/null; then
	unit=$(find "$work/root" -name crosstap.service)
	sed "s#=/usr/bin/crosstap#=$work/root/usr/bin/crosstap#" "$unit" >"$work/crosstap.service"
	told=$(systemd-analyze verify --man=no "$work/crosstap.service" 2>&1 | grep crosstap.service)
	[ -z "$told" ]
	ok "systemd-analyze verify" $? "$told"
	score=$(systemd-analyze security --offline=yes "$work/crosstap.service" 2>/dev/null | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
	echo "exposure of the unit: $score"
	awk -v s="$score" 'BEGIN { exit !(s != "" && s <= 2.0) }'
	ok "the unit's exposure is at most 2.0" $? "$score"
else
	skipped=$((skipped + 1))
	echo "skipped, no systemd-analyze"
fi
echo "$passed passed, $failed failed$([ $skipped -gt 0 ] && echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
