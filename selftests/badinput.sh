#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Malformed writes to the control files are rejected
# requires: program:python3 program:stress-ng
# runs: vm
# timeout: 500
#
# The test writes 100,000 malformed and hostile texts (WRITES) to the files of
# the scheduler probe, under load, and fails if one is not refused, or changes
# anything. Then the test goes on while the module is loaded and unloaded, and
# fails if that ends in a complaint.
#
# Control: a good write among the bad takes effect.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

WRITES=${WRITES:-$((100000 / ${SLOW:-1}))}

# set_all FILTER: a state to be kept.
set_all()
{
	echo "$1" > $CTL/filter && echo 77 > $CTL/threshold_us && echo 1 > $CTL/stop &&
		echo "-sched_process_fork +sched_waking" > $CTL/events
}

ktap_print_header
ktap_set_plan 14

log=$(mktemp)
insmod "$MODULE"
check "files are for root only" test -z \
	"$(find $CTL -type f ! -perm 600; find $DIR -type f ! -perm 400)"
# A list, as far as there are CPUs.
filter="comm==*a* && prio<140 && cpu==0,0-$(cpus | tail -n 1) && cgroup==/"
check "state is taken" set_all "$filter"
check "and told" test \
	"$(cat $CTL/filter) $(cat $CTL/threshold_us) $(cat $CTL/stop) $(grep -c + $CTL/events)" = \
	"$filter 77 1 9"
stress-ng --quiet --switch 1 --switch-freq 1000 --timer 1 --timer-freq 1000 &
load=$!
check "$WRITES bad writes, all refused, nothing changed" \
	"$SELFTESTS/badinput.py" refuse $CTL $DIR "$WRITES" 1
refute "control: one good one among them is noticed" \
	"$SELFTESTS/badinput.py" slip $CTL $DIR 2000 2
echo 77 > $CTL/threshold_us
# shellcheck disable=SC2016
echo 'comm==a && pif==3' 2> /dev/null > $CTL/filter
check "and the filter says what was wrong" \
	test "$(tail -n 3 $CTL/filter)" = "# refused:
# comm==a && pif==3
#            ^ expected comm, pid, tgid, prio, cpu or cgroup"
echo > $CTL/filter
check "until a good one comes" test "$(cat $CTL/filter)" = ""
check "the probes have seen it all" test "$(stat switched_out)" -gt 100
check "and no address is told" \
	test -z "$(cat $DIR/stats $DIR/readers $DIR/tasks $DIR/cpus $DIR/hist/* |
		grep -iE '(0x|ffff)[0-9a-f]{8}')"

# A file that is open pins the module, as it does any.
exec 3< $DIR/stats
refute "a file that is open keeps the module" rmmod rcu_blame 2> /dev/null
exec 3<&-
rmmod rcu_blame

for seed in 1 2; do
	"$SELFTESTS/badinput.py" storm $CTL $DIR 300 $seed > "$log.$seed" &
	storms="$storms $!"
done
loads=0
for _ in 1 2 3 4 5; do
	insmod "$MODULE" && loads=$((loads + 1))
	sleep 0.5
	until rmmod rcu_blame 2> /dev/null; do sleep 0.01; done
done
check "it came and went meanwhile" test $loads = 5
# shellcheck disable=SC2086
kill $storms
# shellcheck disable=SC2086
wait $storms
kill $load
cat "$log".?
for seed in 1 2; do
	check "and something was written to it" \
		test "$(sed -n 's/.* done=\([0-9]*\) .*/\1/p' "$log.$seed")" -gt 10
done
insmod "$MODULE"
check "and works" test "$(stat tasks_size)" = 4096
rmmod rcu_blame

# Some of the accepted ones may have stopped it.
echo 1 > /sys/kernel/tracing/tracing_on
rm "$log"*

ktap_finished
