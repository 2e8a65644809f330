#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will count the events of a workload's tasks with bpftrace and with
# the module, and fail if they are not equal, for each task and number for
# number; and have a thread succeed its leader, and fail if it is taken for dead.
# runs: vm
# timeout: 240

. "${0%/*}/lib.sh"
. "${0%/*}/lib_sched.sh"

# counted WORKLOAD: runs it when bpftrace and the module are attached. Its tasks
# are dead when it ends, and have pids above that of the first of them (not above
# its own: bpftrace makes the shell first, and then threads).
counted()
{
	reset
	printf 'sh -c "echo \\$\\$" > %s\n%s\n' "$tmp/pid" "$1" > "$tmp/workload"
	BPFTRACE_MAX_MAP_KEYS=16384 \
		bpftrace -q -o "$tmp/bpftrace" -c "/bin/sh $tmp/workload" "$SELFTESTS/counts.bt"
	cat $DIR/tasks > "$tmp/tasks"
}

compare()
{
	ktap_print_msg "pids above $(cat "$tmp/pid")"
	compared=$("$SELFTESTS/counts.awk" -v after="$(cat "$tmp/pid")" \
		"$tmp/bpftrace" "$tmp/tasks")
	status=$?
	echo "$compared" | sed 's/^/# /'
	return $status
}

# module KEY: of the last comparison.
module()
{
	echo "$compared" | awk -v key="$1" '$1 == key { print $3 }'
}

lost_some()
{
	test "$(stat lost)" -gt 0
}

ktap_print_header
ktap_set_plan 14

tmp=$(mktemp -d)

# The comparison itself, by tables that are made up: a pid is a number, 87 below 4304.
made_up()
{
	echo 4304 > "$tmp/pid"
	echo "@switched_out[5000]: 2" > "$tmp/bpftrace"
	printf 'pid=%d dead=1 switched_out=%d\n' 5000 2 "$@" > "$tmp/tasks"
	compare
}
check "tasks that were there before are not compared" made_up 87 9
refute "control: those that came after are" made_up 4305 9

insmod "$MODULE" tasks=16384
set_to /sys/kernel/rcu_normal 0

# Switches, wake-ups, priorities that change (futexes with inheritance), forks,
# readers that are preempted.
cpu=$(cpu 1)
export cpu
# shellcheck disable=SC2016 # the shell that runs it expands it
workload='stress-ng --quiet --timeout 6 --switch 2 --fork 1 --timer 1 --membarrier 1 &
	stress-ng --quiet --timeout 6 --futex 1 &
	for i in 1 2 3 4 5 6; do
		taskset -c $cpu sh -c "for n in 1 2 3 4 5 6 7 8 9; do cat /proc/self/maps; done" \
			> /dev/null &
		taskset -c $cpu chrt -f 10 \
			sh -c "n=0; while [ \$n -lt 200 ]; do n=\$((n + 1)); done"
	done
	pi_stress --quiet --groups 1 --duration 3 > /dev/null 2>&1
	wait'
counted "$workload"
check "bpftrace and the module agree on every task" compare
check "tasks: $(echo "$compared" | sed -n 's/.* of \([0-9]*\) tasks/\1/p')" \
	test "$(echo "$compared" | sed -n 's/.* of \([0-9]*\) tasks/\1/p')" -gt 20
check "switches: $(module switched_out)" test "$(module switched_out)" -gt 1000
check "wake-ups: $(module wakeups)" test "$(module wakeups)" -gt 500
check "priority changes: $(module prio_changes)" test "$(module prio_changes)" -gt 20
check "nothing was lost" test "$(stat lost)$(stat tasks_evicted)" = 00

# A module that does not see all of it.
echo "-sched_waking" > $CTL/events
counted "$workload"
refute "control: without one of the events it does not agree" compare
check "control: on that" sh -c "echo \"$compared\" | grep -q '^wakings .*differ'"
check "control: only" test "$(echo "$compared" | grep -c differ)" = 1
rmmod rcu_notrace

# A thread that is not the first takes over the pid of the first, which dies of it.
insmod "$MODULE"
background python3 -c 'import os, threading
threading.Thread(target=os.execlp, args=("sleep", "sleep", "300")).start()
threading.Event().wait()'
pid=$!
patiently grep -qx sleep /proc/$pid/comm
sleep 0.5
check "a thread that execs in its leader's place is alive" grep -q "^pid=$pid .* dead=0 " $DIR/tasks
stop_background
# Whoever waited for it may be told before it is switched out for the last time.
sleep 0.5
check "and dead when it has ended" grep -q "^pid=$pid .* dead=1 " $DIR/tasks
rmmod rcu_notrace

insmod "$MODULE" tasks=64
# More at once than there is room for.
for _ in $(seq 80); do
	background sleep 300
done
patiently lost_some
stop_background
lost="$(stat lost) events, $(stat tasks_evicted) dead tasks"
check "control: what does not fit is counted: $lost" lost_some
rmmod rcu_notrace
rm -r "$tmp"

ktap_finished
