#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Functions on the guards' paths cannot be traced
# runs: vm
# timeout: 300
#
# The test looks for the functions on the guards' paths in the lists of ftrace
# and of kprobes, takes and drops a million guards with a callback on every
# traceable function and a probe on every tracepoint, and some hundred with a
# report pending. The test fails if one of the functions can be traced, any of
# the million guards is traced, or any of the others calls a function of ours
# that is traced.
#
# Control: rcu_read_lock() is traced, and so is a function of ours that can be
# traced.

. "${0%/*}/lib.sh"

tracing=/sys/kernel/tracing
blacklist=/sys/kernel/debug/kprobes/blacklist

# symbols PATTERN: the functions of the guards' module that match.
symbols()
{
	awk -v pattern="$1" '
		$4 == "[rcu_notrace]" && $2 ~ /^[tT]$/ && $3 ~ pattern { print $3 }' \
		/proc/kallsyms | grep -v '^__pfx_\|\.cold$' | sort -u
}

# not_in FILE: of the names on stdin, those that are not, as a line.
not_in()
{
	while read -r name; do
		grep -qw -- "$name" "$1" || printf '%s ' "$name"
	done
}

# in_file FILE: those that are.
in_file()
{
	while read -r name; do
		! grep -qw -- "$name" "$1" || printf '%s ' "$name"
	done
}

# measured SIDE KEY
measured()
{
	log notrace | grep "side=$1 " | value "$2"
}

# pending ORDER KEY
pending()
{
	log notrace | grep "order=$1 " | value "$2"
}

# not_ours ORDER: guards that were dropped with a report pending, most of those
# that were to be; the kernel's part of each was seen, and nothing of ours.
not_ours()
{
	[ "$(pending "$1" drops)" -ge 100 ] &&
		[ "$(pending "$1" functions)" -ge "$(pending "$1" drops)" ] &&
		[ "$(pending "$1" ours)" = 0 ]
}

# ways: in how many ways they were deferred, or reported: of the guards' own
# account, what is not zero of five.
ways()
{
	log notrace | sed -n 's/.*counts: //p' | grep -owE \
		'(reported|preempt_off|irqs_off|irq_work|timer) [1-9][0-9]*' | paste -sd ' '
}

ktap_print_header

# On PREEMPT_RT expedited grace periods are normal ones, after boot.
set_to /sys/kernel/rcu_normal 0
dmesg -C
insmod "$MODS/rcu_notrace_notrace.ko"

# The functions that a drop can reach, as fastpath has them from the object: the C
# side's primitives, and those behind the fast path in Rust.
parts='unlock_special|context|interrupted|report|set_need|this_cpu|count|start_timer'
parts="$parts|irq_work_fn|timer_fn"
parts="$parts|keep_promise|srcu|preempt|tasks_trace"
path=$(symbols "^rcu_notrace_($parts)")
sides='srcu_fast sched tasks_trace'
ktap_set_plan 18

check "functions on the path: $(echo "$path" | wc -l)" test "$(echo "$path" | wc -l)" -ge 15
check "on the kprobe blacklist, all of them: $(echo "$path" | not_in $blacklist)" \
	test -z "$(echo "$path" | not_in $blacklist)"
# A copy: the kernel looks up each of its functions whenever it is read.
functions=$(mktemp)
at_exit "rm '$functions'"
cat $tracing/available_filter_functions > "$functions"
filterable=$(echo "$path" | in_file "$functions")
check "in available_filter_functions, none: $filterable" test -z "$filterable"
check "a kprobe on one: EINVAL" test "$(log notrace | value kprobe_path)" = -22
check "control: one on what is on no path" test "$(log notrace | value kprobe_other)" = 0
insmod "$MODS/rcu_notrace_planted.ko" what=kept
check "control: functions of another module are in there" \
	grep -q '\[rcu_notrace_planted\]' $tracing/available_filter_functions
rmmod rcu_notrace_planted

log notrace | sed 's/^/# /'
# seen SIDE: pairs, functions, events.
seen()
{
	echo "$(measured "$1" pairs) $(measured "$1" functions) $(measured "$1" events)"
}
check "a million guards, functions, events: $(seen guard)" test "$(seen guard)" = "1000000 0 0"
for side in $sides; do
	check "a million of $side: neither" \
		test "$(seen "$side")" = "1000000 0 0"
done
for order in preemptible preempt_off irqs_off compound; do
	check "$(pending $order drops) with a report pending, $order: none of ours" not_ours $order
done
check "they left the fast path in each way: $(ways)" test "$(ways | wc -w)" = 10
check "control: a function of ours, $(pending traced drops) times: $(pending traced ours)" \
	test "$(pending traced ours)" -ge 100
check "control: rcu_read_lock(): $(measured rcu functions) functions" \
	test "$(measured rcu functions)" -ge $((2 * $(measured rcu pairs)))
check "control: a tracepoint: $(measured tracepoint events) events" \
	test "$(measured tracepoint events)" = "$(measured tracepoint pairs)"

ktap_finished
