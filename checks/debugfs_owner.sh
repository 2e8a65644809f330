#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: An open file of debugfs keeps rcu_blame.ko loaded
# runs: drives
#
# The test tries to unload the module while one of its files is open, and fails
# if the kernel does not refuse that.
#
# Control: a module whose files are those of the kernel's Rust crate is not
# refused, and the machine oopses when the file is closed.

. "${0%/*}/../selftests/lib.sh"

# close_late MODULE FILE: unload it while the file is open, then close that.
close_late()
{
	echo "insmod rcu_notrace.ko; insmod $1.ko && sh -c 'exec 3< /sys/kernel/debug/$2
		rmmod $(basename "$1"); echo rmmod=\$?; exec 3<&-'; true"
}

ktap_print_header
ktap_set_plan 4

out=$("$LAB_VM" "$(close_late rcu_blame rcu_blame/stats)")
check "nothing happens" test $? = 0
check "it is not unloaded" test "$(echo "$out" | sed -n 's/^rmmod=//p')" = 1
out=$(EXPECT='panic:full_proxy_release' "$LAB_VM" \
	"$(close_late "$MODS/rcu_notrace_files" rcu_notrace_files/file)")
check "control: without an owner the machine oopses" test $? = 0
check "control: after it was unloaded" test "$(echo "$out" | sed -n 's/^rmmod=//p')" = 0

ktap_finished
