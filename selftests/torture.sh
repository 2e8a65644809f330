#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Grace periods wait for guards under all loads, in all contexts
# requires: program:stress-ng
# runs: vm
# timeout: 500
#
# The test does everything at once for DURATION seconds: readers in guards, on
# every CPU and anywhere, in every context, on every tracepoint and in every
# traceable function, against normal and expedited grace periods and a storm of
# call_rcu(), while CPUs go and come, under a mixed load. The test fails if a
# reader finds an object that has been replaced a grace period ago, the machine
# complains, or nothing happens.
#
# Control: a guard with a planted bug is caught.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-60}
# Of so many sections the control loses one.
LOSE=${LOSE:-100}
cpus=/sys/devices/system/cpu

hotplug()
{
	while :; do
		for cpu in "$cpus"/cpu[1-9]*/online; do
			echo 0 > "$cpu"
			sleep 0.3
			echo 1 > "$cpu"
			sleep 0.3
		done
	done
}

mixed_load()
{
	background stress-ng --quiet --switch 1 --switch-freq 500 --fork 1 --pipe 1
	background hotplug
}

# everything SECONDS PARAMETER...
everything()
{
	torture "$@" normal=1 expedited=1 callbacks=100 contexts=15 every_us=5000 preempt_us=20000
	for cpu in "$cpus"/cpu[1-9]*/online; do
		echo 1 > "$cpu"
	done 2> /dev/null
}

ktap_print_header
ktap_set_plan 6

for cpu in "$cpus"/cpu[1-9]*/online; do
	[ ! -e "$cpu" ] || at_exit "echo 1 > $cpu"
done
set_to /sys/kernel/rcu_normal 0
load=mixed_load
# With these a hit takes so long that interrupts which hit every function leave
# no time for what they interrupt: there it is RCU's.
functions=1
! has_symbol 'kasan_report|kcsan_report_known_origin' || functions=2

everything $((DURATION / 2)) readers=1 locks=7 probes=1
check "no reader was let down" as_it_should_be
check "readers: $(readers), in probes: $(echo "$stats" | value probes)" reached probes 1000
everything $((DURATION / 2)) readers=2 functions=$functions
check "no reader was let down" as_it_should_be
check "readers: $(readers), in functions: $(echo "$stats" | value functions)" reached functions 1000

lasts=until_noticed
everything $((DURATION + 60)) readers=1 lose="$LOSE"
caught=$(echo "$stats" | value first_error_ms)
refute "control: a guard that loses one section in $LOSE" as_it_should_be
check "control: is caught, after ${caught:-never any} ms" test -n "$caught"

ktap_finished
