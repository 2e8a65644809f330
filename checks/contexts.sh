#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Guards in interrupting contexts do not delay quiescent states
# runs: drives
# timeout: 700
#
# The test measures the delay of quiescent states while guards are taken and
# dropped in every context that can interrupt a reader: hard interrupt, softirq,
# NMI, and sched_switch with the rq lock held. The test does so with the fast
# path of the architecture, with that of architectures that have none of their
# own, and with that of C clients. The test fails if one of the contexts did not
# come, or made the guard's reports late. Without NMIs that a module can send,
# that context is skipped.
#
# Control: the naive unlock, which only decrements, is late.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_qs.sh"

ktap_print_header
ktap_set_plan 28

for module in qs generic qs_c; do
	measure_qs "rcu_notrace_$module.ko samples=25 everywhere=1"
	for context in hardirq softirq nmi rq_lock; do
		taken=$(echo "$qs" | grep "in=$context" | value taken)
		if [ $context = nmi ] && ! has_nmis; then
			ktap_test_skip "$module: guards in nmi: needs NMIs that a module can send"
			continue
		fi
		check "$module: guards in $context: ${taken:-none}" test "${taken:-0}" -gt 100
	done
	# A guard in a hard interrupt finds what the naive unlock has left behind,
	# and promises it: naive is better off here than in qs_delay.
	for context in preemptible preempt_off irqs_off both_off; do
		guard=$(median $context guard)
		naive=$(median $context naive)

		ktap_print_msg "$module: $context: medians in ns: guard $guard naive $naive"
		check "$module: $context: naive / guard $(ratio "$naive" "$guard") at least 3" \
			at_least "$naive" "$guard" 3
	done
	# The next interrupt of CPU 1 reports, or the guard's timer, whichever comes first.
	# The interrupts come at any time, so the medians of 25 samples vary by a third of
	# their values. The timer bounds the guard's delay, which the percentile shows.
	rcu=$(p90 compound rcu)
	guard=$(p90 compound guard)
	ktap_print_msg "$module: compound: 90th percentiles in ns: rcu $rcu guard $guard"
	check "$module: compound: guard / rcu $(ratio "$guard" "$rcu") at most 1.2" \
		at_most "$guard" "$rcu" 1.2
	[ $module != qs ] || of_rust=$(median preemptible guard)
done
# In the other orders the median depends on the interrupts that hit the report.
of_c=$(median preemptible guard)
check "preemptible: guard from C / from Rust $(ratio "$of_c" "$of_rust"): 0.95 to 1.05" \
	within_5 "$of_c" "$of_rust"

ktap_finished
