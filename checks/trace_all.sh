#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard works in a probe on every tracepoint at once
# runs: drives
# timeout: 500
#
# The test takes a guard in a probe on every tracepoint of the kernel at once,
# under a mixed load (DURATION seconds). The test fails if the machine
# complains, nothing is hit, or anything stays attached.
#
# Control: with rcu_read_lock() instead, the machine does not live through the
# load.

. "${0%/*}/../selftests/lib.sh"

DURATION=${DURATION:-20}
prepare='echo 0 > /sys/kernel/rcu_normal; echo 1 > /sys/kernel/rcu_expedited'
load="$MEMBARRIER & membarrier=\$!
	chrt -f 50 stress-ng --quiet --switch 2 --fork 1 --timeout ${DURATION}s &
	stress-ng --quiet --timer 1 --futex 1 --mmap 1 --pipe 1 --sock 1 --hdd 1 \
		--temp-path /tmp --timeout ${DURATION}s
	wait %2; kill \$membarrier"

ktap_print_header
ktap_set_plan 6

out=$(TIMEOUT=$((DURATION * 3 + 200)) "$LAB_VM" "$prepare
	insmod $MODS/rcu_notrace_source.ko
	insmod $GUARDS && insmod $MODS/rcu_notrace_trace_all.ko || exit
	$load
	rmmod rcu_notrace_trace_all
	echo probed=\$(cat /sys/module/rcu_notrace_source/parameters/probed)
	dmesg | grep -E 'trace_all |tracepoint .*: left out'")
status=$?
attached=$(echo "$out" | value attached)
hits=$(echo "$out" | value hits)
check "$DURATION s without a complaint" test $status -eq 0
check "attached to ${attached:-no} tracepoints" test "${attached:-0}" -gt 500
check "those left out are named: $(echo "$out" | value refused)" \
	test "$(echo "$out" | grep -c 'left out')" = "$(echo "$out" | value refused)"
check "hits: ${hits:-none}" test "${hits:-0}" -gt 10000
check "nothing is attached afterwards" test "$(echo "$out" | sed -n 's/^probed=//p')" = 0
echo "$out" | grep -E 'trace_all|left out' | sed 's/^/# /'

plain="echo begun; $prepare; insmod $GUARDS && insmod $MODS/rcu_notrace_trace_all.ko plain=1
	$load
	echo ended"
if grep -q '^CONFIG_LOCKDEP=y' "$("${LAB_VM%/vm}/show" kdir)/.config"; then
	# rcu_read_lock() fires a tracepoint before it has done anything, and so
	# does all that the kernel does about a stack that is gone. On the stack
	# of its last resort, the double fault's, that never ends.
	out=$(SLOW=1 TIMEOUT=$((DURATION * 3 + 200)) "$LAB_VM" "$plain" 2> /dev/null)
	check "control: with rcu_read_lock() nothing comes after" \
		test "$(echo "$out" | grep -xE 'begun|ended')" = begun
else
	EXPECT='panic:.' TIMEOUT=$((DURATION * 3 + 200)) "$LAB_VM" "$plain" > /dev/null
	check "control: with rcu_read_lock() it panics" test $? -eq 0
fi

ktap_finished
