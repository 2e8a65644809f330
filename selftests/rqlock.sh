#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will take guards where the scheduler holds the rq lock
# (sched_switch) or p->pi_lock (sched_waking), and RCU the lock of an rcu_node
# (rcu_preempt_task and two more), under expedited grace periods (DURATION
# seconds), and fail if one was not hit, or a reader finds an object that has
# been replaced a grace period ago; readers that keep it beyond their section
# must. RCU's lock is one of them where the kernel has CONFIG_RCU_TRACE.
# runs: vm

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-6}

ktap_print_header
ktap_set_plan 6

set_to /sys/kernel/rcu_normal 0
torture "$DURATION" expedited=2 callbacks=100 locks=1
for lock in rq pi; do
	check "${lock} lock held: $(echo "$stats" | value ${lock}_lock)" reached ${lock}_lock 1000
done
if grep -qs rcu_preempt_task /sys/kernel/tracing/available_events; then
	check "rcu_node lock held: $(echo "$stats" | value rcu_node_lock)" reached rcu_node_lock 100
else
	ktap_test_skip "rcu_node lock held: needs CONFIG_RCU_TRACE, KERNEL=debug has it"
fi
left=$(echo "$stats" | sed -n 's/.*irq_work \([0-9]*\).*/\1/p')
check "drops that left a report to an interrupt: $left" \
	test "$(echo "$stats" | sed -n 's/.*irq_work \([0-9]*\).*/\1/p')" -gt 0
check "no reader was let down" as_it_should_be
torture 3 expedited=2 contexts=8 readers=0 keep=1
refute "control: those that keep what they have read were not" as_it_should_be

ktap_finished
