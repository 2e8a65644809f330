#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will measure the delay of quiescent states while guards are taken
# and dropped in every context that can interrupt a reader (hard interrupt,
# softirq, NMI, and sched_switch with the rq lock held), and fail if one of them
# did not come, or made the guard's reports late; with the fast path of x86-64,
# and with that of architectures that have none of their own.
# runs: vm
# timeout: 240

. selftests/lib.sh

ktap_print_header
ktap_set_plan 18

echo 0 > /sys/kernel/rcu_normal
for module in qs generic; do
	dmesg -C
	insmod "$MODS/rcu_notrace_$module.ko" samples=40 everywhere=1
	qs=$(dmesg | grep ' qs ')
	rmmod "rcu_notrace_$module"

	for context in hardirq softirq nmi rq_lock; do
		taken=$(echo "$qs" | grep "in=$context" | value taken)
		check "$module: guards in $context: ${taken:-none}" test "${taken:-0}" -gt 100
	done
	for context in preemptible preempt_off irqs_off both_off compound; do
		guard=$(echo "$qs" | grep "context=$context side=guard" | value median_ns)
		naive=$(echo "$qs" | grep "context=$context side=naive" | value median_ns)
		# Real time, on whatever host this is: less is asked than in qs_delay.
		check "$module: $context: naive / guard $(ratio "$naive" "$guard") at least 2" \
			at_least "$naive" "$guard" 2
	done
done

ktap_finished
