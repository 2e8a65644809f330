#!/bin/sh
# SPDX-License-Identifier: GPL-2.0

. bench/guest/lib.sh

# On PREEMPT_RT there are no expedited grace periods otherwise.
echo 0 >/sys/kernel/rcu_normal
[ "$(cat /sys/kernel/rcu_normal)" = 0 ]
once $MODS/rcu_notrace_gp.ko normal=10 expedited=150
dmesg | sed -n "s/.*: gp kind=/gp kind=/p"
