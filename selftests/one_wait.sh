#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Detaching waits once, however many events it detaches
# runs: vm
#
# The test counts the waits for probes that a write to enable and one to events
# makes. The test fails if the waits are more than those of one
# tracepoint_synchronize_unregister(), however many events the write detaches
# from; or if those for kprobes are more than one for all of them, and one for
# all kretprobes.
#
# Control: two writes wait twice as often.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_blame.sh"

TRACING=/sys/kernel/tracing
ns=/sys/module/rcu_notrace_sync/parameters/ns

# traced COMMAND...: sets $waits to the calls of synchronize_*() that this shell makes
# in it, $functions to those of them for kprobes and kretprobes.
traced()
{
	echo > $TRACING/trace
	echo 1 > $TRACING/tracing_on
	"$@"
	echo 0 > $TRACING/tracing_on
	# Not those that one of these calls itself. If the tracer or another program has a
	# probe on the same tracepoint, the kernel waits by itself before it calls the probe
	# that is left directly.
	calls=$(grep -- "-$$ " $TRACING/trace | grep -v 'synchronize_rcu_normal' |
		grep -v '<-tracepoint_probe_unregister')
	functions=$(echo "$calls" | grep -c '<-unregister_k')
	waits=$(echo "$calls" | grep -c 'synchronize_.*<-')
	waits=$((waits - functions))
}

one_wait()
{
	read -r one_ns < $ns
}

detach_all()
{
	echo 0 > $CTL/enable
}

detach_two()
{
	echo -sched_switch -sched_waking > $CTL/events
}

detach_one_by_one()
{
	echo -sched_wakeup > $CTL/events
	echo -sched_pi_setprio > $CTL/events
}

ktap_print_header
ktap_set_plan 6

insmod "$MODULE"
insmod "$MODS/rcu_notrace_sync.ko"
set_to /sys/kernel/rcu_normal 0
set_to $TRACING/tracing_on 0
at_exit "echo nop > $TRACING/current_tracer; echo > $TRACING/set_ftrace_filter"
echo 'synchronize_*' > $TRACING/set_ftrace_filter
echo function > $TRACING/current_tracer

traced one_wait
one=$waits
check "tracepoint_synchronize_unregister() waits: $one times, $one_ns ns" test "$one" -gt 0
traced detach_two
check "two events: as often: $waits" test "$waits" = "$one"
traced detach_one_by_one
check "control: two writes: twice as often: $waits" test "$waits" = $((2 * one))
attached=$(grep -c '^attached_.* 1$' $DIR/stats)
traced detach_all
check "the other $attached events: as often: $waits" test "$waits" = "$one"
check "functions of RCU's: once for each kind of probe: $functions" test "$functions" -le 2
echo "+sched_switch +sched_waking +sched_wakeup +sched_pi_setprio" > $CTL/events
echo 1 > $CTL/enable
traced detach_all
check "all of them: as often: $waits" test "$waits" = "$one"

ktap_finished
