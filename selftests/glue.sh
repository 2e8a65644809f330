#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Typed probes attach to every tracepoint of the scheduler
# requires: program:stress-ng
# runs: vm
# timeout: 300
#
# The test attaches typed probes to every tracepoint of the scheduler. The test
# fails if a tracepoint is missing, if one that is declared atomic was hit in
# another context, or if a probe that cannot be attached is not refused as it
# should be.
#
# Control: tracepoints without that declaration are hit in other contexts as
# well.

. "${0%/*}/lib.sh"

source=/sys/module/rcu_notrace_source/parameters

# fails ERROR MODULE PARAMETER: loading it with that does, with that error.
fails()
{
	dmesg -C
	! insmod "$MODS/$2" ${3:+"$3"} 2> "$log" && grep -q "$1" "$log" &&
		test "$(cat $source/probed)" = 0
}

ktap_print_header
ktap_set_plan 19

log=$(mktemp)
dmesg -C
insmod "$MODS/rcu_notrace_source.ko"
check "nothing is attached" test "$(cat $source/probed)" = 0
insmod "$MODS/rcu_notrace_glue.ko"
unprobed=$(cat $source/unprobed)
check "every tracepoint of the scheduler is${unprobed:+, but $unprobed}" \
	test -z "$(echo "$unprobed" | tr -d ' ')"
stress-ng --quiet --switch 4 --fork 2 --timer 1 --timeout 5s
for cpu in -1 0 -1; do
	echo $cpu > $source/energy
done
rmmod rcu_notrace_glue
glue=$(dmesg | grep 'glue attached=')
ktap_print_msg "$glue"
check "and the others: $(echo "$glue" | value attached)" \
	test "$(echo "$glue" | value attached)" -ge 60
check "nothing is attached afterwards" test "$(cat $source/probed)" = 0
check "hits where it is said to be atomic: $(echo "$glue" | value claimed)" \
	test "$(echo "$glue" | value claimed)" -gt 10000
check "and it was" test "$(echo "$glue" | value not_atomic)" = 0
check "control: elsewhere it was not always" test "$(echo "$glue" | value others_not_atomic)" -gt 0
check "this CPU's data had them, but for those under way" \
	at_least "$(echo "$glue" | value here)" "$(echo "$glue" | value claimed)" 0.999
check "probes had work done in interrupts" test "$(echo "$glue" | value irq_work)" -gt 0
check "a CPU of -1 is none" test "$(echo "$glue" | value no_cpus)" = 2
check "control: 0 is one" test "$(echo "$glue" | value cpus)" = 1

check "one asked for twice: EEXIST" \
	fails 'Device or resource busy\|File exists' rcu_notrace_glue.ko how=3
check "and the log names it" \
	in_log "tracepoint sched_switch: cannot attach a probe: $(errno EEXIST 17)"
check "one that is not there: ENOENT" fails 'Unknown symbol\|No such file' rcu_notrace_glue.ko how=4
check "and the log names it" \
	in_log "tracepoint rcu_notrace_nowhere_tp: cannot attach a probe: $(errno ENOENT 2)"
check "one whose prototype could not be checked: ENOENT" \
	fails 'Unknown symbol\|No such file' rcu_notrace_glue.ko how=6
check "and the log names it" \
	in_log "tracepoint rcu_notrace_source_tp: cannot attach a probe: $(errno ENOENT 2)"
check "a registry that could be leaked: EINVAL" fails 'Invalid' rcu_notrace_glue.ko how=5
check "a probe of unknown prototype, with CFI: EOPNOTSUPP" \
	fails 'not supported' rcu_notrace_cfi.ko

rmmod rcu_notrace_source
rm "$log"
ktap_finished
