# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions of the tests in which the scheduler probe looks at a reader of known
# times, rcu_notrace_reader. Sourced, after lib_blame.sh.
#
# shellcheck disable=SC2154 # here and there are lib_blame.sh's

# between A LOW HIGH
between()
{
	awk -v a="$1" -v low="$2" -v high="$3" '
		BEGIN { exit !(a != "" && a + 0 >= low && a + 0 <= high) }'
}

# run PARAMETERS: sets $own to what the reader has measured, $row to what the
# module has, $table to its line in readers.
run()
{
	reset
	dmesg -C
	# Not beside the hog: see boosts_in_time.
	# shellcheck disable=SC2086
	taskset -c "$here" insmod "$MODS/rcu_notrace_reader.ko" "cpu=$there" "other_cpu=$here" $1
	own=$(dmesg | grep ' reader pid=')
	pid=$(echo "$own" | value pid)
	row=$(grep "^pid=$pid " "$DIR/tasks")
	# shellcheck disable=SC2034 # for those that source this
	table=$(awk -v pid="$pid" '$1 == pid' "$DIR/readers")
	rmmod rcu_notrace_reader
	ktap_print_msg "$own"
	ktap_print_msg "$row"
}

# own KEY: of what the reader has measured.
own()
{
	echo "$own" | value "$1"
}

# column KEY: of the module's row.
column()
{
	echo " $row" | value "$1"
}

# needs_boosts: before the plan; ends the test, as skipped, where no reader is
# boosted below the hog. Sets $delay_ms to when it is boosted, $hog_ms to a time
# that is long enough for that. The head of the test requires config:RCU_BOOST.
needs_boosts()
{
	delay_ms=$(config RCU_BOOST_DELAY)
	# The hog's is 50, and RCU boosts to its own.
	rcu_prio=$(cat /sys/module/rcutree/parameters/kthread_prio)
	if [ "$rcu_prio" -ge 50 ]; then
		ktap_skip_all "a boosted reader preempts the hog: rcutree.kthread_prio=$rcu_prio"
		exit "$KSFT_SKIP"
	fi
	# shellcheck disable=SC2034 # for those that source this
	hog_ms=$((delay_ms + 300))
}

# boosts_in_time: what looks for whom to boost is woken by a timer of the CPU that
# it went to sleep on, and on that of the hog no timer expires: ktimers is of
# priority 1. Until the test ends it runs here.
boosts_in_time()
{
	gp_kthread=$(pgrep -x rcu_preempt)
	at_exit "taskset -p $(taskset -p "$gp_kthread" | sed 's/.*: //') $gp_kthread > /dev/null"
	taskset -pc "$here" "$gp_kthread" > /dev/null
	set_to /sys/kernel/rcu_expedited 0
}
