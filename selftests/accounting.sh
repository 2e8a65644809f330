#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The account of a tracepoint is exact to the last hit
# runs: vm
#
# The test fires a tracepoint a known number of times, from tasks that preempt
# each other, interrupts, softirqs and NMIs, with a probe that hits itself. The
# test fails if the tracepoint's account is not hits = run + dropped to the last
# hit, for one policy or the other.
#
# Control: a probe that only claims to be pinned gets the account wrong.

. "${0%/*}/lib.sh"

# account POLICY KEY
account()
{
	log account | grep "policy=$1 " | value "$2"
}

ktap_print_header
ktap_set_plan 15

dmesg -C
insmod "$MODS/rcu_notrace_account.ko" seconds="${DURATION:-3}"
rmmod rcu_notrace_account
log account | sed 's/^/# /'
for policy in drop run; do
	fired=$(account $policy fired)
	check "$policy: all $fired hits" test "$(account $policy hits)" = "$fired"
	check "$policy: hits = run + dropped" \
		test "$fired" = $(($(account $policy run) + $(account $policy dropped)))
	check "$policy: run is what was run" \
		test "$(account $policy run)" = "$(account $policy bodies)"
	for level in softirq hardirq nmi; do
		in_level="$policy: in $level: $(account $policy $level)"
		# They are brought about from another CPU.
		if [ $level = nmi ] && ! has_nmis; then
			ktap_test_skip "$in_level: needs NMIs that a module can send"
		elif enough_cpus 2; then
			check "$in_level" test "$(account $policy $level | cut -d+ -f1)" -gt 100
		else
			ktap_test_skip "$in_level: needs 2 CPUs"
		fi
	done
done
check "drop: dropped is what was nested" test "$(account drop dropped)" = "$(account drop nested)"
check "run: nothing is dropped" test "$(account run dropped)" = 0
refute "control: unpinned: dropped is what was nested" \
	test "$(account unpinned dropped)" = "$(account unpinned nested)"

ktap_finished
