#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will detach the scheduler probe while a reader is preempted hundreds
# of times a second in one section, and fail if it counts that section again, or
# goes on to count while it waits for the reader; without sched_entry_tp alone it
# must.
# runs: vm

. "${0%/*}/lib.sh"
. "${0%/*}/lib_sched.sh"

# column KEY: of the reader's row.
column()
{
	sed -n "/^pid=$pid /s/ comm=.*/ /p" $DIR/tasks | value "$1"
}

preempted()
{
	pid=$(sed -n 's/^pid=\([0-9]*\) .* comm=known_reader$/\1/p' $DIR/tasks | tail -n 1)
	[ "$pid" ] && test "$(column preempted)" -gt 100
}

# enter: a reader, that is preempted for 9 s or more in its section.
enter()
{
	reset
	insmod "$MODS/rcu_notrace_reader.ko" hog_ms=1 times=6000 \
		"cpu=$(cpu 1)" "other_cpu=$(cpu 0)" &
	reader=$!
	until preempted; do
		pause 0.1
	done
	sections=$(column sections)
}

# leave: when its section has ended.
leave()
{
	wait
	rmmod rcu_notrace_reader
}

# write_to FILE TEXT: waits for the reader to leave.
write_to()
{
	echo "$2" > "$1" &
	pause 0.5
}

ktap_print_header
needs_cpus 2 "one of them is the hog's"
ktap_set_plan 7

insmod "$MODULE"
echo 'comm==known_reader' > $CTL/filter

enter
check "the reader is preempted: $(column preempted) times" preempted
write_to $CTL/enable 0
check "detached: in no new section: $(column sections), $sections before" \
	test "$(column sections)" = "$sections"
seen=$(column preempted)
pause 0.5
check "and not looked at: $seen times" test "$(column preempted)" = "$seen"
check "control: it is still in its section" kill -0 "$reader"
leave

echo 1 > $CTL/enable
enter
write_to $CTL/events -sched_entry_tp
pause 0.5
check "control: without sched_entry_tp each time is a section: $(column sections)" \
	test $(($(column sections) - sections)) -gt 50
check "control: and is looked at: $(column preempted) times" \
	test $(($(column preempted) - sections)) -gt 50
check "control: it is still in its section" kill -0 "$reader"
leave
rmmod rcu_notrace

ktap_finished
