#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A row of the table of tasks is read equally fast at any size
# requires: program:perl program:python3
# runs: vm
# timeout: 300
#
# The test reads a table of tasks with FORKS threads in it, with a quarter of
# them and with a sixteenth. The test fails if a row takes longer in a longer
# table, a read allocates more than a page at once, a reader cannot be killed,
# or rows are missing.
#
# Control: a program that makes a large pipe allocates more than a page, and a
# table that is too small loses rows.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_blame.sh"

FORKS=${FORKS:-2000}
TRACING=/sys/kernel/tracing
EVENTS=$TRACING/events/kmem

# threads N: that many more, at the same time, so that each has a row for itself.
threads()
{
	background python3 -c '
import sys, threading
threading.stack_size(65536)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
open(sys.argv[2], "w").close()
threading.Event().wait()' "$1" "$work/$1"
	until [ -e "$work/$1" ]; do
		pause 0.2
	done
}

# read_table: sets $lines, $us: the least of twenty reads, in microseconds. A machine
# that others use as well has it wait for a second at a time.
read_table()
{
	out=$(perl -MTime::HiRes=time -e '
		my ($least, $lines);
		for (1 .. 20) {
			open(my $file, "<", $ARGV[0]) or die;
			my $began = time;
			$lines = 0;
			while (sysread($file, my $text, 65536)) { $lines += $text =~ tr/\n// }
			my $took = time - $began;
			$least = $took if !defined $least || $took < $least;
		}
		printf "%d %d\n", $lines, $least * 1e6;' $DIR/tasks)
	lines=${out% *} us=${out#* }
}

ktap_print_header
ktap_set_plan 8

work=$(mktemp -d)
at_exit "rm -rf '$work'"
row_ns=
insmod "$MODULE" tasks=262144
echo 0 > $CTL/enable
reset
read_table
check "an empty table has no rows" test "$lines" = 0
empty_us=$us
for more in $((FORKS / 16)) $((FORKS * 3 / 16)) $((FORKS * 3 / 4)); do
	echo 1 > $CTL/enable
	threads $more
	echo 0 > $CTL/enable
	read_table
	ktap_print_msg "$lines rows: $us us, an empty table: $empty_us us"
	shorter_ns=$row_ns row_ns=$(((us - empty_us) * 1000 / lines))
done
check "all tasks are there: $lines rows" test "$lines" = "$(stat tasks_taken)"
check "and there are $FORKS or more" test "$lines" -ge "$FORKS"
check "a row takes as long in a table four times as long: $row_ns ns, $shorter_ns ns" \
	at_most "$row_ns" "$shorter_ns" 2

# allocations COMMAND: sets $large: those of more than a page that the process makes
# in which a shell runs it.
allocations()
{
	echo > $TRACING/trace
	sh -c "echo \"common_pid == \$\$ && bytes_alloc > 4096\" > $EVENTS/kmalloc/filter
		echo \"common_pid == \$\$ && order > 0\" > $EVENTS/mm_page_alloc/filter
		echo 1 | tee $EVENTS/kmalloc/enable > $EVENTS/mm_page_alloc/enable
		$1"
	echo 0 | tee $EVENTS/kmalloc/enable > $EVENTS/mm_page_alloc/enable
	large=$(grep -c 'kmalloc:\|mm_page_alloc:' $TRACING/trace)
}

allocations "while read -r line; do :; done < $DIR/tasks"
check "allocations of more than a page, by a reader: $large" test "$large" = 0
# F_SETPIPE_SZ: an array of 256 pipe buffers.
allocations "exec perl -e 'pipe(my \$in, my \$out); fcntl(\$out, 1031, 1 << 20)'"
check "control: by a program that makes a large pipe: $large" test "$large" -gt 0

perl -e 'while (1) { open(my $file, "<", $ARGV[0]); 1 while sysread($file, my $text, 1 << 20) }' \
	$DIR/tasks &
reader=$!
pause 1
kill -KILL $reader
pause 1
check "a reader that is killed is gone a second later" test ! -e /proc/$reader/fd/0
wait $reader 2> /dev/null
check "control: a table that is too small loses rows" \
	sh -c "rmmod rcu_blame && insmod '$MODULE' tasks=64 &&
		perl -e 'for (1 .. 300) { exit 0 if !fork } 1 while wait > 0' &&
		[ \$(wc -l < $DIR/tasks) -le 64 ]"

ktap_finished
