#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Typed probes find their state valid while they attach and detach
# runs: drives
# timeout: 400
#
# The test attaches and detaches all typed probes ROUNDS times while all CPUs
# hit them. The test fails if a probe finds its state gone, or if a probe stays
# attached.
#
# Control: without the wait between detaching and freeing, a probe finds its
# state gone.

. "${0%/*}/../selftests/lib.sh"

ROUNDS=${ROUNDS:-20}
source=/sys/module/rcu_notrace_source/parameters

# run MODULE ROUNDS PARAMETERS
run()
{
	TIMEOUT=$((240 + $2 * 4)) "$LAB_VM" "insmod $GUARDS &&
		insmod $MODS/rcu_notrace_source.ko hits=1
		# Not a load: attaching writes to code, and has to wait for every CPU to
		# see that, again and again. An emulated one that is busy takes its time.
		for cpu in \$(seq 0 \$((\$(getconf _NPROCESSORS_ONLN) - 1))); do
			taskset -c \$cpu perl -e 'select undef, undef, undef, 0.001 while 1' &
		done
		# In the control this sleeps in a probe, nearly all of the time.
		perl -e '\$| = 1;
			print \"1\n\" until select undef, undef, undef, 0.001' > $source/fire &
		chrt -f 20 insmod $MODS/$1.ko rounds=$2 $3 && rmmod $1
		kill \$(jobs -p)
		echo probed=\$(cat $source/probed)
		dmesg | grep 'glue .*='"
}

ktap_print_header
ktap_set_plan 6

out=$(run rcu_notrace_glue "$ROUNDS" '')
check "$ROUNDS rounds without a complaint" test $? -eq 0
hits=$(echo "$out" | value hits)
check "hits: ${hits:-none}" test "${hits:-0}" -gt $((ROUNDS * 100))
check "no probe found its state gone" test "$(echo "$out" | value dead)" = 0
check "nothing is attached afterwards" test "$(echo "$out" | sed -n 's/^probed=//p')" = 0
ktap_print_msg "$(echo "$out" | grep 'glue attached=')"

out=$(run rcu_notrace_no_wait 20 delay_us=200000)
dead=$(echo "$out" | value dead)
check "control: without the wait some do: ${dead:-none}" test "${dead:-0}" -gt 0
out=$(echo "$out" | sed -n 's/^probed=//p')
check "control: nothing else is wrong with it" test "$out" = 0

ktap_finished
