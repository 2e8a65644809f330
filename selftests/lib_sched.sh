# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of the scheduler probe share. Sourced.

# What it measures, and what it is told.
DIR=/sys/kernel/debug/rcu_notrace
CTL=/sys/kernel/rcu_notrace

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
