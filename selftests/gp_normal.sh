#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Normal grace periods wait for readers in guards
# runs: vm
#
# The test runs readers in guards, nested in each other and in those of other
# kinds up to eight deep, against synchronize_rcu() and a storm of call_rcu()
# (DURATION seconds). The test fails if a reader finds an object that has been
# replaced a grace period ago.
#
# Control: a reader without a guard finds one.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-10}

ktap_print_header
ktap_set_plan 4

torture "$DURATION" normal=2 callbacks=300
check "grace periods: $(echo "$stats" | value grace_periods)" \
	reached grace_periods $((DURATION * 5))
check "readers: $(readers)" test "$(readers)" -gt $((DURATION * 500))
check "no reader was let down" as_it_should_be
torture 5 normal=2 callbacks=300 lose=1 hold_us=60000
refute "control: readers without a guard were not" as_it_should_be

ktap_finished
