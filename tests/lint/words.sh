#!/bin/sh
# What no file of the tree says: paths of somebody's machine, work that was left open, addresses of people.
# usage: words.sh [TREE]
cd "${1:-.}" || exit 2
list() {
	if [ -e .git ]; then git ls-files --cached --others --exclude-standard; else find . -type f | sed 's,^\./,,'; fi |
		grep -Ev '\.(pcap|pcapng|gz)$|^tests/lint/(words|selftest)\.sh$|^LICENSE$'
}
bad=0
# pattern, what it is
look() {
	hits=$(list | tr '\n' '\0' | xargs -0 grep -nIE "$1" /dev/null 2>/dev/null)
	[ -z "$hits" ] && return
	echo "$hits"
	echo "^ $2"
	bad=$((bad + $(echo "$hits" | wc -l)))
}
look '(^|[^A-Za-z0-9_.$}])/(work|farm|home/[a-z]+|root|Users)/' "a path of one machine"
look '\b(TODO|FIXME|XXX|HACK)\b|[Nn]ot implemented|\b[Ss]tubs?\b' "work left open"
echo "$(list | wc -l) files, $bad lines"
[ "$bad" -eq 0 ]
