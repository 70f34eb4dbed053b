#!/bin/bash
# Every check of the project, from a bare Debian 12 to one line: `N passed, N failed[, N skipped]`.
#
#   tests/run.sh           everything that fits in 20 minutes on two cores (this is what .ci/run calls)
#   tests/run.sh --quick   the sanitised build, unit tests, golden captures and the cheap lints: for the next edit
#   tests/run.sh --long    also 15 minutes of fresh fuzzing, the soak and the bench
#
# Packages are installed when they are missing and the user may (root or sudo).  Builds and logs stay in build/.
# Exit status 0 when nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 2
mode=normal
case "${1-}" in
--quick) mode=quick ;;
--long) mode=long ;;
"") ;;
*) sed -n '2,10s/^# \{0,1\}//p' tests/run.sh; exit 2 ;;
esac
export LC_ALL=C.UTF-8 TZ=UTC CROSSTAP_TEST_MODE=$mode
jobs=$(nproc)
passed=0 failed=0 skipped=0
logs=build/logs
mkdir -p "$logs"

# group name result seconds: one line a step that is no ctest run
step() {
	printf '%-6s %-10s %-28s %28s s\n' "$3" "$1" "$2" "$4"
	if [ "$3" = ok ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

packages() {
	want="gcc clang clang-format clang-tidy cmake ninja-build pkg-config binutils libc6-dev libpcap-dev libjansson-dev
	libexpat1-dev libyaml-dev zlib1g-dev libmd-dev libevent-dev libssl-dev libcap-ng-dev libseccomp-dev libndpi-dev libnet1-dev
	libcmocka-dev libclang-rt-14-dev python3 python3-yaml shellcheck git rsyslog rsyslog-gnutls libivykis0 libwrap0
	libpcre3 iproute2 systemd util-linux tcpreplay procps curl openssl tshark prometheus man-db mandoc zsh fish
	valgrind"
	[ $mode = long ] && want="$want python3-dev python3-pip dpkg-dev debhelper lintian logrotate debootstrap frama-c-base why3 z3 cvc4
	ocaml-findlib"
	command -v go >/dev/null || want="$want golang-go"
	missing=
	for p in $want; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done
	[ -z "$missing" ] && return 0
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root="sudo -n"
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	$as_root apt-get -qq update && $as_root apt-get -qq install -y --no-install-recommends $missing
} >"$logs/packages.log" 2>&1

# preset: configure and build, no test output
build() {
	start=$SECONDS
	if cmake --preset "$1" >"$logs/$1.configure.log" 2>&1 && cmake --build "build/$1" -j "$jobs" >"$logs/$1.build.log" 2>&1; then
		step build "$1" ok $((SECONDS - start))
		return 0
	fi
	step build "$1" FAILED $((SECONDS - start))
	tail -n 25 "$logs/$1.configure.log" "$logs/$1.build.log" 2>/dev/null | sed 's/^/       | /'
	return 1
}

# preset label-regex jobs: run and count
check() {
	xml=$PWD/$logs/$1.$2.xml
	rm -f "$xml"
	ctest --test-dir "build/$1" -L "^($2)\$" -j "$3" --test-output-size-passed 10000000 --test-output-size-failed 10000000 \
		--output-junit "$xml" >"$logs/$1.$2.log" 2>&1 </dev/null
	if [ ! -s "$xml" ] || ! python3 -B tests/tally.py "$1" "$xml" >"$logs/tally" 2>&1; then
		step "$1" "$2" FAILED 0
		tail -n 15 "$logs/$1.$2.log" "$logs/tally" | sed 's/^/       | /'
		return
	fi
	sed '$d' "$logs/tally"
	read -r _ p f s <<-END
		$(tail -n 1 "$logs/tally")
	END
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

start=$SECONDS
if packages; then step setup packages ok $((SECONDS - start)); else
	step setup packages FAILED $((SECONDS - start))
	tail -n 5 "$logs/packages.log" | sed 's/^/       | /'
fi

if build dev; then
	check dev unit "$jobs"
	check dev fuzz "$jobs"
	check dev golden 1
	[ $mode = quick ] && check dev lint "$jobs"
fi
if [ $mode != quick ]; then
	if build dev-clang; then
		check dev-clang unit "$jobs"
		check dev-clang fuzz "$jobs"
	fi
	if build release; then
		check release unit "$jobs"
		check release lint "$jobs"
		check release tidy 1
		check release golden "$jobs"
		check release scenario "$jobs"
		check release live 1
	fi
	build no-ndpi
fi
if [ $mode = long ]; then
	[ -x build/release/crosstap ] && check release long 1
	build fuzz && check fuzz long 1
fi

total="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && total="$total, $skipped skipped"
echo "took $SECONDS s, logs in $logs"
echo "$total"
[ "$failed" -eq 0 ]
