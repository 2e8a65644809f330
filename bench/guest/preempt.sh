#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# preempt.sh: both sides take turns.

. bench/guest/lib.sh

# measure SIDE
measure()
{
	for section in 0 1; do
		once $MODS/rcu_notrace_preempted.ko section=$section rounds=2000
		said 'preempted .*' | sed "s/^preempted/preempt side=$1/"
	done
}

for _ in 1 2 3; do
	measure none
	insmod rcu_blame.ko
	measure ours
	rmmod rcu_blame
done
