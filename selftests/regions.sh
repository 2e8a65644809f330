#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A drop in an atomic region does not report before the region ends
# requires: cpus:2
# runs: vm
#
# The test leaves guards, with RCU waiting for that, in regions with preemption
# off or interrupts off, which go on after the drop and are readers as well. The
# test fails if a region finds that an object of before has been replaced a
# grace period ago. The test needs two CPUs: grace periods end on one while
# there is a region on the other.
#
# Control: a guard that reports without a look at that region, in the drop or in
# the interrupt that comes later, is caught.

. "${0%/*}/lib.sh"
. "$SELFTESTS/lib_torture.sh"

DURATION=${DURATION:-4}

# caught BUILD REGIONS TEXT
caught()
{
	build=$1
	torture 60 expedited=2 readers=0 regions="$2"
	refute "control: $3: $(echo "$stats" | value errors) errors" as_it_should_be
}

ktap_print_header
ktap_set_plan 7

set_to /sys/kernel/rcu_normal 0
for off in 1:preempt 2:irqs; do
	name=${off#*:} off=${off%:*}
	torture "$DURATION" expedited=2 readers=0 regions="$off"
	check "${name}_off: regions: $(echo "$stats" | value regions)" reached regions 100
	check "${name}_off: no reader was let down" as_it_should_be
done
lasts=until_noticed
caught any_context 1 "preempt_off: an interrupt that looks at nothing, and reports"
caught irqs_ignored 2 "irqs_off: a drop that looks at preemption only"
caught preempt_ignored 1 "preempt_off: a drop that looks at interrupts only"

ktap_finished
