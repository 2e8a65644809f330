#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The Debian packages are the same to the bit under every umask
# runs: host
#
# The test makes the Debian packages from copies of the sources, and of
# build/rcu-blame, under several umasks. The test fails if a package is not
# made, differs from the others in a bit, or holds a file that not everybody may
# read or that others may write; if its changelog has not its version; or if
# that of rcu-blame depends on another.
#
# Control: with a line more in a source, the packages are others.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1700000000

tool=$PWD/build/rcu-blame

# make_both FOLDER: the packages, of the sources in it.
make_both()
{
	"$1/packaging/deb" "$1/build" && "$1/packaging/deb-tool" "$1/build" "$tool"
}

# made UMASK: the packages, from sources that have the modes of this umask as well.
made()
{
	(
		umask "$1"
		mkdir "$work/$1"
		tar -c --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.ko' . |
			tar -x --no-same-permissions -C "$work/$1"
		make_both "$work/$1"
	) > "$work/log" 2>&1 && return
	tail -n 5 "$work/log" | sed 's/^/# /'
	return 1
}

# same PACKAGE UMASK UMASK: bit for bit.
same()
{
	cmp "$work/$2/build/$1"_*.deb "$work/$3/build/$1"_*.deb
}

# modes UMASK: none but these.
modes()
{
	for package in "$work/$1"/build/*.deb; do
		dpkg-deb -c "$package"
	done > "$work/contents"
	grep -vE '^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]) root/root ' "$work/contents" |
		sed 's/^/# /' | grep . && return 1
	grep -q /packaging/kdir "$work/contents" && grep -q '/usr/sbin/rcu-blame$' "$work/contents"
}

# changelog PACKAGE: the first line of its changelog.
changelog()
{
	dpkg-deb --fsys-tarfile "$work"/022/build/"$1"_*.deb |
		tar -x -O "./usr/share/doc/$1/changelog.gz" | gzip -d | head -n 1
}

# field NAME: of the tool's package.
field()
{
	dpkg-deb -f "$work"/022/build/rcu-blame_*.deb "$1"
}

ktap_print_header
ktap_set_plan 16

for mask in 022 077 027 002; do
	check "umask $mask: the packages are made" made $mask
done
check "that of the tool is for $(field Architecture), and depends on none" \
	test "$(field Architecture)/$(field Depends)" = "$(dpkg --print-architecture)/"
for package in rcu-notrace-dkms rcu-blame; do
	check "$package: its changelog begins with its version" \
		test "$(changelog $package)" = \
		"rcu-notrace ($(field Version)) unstable; urgency=medium"
done
check "everybody may read what is in it, and only root may write it" modes 077
for mask in 077 027 002; do
	for package in rcu-notrace-dkms rcu-blame; do
		check "umask $mask: the same $package as with 022" same $package 022 $mask
	done
done
for readme in README.md tools/rcu-blame/README.md; do
	echo >> "$work/002/$readme"
done
(umask 002 && make_both "$work/002") > "$work/log" 2>&1
for package in rcu-notrace-dkms rcu-blame; do
	refute "control: with a line more in a source it is another $package" \
		same $package 022 002
done

ktap_finished
