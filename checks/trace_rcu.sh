#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard works in a probe that RCU itself fires
# runs: drives
# timeout: 900
#
# The test takes a guard in a probe on sched_set_need_resched_tp, which RCU
# fires on its own way out of a section, for a minute (DURATION) under load and
# expedited grace periods, from Rust and from C. The test fails if the machine
# does not live through the load, or none of the drops found a report pending
# with interrupts off, where RCU would recurse.
#
# Control: with rcu_read_lock() in the same probe, the machine does not live.
# With KERNEL=patched it does, and the guard from C is the kernel's own.

. "${0%/*}/../selftests/lib.sh"

SECONDS_OF_LOAD=${DURATION:-60}

# Real-time tasks that switch, others that fork, and grace periods all the while.
# On PREEMPT_RT the timers and RCU's own threads are below the real-time tasks,
# and stall if these do not pause, with a probe or without. So each of them
# sleeps after each wake-up, however long that takes on this host.
load="echo 1 > /sys/kernel/rcu_expedited; echo 0 > /sys/kernel/rcu_normal
	$MEMBARRIER & pids=\$!
	for i in 1 2 3 4; do
		chrt -f 50 perl -e 'select(undef, undef, undef, 0.002) while 1' &
		pids=\"\$pids \$!\"
	done
	stress-ng --quiet --fork 2 --timeout ${SECONDS_OF_LOAD}s
	kill \$pids"

ktap_print_header
ktap_set_plan 8

for module in probe client; do
	ko="$MODS/rcu_notrace_$module.ko"
	out=$(TIMEOUT=$((SECONDS_OF_LOAD + 180)) "$LAB_VM" "insmod $GUARDS && insmod $ko || exit
		$load
		rmmod rcu_notrace_$module && rmmod rcu_notrace && dmesg | grep rcu_notrace")
	status=$?
	hits=$(echo "$out" | grep "$module hits=" | value hits)
	check "$module: $SECONDS_OF_LOAD s without a complaint" test $status -eq 0
	check "$module: hits: ${hits:-none}" test "${hits:-0}" -gt 1000
	# Of the guard's own account: the fast path has no part in it.
	irqs_off=$(echo "$out" | sed -n 's/.* unloading; .* irqs_off \([0-9]*\) .*/\1/p')
	off="drops that left the fast path with interrupts off: ${irqs_off:-none}"
	if [ "${KERNEL:-}:$module" = patched:client ]; then
		ktap_test_skip "$module: $off: the kernel's own reader does not count them"
	else
		check "$module: $off" test "${irqs_off:-0}" -gt 0
	fi
	ktap_print_msg "$(echo "$out" | grep -E "$module hits=|unloading;")"

	expect='panic:stack guard page|double fault|stack overflow'
	what="control: $module: rcu_read_lock() in that probe overflows the stack"
	if [ "${KERNEL:-}" = patched ]; then
		expect=
		what="$module: rcu_read_lock() in that probe does not recurse"
	fi
	EXPECT=$expect TIMEOUT=$((SECONDS_OF_LOAD + 180)) "$LAB_VM" \
		"insmod $GUARDS && insmod $ko plain=1
		$load" > /dev/null
	check "$what" test $? -eq 0
done

ktap_finished
