#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will have rcu_read_lock() preempted in RCU's boosting thread between
# that thread's lock and unlock of its mutex, and fail if the kernel does not say
# that the mutex is not its own any more, as it does of 7.3.4: a bug of the
# kernel, to which no guard is needed. Without a section it must say nothing.
# runs: drives

. "${0%/*}/lib.sh"

# in_rcub SIDE
in_rcub()
{
	TIMEOUT=120 "$LAB_VM" "taskset -pc 0 \$(pgrep -x rcu_preempt) > /dev/null
		insmod $MODS/rcu_notrace_rcub.ko side=$1 && rmmod rcu_notrace_rcub
		dmesg | grep 'rcub boosted='"
}

# preempted OUT: in the place that it is about.
preempted()
{
	ktap_print_msg "$(echo "$1" | grep 'rcub boosted=')"
	test "$(echo "$1" | value boosted)" = 1 && test "$(echo "$1" | value preempted)" -gt 0
}

ktap_print_header
if ! grep -q '^CONFIG_DEBUG_RT_MUTEXES=y' "$("${LAB_VM%/vm}/show" kdir)/.config"; then
	ktap_skip_all "needs CONFIG_DEBUG_RT_MUTEXES, KERNEL=debug has it"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 4

bug='DEBUG_LOCKS_WARN_ON\(rt_mutex_owner\(lock\) != current\)'
out=$(EXPECT="splat:$bug" in_rcub 2)
check "rcu_read_lock(): $bug" test $? -eq 0
check "after it was preempted in rcub" preempted "$out"

out=$(in_rcub 0)
check "control: preempted in no section: nothing" test $? -eq 0
check "control: preempted there as well" preempted "$out"

ktap_finished
