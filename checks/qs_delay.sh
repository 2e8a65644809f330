#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard does not delay quiescent states
# runs: drives
# timeout: 700
#
# The test measures the time from a drop to the quiescent state, in each order
# in which a context can be left. The test fails if the guard takes longer than
# rcu_read_unlock() by a fifth, or is not ten times faster than the naive
# unlock; or if the time of C clients differs from that of Rust clients by a
# twentieth.
#
# Control: the naive unlock, which only decrements, is late.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_qs.sh"

ktap_print_header
ktap_set_plan $((QS_TESTS + 7))
measure_qs 'rcu_notrace_qs.ko samples=120'
check_qs
p99=$(echo "$qs" | grep "context=compound side=guard " | value p99_ns)
check_in_time "compound: p99 of guard: $p99 ns: at most a fifth of naive's median" \
	at_most "$p99" "$(median compound naive)" 0.2

rust_qs=$qs
measure_qs 'rcu_notrace_qs_c.ko samples=120'
for context in preemptible preempt_off irqs_off both_off compound two_sections; do
	rust=$(echo "$rust_qs" | grep "context=$context side=guard " | value median_ns)
	c=$(median $context guard)
	check "$context: guard from C / from Rust $(ratio "$c" "$rust"): 0.95 to 1.05" \
		within_5 "$c" "$rust"
done
ktap_finished
