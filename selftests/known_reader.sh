#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A reader of known times is named and measured within 5 %
# requires: config:RCU_BOOST
# runs: vm
# timeout: 180
#
# The test preempts a reader for a known time. The test fails if the module does
# not name the reader, is wrong by 5 % or more in its numbers of the reader, or
# misses that RCU boosts the reader after RCU_BOOST_DELAY, and deboosts it; or
# if the module takes a task that is no reader for one.
#
# Control: a reader that is wrong by a tenth is noticed.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"
. "${0%/*}/lib_reader.sh"

# event_at EVENT: when the last of the reader's was, ns.
event_at()
{
	sed -n "s/.* \([0-9]*\)\.\([0-9]*\): $1: comm=known_reader pid=$pid .*/\1\2000/p" \
		"$event_log" | tail -n 1
}

# noticed A B: both are there, and differ.
noticed()
{
	[ "$1" ] && [ "$2" ] && ! within_5 "$1" "$2"
}

TRACING=/sys/kernel/tracing

ktap_print_header
needs_boosts
ktap_set_plan 24

boosts_in_time
insmod "$MODULE"
at_exit "rmmod rcu_blame"
event_log=$(mktemp)
at_exit "rm '$event_log'"
set_to $TRACING/tracing_on 1
background cat $TRACING/trace_pipe > "$event_log"
at_exit "echo local > $TRACING/trace_clock"
echo mono > $TRACING/trace_clock
echo "comm==known_reader" > $CTL/filter
for event in reader_preempted reader_resumed reader_threshold reader_boosted reader_deboosted; do
	set_to $TRACING/events/rcu_blame/$event/enable 1
done
echo $((hog_ms * 500)) > $CTL/threshold_us

run "hog_ms=$hog_ms timer_ms=$delay_ms"
off=$(own off_ns)
check "the table names it: $(echo "$table" | awk '{ print $3, $9 " us" }')" \
	test "$(echo "$table" | awk '{ print $3 }')" = known_reader
check "it was in a section" test "$(column sections)" -ge 1
check "off the CPU for the hog: $(column off_max_ns) ns of $(own off_max_ns)" \
	within_5 "$(column off_max_ns)" "$(own off_max_ns)"
# The reader's own sum has longer short times: an emulated CPU stands still at times.
check "and in all: $(column off_ns) ns of $off" \
	between "$(column off_ns)" $(($(own off_max_ns) * 95 / 100)) $((off * 105 / 100))
check "no less than the hog ran: $(own hog_ns) ns" at_least "$(own off_max_ns)" "$(own hog_ns)" 1
check "it held up the grace period" test "$(column normal_gp)" -ge 1
check "that waited for it" at_least "$(own ended_at)" "$(own dropped_at)" 1
check "it was boosted, says the task" test "$(own boosted)" = 1
check "and the module" test "$(column boosts)" = 1
check "from 120 to $((99 - rcu_prio))" \
	test "$(column boosted_from) $(column boosted_to)" = "120 $((99 - rcu_prio))"
sleep 1
boosted_at=$(event_at reader_boosted)
# The grace period began after the section, and before or when it was asked for;
# the delay is in jiffies, which an emulated CPU may be late to count.
check "after RCU_BOOST_DELAY: $((boosted_at - $(own entered_at))) ns in the section" \
	at_least $((boosted_at - $(own entered_at))) "${delay_ms}000000" 0.9
# RCU goes by the clock, which goes on where the whole machine stands still: a timer
# of the same length is as late then.
timed=$(($(own timed_at) - $(own asked_at)))
soon="soon after: $((boosted_at - $(own asked_at))) ns after the request, a timer $timed"
if enough_cpus 2; then
	check "$soon" at_most $((boosted_at - $(own asked_at))) $timed 1.3
else
	ktap_test_skip "$soon: needs 2 CPUs, RCU's own threads have none while the hog runs"
fi
check "while it was off the CPU" test "$(stat boost_delay_max_ns)" -gt 0
check "and deboosted" test "$(stat reader_deboosted)" = 1
# A deboosted reader may be preempted before it sees the deboost.
low=$(($(own dropped_at) - boosted_at)) high=$(($(own deboosted_at) - boosted_at))
check "after $(column boosted_ns) ns, from $low to $high" \
	between "$(column boosted_ns)" $((low * 95 / 100)) $((high * 105 / 100))
check "longer than the threshold" test "$(event_at reader_threshold)"
grep " comm=known_reader pid=$pid " "$event_log" | sed 's/^/# /' | tail -n 8

check "tracing goes on" test "$(cat $TRACING/tracing_on)" = 1
echo 1 > $CTL/stop
run "hog_ms=$((hog_ms * 5 / 8)) rescheduled=1"
check "but with stop=1 it stops" test "$(cat $TRACING/tracing_on)" = 0
check "a section in which the scheduler had it go on before is one" test "$(column sections)" -ge 1
echo 0 > $CTL/stop
echo 1 > $TRACING/tracing_on

# A reader that is wrong by a tenth of the hog's time, in either direction. It is
# the comparison of the first run that has to fail.
for errs in misses adds; do
	run "hog_ms=$hog_ms $errs=1"
	check "control: a reader that $errs a tenth: $(column off_max_ns) ns of $(own off_max_ns)" \
		noticed "$(column off_max_ns)" "$(own off_max_ns)"
done

run "hog_ms=$hog_ms outside=1"
check "control: off the CPU, outside of a section" at_least "$(own off_ns)" "$(own hog_ns)" 1
# It starts and ends in code that has sections of its own, and may be preempted there.
check "control: that is no reader: $(column off_ns) ns" \
	at_most "$(column off_ns)" "$(own off_ns)" 0.05
check "control: nor one that is boosted" test "$(column boosts)" = 0

ktap_finished
