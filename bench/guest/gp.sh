#!/bin/sh
# SPDX-License-Identifier: GPL-2.0

. bench/guest/lib.sh

# On PREEMPT_RT there are no expedited grace periods otherwise.
echo 0 >/sys/kernel/rcu_normal
[ "$(cat /sys/kernel/rcu_normal)" = 0 ]
# In several goes, for how much their medians differ by chance.
for go in 1 2 3 4 5; do
	once $MODS/rcu_notrace_gp.ko normal=2 expedited=120
	dmesg | sed -n "s/.*: gp kind=/gp go=$go kind=/p; s/.*: gp done/# drops:/p"
done
