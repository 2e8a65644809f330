#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will measure the delay of quiescent states while guards are taken
# and dropped in every context that can interrupt a reader (hard interrupt,
# softirq, NMI, and sched_switch with the rq lock held), and fail if one of them
# did not come, or made the guard's reports late; with the fast path of x86-64,
# and with that of architectures that have none.
# runs: drives
# timeout: 500

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_qs.sh"

ktap_print_header
ktap_set_plan 18

for module in qs generic; do
	measure_qs "rcu_notrace_$module.ko samples=25 everywhere=1"
	for context in hardirq softirq nmi rq_lock; do
		taken=$(echo "$qs" | grep "in=$context" | value taken)
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
	rcu=$(median compound rcu)
	guard=$(median compound guard)
	check "$module: compound: guard / rcu $(ratio "$guard" "$rcu") at most 1.2" \
		at_most "$guard" "$rcu" 1.2
done

ktap_finished
