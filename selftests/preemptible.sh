#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will hold sections of 1 ms in a probe on a tracepoint that a
# preemptible task hits, while cyclictest at FIFO 90 measures wake-up latencies
# on that CPU, and fail if a guard moves their maximum or mean, medians of three
# goes, from what it is without a section; RCU-sched must move it.
# runs: drives
# timeout: 300

. "${0%/*}/lib.sh"

# sorted SIDE KEY: of each go.
sorted()
{
	echo "$out" | grep "^side=$1 " | sed "s/.* $2=\([0-9]*\).*/\1/" | sort -n
}

median()
{
	sorted "$1" "$2" | sed -n 2p
}

ktap_print_header
ktap_set_plan 7

# One vCPU, and a clock that counts the instructions that it executes: the
# latency is that of the kernel, whatever else the host does.
out=$(ICOUNT=1 CPUS=1 TIMEOUT=280 "$LAB_VM" "for side in 0 1 2 0 1 2 0 1 2; do
	dmesg -C
	insmod $MODS/rcu_notrace_preemptible.ko side=\$side
	line=\$(cyclictest --quiet --nsecs --priority=90 --affinity=0 --threads=1 \
		--interval=1700 --loops=100 --mlockall)
	rmmod rcu_notrace_preemptible
	# Its line has the number behind the key, with spaces between.
	echo side=\$side \$(echo \$line | grep -oE '(Min|Avg|Max): *[0-9]+' | tr -d ' ' |
			tr ':A-Z' '=a-z') \
		\$(dmesg | grep -o 'sections=.*')
	done")
echo "$out" | sed 's/^/# /'
for side in 0 1 2; do
	eval "avg_$side=$(median $side avg) max_$side=$(median $side max)"
	sections=$(median $side sections)
	check "side $side: sections of 1 ms: ${sections:-none}" test "${sections:-0}" -gt 100
done
# shellcheck disable=SC2154 # eval sets them
{
	check "guard: maximum $max_1 ns, without a section $max_0 ns" at_most "$max_1" "$max_0" 1.5
	check "guard: mean $avg_1 ns, without a section $avg_0 ns" at_most "$avg_1" "$avg_0" 1.2
	longest=$(sorted 1 max | tail -n 1)
	check "guard: no wake-up waits for a section: $longest ns" \
		at_most "$longest" $(($(sorted 0 max | tail -n 1) + 500000)) 1
	check "control: RCU-sched: maximum $max_2 ns" at_least "$max_2" $((max_0 + 800000)) 1
}

ktap_finished
