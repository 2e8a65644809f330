# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that qs_delay, boost and contexts share: the measurement, and the
# checks of its results.

# measure_qs "MODULE PARAMETERS": sets $qs to what the test module printed. $beside
# is what the guest does meanwhile, on the CPU that stands still for each sample.
beside=:
measure_qs()
{
	# Time is instructions executed, whatever else the host does. The vCPUs
	# take turns, and those of all count. RCU's threads stay on the other CPU,
	# which stands still for each sample.
	qs=$(ICOUNT=1 CPUS=2 TIMEOUT=380 "$LAB_VM" "
		echo 0 > /sys/kernel/rcu_normal && echo rcu_normal=\$(cat /sys/kernel/rcu_normal) &&
		dmesg | grep 'switch to high resolution mode'
		for pid in \$(pgrep '^rcu(b/|_preempt|_exp_)'); do
			taskset -pc 0 \$pid > /dev/null
		done
		insmod $GUARDS || exit
		taskset -c 0 sh -c '$beside' &
		beside=\$!
		insmod $MODS/$1; rc=\$?
		kill \$beside 2> /dev/null
		wait \$beside
		dmesg | grep -E ' qs | client hits='
		exit \$rc")
}

# check_in_time TEXT COMMAND...: of what a timer reports. With ICOUNT a debug kernel
# finds its local timer not functional, and that is the next tick, as naive is.
check_in_time()
{
	if echo "$qs" | grep -q 'Could not switch to high resolution mode'; then
		ktap_test_skip "$1: CONFIG_HIGH_RES_TIMERS does not work here"
	else
		check "$@"
	fi
}

median()
{
	echo "$qs" | grep "context=$1 side=$2 " | value median_ns
}

p90()
{
	echo "$qs" | grep "context=$1 side=$2 " | value p90_ns
}

# shellcheck disable=SC2034 # the plan of those that source this
QS_TESTS=19

# check_qs: $QS_TESTS results.
check_qs()
{
	check "expedited grace periods are not turned off" \
		test "$(echo "$qs" | sed -n 's/^rcu_normal=//p')" = 0
	for context in preemptible preempt_off irqs_off both_off compound two_sections; do
		rcu=$(median $context rcu)
		guard=$(median $context guard)
		naive=$(median $context naive)

		ktap_print_msg "$context: medians in ns: rcu $rcu guard $guard naive $naive"
		check "$context: guard / rcu $(ratio "$guard" "$rcu") at most 1.2" \
			at_most "$guard" "$rcu" 1.2
		in_time=check
		[ $context != compound ] || in_time=check_in_time
		$in_time "$context: naive / guard $(ratio "$naive" "$guard") at least 10" \
			at_least "$naive" "$guard" 10
		# In the compound order rcu_read_unlock() is as late as naive is.
		if [ $context != compound ]; then
			naive_rcu=$(ratio "$naive" "$rcu")
			refute "control: $context: naive / rcu $naive_rcu at most 1.2" \
				at_most "$naive" "$rcu" 1.2
		fi
	done
	check "few sections had nothing happen to them" \
		at_most "$(echo "$qs" | grep 'qs done' | value missed)" 9 1
}
