#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will run readers in guards, nested in each other and in those of
# other kinds up to eight deep, against synchronize_rcu_expedited() and a storm
# of call_rcu() (DURATION seconds), and fail if one of them finds an object that
# has been replaced a grace period ago; readers without a guard must.
# runs: vm

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-10}

ktap_print_header
ktap_set_plan 8

check "expedited grace periods are not turned off" set_to /sys/kernel/rcu_normal 0
torture "$DURATION" expedited=2 callbacks=300
gps=$(echo "$stats" | value grace_periods)
expedited=$(echo "$stats" | value expedited)
check "grace periods: $gps" reached grace_periods $((DURATION * 50))
check "RCU expedited them: $expedited" at_least "$expedited" "$gps" 1
check "readers: $(readers)" test "$(readers)" -gt $((DURATION * 500))
check "no reader was let down" as_it_should_be
torture 4 expedited=2 callbacks=300 lose=1
refute "control: readers without a guard were not" as_it_should_be
check "control: with rcu_normal set" set_to /sys/kernel/rcu_normal 1
torture 4 expedited=2 callbacks=300
check "control: none of $(echo "$stats" | value grace_periods) is" \
	test "$(echo "$stats" | value expedited)" = 0

ktap_finished
