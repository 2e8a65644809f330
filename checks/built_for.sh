#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A module loads only on the kernel version that it is built for
# runs: drives
# timeout: 600
#
# The test builds the module for the kernel's own version and for near misses of
# that version. The test fails if a kernel refuses the first, takes one of the
# others, or refuses one of them without a line that names both versions.
#
# Control: a module that is built for no version is taken.

. "${0%/*}/../selftests/lib.sh"

work=build/built_for
tree=$work/tree

# built NAME [VERSION]: as if the tree were one that packaging/kdir has made.
built()
{
	"${LAB_VM%/*}/kbuild" -C $tree modules ${2:+"built-for=$2"} > "$work/log" 2>&1 &&
		cp $tree/rcu_notrace.ko "$work/$1.ko" && return
	tail -n 20 "$work/log" | sed 's/^/# /'
	return 1
}

# of KEY: what the guest says of it.
of()
{
	echo "$out" | sed -n "s/^$1: //p"
}

# refused NAME VERSION
refused()
{
	of "$1" | grep -q "^1 .*rcu_notrace: built for $2, and this kernel is .* $version" &&
		of "$1" | grep -qi 'invalid'
}

ktap_print_header
ktap_set_plan 9

rm -rf $work
mkdir -p $tree
for part in *.rs; do
	echo "$part"
	[ ! -d "${part%.rs}" ] ||
		find "${part%.rs}" -name '*.[ch]' -o -name '*.rs' ! -name '*_generated.rs'
done | xargs cp --parents -t $tree
cp -r include Kbuild* $tree

version=$(TIMEOUT=120 "$LAB_VM" 'uname -v' | tr -d '\r' | sed 's/.* Debian //; s/ (.*//; s/.* //')
check "the kernel says which version it is: $version" test -n "$version"
check "built for no version" built none
check "built for that" built own "$version"
check "built for one that is longer" built longer "${version}1"
check "built for one that is shorter" built shorter "${version%?}"
out=$(TIMEOUT=120 "$LAB_VM" "for name in none own longer shorter; do
	dmesg -C
	said=\$(insmod $work/\$name.ko 2>&1)
	echo \"\$name: \$? \$said \$(dmesg | grep rcu_notrace: | tr '\\n' ' ')\"
	rmmod rcu_notrace 2> /dev/null
done; true" | tr -d '\r')
echo "$out" | sed 's/^/# /'
check "control: that for no version is taken" test "$(of none | cut -c1)" = 0
check "that for its own is taken" test "$(of own | cut -c1)" = 0
check "the longer is refused" refused longer "${version}1"
check "the shorter is refused" refused shorter "${version%?}"

ktap_finished
