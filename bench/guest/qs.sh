#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# qs.sh WHAT PARAMETERS: of the test module.

. bench/guest/lib.sh

what=$1
shift
# On PREEMPT_RT there are no expedited grace periods otherwise.
echo 0 >/sys/kernel/rcu_normal
[ "$(cat /sys/kernel/rcu_normal)" = 0 ]
once $MODS/rcu_notrace_qs.ko "$@"
dmesg | sed -n "s/.*: qs context=/qs what=$what context=/p"
