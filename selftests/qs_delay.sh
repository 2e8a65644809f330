#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will measure the time from a drop to the quiescent state, in each
# order in which a context can be left, and fail if the guard takes longer than
# rcu_read_unlock() by a fifth, or is not ten times faster than the naive unlock.
# runs: drives
# timeout: 400

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_qs.sh"

ktap_print_header
ktap_set_plan $((QS_TESTS + 1))
measure_qs 'rcu_notrace_qs.ko samples=120'
check_qs
p99=$(echo "$qs" | grep "context=compound side=guard " | value p99_ns)
check_in_time "compound: p99 of guard: $p99 ns: at most a fifth of naive's median" \
	at_most "$p99" "$(median compound naive)" 0.2
ktap_finished
