#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will have a preempted reader boosted, measure the time from its drop
# to the deboost, in each order in which a context can be left, and fail if the
# guard takes longer than rcu_read_unlock() by a fifth, or is not ten times
# faster than the naive unlock.
# runs: drives
# timeout: 400

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_qs.sh"

ktap_print_header
ktap_set_plan $QS_TESTS
measure_qs 'rcu_notrace_qs.ko samples=40 boost=1'
check_qs
ktap_finished
