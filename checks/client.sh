#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Clients load and unload without delaying each other's reports
# runs: drives
# timeout: 600
#
# The test loads clients of rcu_notrace.ko, in C and in Rust, at the same time,
# and unloads one of them again and again (ROUNDS) under load. The test fails if
# the guards of the other are late, a reader is let down, or rcu_notrace.ko can
# be unloaded while rcu_notrace.ko has a client.
#
# Control: without clients rcu_notrace.ko can be unloaded.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_qs.sh"
. "${0%/*}/../selftests/lib_torture.sh"

DURATION=${DURATION:-5}
ROUNDS=${ROUNDS:-5}
client="$MODS/rcu_notrace_client.ko"

ktap_print_header
ktap_set_plan $((QS_TESTS + 10))

out=$(TIMEOUT=120 "$LAB_VM" "insmod $client 2> /dev/null; echo without=\$?
	insmod $GUARDS && insmod $client && insmod $MODS/rcu_notrace_probe.ko || exit
	rmmod rcu_notrace 2> /dev/null; echo of_two=\$?
	rmmod rcu_notrace_probe || exit
	rmmod rcu_notrace 2> /dev/null; echo of_one=\$?
	stress-ng --quiet --switch 2 --timeout 2s
	rmmod rcu_notrace_client || exit
	rmmod rcu_notrace; echo of_none=\$?
	dmesg | grep -E ' rcu_notrace[a-z_]*: '")
check "two clients come and go" test $? -eq 0
# result KEY
result()
{
	echo "$out" | sed -n "s/^$1=//p"
}
check "a client is not loaded before rcu_notrace.ko" test "$(result without)" = 1
check "rcu_notrace.ko is not unloaded while it has two clients" test "$(result of_two)" = 1
check "nor while it has one" test "$(result of_one)" = 1
check "control: it is with none" test "$(result of_none)" = 0
hits=$(echo "$out" | grep 'client hits=' | value hits)
check "the probe of the client in C was hit: ${hits:-never}" test "${hits:-0}" -gt 0

# The client in C comes and goes while that in Rust has readers everywhere.
out=$(TIMEOUT=$((DURATION + ROUNDS * 30 + 60)) "$LAB_VM" "echo 0 > /sys/kernel/rcu_normal
	insmod $GUARDS || exit
	insmod $MODS/rcu_notrace_torture.ko expedited=2 callbacks=100 probes=1 contexts=15 || exit
	stress-ng --quiet --switch 2 --fork 1 &
	sleep $DURATION
	for i in \$(seq $ROUNDS); do
		insmod $client && sleep 0.1 && rmmod rcu_notrace_client || exit
	done
	kill %1
	rmmod rcu_notrace_torture && rmmod rcu_notrace && dmesg")
check "readers everywhere, and a client that comes and goes $ROUNDS times: no complaint" \
	test $? -eq 0
stats=$(echo "$out" | sed -n 's/.* rcu_notrace_torture: //p')
check "readers: $(readers)" test "$(readers)" -gt $((DURATION * 500))
check "no reader was let down" as_it_should_be

beside="while insmod $client; do sleep 0.2; rmmod rcu_notrace_client; done"
measure_qs 'rcu_notrace_qs.ko samples=40'
check_qs
times=$(echo "$qs" | grep -c 'client hits=')
check "meanwhile the client came and went: $times times" test "$times" -ge 3

ktap_finished
