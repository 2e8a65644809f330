#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A leaked guard is reported by a module that counts its guards
# runs: drives
# timeout: 400
#
# The test leaks a guard, and fails if a module that counts its guards does not
# warn of the leak, or warns when no guard was leaked.
#
# Control: a build that does not count does not warn.

. "${0%/*}/../selftests/lib.sh"

ktap_print_header
ktap_set_plan 3

EXPECT='splat:guards have been leaked' TIMEOUT=120 "$LAB_VM" \
	"insmod $GUARDS && insmod $MODS/rcu_notrace_debug.ko rounds=1 leak=1 &&
	rmmod rcu_notrace_debug" > /dev/null
check "a leaked guard is noticed" test $? -eq 0
TIMEOUT=120 "$LAB_VM" \
	"insmod $GUARDS && insmod $MODS/rcu_notrace_debug.ko rounds=1 &&
	rmmod rcu_notrace_debug" > /dev/null
check "control: without a leak there is no warning" test $? -eq 0
TIMEOUT=120 "$LAB_VM" \
	"insmod $GUARDS && insmod $MODS/rcu_notrace_pair.ko rounds=1 leak=1 &&
	rmmod rcu_notrace_pair" > /dev/null
check "control: nor in a build that does not count" test $? -eq 0

ktap_finished
