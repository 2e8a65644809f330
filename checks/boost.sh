#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard deboosts a reader as promptly as rcu_read_unlock()
# runs: drives
# timeout: 400
#
# The test has a preempted reader boosted, and measures the time from the
# reader's drop to the deboost, in each order in which a context can be left.
# The test fails if the guard takes longer than rcu_read_unlock() by a fifth, or
# is not ten times faster than the naive unlock.
#
# Control: the naive unlock, which only decrements, is late.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_qs.sh"

ktap_print_header
ktap_set_plan $QS_TESTS
measure_qs 'rcu_notrace_qs.ko samples=40 boost=1'
check_qs
ktap_finished
