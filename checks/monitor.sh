#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Each step of a promise is one that the model has
# runs: drives
# timeout: 400
#
# The test leaves sections in each order in which a context can be left, with
# guards in every other context meanwhile, in a build that looks up each step of
# a promise among those of the model. It fails if a step is not there, or if
# hardly any step is taken. (Test model holds that list against the searches.)
#
# Control: a build in which a promise stands though it was kept.

. "${0%/*}/../selftests/lib.sh"

# measure MODULE: prints what it says of steps.
measure()
{
	TIMEOUT=180 "$LAB_VM" "insmod $GUARDS; insmod $MODS/$1.ko samples=40 everywhere=1 &&
		rmmod $1; dmesg | grep -E 'steps of promises|no such step'"
}

ktap_print_header
ktap_set_plan 3

said=$(measure rcu_notrace_watched)
check "no step is unknown to the model" test $? -eq 0
steps=$(echo "$said" | sed -n 's/.* \([0-9]*\) steps of promises, 0 not in the model.*/\1/p')
check "steps are looked up: ${steps:=0}" test "$steps" -ge 1000
EXPECT='splat:no such step in the model' measure rcu_notrace_never_withdrawn > /dev/null
check "control: a promise that was kept, and stands, is an unknown step" test $? -eq 0

ktap_finished
