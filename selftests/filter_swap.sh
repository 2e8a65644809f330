#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A replaced filter is not read after its memory is freed
# requires: program:perl program:stress-ng
# runs: vm
# timeout: 400
#
# The test replaces the filter of the scheduler probe 10,000 times (SWAPS) while
# the probe's events are hit, and fails if a probe reads a filter that has been
# freed.
#
# Control: with filters that are freed at once, a probe reads one.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

SWAPS=${SWAPS:-10000}

# run MODULE SWAPS: sets $hits and $dropped. The module as it is counts no such reads.
# An emulator that has one CPU go on at a time changes over when the writer sleeps. Two
# filters take turns in the memory: after an odd number the one before them is freed.
run()
{
	insmod "$1"
	stress-ng --quiet --switch 2 --fork 2 --timer 1 &
	load=$!
	before=$(stat hits_sched_switch)
	perl -e '
		$| = 1;
		open my $f, "+<", "$ARGV[0]/filter" or die;
		my @filters = ("comm==stress*", "comm==*ng* && prio<200", "",
			"pid==1", "cpu==0,0-$ARGV[2]",
			       "cgroup==/ && comm==*");
		for my $i (1 .. $ARGV[1]) {
			syswrite($f, $filters[$i % @filters] . "\n") or die "$!";
			select(undef, undef, undef, 0.0002) if $i % 5 == 0;
		}' $CTL "$2" "$(cpus | tail -n 1)"
	swapped=$?
	hits=$(($(stat hits_sched_switch) - before))
	dropped=$(stat reads_of_dropped)
	kill $load
	wait
	rmmod "$(basename "$1" .ko)"
	ktap_print_msg "$1: $hits context switches while $2 filters came and went," \
		"${dropped:-unknown} reads of a freed one"
}

ktap_print_header
ktap_set_plan 8

run "$MODULE" "$SWAPS"
check "$SWAPS swaps" test $swapped = 0
check "under load" test "$hits" -gt 1000
run "$MODS/rcu_notrace_swap.ko" "$SWAPS"
check "the same, with filters that take their time" test $swapped = 0
check "under load" test "$hits" -gt 1000
check "no read of a freed filter" test "$dropped" = 0
# KASAN reports such a read as well, and fails the guest. Hardly any probe is
# preempted: it takes another CPU to free what one reads.
skip=
if has_symbol kasan_report; then
	skip="it fails the guest on a kernel with CONFIG_KASAN"
elif ! enough_cpus 2; then
	skip="needs 2 CPUs"
fi
if [ "$skip" ]; then
	for text in "freed at once" "under load" "it is noticed"; do
		ktap_test_skip "control: $text: $skip"
	done
else
	run "$MODS/rcu_notrace_swap_now.ko" "$SWAPS"
	check "control: freed at once" test $swapped = 0
	check "control: under load" test "$hits" -gt 1000
	check "control: it is noticed: $dropped" test "$dropped" -gt 0
fi

ktap_finished
