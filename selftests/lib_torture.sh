# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of guards against grace periods share. Sourced.

# torture SECONDS PARAMETER...: sets $stats to what the test module printed. What
# waits for so long: $lasts, a function. What runs beside it: $load, a function that
# puts it into the background. It ends first: whoever detaches from tracepoints must
# not wait for CPUs that come and go.
lasts=pause
load=:
torture()
{
	torture_seconds=$1
	shift
	dmesg -C
	insmod "$MODS/rcu_notrace_torture.ko" "$@" || return
	$load
	$lasts "$torture_seconds"
	stop_background
	rmmod rcu_notrace_torture
	stats=$(log torture)
	echo "$stats" | sed "s/^torture/# $*:/"
}

# reached KEY NUMBER: a count that has to be seen for the rest to mean something.
reached()
{
	test "$(echo "$stats" | value "$1")" -ge "$2"
}

# taken CONTEXT
taken()
{
	echo "$stats" | grep "in=$1$" | value taken
}

# readers: how many times an object was looked at.
readers()
{
	echo "$stats" | awk '/Reader Pipe:/ {
		for (i = 4; i <= NF; i++) n += $i } END { print n + 0 }'
}

# as_it_should_be: no reader saw an object that had been replaced a grace period ago.
as_it_should_be()
{
	test "$(echo "$stats" | value errors)" = 0
}
