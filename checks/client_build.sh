#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A C client builds outside of the project and needs one symbol
# runs: host
#
# The test builds the client in C outside of the project, with the header and
# the Module.symvers of rcu_notrace.ko. The test fails if the client does not
# build, does not depend on rcu_notrace.ko, or names any other of its symbols
# than the slow path.
#
# Control: without Module.symvers the symbol is missing.

. "${0%/*}/../selftests/lib.sh"

project=$PWD
work=$(mktemp -d)
at_exit "rm -rf '$work'"
cp "$MODS/client.c" "$work"
cat > "$work/Kbuild" <<END
obj-m := client.o
ccflags-y := -I$project/include
END

# build SYMVERS
build()
{
	make -C "$KDIR" M="$work" KBUILD_EXTRA_SYMBOLS="$1" modules > "$work/log" 2>&1
}

ktap_print_header
ktap_set_plan 5
check "it builds" build "$project/Module.symvers"
refute "without a warning" grep -E "client\.c.*warning|rcu_notrace\.h.*warning" "$work/log"
check "it depends on rcu_notrace" test "$(modinfo -F depends "$work/client.ko")" = rcu_notrace
check "it names the slow path only" \
	test "$(nm -u "$work/client.ko" | awk '/rcu_notrace/ { print $2 }')" = \
		rcu_notrace_unlock_special
rm -f "$work"/client.ko "$work"/*.o
: > "$work/Module.symvers.none"
build "$work/Module.symvers.none"
check "control: without Module.symvers that symbol is missing" \
	grep -q 'rcu_notrace_unlock_special.* undefined' "$work/log"
ktap_finished
