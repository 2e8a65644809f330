#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Measured intervals are right for tasks that change meanwhile
# requires: cpus:2 program:python3 config:RCU_BOOST
# runs: vm
# timeout: 180
#
# The test changes a task between the beginning of an interval and its end: the
# task's CPU, the task's priority, and the tasks that wait for it. The test
# fails if the scheduler probe says that the task was woken, off its CPU, or
# boosted by RCU, for longer than it was by its own clock, or cuts a boost in
# two. The test needs two CPUs: a task goes from one to another.
#
# Control: intervals of tasks that do not change are measured as well.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"
. "${0%/*}/lib_reader.sh"

# How long a task is not looked at between the intervals, in seconds.
AWAY=2

ktap_print_header
needs_boosts
ktap_set_plan 18

# woken FILTER: a task sleeps on CPU $there and is woken by one on $here, and,
# after some time, the other way round. Sets $longest to how long it took it to
# run after that, at most and by its own clock, and $latency and $count to what
# the module says.
woken()
{
	echo "comm==interval_woken$1" > $CTL/filter
	python3 - "$here" "$there" $AWAY $CTL/reset $DIR/stats > "$latencies" <<-'END'
		import os, sys, time

		here, there, away = map(int, sys.argv[1:4])
		reset, stats = sys.argv[4:]
		to, by = os.pipe(), os.pipe()
		pid = os.fork()
		if pid == 0:
		    os.close(to[1])
		    open("/proc/self/comm", "w").write("interval_woken")
		    os.sched_setaffinity(0, {there})
		    longest = 0
		    while sent := os.read(to[0], 32):
		        longest = max(longest, time.monotonic_ns() - int(sent))
		        os.write(by[1], b"%d" % longest)
		    os._exit(0)
		os.sched_setaffinity(0, {here})
		time.sleep(0.5)
		open(reset, "w").write("1")
		os.write(to[1], b"%d" % time.monotonic_ns())
		os.read(by[0], 32)
		time.sleep(away)
		os.sched_setaffinity(pid, {here})
		os.sched_setaffinity(0, {there})
		time.sleep(0.2)
		os.write(to[1], b"%d" % time.monotonic_ns())
		longest = os.read(by[0], 32).decode()
		# Before it is woken once more, to end.
		said = dict(line.split() for line in open(stats))
		print(longest, said["wakeup_fair_max_ns"], said["wakeup_fair_count"])
	END
	read -r longest latency count < "$latencies"
}

# not_longer A B: less than where a beginning is left behind, and not more than B.
not_longer()
{
	at_most "$1" "$2" 1 && at_most "$2" ${AWAY}000000000 0.5
}

boosts_in_time
insmod "$MODULE"
at_exit "rmmod rcu_blame"
latencies=$(mktemp)
at_exit "rm '$latencies'"

woken " && cpu==$here"
check "woken by the CPU that is looked at, run by another: $latency ns of $longest" \
	not_longer "$latency" "$longest"
woken ""
check "control: whoever wakes it: $latency ns of $longest" not_longer "$latency" "$longest"
check "control: twice" test "$count" = 2

# A reader that goes on where, or with a priority with which, it is not looked at.
for change in "moved cpu==$there" "lowered prio<99"; do
	how="${change% *}=1 hog_ms=300 away_ms=${AWAY}000"
	echo "comm==known_reader && ${change#* }" > $CTL/filter
	run "$how"
	check "${change% *}, and back: off for $(column off_max_ns) ns of $(own off_max_ns)" \
		not_longer "$(column off_max_ns)" "$(own off_max_ns)"
	check "none of that is a section's" test "$(stat reader_off_max_ns)" -lt ${AWAY}00000000
	echo "comm==known_reader" > $CTL/filter
	run "$how"
	check "control: whatever it is: $(column off_max_ns) ns of $(own off_max_ns)" \
		within_5 "$(column off_max_ns)" "$(own off_max_ns)"
done

# A boost during which the priority is another for some time, or until the end.
for change in locked raised; do
	if [ $change = locked ] && ! uname -v | grep -q PREEMPT_RT; then
		for what in one ended long; do
			ktap_test_skip "$change, $what: spinlocks do not sleep here"
		done
		continue
	fi
	run "$change=1 hog_ms=$hog_ms"
	boosted=$(($(own deboosted_at) - $(own boosted_at)))
	check "$change: one boost: $(column boosts)" test "$(column boosts)" = 1
	check "$change: one end: $(stat reader_deboosted)" test "$(stat reader_deboosted)" = 1
	check "$change: for $(column boosted_max_ns) ns of $boosted" \
		within_5 "$(column boosted_max_ns)" "$boosted"
done
run hog_ms=$hog_ms
check "control: neither: one boost" test "$(column boosts) $(stat reader_deboosted)" = "1 1"
check "control: the priority has changed twice" test "$(column prio_changes)" = 2
run "raised=1 hog_ms=$((delay_ms / 2))"
check "control: raised, and no boost" test "$(column boosts) $(stat reader_deboosted)" = "0 0"

ktap_finished
