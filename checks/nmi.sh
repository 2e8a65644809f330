#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Guards in NMIs do not end grace periods early
# requires: cpus:2 nmis
# runs: drives
# timeout: 600
#
# The test takes guards in NMIs, in their handlers and, where the NMI is no
# reader yet, in nmi_handle(), while NMIs are sent to every CPU but one (every
# EVERY_US), to readers in guards and in regions with preemption off, under
# expedited grace periods (DURATION seconds). The test fails if there were none,
# if a reader finds an object that has been replaced a grace period ago, or if
# grace periods do not end. The test needs two CPUs: one sends NMIs to the
# others.
#
# Control: a build that reports in NMIs lets a reader down, or takes the machine
# down.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/../selftests/lib_torture.sh"

DURATION=${DURATION:-8}
EVERY_US=${EVERY_US:-200}
nmis="expedited=2 contexts=4 every_us=$EVERY_US functions=3"

ktap_print_header
ktap_set_plan 8

in_guest "$DURATION" "$nmis"
check "NMIs in readers: $(taken nmi)" test "$(taken nmi)" -gt $((DURATION * 50))
check "grace periods: $(echo "$stats" | value grace_periods)" \
	reached grace_periods $((DURATION * 20))
check "no reader was let down" sound
in_guest "$DURATION" "$nmis" readers=0 regions=1
left=$(echo "$stats" | sed -n 's/.* nmi \([0-9]*\) .*/\1/p')
check "regions: $(echo "$stats" | value regions)" reached regions 100
check "drops in NMIs that found something: ${left:-none}" test "${left:-0}" -gt 100
check "no reader was let down" sound
build=nmi_reports
in_guest "$DURATION" "$nmis" readers=0 regions=1
check "control: a drop that reports there: $(outcome)" broken
build=torture
in_guest 3 expedited=2 contexts=4 every_us="$EVERY_US" readers=0 keep=1
check "control: NMIs that keep what they have read: $(outcome)" broken

ktap_finished
