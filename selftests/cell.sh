#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard keeps RCU-protected data from being freed
# runs: vm
#
# The test reads an RCU-protected pointer under every guard that protects it,
# while the pointer is replaced all the time, by call_rcu() and after expedited
# grace periods. The test fails if a reader sees freed memory, or memory is
# left.
#
# Control: a reader without a guard sees freed memory.

. "${0%/*}/lib.sh"

ktap_print_header
ktap_set_plan 5

# run PARAMETERS: sets $cell to what the test module printed.
run()
{
	dmesg -C
	# shellcheck disable=SC2086
	insmod $MODS/rcu_notrace_cell.ko $1
	cell=$(dmesg | grep 'cell reads=')
	rmmod rcu_notrace_cell
	ktap_print_msg "$cell"
}

check "expedited grace periods are not turned off" set_to /sys/kernel/rcu_normal 0
run seconds=5
check "there were readers" test "$(echo "$cell" | value reads)" -gt 1000
check "none saw freed memory" test "$(echo "$cell" | value bad)" = 0
check "everything replaced was dropped" \
	test "$(echo "$cell" | value replaced)" = "$(echo "$cell" | value dropped)"
# KASAN reports what the readers see as well, and fails the guest.
if has_symbol kasan_report; then
	ktap_test_skip "control: without a guard: it fails the guest on a kernel with CONFIG_KASAN"
else
	run unguarded=1
	check "control: without a guard they do see it" test "$(echo "$cell" | value bad)" -gt 0
fi

ktap_finished
