#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will have rcu_read_lock() preempted in a function-tracer callback
# where RCU unlocks its boost_mtx, in its boosting thread and in the reader that
# was boosted, and fail if the kernel does not say that the mutex is not the
# task's own any more, as 7.3.4 does: a bug of the kernel, to which no guard is
# needed. Where there is no section it must say nothing.
# runs: drives

. "${0%/*}/lib.sh"

# there PARAMETERS
there()
{
	TIMEOUT=120 "$LAB_VM" "insmod $MODS/rcu_notrace_boost_mutex.ko $1 &&
			rmmod rcu_notrace_boost_mutex
		dmesg | grep 'boost_mutex boosted='"
}

# preempted OUT: in the place that it is about.
preempted()
{
	ktap_print_msg "$(echo "$1" | grep 'boost_mutex boosted=')"
	test "$(echo "$1" | value boosted)" = 1 && test "$(echo "$1" | value preempted)" = 1
}

ktap_print_header
if ! grep -q '^CONFIG_DEBUG_RT_MUTEXES=y' "$("${LAB_VM%/vm}/show" kdir)/.config"; then
	ktap_skip_all "needs CONFIG_DEBUG_RT_MUTEXES, KERNEL=debug has it"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 8

bug='DEBUG_LOCKS_WARN_ON\(rt_mutex_owner\(lock\) != current\)'
for reader in 0 1; do
	where=$([ $reader = 1 ] && echo "the reader" || echo "rcub")
	out=$(EXPECT="splat:$bug" there "reader=$reader")
	check "rcu_read_lock() in $where: $bug" test $? -eq 0
	check "and it was preempted there" preempted "$out"
	out=$(there "reader=$reader side=0")
	check "control: no section in $where: nothing" test $? -eq 0
	check "control: preempted there as well" preempted "$out"
done

ktap_finished
