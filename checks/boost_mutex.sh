#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A reader preempted in RCU's unlock of boost_mtx hits a kernel bug
# runs: drives
#
# The test has rcu_read_lock() preempted in a function-tracer callback at the
# place at which RCU unlocks its boost_mtx: in RCU's boosting thread, in the
# reader that was boosted, and in a reader that would have been boosted. The
# test fails if the kernel does not say that the mutex is not the task's own any
# more, as 7.3.4 does. This is a bug of the kernel, and happens without any
# guard.
#
# Control: if no section is taken there, as in the tests with guards everywhere,
# the kernel says nothing. With KERNEL=patched it never does.

. "${0%/*}/../selftests/lib.sh"

# there PARAMETERS
there()
{
	TIMEOUT=120 "$LAB_VM" "insmod $GUARDS && insmod $MODS/rcu_notrace_boost_mutex.ko $1 &&
			rmmod rcu_notrace_boost_mutex
		dmesg | grep 'boost_mutex boosted='"
}

# preempted OUT BOOSTED: in the place that it is about.
preempted()
{
	ktap_print_msg "$(echo "$1" | grep 'boost_mutex boosted=')"
	test "$(echo "$1" | value boosted)" = "$2" && test "$(echo "$1" | value preempted)" = 1
}

ktap_print_header
if ! grep -q '^CONFIG_DEBUG_RT_MUTEXES=y' "$("${LAB_VM%/vm}/show" kdir)/.config"; then
	ktap_skip_all "needs CONFIG_DEBUG_RT_MUTEXES, KERNEL=debug has it"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 12

bug='DEBUG_LOCKS_WARN_ON\(rt_mutex_owner\(lock\) != current\)'
expect=splat:$bug
if [ "${KERNEL:-}" = patched ]; then
	bug="nothing is said" expect=
fi
for place in 0 1 2; do
	case $place in
	0)	where="rcub" boosted=1 ;;
	1)	where="the reader" boosted=1 ;;
	2)	where="a reader that is yet to be boosted" boosted=0 ;;
	esac
	out=$(EXPECT=$expect there "place=$place")
	check "rcu_read_lock() in $where: $bug" test $? -eq 0
	check "and it was preempted there" preempted "$out" "$boosted"
	out=$(there "place=$place side=0")
	check "control: in $where none is taken: nothing" test $? -eq 0
	check "control: preempted there as well" preempted "$out" "$boosted"
done

ktap_finished
