#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will hold up grace periods with a reader that a hog keeps off its
# CPU, have a reset, a write to enable and an rmmod wait for these, and fail if
# reading a file takes as long as a second meanwhile, or a second writer cannot be
# killed; the first writer must be seen to wait.
# runs: vm
# timeout: 240

. "${0%/*}/lib.sh"
. "${0%/*}/lib_sched.sh"

FILES="$CTL/enable $CTL/events $CTL/filter $CTL/threshold_us $CTL/stop $CTL/reset
	$DIR/readers $DIR/tasks $DIR/cpus $DIR/stats $DIR/hist/reader_off"

# now: in ms.
now()
{
	date +%s%3N
}

# hold_up: grace periods, for 6 s or more. The hog leaves its CPU to interrupt
# threads at times: a guest without them cannot read the files of its programs.
hold_up()
{
	insmod "$MODS/rcu_notrace_reader.ko" hog_ms=1 times=4000 "cpu=$hogged" "other_cpu=$free" &
	holder=$!
	patiently pgrep -x known_hog > /dev/null
}

# let_go: until that is over.
let_go()
{
	wait "$holder"
	rmmod rcu_notrace_reader
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

# quick: no file took as long as a second.
quick()
{
	[ "${slowest%% *}" -lt 1000 ]
}

ktap_print_header
needs_cpus 2 "one of them is the hog's"
ktap_set_plan 15

free=$(cpu 0) hogged=$(cpu 1)
taskset -pc "$free" $$ > /dev/null
insmod "$MODULE"

for what in "reset 1" "enable 0"; do
	hold_up
	write_to "$CTL/${what% *}" "${what#* }"
	first=$writer
	read_all
	check "$what: the slowest file: $slowest" quick
	check "$what: all files were read:${unread:- all}" test -z "$unread"
	write_to $CTL/filter "pid==1"
	check "$what: a second writer waits" waits "$writer"
	kill -KILL "$writer"
	wait "$writer"
	check "$what: and is killed: status $?" test $? = 137
	check "control: $what: the first one still waits" waits "$first"
	let_go
	wait "$first"
done
check "and is done when the reader has gone" test "$(cat $CTL/enable)" = 0
check "the second one has changed nothing" test -z "$(cat $CTL/filter)"

echo 1 > $CTL/enable
hold_up
write_to $CTL/reset 1
first=$writer
rmmod rcu_notrace &
unloader=$!
pause 0.5
read_all
check "rmmod: the slowest file: $slowest" quick
both=no
waits "$first" && waits "$unloader" && both=yes
check "control: the writer and rmmod still wait" test $both = yes
let_go
wait "$unloader"
check "and it is unloaded" test ! -e /sys/module/rcu_notrace

ktap_finished
