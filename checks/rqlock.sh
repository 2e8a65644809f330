#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Guards work under the scheduler's and RCU's own locks
# requires: cpus:2
# runs: drives
# timeout: 600
#
# The test takes guards where the scheduler holds the rq lock (sched_switch) or
# p->pi_lock (sched_waking), and RCU the lock of an rcu_node (rcu_preempt_task
# and three more), under expedited grace periods (DURATION seconds). The test
# fails if one was not hit, the machine does not live, or a reader finds an
# object that has been replaced a grace period ago. RCU's lock is one of them on
# kernels with CONFIG_RCU_TRACE. The test needs two CPUs: grace periods end on
# one while there is a region on the other.
#
# Control: a build that reports with one of these locks held lets down a region
# with preemption off, in which the lock is taken, or takes the machine down.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/../selftests/lib_torture.sh"

DURATION=${DURATION:-6}
RQ=1
PI=2
NODE=4

regions="expedited=2 readers=0 regions=1"

ktap_print_header
ktap_set_plan 12

in_guest "$DURATION" expedited=2 callbacks=100 locks=$((RQ + PI + NODE))
for lock in rq pi; do
	check "${lock} lock held: $(echo "$stats" | value ${lock}_lock)" reached ${lock}_lock 1000
done
traced=$(grep -c '^CONFIG_RCU_TRACE=y' "$("${LAB_VM%/vm}/show" kdir)/.config")
if [ "$traced" = 1 ]; then
	check "rcu_node lock held: $(echo "$stats" | value rcu_node_lock)" reached rcu_node_lock 100
else
	ktap_test_skip "rcu_node lock held: needs CONFIG_RCU_TRACE, KERNEL=debug has it"
fi
left=$(echo "$stats" | sed -n 's/.*irq_work \([0-9]*\).*/\1/p')
check "drops that left a report to an interrupt: ${left:-none}" test "${left:-0}" -gt 0
check "no reader was let down" sound
for lock in rq:$RQ pi:$PI rcu_node:$NODE; do
	name=${lock%:*} lock=${lock#*:}
	if [ "$lock" = $NODE ] && [ "$traced" = 0 ]; then
		ktap_test_skip "rcu_node lock held in a region: needs CONFIG_RCU_TRACE"
		ktap_test_skip "control: rcu_node: needs CONFIG_RCU_TRACE"
		continue
	fi
	build=torture
	in_guest "$DURATION" "$regions" locks="$lock"
	check "$name lock held in a region: $(outcome)" sound
	build=locks_ignored
	in_guest "$DURATION" "$regions" locks="$lock"
	check "control: $name: a drop that reports there: $(outcome)" broken
done
build=locks_ignored
in_guest "$DURATION" "$regions"
check "control: that drop with no lock held: $(outcome)" sound

ktap_finished
