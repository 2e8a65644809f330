#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The table of tasks follows threads that call execve()
# requires: program:python3 program:stress-ng
# runs: vm
# timeout: 600
#
# The test has threads that are not the first of their process call execve(),
# more of them than the table of tasks has places. The test fails if the table
# fills up, loses an event, or takes a live task for dead.
#
# Control: if the probe does not see tasks die, the dead ones stay in the table.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

EXECS=$((1500 / ${SLOW:-1}))
PLACES=$((1024 / ${SLOW:-1}))

# exec_from_threads N: a process each, one after the other; the leader waits.
exec_from_threads()
{
	python3 - "$1" <<-'END'
		import os, sys, threading

		for i in range(int(sys.argv[1])):
		    if os.fork() == 0:
		        threading.Thread(target=os.execl, args=("/bin/true", "true")).start()
		        threading.Event().wait()
		    os.wait()
	END
}

# alive: how many the module thinks are; threads: how many there are.
alive()
{
	grep -c ' dead=0 ' $DIR/tasks
}
threads()
{
	find /proc/[0-9]*/task -maxdepth 1 -name '[0-9]*' 2> /dev/null | wc -l
}

ktap_print_header
ktap_set_plan 8

insmod "$MODULE" tasks=$PLACES
at_exit "rmmod rcu_blame"
exec_from_threads "$EXECS"
check "$EXECS of them: $(alive) rows of live tasks, $(threads) threads" \
	at_most "$(alive)" "$(threads)" 1.1
check "each process had two tasks: $(stat tasks_taken) places, $(stat tasks_evicted) given away" \
	test $(($(stat tasks_taken) + $(stat tasks_evicted))) -ge $((2 * EXECS))
check "nothing is lost" test "$(stat lost)" = 0
stress-ng --quiet --exec 2 --exec-ops "$EXECS"
check "nor with stress-ng --exec" test "$(stat lost)" = 0

# One that stays. Its leader has died of it, and has had the same pid.
reset
background python3 -c 'import os, threading
threading.Thread(target=os.execlp, args=("sleep", "sleep", "300")).start()
threading.Event().wait()'
pid=$!
until grep -qx sleep /proc/$pid/comm; do
	sleep 0.1
done
sleep 0.5
check "a thread in its leader's place is alive" \
	grep -q "^pid=$pid .* dead=0 .*comm=sleep$" $DIR/tasks
stop_background
sleep 0.5
check "and dead when it has ended" \
	test "$(grep "^pid=$pid " $DIR/tasks | grep -c ' dead=0 ')" = 0

# Ends that are not seen: the places stay taken until others are at the addresses.
# Tasks that live at the same time have different ones.
echo "-sched_switch" > $CTL/events
reset
for _ in $(seq 300); do
	background sleep 300
done
stop_background
check "control: unseen, the dead are alive: $(alive)" test "$(alive)" -ge 200
echo "+sched_switch" > $CTL/events
exec_from_threads 1
check "and those of later tasks are theirs: $(alive)" test "$(alive)" -ge 200

ktap_finished
