#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The tutorial's modules count the wakeups of one task
# requires: program:perl
# runs: vm
#
# The test loads the tutorial's module in Rust, then that in C. The test fails
# if either does not count the wakeups of the task that the module is asked to
# look at, or counts those of others.
#
# Control: wakeups of a task that does not exist are not counted.

. "${0%/*}/lib.sh"

# A task that is stopped, and then sleeps fifty times.
start_sleeper()
{
	perl -e 'kill STOP => $$; select undef, undef, undef, 0.01 for 1..50' &
	sleeper=$!
	while [ "$(awk '{ print $3 }' /proc/$sleeper/stat)" != T ]; do
		sleep 0.1
	done
}

# count_wakeups MODULE PID: sets $woken to how often the module has seen that task
# woken, while $sleeper did its work.
count_wakeups()
{
	dmesg -C
	insmod "$MODS/$1.ko" pid="$2"
	kill -CONT $sleeper
	wait $sleeper
	rmmod "$1"
	woken=$(dmesg | value woken)
}

ktap_print_header
ktap_set_plan 6

for module in rcu_notrace_tutorial rcu_notrace_tutorial_c; do
	start_sleeper
	count_wakeups $module $sleeper
	check "$module: a task that sleeps 50 times is woken so often: $woken" \
		test "${woken:-0}" -ge 50
	check "$module: and not much more often" test "${woken:-0}" -lt 100
	start_sleeper
	# No task has the number of pid_max.
	count_wakeups $module "$(cat /proc/sys/kernel/pid_max)"
	check "$module: control: a task that does not exist is not: $woken" test "$woken" = 0
done

ktap_finished
