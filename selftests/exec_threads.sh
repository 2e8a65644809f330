#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will have threads that are not the first of their process call
# execve(), more of them than the table of tasks has places, and fail if the
# table fills up, loses an event, or takes a live task for dead.
# runs: vm
# timeout: 300

. "${0%/*}/lib.sh"
. "${0%/*}/lib_sched.sh"

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
at_exit "rmmod rcu_notrace"
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

# Ends that are not seen: their places stay taken.
echo "-sched_switch" > $CTL/events
reset
exec_from_threads 100
check "control: unseen, the dead are alive: $(alive)" test "$(alive)" -ge 200
echo "+sched_switch" > $CTL/events
exec_from_threads 1
check "and those of later tasks are theirs: $(alive)" test "$(alive)" -ge 200

ktap_finished
