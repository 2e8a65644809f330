#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Trace events of a reader are counted alike by perf and by pid
# requires: program:python3 program:stress-ng
# runs: vm
# timeout: 240
#
# The test counts the module's events of a reader as perf does that asks for
# those of a task, and in a trace buffer by their field pid. The test fails if
# the counts differ; or if rmmod leaves something in that buffer, which its
# document says to save first.
#
# Control: perf counts fewer for another task, and the buffer has events before
# rmmod.

. "${0%/*}/lib.sh"

EVENTS="reader_preempted reader_resumed reader_threshold reader_boosted reader_deboosted"
INSTANCE=/sys/kernel/tracing/instances/rcu_blame

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

ktap_print_header
ktap_set_plan 8

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

kept=$(grep -vc '^#' $INSTANCE/trace)
check "control: before rmmod there is something in the buffer: $kept" test "$kept" -gt 0
rmmod rcu_blame
check "rmmod empties the buffer" test "$(grep -vc '^#' $INSTANCE/trace)" = 0
insmod "$MODULE"

ktap_finished
