#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Read-side critical sections of 1 ms do not delay wake-ups
# runs: drives
# timeout: 300
#
# The test holds sections of 1 ms in a probe on a tracepoint that a preemptible
# task hits, while cyclictest at FIFO 90 measures wake-up latencies on that CPU.
# The test fails if a guard moves their maximum or mean, medians of three goes,
# from the value without a section.
#
# Control: RCU-sched moves each.

. "${0%/*}/../selftests/lib.sh"

# sorted SIDE KEY: of each go.
sorted()
{
	echo "$out" | grep "^side=$1 " | sed "s/.* $2=\([0-9]*\).*/\1/" | sort -n
}

median()
{
	sorted "$1" "$2" | sed -n 2p
}

# held: $side had three goes, and sections in them.
held()
{
	[ "$(sorted "$side" max | wc -l)" = 3 ] && [ "${sections:-0}" -gt 100 ]
}

# compared CHECK NAME SIDE: with that of side 0, which has no section.
compared()
{
	max=$(median "$3" max)
	max_0=$(median 0 max)
	$1 "$2: maximum $max ns, without a section $max_0 ns" at_most "$max" "$max_0" 1.5
	avg=$(median "$3" avg)
	avg_0=$(median 0 avg)
	$1 "$2: mean $avg ns, without a section $avg_0 ns" at_most "$avg" "$avg_0" 1.2
	longest=$(sorted "$3" max | tail -n 1)
	longest_0=$(sorted 0 max | tail -n 1)
	$1 "$2: longest $longest ns, at most half a section above $longest_0 ns" \
		at_most "$longest" $((longest_0 + 500000)) 1
}

# off SIDE: for how many instructions interrupts are off in its report.
off()
{
	echo "$out" | grep "irqs_off side=$1 " | value off_ns
}

# whole SIDE: a timer that is due before the report is not late, one that is due in
# it is, by more than its interrupt takes.
whole()
{
	line=$(echo "$out" | grep "irqs_off side=$1 ")
	[ "$(echo "$line" | value before)" -ge 1 ] &&
		at_least "$(off "$1")" "$(echo "$line" | value base_ns)" 1
}

ktap_print_header
ktap_set_plan 12

# One vCPU, and a clock that counts the instructions that it executes: the
# latency is that of the kernel, whatever else the host does.
out=$(ICOUNT=1 CPUS=1 TIMEOUT=280 "$LAB_VM" "dmesg | grep 'switch to high resolution mode'
	insmod $GUARDS
	for side in 0 1 2 0 1 2 0 1 2; do
	dmesg -C
	insmod $MODS/rcu_notrace_preemptible.ko side=\$side
	line=\$(cyclictest --quiet --nsecs --priority=90 --affinity=0 --threads=1 \
		--interval=1700 --loops=100 --mlockall)
	rmmod rcu_notrace_preemptible
	# Its line has the number behind the key, with spaces between.
	echo side=\$side \$(echo \$line | grep -oE '(Min|Avg|Max): *[0-9]+' | tr -d ' ' |
			tr ':A-Z' '=a-z') \
		\$(dmesg | grep -o 'sections=.*')
	done
	# On PREEMPT_RT expedited grace periods are normal ones, after boot.
	echo 0 > /sys/kernel/rcu_normal
	insmod $MODS/rcu_notrace_irqs_off.ko
	dmesg | grep -o 'irqs_off side=.*\|irqs_off done.*\|nobody boosts.*'")
echo "$out" | sed 's/^/# /'

for side in 0 1 2; do
	sections=$(median $side sections)
	check "side $side: three goes, sections of 1 ms: ${sections:-none}" held
done

compared check guard 1
compared refute "control: RCU-sched" 2

rcu=$(off rcu)
guard=$(off guard)
prolonged=$(off prolonged)
same="a report with a deboost, in which interrupts are off after they were on"
if echo "$out" | grep -q 'Could not switch to high resolution mode'; then
	# As a debug kernel with ICOUNT: the timer would be as late as the tick.
	for skipped in "$same" "a guard's against rcu_read_unlock()'s" "control: longer"; do
		ktap_test_skip "$skipped: CONFIG_HIGH_RES_TIMERS does not work here"
	done
else
	check "$same" eval 'whole rcu && whole guard && whole prolonged'
	check "off for $guard instructions, rcu_read_unlock() $rcu: $(ratio "$guard" "$rcu")" \
		at_most "$guard" "$rcu" 2
	refute "control: twice as long as that on top: $prolonged, $(ratio "$prolonged" "$rcu")" \
		at_most "$prolonged" "$rcu" 2
fi

ktap_finished
