#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The Debian package is the same to the bit under every umask
# runs: host
#
# The test makes the Debian package from copies of the sources under several
# umasks. The test fails if a package is not made, differs from the others in a
# bit, or holds a file that not everybody may read or that others may write.
#
# Control: with a line more in a source, the package is another.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1700000000

# made UMASK: the package, from sources that have the modes of this umask as well.
made()
{
	(
		umask "$1"
		mkdir "$work/$1"
		tar -c --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.ko' . |
			tar -x --no-same-permissions -C "$work/$1"
		"$work/$1/packaging/deb" "$work/$1/build"
	) > "$work/log" 2>&1 && return
	tail -n 5 "$work/log" | sed 's/^/# /'
	return 1
}

# same UMASK UMASK: bit for bit.
same()
{
	cmp "$work/$1"/build/*.deb "$work/$2"/build/*.deb
}

# modes UMASK: none but these.
modes()
{
	dpkg-deb -c "$work/$1"/build/*.deb |
		grep -vE '^(drwxr-xr-x|-rw[x-]r-[x-]r-[x-]) root/root ' |
		sed 's/^/# /' | grep . && return 1
	dpkg-deb -c "$work/$1"/build/*.deb | grep /packaging/kdir > /dev/null
}

ktap_print_header
ktap_set_plan 9

for mask in 022 077 027 002; do
	check "umask $mask: the package is made" made $mask
done
check "everybody may read what is in it, and only root may write it" modes 077
for mask in 077 027 002; do
	check "umask $mask: the same package as with 022" same 022 $mask
done
echo >> "$work/002/README.md"
(umask 002 && "$work/002/packaging/deb" "$work/002/build") > "$work/log" 2>&1
refute "control: with a line more in a source it is another" same 022 002

ktap_finished
