# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the tests of the scheduler probe share. Sourced.

# The folders of its numbers and of its control files.
DIR=/sys/kernel/debug/rcu_blame
CTL=/sys/kernel/rcu_blame

# The CPU of a reader and its hog, and that of all else: before the test changes its
# own affinity, by which cpu goes.
there=$(cpu 1)
here=$(cpu 0)

# stat KEY: what it says of that.
stat()
{
	sed -n "s/^$1 //p" $DIR/stats
}

# reset: all numbers.
reset()
{
	echo 1 > $CTL/reset
}

# hold_up: grace periods, by a reader that a hog keeps off its CPU, until let_go. The
# hog leaves its CPU to interrupt threads at times: a guest without them cannot read
# the files of its programs.
hold_up()
{
	# On a slow machine the reader stays for long enough to be warned of.
	set_to /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress 1
	insmod "$MODS/rcu_notrace_reader.ko" hog_ms=1 times=0 "cpu=$there" "other_cpu=$here" &
	holder=$!
	patiently pgrep -x known_hog > /dev/null
}

# let_go: and wait until the reader has left its section.
let_go()
{
	kill "$holder"
	wait "$holder" 2> /dev/null
	rmmod rcu_notrace_reader
}
