#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard works in a tracer callback on every traceable function
# runs: drives
# timeout: 500
#
# The test takes a guard in a function-tracer callback, with no protection
# against recursion, on every traceable function, under expedited grace periods.
# The test fails if grace periods stop ending.
#
# Control: without the bound on promises grace periods stop ending.

. "${0%/*}/../selftests/lib.sh"

# Stalls are reported after 15 s rather than a minute, and end the machine.
export APPEND="${APPEND:-} rcupdate.rcu_cpu_stall_timeout=20
	rcupdate.rcu_exp_cpu_stall_timeout=20000"
prepare='echo 0 > /sys/kernel/rcu_normal; echo 1 > /proc/sys/kernel/panic_on_rcu_stall'

ktap_print_header
ktap_set_plan 4

out=$(TIMEOUT=280 "$LAB_VM" "$prepare
	insmod $GUARDS && insmod $MODS/rcu_notrace_ftrace.ko && sleep 20 &&
	rmmod rcu_notrace_ftrace &&
	dmesg | grep 'ftrace hits='")
status=$?
ktap_print_msg "$(echo "$out" | grep 'ftrace hits=')"
hits=$(echo "$out" | value hits)
grace_periods=$(echo "$out" | value grace_periods)
check "guard: 20 s without a complaint" test $status -eq 0
check "guard: hits: ${hits:-none}" test "${hits:-0}" -gt 100000
check "guard: expedited grace periods: ${grace_periods:-none}" test "${grace_periods:-0}" -gt 100

# It may stall so soon, and so thoroughly, that it does not report that.
out=$(TIMEOUT=280 "$LAB_VM" "$prepare
	echo begun
	insmod $MODS/rcu_notrace_unbounded.ko && sleep 60 &&
	rmmod rcu_notrace_unbounded
	echo ended" 2> /dev/null)
check "control: without the bound the machine stalls" \
	test "$(echo "$out" | tr -d '\r' | grep -xE 'begun|ended')" = begun

ktap_finished
