#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A reader off its CPU beyond threshold_us is reported while it is
# requires: cpus:2 config:PREEMPT_RT
# runs: vm
# timeout: 300
#
# The test preempts a reader for a time that is longer than threshold_us. The
# test fails if reader_threshold is not fired once, within 100 ms of that time,
# while the reader is off its CPU by the kernel's own sched_switch; if stop, or
# the trigger traceoff of the event in an instance, does not end tracing by
# then; if the event is fired for a reader that was back in time, unseen or not;
# or if it is not fired for each of more readers than a CPU keeps track of, when
# they are back, or these are not counted.
#
# Control: a threshold that is set when the reader has left its CPU reports it
# when it is back, which is noticed.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"
. "${0%/*}/lib_cause.sh"

INSTANCE=$TRACING/instances/threshold
EVENT=events/rcu_blame/reader_threshold

# begin MS [READERS]: readers, and a hog that has their CPU for so long.
begin()
{
	echo > $INSTANCE/trace
	insmod "$MODS/rcu_notrace_cause.ko" cause=pinned "cpu=$there" "other_cpu=$here" "ms=$1" \
		"readers=${2:-1}"
	patiently is_off
}

is_off()
{
	[ "$(value hog_ns < $TIMES)" != 0 ]
}

is_over()
{
	[ "$(value ended_ns < $TIMES)" != 0 ]
}

# stay_in TRACE: sets $stay to the longest time that the reader was off its CPU, or
# 0 if the trace ends before it is back; what was reported meanwhile; and in all.
stay_in()
{
	stay=$(awk -v pid="$pid" '
		function field(name) {
			match($0, "[ =]" name "=[^ ]*")
			return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
		}
		function set(us) {
			longest = us
			said = sprintf("fired=%d after_us=%.0f off_us=%.0f", fired, after,
				       off / 1e3)
		}
		{ match($0, /[0-9]+\.[0-9]+: /); at = substr($0, RSTART, RLENGTH - 2) * 1e6 }
		/: sched_switch: / && field("prev_pid") == pid { out = at; fired = 0 }
		/: reader_threshold: / {
			all++
			if (field("pid") == pid && field("comm") == "cause_reader") {
				fired++
				after = at - out
				off = field("off_ns")
			}
		}
		/: sched_switch: / && field("next_pid") == pid && out {
			# The probe is before the event in the trace, or after it.
			if (at - out > longest)
				set(at - out)
			out = 0
		}
		END {
			if (out && fired)
				set(0)
			printf " off=%.0f all=%d %s", longest, all, said
		}' "$1")
	ktap_print_msg "us:$stay"
}

# end_of SECONDS: of the reader, and that much later.
end_of()
{
	patiently is_over
	pause "$1"
	pid=$(value pid < $TIMES)
	rmmod rcu_notrace_cause
	stay_in $INSTANCE/trace
}

# reports: how many readers were reported before the hog was done, and how many at all,
# each once.
reports()
{
	awk -v hogged_ns="$(value hogged_ns < $TIMES)" '
		/: reader_threshold: / {
			match($0, /[0-9]+\.[0-9]+: /)
			at = substr($0, RSTART, RLENGTH - 2) * 1e9
			match($0, / pid=[0-9]+/)
			pid = substr($0, RSTART, RLENGTH)
			n += !(pid in seen)
			in_time += !(pid in seen) && at < hogged_ns
			twice += pid in seen
			seen[pid]
		}
		END { printf "%d %d %d\n", in_time, n, twice }' $INSTANCE/trace
}

# report_of READERS: what they say of that many, and how many had no place.
report_of()
{
	unwatched=$(stat reader_unwatched)
	begin 1500 "$1"
	patiently is_over
	pause 0.2
	reports=$(reports)
	rmmod rcu_notrace_cause
	unwatched=$(($(stat reader_unwatched) - unwatched))
	ktap_print_msg "$1 readers: in time, at all, twice: $reports; without a place: $unwatched"
}

said()
{
	echo "$stay" | value "$1"
}

# reported_in_time THRESHOLD_MS: and while the reader was off.
reported_in_time()
{
	[ "$(said fired)" = 1 ] && [ "$(said after_us)" -ge "$1"000 ] &&
		[ "$(said after_us)" -le $(($1 + 100))000 ] &&
		[ "$(said off)" -gt "$(said after_us)" ]
}

# has_timer: it is in no list while its handler runs, for less than it is in one.
has_timer()
{
	for _ in 1 2 3 4 5; do
		! grep -q '\[rcu_blame\]' /proc/timer_list || return 0
	done
	return 1
}

ktap_print_header
ktap_set_plan 19

clear_cpu "$there"
taskset -pc "$here" $$ > /dev/null
insmod "$MODULE" filter=comm==cause_reader
at_exit "rmmod rcu_blame"
mkdir $INSTANCE
at_exit "rmdir $INSTANCE"
echo mono > $INSTANCE/trace_clock
for trace in $INSTANCE $TRACING; do
	switch=$trace/events/sched/sched_switch
	at_exit "echo 0 > $switch/filter"
	echo 'prev_comm == "cause_reader" || next_comm == "cause_reader"' > "$switch/filter"
	set_to "$switch/enable" 1
	set_to "$trace/$EVENT/enable" 1
done
at_exit "rmmod rcu_notrace_cause 2> /dev/null"

refute "no timer without a threshold" has_timer
echo 200000 > $CTL/threshold_us
check "a timer with one" has_timer
begin 1000
end_of 0.2
check "a reader is reported while it is off, once" reported_in_time 200
check "and not once more" test "$(said all) $(stat reader_threshold)" = "1 1"
check "with its time: $(said off_us) us" within_5 "$(said off_us)" "$(said after_us)"
begin 100
end_of 0.4
check "a reader that is back before that is not" test "$(said all)" = 0

# Of a reader that is back unseen.
echo 600000 > $CTL/threshold_us
begin 400
echo 'comm==nobody' > $CTL/filter
end_of 0.6
check "nor one whose return the filter does not admit" test "$(said all)" = 0
echo comm==cause_reader > $CTL/filter
begin 400
echo 0 > $CTL/enable
end_of 0.6
check "nor one whose return is not seen" test "$(said all)" = 0
refute "no timer while nothing is attached" has_timer
echo 1 > $CTL/enable

# A CPU has 16 places.
echo 600000 > $CTL/threshold_us
report_of 20
check "16 of 20 readers are reported while they are off, the others when they are back" \
	test "$reports" = "16 20 0"
check "and are counted" test "$unwatched" = 4
report_of 16
check "all of 16 are reported while they are off" test "$reports" = "16 16 0"
check "and none is counted" test "$unwatched" = 0

echo 200000 > $CTL/threshold_us
echo traceoff > $INSTANCE/$EVENT/trigger
begin 1000
end_of 0.2
check "the trigger ends tracing in its instance, by then" \
	test "$(cat $INSTANCE/tracing_on) $(said fired) $(said off)" = "0 1 0"
check "and nowhere else" test "$(cat $TRACING/tracing_on)" = 1
echo '!traceoff' > $INSTANCE/$EVENT/trigger
echo 1 > $INSTANCE/tracing_on
set_to $TRACING/tracing_on 1
echo 1 > $CTL/stop
echo > $TRACING/trace
begin 1000
end_of 0.2
check "with stop the event is fired" reported_in_time 200
stay_in $TRACING/trace
check "and ends tracing outside of instances, by then" \
	test "$(cat $TRACING/tracing_on) $(said fired) $(said off)" = "0 1 0"
echo 0 > $CTL/stop

echo 0 > $CTL/threshold_us
begin $((1000 * ${SLOW:-1}))
echo 200000 > $CTL/threshold_us
end_of 0.2
refute "control: a threshold that comes late" reported_in_time 200
check "control: it reports when the reader is back" test "$(said all)" = 1

ktap_finished
