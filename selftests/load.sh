#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The module loads with good parameters and refuses bad ones
# runs: vm
#
# The test loads and unloads the module, alone, with good parameters and with
# bad ones. The test fails if the module does not say so, a good parameter has
# no effect, a bad one is not refused by its name, or something is left behind.
#
# Control: a parameter of another value has not the same effect.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

# effect FILE REGEX PARAMETER...: loaded with these, the file has such a line.
effect()
{
	file=$1 line=$2
	shift 2
	insmod "$MODULE" "$@" || return
	# Time for an event.
	sleep 0.2
	grep -qxE -e "$line" "$(find $CTL $DIR -name "$file")"
	seen=$?
	rmmod rcu_blame && return $seen
}

# bad PARAMETER: refused, and the log names it.
bad()
{
	dmesg -C
	if insmod "$MODULE" "$1" 2> /dev/null; then
		rmmod rcu_blame
		return 1
	fi
	dmesg | grep -q "${1%%=*}"
}

# left: whether there is anything of a module that is loaded.
left()
{
	[ -e /sys/module/rcu_blame ] || [ -e $DIR ] || [ -e $CTL ]
}

ktap_print_header
ktap_set_plan 30

dmesg -C
check "it loads" insmod "$MODULE"
check "and says so" sh -c 'dmesg | grep -q "rcu_blame: loaded"'
check "and unloads" rmmod rcu_blame
refute "and is gone" left

check "it is enabled" effect enable 1
check "parameter enable=0" effect enable 0 enable=0
refute "control: enable=1 does not do as much" effect enable 0 enable=1
check "parameter tasks=64" effect stats "tasks_size 64" tasks=64
check "parameter tasks=262144" effect stats "tasks_size 262144" tasks=262144
check "the smallest table lists tasks" effect tasks "pid=.*" tasks=64
check "parameter threshold_us" effect threshold_us 4294967295 threshold_us=4294967295
check "parameter gp_threshold_us" effect gp_threshold_us 0 gp_threshold_us=0
check "parameter stop=1" effect stop 1 stop=1
check "parameter filter" effect filter "pid==1&&prio<100" "filter=pid==1&&prio<100"
check "parameter events" effect events -sched_switch events=-sched_switch
check "parameter events, the others" effect events '\+sched_waking' events=-sched_switch
check "all of them" effect stats "enabled 0" \
	enable=0 tasks=128 threshold_us=1 stop=1 filter=cpu==0 events=+sched_switch

for parameter in enable=2 enable=x tasks=100 tasks=32 tasks=524288 \
	threshold_us=-1 threshold_us=4294967296 gp_threshold_us=-1 stop=2 filter=pif==3 \
	events=sched_switch events=-no_such_event; do
	check "parameter $parameter is refused" bad "$parameter"
done
refute "and nothing is left" left
# Some of the good ones may have stopped it.
echo 1 > /sys/kernel/tracing/tracing_on

ktap_finished
