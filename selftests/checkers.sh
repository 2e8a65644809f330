#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Guards in all contexts cause no report of the kernel's checkers
# requires: program:perl program:stress-ng
# runs: vm
# timeout: 180
#
# The test takes guards, a short while each, in all the places that other tests
# have a guest of their own for: in the probe that RCU hits on its way out, on
# every tracepoint, in every context, in every traceable function. The test
# fails if there were none, or lockdep, on a kernel that has lockdep, does not
# last to the end.
#
# The guest fails if anything else complains. The control is planted.sh, in
# which the kernel complains.

. "${0%/*}/lib.sh"

SECONDS_EACH=${DURATION:-8}

# during MODULE [PARAMETERS]: load it, a mixed load for as long, unload it; sets
# $said to what it said.
during()
{
	module=$1
	shift
	dmesg -C
	insmod "$MODS/$module.ko" "$@"
	# Of real-time tasks fewer than RCU's own threads can bear beside them.
	chrt -f 50 stress-ng --quiet --switch 2 --switch-freq 30 --timeout "${SECONDS_EACH}s" &
	stress-ng --quiet --fork 1 --pipe 1 --futex 1 --timeout "${SECONDS_EACH}s"
	wait $!
	rmmod "$module"
	said=$(dmesg | grep "hits=\|taken=")
	echo "$said" | sed 's/^/# /'
}

ktap_print_header
ktap_set_plan 8

expedited=$(cat /sys/kernel/rcu_expedited) normal=$(cat /sys/kernel/rcu_normal)
echo 0 > /sys/kernel/rcu_normal
echo 1 > /sys/kernel/rcu_expedited
sh -c "exec $MEMBARRIER" &
membarrier=$!

during rcu_notrace_probe
check "where RCU is on its way out" test "$(echo "$said" | value hits)" -gt 1000
during rcu_notrace_trace_all
check "on every tracepoint" test "$(echo "$said" | value hits)" -gt 100000
# Another CPU sends the interrupts and the NMIs.
! enough_cpus 2 || during rcu_notrace_qs samples=5 everywhere=1
for context in hardirq softirq nmi rq_lock; do
	if [ $context = nmi ] && ! has_nmis; then
		ktap_test_skip "in nmi: needs NMIs that a module can send"
	elif enough_cpus 2; then
		check "in $context" test "$(echo "$said" | grep "in=$context" | value taken)" -gt 20
	else
		ktap_test_skip "in $context: needs 2 CPUs"
	fi
done
during rcu_notrace_ftrace
check "in every traceable function" test "$(echo "$said" | value hits)" -gt 100000

kill $membarrier
echo "$normal" > /sys/kernel/rcu_normal
echo "$expedited" > /sys/kernel/rcu_expedited

if [ -e /proc/lockdep_stats ]; then
	check "lockdep is still on" grep -q 'debug_locks: *1$' /proc/lockdep_stats
else
	ktap_test_skip "lockdep is still on: needs CONFIG_PROVE_LOCKING, KERNEL=debug has it"
fi

ktap_finished
