#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will measure the time from a drop to the quiescent state, in each
# order in which a context can be left, and fail if the guard takes longer than
# rcu_read_unlock() by a fifth, or is not ten times faster than the naive unlock.
# runs: drives
# timeout: 400

. selftests/lib.sh
. selftests/lib_qs.sh

ktap_print_header
ktap_set_plan $QS_TESTS
measure_qs 'rcu_notrace_qs.ko samples=150'
check_qs
ktap_finished
