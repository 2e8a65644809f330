#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Settings of the machine in lib.sh match those of the kernel
# runs: vm
#
# The test compares the machine's CPUs and settings, as lib.sh tells them to the
# other tests, with the kernel's. The test fails if a CPU that the tests are
# given takes no task or is isolated, if RCU's priority or boost delay is
# another one, or if the kernel has not taken a parameter of its command line
# that make matrix tries.
#
# Control: a CPU that the machine has not, and parameters that the kernel has
# not taken, are noticed.

. "${0%/*}/lib.sh"

sysfs=/sys/devices/system/cpu

# list FILE: the CPUs of a kernel's list, one a line.
list()
{
	tr , '\n' < "$1" |
		awk -F - 'NF && $1 ~ /^[0-9]/ { for (cpu = $1; cpu <= $NF; cpu++) print cpu }'
}

# runs_on CPU: a task that is sent there.
runs_on()
{
	# The 39th field, behind a name in brackets.
	runs_on=$(taskset -c "$1" cat /proc/self/stat) || return
	test "$(echo "${runs_on##*) }" | cut -d ' ' -f 37)" = "$1"
}

# all COMMAND CPU...: whether it succeeds for each of them, and there are some.
all()
{
	all_command=$1
	shift
	[ $# -gt 0 ] || return
	for all_cpu; do
		$all_command "$all_cpu" || return
	done
}

isolated()
{
	list $sysfs/isolated | grep -qx "$1"
}

not_isolated()
{
	! isolated "$1"
}

offloaded()
{
	pgrep -x "rcuop/$1" > /dev/null
}

no_tick()
{
	list $sysfs/nohz_full | grep -qx "$1"
}

# of PARAMETER: the CPUs that it has on the command line, one a line.
of()
{
	parameter "$1" | sed 's/^.*[a-z],//' | sed "s/^all\$/0-$(($(nproc --all) - 1))/" > "$tmp"
	list "$tmp"
}

# parameter NAME: its value on the command line.
parameter()
{
	echo "$command_line" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# taken NAME: the kernel has done what it asks for.
taken()
{
	# shellcheck disable=SC2046 # one a word
	case $1 in
	rcutree.kthread_prio) test "$rcu_prio" = "$(parameter "$1")" ;;
	isolcpus) all isolated $(of "$1") ;;
	nohz_full) all no_tick $(of "$1") && all offloaded $(of "$1") ;;
	rcu_nocbs) all offloaded $(of "$1") ;;
	preempt) grep -q "($(parameter "$1"))" /sys/kernel/debug/sched/preempt ;;
	esac
}

command_line=$(cat /proc/cmdline)
names='rcutree.kthread_prio isolcpus nohz_full rcu_nocbs preempt'
given=$(for name in $names; do [ -z "$(parameter "$name")" ] || echo "$name"; done)

ktap_print_header
ktap_set_plan $((5 + $(echo "$given $names" | wc -w)))

tmp=$(mktemp)
at_exit "rm '$tmp'"
# shellcheck disable=SC2046 # one a word
set -- $(cpus)
check "a task runs on each CPU of $*" all runs_on "$@"
refute "control: but not on one that the machine has not" runs_on "$(nproc --all)" 2> /dev/null
check "none is isolated" all not_isolated "$@"
check "the last of them: $(cpu 9999)" test "$(cpu 9999)" = "$(cpus | tail -n 1)"

# FIFO, as chrt has it.
rcu_prio=$(cat /sys/module/rcutree/parameters/kthread_prio)
rcub=$(chrt -p "$(pgrep -o '^rcub/')" 2> /dev/null | sed -n 's/.*priority: //p')
if [ "$rcub" ]; then
	check "RCU boosts at rcutree.kthread_prio: $rcub" test "$rcub" = "$rcu_prio"
else
	ktap_test_skip "RCU boosts at rcutree.kthread_prio: needs CONFIG_RCU_BOOST"
fi

for name in $given; do
	check "$name=$(parameter "$name") is taken" taken "$name"
done
command_line="rcutree.kthread_prio=98 preempt=x"
for name in isolcpus nohz_full rcu_nocbs; do
	command_line="$command_line $name=$(nproc --all)"
done
for name in $names; do
	refute "control: $name=$(parameter "$name") is not" taken "$name"
done

ktap_finished
