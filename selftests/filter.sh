#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The filter admits exactly the tasks that it describes
# requires: program:python3
# runs: vm
# timeout: 300
#
# The test runs tasks of known names, priorities, CPUs and cgroups. The test
# fails if the scheduler probe looks at a task that its filter does not admit,
# or does not look at a task that the filter admits.
#
# Control: near misses of each filter are not admitted.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

CGROUPS=/sys/fs/cgroup

# seen FILTER: the tasks of ours that are looked at, when they come to a CPU. (The
# task that wakes one of them does so on its own CPU.)
seen()
{
	echo "$1" > $CTL/filter || return
	reset
	taskset -c "$(cpu 0)" "$tmp/fil_alpha" 0.05
	taskset -c "$(cpu 1)" chrt -f 60 "$tmp/fil_beta" 0.05
	(
		sh -c 'echo $PPID' > $CGROUPS/rcu_notrace_test/below/cgroup.procs
		exec taskset -c "$(cpu 2)" "$tmp/fil_gamma" 0.05
	)
	sed -n '/ switched_in=0 /d; s/.* comm=fil_\([a-z]*\)$/\1/p' $DIR/tasks | sort | tr '\n' ' '
}

# admits FILTER TASKS: those and no others.
admits()
{
	found=$(seen "$1")
	check "'$1': ${found:-none}" test "$found" = "$2"
}

ktap_print_header
ktap_set_plan 23

tmp=$(mktemp -d)
for name in alpha beta gamma; do
	cp "$(command -v sleep)" "$tmp/fil_$name"
done
grep -q " $CGROUPS cgroup2 " /proc/mounts || mount -t cgroup2 none $CGROUPS
mkdir -p $CGROUPS/rcu_notrace_test/below
insmod "$MODULE"

admits "" "alpha beta gamma "
admits "comm==fil_alpha" "alpha "
admits "comm==fil_*a && comm==*lph*" "alpha "
admits "comm==*a*m*" "gamma "
admits "comm==fil_alph" ""
admits "comm==*" "alpha beta gamma "
admits "comm==f*g" ""
# The thread of an interrupt, FIFO 50, may lend any task its priority.
admits "prio<45" "beta "
admits "comm==fil_alpha || comm==fil_gamma" "alpha gamma "
admits "comm==fil_alpha || comm==fil_* && prio<45" "alpha beta "
admits "comm==fil_* && prio<45||comm==fil_gamma" "beta gamma "
admits "comm==fil_alpha && prio<45 || comm==fil_beta" "beta "
admits "prio<45 && comm==none || comm==fil_b*" "beta "
admits "prio<45 && comm==none || comm==none || comm==fil_alpha && prio<45" ""
if enough_cpus 3; then
	admits "cpu==$(cpu 0),$(cpu 2)-$(cpus | tail -n 1) && comm==fil_*" "alpha gamma "
else
	ktap_test_skip "'cpu==': needs 3 CPUs"
fi
admits "cgroup==/rcu_notrace_test" "gamma "
admits "cgroup==/rcu_notrace_test/below" "gamma "
inode=$(find $CGROUPS/rcu_notrace_test/below -maxdepth 0 -printf %i)
admits "cgroup==$inode" "gamma "
check "that is the one in the table" grep -q " cgroup=$inode .*comm=fil_gamma" $DIR/tasks

"$tmp/fil_alpha" 3 &
pid=$!
sleep 0.5
echo "pid==$pid" > $CTL/filter
reset
kill -STOP $pid
sleep 0.1
kill -CONT $pid
sleep 0.1
check "'pid==': that one" test "$(sed 's/ .*//' $DIR/tasks)" = "pid=$pid"
kill $pid
wait
background python3 -c 'import threading, time
for i in range(3): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()
time.sleep(99)'
pid=$!
threads()
{
	test "$(find /proc/$pid/task -mindepth 1 -maxdepth 1 | wc -l)" = 4
}
# whole FILTER: how many threads are looked at, and of which processes. Each of
# them sleeps again soon after it has gone on.
whole()
{
	echo "$1" > $CTL/filter
	reset
	kill -STOP $pid
	sleep 0.5
	kill -CONT $pid
	sleep 0.5
	echo "$(grep -c . $DIR/tasks)" \
		"$(sed 's/.* tgid=\([0-9]*\) .*/\1/' $DIR/tasks | sort -u | tr '\n' ' ')"
}
patiently threads
check "'tgid==': all of its threads" test "$(whole "tgid==$pid")" = "4 $pid "
check "control: 'pid==': the first" test "$(whole "pid==$pid")" = "1 $pid "
stop_background
mkdir $CGROUPS/rcu_notrace_test/gone
refute "a cgroup that is not there any more" sh -c "rmdir $CGROUPS/rcu_notrace_test/gone &&
	echo cgroup==/rcu_notrace_test/gone > $CTL/filter" 2> /dev/null

rmmod rcu_blame
rmdir $CGROUPS/rcu_notrace_test/below $CGROUPS/rcu_notrace_test
rm -r "$tmp"
ktap_finished
