#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Files are readable while a writer waits for a grace period
# requires: cpus:2
# runs: vm
# timeout: 240
#
# The test holds up grace periods with a reader that a hog keeps off its CPU,
# and has a reset, a write to enable and an rmmod wait for these grace periods.
# The test fails if a file cannot be read meanwhile, or a second writer cannot
# be killed. The test needs two CPUs: one of them is the hog's.
#
# Control: the first writer is seen to wait.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

FILES="$CTL/enable $CTL/events $CTL/filter $CTL/threshold_us $CTL/stop $CTL/reset
	$DIR/held $DIR/grace_periods $DIR/waiters $DIR/readers $DIR/tasks $DIR/cpus
	$DIR/stats $DIR/hist/reader_off"

# now: in ms.
now()
{
	date +%s%3N
}

# read_all: each file; sets $slowest: ms, and a name; $unread: those that failed.
read_all()
{
	slowest=0 unread=
	for file in $FILES; do
		began=$(now)
		cat "$file" > /dev/null 2>&1 || unread="$unread $file"
		took=$(($(now) - began))
		[ $took -le "${slowest%% *}" ] || slowest="$took ms: $file"
	done
}

# write_to FILE TEXT: in the background; sets $writer.
write_to()
{
	# One process, so that a signal is for the one that writes.
	sh -c 'printf %s "$2" 2> /dev/null > "$1"' - "$1" "$2" &
	writer=$!
	pause 0.5
}

# waits PID: it has not ended.
waits()
{
	[ -n "$(sed -n '/^State:.*Z/d; s/^State://p' "/proc/$1/status" 2> /dev/null)" ]
}

ktap_print_header
ktap_set_plan 14

taskset -pc "$here" $$ > /dev/null
insmod "$MODULE"

for what in "reset 1" "enable 0"; do
	hold_up
	write_to "$CTL/${what% *}" "${what#* }"
	first=$writer
	read_all
	check "$what: all files were read:${unread:- all}, the slowest: $slowest" \
		test -z "$unread"
	check "$what: the first writer still waits then" waits "$first"
	write_to $CTL/filter "pid==1"
	check "$what: a second writer waits" waits "$writer"
	kill -KILL "$writer"
	wait "$writer"
	check "$what: and is killed: status $?" test $? = 137
	check "$what: and the first one still waits" waits "$first"
	let_go
	wait "$first"
done
check "and is done when the reader has gone" test "$(cat $CTL/enable)" = 0
check "the second one has changed nothing" test -z "$(cat $CTL/filter)"

echo 1 > $CTL/enable
hold_up
write_to $CTL/reset 1
first=$writer
rmmod rcu_blame &
unloader=$!
pause 0.5
read_all
both=no
waits "$first" && waits "$unloader" && both=yes
check "rmmod: no file waits as the writer and rmmod do; the slowest: $slowest" test $both = yes
let_go
wait "$unloader"
check "and it is unloaded" test ! -e /sys/module/rcu_blame

ktap_finished
