#!/bin/sh
# ShellCheck over every shell script of the tree, and the syntax of every Python one.  usage: shell.sh [TREE]
cd "${1:-.}" || exit 2
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 2; }
n=0 bad=0
for file in $(find . -path ./build -prune -o -path ./.git -prune -o -type f -print | LC_ALL=C sort); do
	kind=$(head -c 64 "$file" | head -n 1 | tr -d '\0')
	case $kind in
	'#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'*)
		n=$((n + 1))
		shellcheck -x -f gcc -S warning "$file" || bad=$((bad + 1))
		;;
	'#!/usr/bin/env python3'*)
		n=$((n + 1))
		python3 -B -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" || bad=$((bad + 1))
		;;
	esac
done
[ $n -eq 0 ] && { echo "no script found"; exit 2; }
echo "$n scripts, $bad with complaints"
[ $bad -eq 0 ]
