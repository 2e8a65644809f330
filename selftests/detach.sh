#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The scheduler probe stops counting as soon as it detaches
# requires: cpus:2
# runs: vm
#
# The test detaches the scheduler probe while a reader is preempted hundreds of
# times a second in one section. The test fails if the probe counts that section
# again, or goes on to count while it waits for the reader. The test needs two
# CPUs: one of them is the hog's.
#
# Control: without sched_entry_tp alone, the probe counts that section again.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

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

# enter: a reader, that is preempted again and again in its section, until leave.
enter()
{
	reset
	hold_up
	until preempted; do
		pause 0.1
	done
	sections=$(column sections)
}

# leave: its section; and wait for the writer that waits for that.
leave()
{
	let_go
	wait "$writer"
}

# write_to FILE TEXT: waits for the reader to leave.
write_to()
{
	echo "$2" > "$1" &
	writer=$!
	pause 0.5
}

ktap_print_header
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
check "control: it is still in its section" kill -0 "$holder"
leave

echo 1 > $CTL/enable
enter
write_to $CTL/events -sched_entry_tp
pause 0.5
check "control: without sched_entry_tp each time is a section: $(column sections)" \
	test $(($(column sections) - sections)) -gt 50
check "control: and is looked at: $(column preempted) times" \
	test $(($(column preempted) - sections)) -gt 50
check "control: it is still in its section" kill -0 "$holder"
leave
rmmod rcu_blame

ktap_finished
