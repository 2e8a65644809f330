#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Typed probes and bpftrace count the same events beside each other
# requires: program:bpftrace program:perl config:DEBUG_INFO_BTF
# runs: vm
# timeout: 300
#
# The test counts the same forks and context switches with typed probes and with
# bpftrace on the same tracepoints, while either of them comes and goes first.
# The test fails if a count is not that of all events that happened while the
# probes were there.
#
# Control: events that happened while the probes were not there are missing.

. "${0%/*}/lib.sh"

FORKS=${FORKS:-200}

# The load that is counted: tasks of that name, FORKS forks by one, and their switches.
burst()
{
	perl -e '$0 = "rcu_notrace_it";
		for (1..shift) { defined(my $p = fork) or die; exit unless $p; wait }' "$FORKS"
}

# bpftrace_starts: returns when its probes are there; they count until it ends.
bpftrace_starts()
{
	background bpftrace -o "$out" -e '
		rawtracepoint:sched_process_fork
			/((struct task_struct *)arg0)->comm == "rcu_notrace_it"/
			{ @forks = count(); }
		rawtracepoint:sched_switch
			/((struct task_struct *)arg1)->comm == "rcu_notrace_it"/
			{ @switches = count(); }
		tracepoint:sched:sched_switch
			/args.prev_comm == "rcu_notrace_it"/ { @events = count(); }
		interval:ms:200
			{ printf("now\n"); print(@forks); print(@switches); print(@events); }'
	ticks 1
}

# ticks N: until so many more of its intervals have begun.
ticks()
{
	ticks_until=$(($(grep -cs now "$out") + $1))
	for _ in $(seq 600); do
		[ "$(grep -cs now "$out")" -lt $ticks_until ] || return 0
		pause 0.2
	done
	return 1
}

# skipped: some of its events, by the kernel. A program on an ordinary tracepoint
# is not run on a CPU where a task is, or was preempted, in a bpf(2) that looks at
# a map (bpf_disable_instrumentation()), as that of its intervals does.
skipped()
{
	test "$events" -le "$switches" && at_least "$events" "$switches" 0.99
}

# counted: sets forks, switches and events to what it has counted by now.
counted()
{
	# The first to begin may have printed a part before the last switch.
	ticks 3
	forks=$(sed -n 's/^@forks: //p' "$out" | tail -n 1)
	switches=$(sed -n 's/^@switches: //p' "$out" | tail -n 1)
	events=$(sed -n 's/^@events: //p' "$out" | tail -n 1)
	ktap_print_msg "bpftrace: $forks forks, $switches switches, $events events"
}

ours_come()
{
	dmesg -C
	insmod "$MODS/rcu_notrace_beside.ko"
}

# ours_go: sets our_forks and our_switches.
ours_go()
{
	rmmod rcu_notrace_beside
	our_forks=$(log beside | value forks)
	our_switches=$(log beside | value switches)
	ktap_print_msg "ours: $our_forks forks, $our_switches switches"
}

ktap_print_header
ktap_set_plan 10

out=$(mktemp)
at_exit "rm -f '$out'"

ours_come
check "bpftrace attaches beside ours" bpftrace_starts
burst
counted
ours_go
check "both count all $FORKS forks" test "$our_forks $forks" = "$FORKS $FORKS"
check "and the same switches, to the last one" test "$our_switches" = "$switches"

burst
first=$switches
counted
check "ours have gone: bpftrace goes on counting all forks" test "$forks" = $((FORKS * 2))
check "control: switches that ours have not seen: $((switches - our_switches))" \
	test $((switches - our_switches)) -ge "$FORKS"
before=$switches

ours_come
burst
counted
check "ours come after it: it counts all forks" test "$forks" = $((FORKS * 3))
# shellcheck disable=SC2086
kill -INT $pids
# shellcheck disable=SC2086
wait $pids
pids=
both=$((switches - before))
burst
ours_go
check "it has gone: ours count all forks" test "$our_forks" = $((FORKS * 2))
check "control: switches that it has not seen: $((our_switches - both))" \
	test $((our_switches - both)) -ge "$FORKS"
check "its events are its switches, but for a few that are skipped: $events" skipped
check "control: the bursts are not all the same: $first, $((before - first)), $both" \
	test "$first $before" != "$both $((both * 2))"

ktap_finished
