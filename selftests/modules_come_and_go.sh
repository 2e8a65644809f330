#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A probe by name follows a module that loads and unloads
# runs: vm
# timeout: 240
#
# The test loads and unloads a module with a tracepoint again and again (ROUNDS)
# while a probe waits for the tracepoint by name. The test fails if a hit is not
# seen, or the module cannot go; and, on a kernel with kmemleak, if memory is
# left.
#
# Control: hits from before the probe are not seen.

. "${0%/*}/lib.sh"

ROUNDS=${ROUNDS:-20}
kmemleak=/sys/kernel/debug/kmemleak

# Hits of one round: in init, on each CPU, in exit.
each=$((100 * (2 + $(getconf _NPROCESSORS_ONLN))))

ktap_print_header
ktap_set_plan 8

dmesg -C
[ ! -e $kmemleak ] || echo clear > $kmemleak
insmod "$MODS/rcu_notrace_trace_all.ko" named=1
failures=0 pinned=0
for _ in $(seq "$ROUNDS"); do
	insmod "$MODS/rcu_notrace_source.ko" || failures=$((failures + 1))
	[ "$(cat /sys/module/rcu_notrace_source/refcnt)" = 0 ] || pinned=$((pinned + 1))
	rmmod rcu_notrace_source || failures=$((failures + 1))
done
rmmod rcu_notrace_trace_all
hits=$(dmesg | grep 'trace_all hits=' | value hits)
odd=$(dmesg | grep 'trace_all hits=' | value odd)
check "it came and went $ROUNDS times" test $failures = 0
check "never pinned by the probe" test $pinned = 0
check "every hit was seen: $hits of $((ROUNDS * each))" test "$hits" = $((ROUNDS * each))
check "with its argument" test "$odd" = $((ROUNDS * each / 2))

dmesg -C
insmod "$MODS/rcu_notrace_source.ko"
insmod "$MODS/rcu_notrace_trace_all.ko" named=2
rmmod rcu_notrace_source
rmmod rcu_notrace_trace_all
check "control: hits from before the probe are not" \
	test "$(dmesg | grep 'trace_all hits=' | value hits)" = 100
refute "control: one that has to be there and is not: ENOENT" \
	insmod "$MODS/rcu_notrace_trace_all.ko" named=2
check "and the log names it" \
	in_log "tracepoint rcu_notrace_source_tp: cannot attach a probe: $(errno ENOENT 2)"
if [ -e $kmemleak ]; then
	# kmemleak reports no object that is younger than 5 s.
	sleep 6
	echo scan > $kmemleak
	echo scan > $kmemleak
	cat $kmemleak
	check "no memory is left" test -z "$(cat $kmemleak)"
else
	ktap_test_skip "no memory is left: this kernel has no kmemleak, KERNEL=debug has"
fi

ktap_finished
