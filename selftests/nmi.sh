#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will take guards in an NMI handler, while NMIs are sent to every CPU
# but one (every EVERY_US) that interrupt readers in guards, under expedited
# grace periods (DURATION seconds), and fail if there were none, if a reader
# finds an object that has been replaced a grace period ago, or if they keep
# grace periods from ending; readers that go on when their section is over must
# find one.
# runs: vm

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-8}
EVERY_US=${EVERY_US:-200}

ktap_print_header
needs_cpus 2 "one sends NMIs to the others"
ktap_set_plan 5

set_to /sys/kernel/rcu_normal 0
torture "$DURATION" expedited=2 contexts=4 every_us="$EVERY_US"
check "NMIs: $(taken nmi)" test "$(taken nmi)" -gt $((DURATION * 50))
check "grace periods: $(echo "$stats" | value grace_periods)" \
	reached grace_periods $((DURATION * 20))
check "no reader was let down" as_it_should_be
torture 3 expedited=2 readers=0
check "control: none without the handler" test "$(taken nmi)" = 0
torture 3 expedited=2 contexts=4 every_us="$EVERY_US" readers=0 keep=1
refute "control: NMIs that keep what they have read were not" as_it_should_be

ktap_finished
