#!/bin/sh
# usage: package.sh [DIR]: builds the Debian package out of this tree and leaves it in DIR (default build/package).
# Wants dpkg-dev, debhelper and the build dependencies of deploy/debian/control; never writes into the sources.
set -eu
cd "$(dirname "$0")/.."
dest=${1:-build/package}
mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
src=$scratch/crosstap
mkdir "$src"
cp -a CMakeLists.txt CMakePresets.json LICENSE README.md CHANGELOG.md dissectors hostfeed correlate sensor deploy "$src/"
cp -a deploy/debian "$src/debian"
rm -f "$src/debian/README.md"
cp deploy/systemd/crosstap.service deploy/systemd/crosstap.sysusers "$src/debian/"
mkdir -p "$src/debian/completions"
for name in crosstap crosstapctl; do
	cp "deploy/completion/$name.bash" "$src/debian/completions/$name"
done
(cd "$src" && dpkg-buildpackage -us -uc -b >"$dest/build.log" 2>&1) || {
	tail -n 25 "$dest/build.log" >&2
	echo "package.sh: the build failed, see $dest/build.log" >&2
	exit 1
}
mv "$scratch"/*.deb "$scratch"/*.changes "$scratch"/*.buildinfo "$dest/"
ls "$dest"/*.deb
