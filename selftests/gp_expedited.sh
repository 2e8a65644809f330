#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Expedited grace periods wait for readers in guards
# runs: vm
#
# The test runs readers in guards, nested in each other and in those of other
# kinds up to eight deep, against synchronize_rcu_expedited() and a storm of
# call_rcu() (DURATION seconds), from Rust and from C. The test fails if a
# reader finds an object that has been replaced a grace period ago.
#
# Control: a reader without a guard finds one.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-10}

ktap_print_header
ktap_set_plan 12

check "expedited grace periods are not turned off" set_to /sys/kernel/rcu_normal 0
for build in torture torture_c; do
	torture "$DURATION" expedited=2 callbacks=300
	gps=$(echo "$stats" | value grace_periods)
	expedited=$(echo "$stats" | value expedited)
	check "$build: grace periods: $gps" reached grace_periods $((DURATION * 50))
	check "$build: RCU expedited them: $expedited" at_least "$expedited" "$gps" 1
	check "$build: readers: $(readers)" test "$(readers)" -gt $((DURATION * 500))
	check "$build: no reader was let down" as_it_should_be
done
build=torture
torture 4 expedited=2 callbacks=300 lose=1
refute "control: readers without a guard were not" as_it_should_be
check "control: with rcu_normal set" set_to /sys/kernel/rcu_normal 1
torture 4 expedited=2 callbacks=300
check "control: none of $(echo "$stats" | value grace_periods) is" \
	test "$(echo "$stats" | value expedited)" = 0

ktap_finished
