#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Guards work while CPUs go offline and online
# requires: config:HOTPLUG_CPU
# runs: vm
# timeout: 500
#
# The test takes all CPUs but the first off and on again, in turn (ROUNDS),
# while readers in guards run anywhere, and in interrupts, under expedited and
# normal grace periods. The test fails if a CPU does not go or come, if grace
# periods stop ending, if a reader finds an object that has been replaced a
# grace period ago, or if a CPU that is back has the promise of a report that it
# had when it went.
#
# Control: a reader without a guard finds one; a CPU that is offline has it.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

ROUNDS=${ROUNDS:-4}
cpus=/sys/devices/system/cpu

# online CPU 0|1: and it is so.
online()
{
	echo "$2" > "$cpus/cpu$1/online" && [ "$(cat "$cpus/cpu$1/online")" = "$2" ]
}

# rounds: CPUs that went and came again.
rounds()
{
	for _ in $(seq "$ROUNDS"); do
		for cpu in $others; do
			online "$cpu" 0 && pause 0.1 && online "$cpu" 1 && echo "$cpu"
		done
	done
}

others=$(cd $cpus && for cpu in cpu[0-9]*; do
	[ ! -e "$cpu/online" ] || [ "$cpu" = cpu0 ] || echo "${cpu#cpu}"
done)

ktap_print_header
if [ -z "$others" ]; then
	ktap_skip_all "no CPU but the first can go offline"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 7

for cpu in $others; do
	at_exit "echo 1 > $cpus/cpu$cpu/online"
done
set_to /sys/kernel/rcu_normal 0
dmesg -C
parameters='readers=2 normal=1 expedited=1 callbacks=100 contexts=15'
# shellcheck disable=SC2086
insmod "$MODS/rcu_notrace_torture.ko" $parameters
wanted=$((ROUNDS * $(echo "$others" | wc -l)))
came=$(rounds | wc -l)
check "CPUs that went and came: $came of $wanted" test "$came" = "$wanted"
rmmod rcu_notrace_torture
stats=$(log torture)
echo "$stats" | sed 's/^/# /'
check "grace periods: $(echo "$stats" | value grace_periods)" reached grace_periods $((wanted * 2))
check "readers: $(readers)" test "$(readers)" -gt $((wanted * 100))
check "no reader was let down" as_it_should_be

dmesg -C
insmod "$MODS/rcu_notrace_torture.ko" readers=2 expedited=1 lose=1
ROUNDS=1 rounds > /dev/null
pause 2
rmmod rcu_notrace_torture
stats=$(log torture)
refute "control: readers without a guard were not" as_it_should_be

# stands COMMAND...: a promise that a CPU left behind is still there after that.
stands()
{
	dmesg -C
	online "$cpu" 0 && insmod "$MODS/rcu_notrace_left.ko" cpu="$cpu" && "$@" &&
		rmmod rcu_notrace_left && online "$cpu" 1 || return
	log left | value stands | grep -qx 1
}

refute "a CPU that is back has no promise that it left behind" stands online "$cpu" 1
check "control: one that is not has it" stands true

ktap_finished
