#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A module whose init fails is refused and leaves nothing attached
# runs: vm
# timeout: 240
#
# The test lets every allocation and every registration of a module's init fail
# in turn (every STEPth of them). The test fails if the module is not refused
# with the right error, or leaves a probe attached; and the same for a module
# whose init fails later, and one that leaks its probes.
#
# Control: if nothing fails, the probe is attached.

. "${0%/*}/lib.sh"

STEP=${STEP:-9}
source=/sys/module/rcu_notrace_source/parameters

attached()
{
	test "$(cat $source/probed)" -gt 0
}

ktap_print_header
ktap_set_plan 11

log=$(mktemp)
insmod "$MODS/rcu_notrace_source.ko"
n=1 tried=0 memory=0 device=0 other=0 left=0
until insmod "$MODS/rcu_notrace_glue.ko" fail=$n 2> "$log"; do
	tried=$((tried + 1))
	if grep -q 'Cannot allocate memory' "$log"; then
		memory=$((memory + 1))
	elif grep -q 'No such device' "$log"; then
		device=$((device + 1))
	else
		other=$((other + 1))
		ktap_print_msg "fail=$n: $(cat "$log")"
	fi
	[ "$(cat $source/probed)" = 0 ] || left=$((left + 1))
	n=$((n + STEP))
done
check "$tried of at most $((n - 1)) points failed" test $tried -gt 10
check "allocations: ENOMEM: $memory" test $memory -gt 5
check "registrations: the kernel's own error: $device" test $device -gt 5
check "nothing else" test $other = 0
check "nothing stayed attached" test $left = 0
check "control: where nothing fails it is" attached
rmmod rcu_notrace_glue
refute "and is not when it is unloaded" attached

! insmod "$MODS/rcu_notrace_glue.ko" how=2 2> "$log" && grep -q 'out of domain' "$log"
check "init that fails afterwards: its error" test $? -eq 0
refute "and nothing stays attached" attached
dmesg -C
insmod "$MODS/rcu_notrace_glue.ko" how=1
rmmod rcu_notrace_glue
refute "nor if the probes are leaked" attached
check "and what they left behind is waited for" \
	test "$(dmesg | grep 'glue dead=' | value quiesced)" = 2

rmmod rcu_notrace_source
rm "$log"
ktap_finished
