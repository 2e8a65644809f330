#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Trace events of a reader are counted alike by perf and by pid
# requires: program:python3 program:stress-ng
# runs: vm
# timeout: 240
#
# The test counts the module's events of a reader as perf does that asks for
# those of a task, and in a trace buffer by their field pid. The test fails if
# the counts differ; if the slices for Perfetto are not those of the other
# events, or lack a field by which Perfetto finds them; or if rmmod leaves
# something in that buffer, which its document says to save first.
#
# Control: perf counts fewer for another task, an event that is no slice has not
# these fields, and the buffer has events before rmmod.

. "${0%/*}/lib.sh"

EVENTS="reader_preempted reader_resumed reader_threshold reader_boosted reader_deboosted
	reader_slice"
INSTANCE=/sys/kernel/tracing/instances/rcu_blame
FORMATS=/sys/kernel/tracing/events/rcu_blame

# counting NAME PID: the task's events, until stop_background.
counting()
{
	# shellcheck disable=SC2086
	background "$SELFTESTS/perf_counts.py" "$2" $EVENTS > "$tmp/$1"
	patiently grep -q ready "$tmp/$1"
}

# patiently COMMAND...: until it succeeds, for a minute at most.
patiently()
{
	tries=300
	until "$@" || [ $((tries -= 1)) = 0 ]; do
		sleep 0.2
	done
}

# lookups: in and out of RCU sections on one CPU, once they are let.
lookups()
{
	# shellcheck disable=SC2016 # the shell that runs it expands it
	exec taskset -c "$(cpu 1)" sh -c 'kill -STOP $$
		while :; do for f in /usr/share/*/* /usr/lib/*/*; do [ -e $f/nowhere ]; done; done'
}

# preempted: by a real-time task, for a few seconds.
preempted()
{
	taskset -c "$(cpu 1)" chrt -f 30 python3 -c 'import time
end = time.monotonic() + 6
while time.monotonic() < end:
    until = time.monotonic() + .03
    while time.monotonic() < until: pass
    time.sleep(.03)'
}

stopped()
{
	grep -q '^State:.*stopped' "/proc/$reader/status"
}

# counted NAME EVENT
counted()
{
	sed -n "s/^$2 //p" "$tmp/$1"
}

# lines EVENT: the reader's, in the buffer.
lines()
{
	grep -cE ": $1: .* pid=$reader " $INSTANCE/trace
}

# slices TYPE TRACK: the reader's.
slices()
{
	grep -cE ": reader_slice: .* pid=$reader type=$1 track=$2\$" $INSTANCE/trace
}

# are_slices EVENT...: they have the two fields that Perfetto requires.
are_slices()
{
	for event; do
		grep -q 'field:char track_event_type;.*size:1;' "$FORMATS/$event/format" &&
			grep -q 'field:__data_loc char\[\] slice_name;' "$FORMATS/$event/format" ||
			return
	done
}

ktap_print_header
ktap_set_plan 15

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
insmod "$MODULE" threshold_us=1000
at_exit "rmmod rcu_blame"
set_to /sys/kernel/rcu_normal 0
set_to /sys/kernel/rcu_expedited 1

lookups &
reader=$!
at_exit "kill -KILL $reader 2> /dev/null"
patiently stopped
mkdir $INSTANCE
at_exit "rmdir $INSTANCE"
echo "pid==$reader" > $INSTANCE/events/rcu_blame/filter
echo 1 > $INSTANCE/events/rcu_blame/enable
counting reader $reader
counting other $$

kill -CONT $reader
# Grace periods: RCU boosts for them.
background stress-ng --quiet --membarrier 1 --taskset 0 --timeout 60
preempted
kill -STOP $reader
patiently stopped
stop_background

for event in $EVENTS; do
	lines=$(lines "$event")
	check "$event: $lines by pid, perf counts $(counted reader "$event")" \
		test "$lines" -gt 0 -a "$(counted reader "$event")" = "$lines"
done
refute "control: of another task it does not count as many" \
	test "$(counted other reader_resumed)" = "$(counted reader reader_resumed)"

for pair in 'B:its CPU:reader_preempted' 'E:its CPU:reader_resumed' \
	B:boosted:reader_boosted E:boosted:reader_deboosted; do
	event=${pair##*:} type=${pair%%:*}
	track=${pair#*:} track=${track%:*}
	check "a slice $type for each $event" \
		test "$(slices "$type" ".*$track")" = "$(lines "$event")"
done
check "events for Perfetto have its fields" \
	are_slices reader_slice reader_threshold qs_deferred gp_slow
refute "control: reader_resumed has none" are_slices reader_resumed

kept=$(grep -vc '^#' $INSTANCE/trace)
check "control: before rmmod there is something in the buffer: $kept" test "$kept" -gt 0
rmmod rcu_blame
check "rmmod empties the buffer" test "$(grep -vc '^#' $INSTANCE/trace)" = 0
insmod "$MODULE"

ktap_finished
