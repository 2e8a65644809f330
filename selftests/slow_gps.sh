#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Slow grace periods and waits are kept with their times and causes
# requires: cpus:2 config:PREEMPT_RT config:RCU_BOOST
# requires: config:KPROBES config:FUNCTION_TRACER
# runs: vm
# timeout: 600
#
# The test brings about one cause of a long grace period after another. The
# test fails if grace_periods does not have that grace period, by 5 % as long as
# the function tracer sees it between rcu_gp_init() and rcu_gp_cleanup(), with
# the cause first among those of its kind, and the time for which both overlap
# by 10 % as the tasks of the cause have it; or if waiters has the task that
# waited with a time that is wrong by 5 % by its own clock, or, if no grace
# period began because of the cause, without the cause. It fails, too, if
# many short grace periods are not counted, if their sum is wrong by 1 % by the
# function tracer, or if one of them is kept as slow and is not by the tracer.
#
# Control: a grace period that is too long by a tenth, and a cause that has
# another task's name, are noticed.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"
. "${0%/*}/lib_cause.sh"

# How long a cause lasts, and how many short grace periods there are.
MS=${MS:-1500}
ROUNDS=${ROUNDS:-1000}

delay_ms=$(config RCU_BOOST_DELAY)

# within PERCENT A B
within()
{
	awk -v percent="$1" -v a="$2" -v b="$3" '
		BEGIN {
			bound = b * percent / 100
			exit !(a > 0 && b > 0 && a >= b - bound && a <= b + bound)
		}'
}

# bring_about PARAMETERS: a cause, from its beginning to its end, with a task that
# waits; sets $times.
bring_about()
{
	# shellcheck disable=SC2086,SC2154 # lib_blame.sh has here and there
	insmod "$MODS/rcu_notrace_cause.ko" "cpu=$there" "other_cpu=$here" "ms=$MS" $1
	# The trace is read only now: to read it takes time.
	tries=200
	until grep -q ' ended_ns=[1-9]' $TIMES || [ $((tries -= 1)) = 0 ]; do
		pause 0.1
	done
	times=$(cat $TIMES)
	waiter=$(dmesg | grep 'rcu_notrace_cause: waited' | tail -n 1 | value pid)
	# While the functions on the stacks are there.
	cat $DIR/grace_periods > "$tmp/gps"
	cat $DIR/waiters > "$tmp/waiters"
	rmmod rcu_notrace_cause
	case $1 in
	*waiter=2*) slow expedited ;;
	*) slow normal ;;
	esac > "$tmp/slow"
	ktap_print_msg "$1: $(head -n 1 "$tmp/slow")"
	sed 's/^/# /; 1d' "$tmp/slow"
}

# at NAME: of the times of the cause.
at()
{
	echo " $times" | value "$1"
}

# slow TYPE: the slow grace period that overlaps the wait most, and its causes.
slow()
{
	awk -v type="type=$1" -v from="$(at asked_ns)" -v to="$(at waited_ns)" '
		function key(name) {
			match($0, " " name "=[0-9]+")
			return substr($0, RSTART + length(name) + 2) + 0
		}
		$1 == "gp" {
			begin = key("begin_ns")
			end = begin + key("duration_ns")
			overlap = (end < to ? end : to) - (begin > from ? begin : from)
			best = $2 == type && overlap > most
			if (best) {
				most = overlap
				text = ""
			}
		}
		best { text = text $0 "\n" }
		END { printf "%s", text }' "$tmp/gps"
}

# gp KEY: of the slow grace period.
gp()
{
	head -n 1 "$tmp/slow" | value "$1"
}

# traced_ns: how long the one is that overlaps the wait most.
traced_ns()
{
	grace_periods | awk -v from="$(at asked_ns)" -v to="$(at waited_ns)" '
		{
			overlap = ($2 < to ? $2 : to) - ($1 > from ? $1 : from)
			if (overlap > most) {
				most = overlap
				ns = $2 - $1
			}
		}
		END { printf "%.0f\n", ns }'
}

# first KIND [PID]: the first cause of that kind, that is that task.
first()
{
	grep "^cause kind=$1 ${2:+pid=$2 }" "$tmp/slow" | head -n 1
}

# overlaps NAME NAME: for how long the grace period and that time of the cause do.
overlaps()
{
	awk -v begin="$(gp begin_ns)" -v ns="$(gp duration_ns)" \
		-v from="$(at "$1")" -v to="$(at "$2")" '
		BEGIN {
			end = begin + ns
			printf "%.0f\n", (end < to ? end : to) - (begin > from ? begin : from)
		}'
}

# among KIND PID FROM TO: the causes of that kind that are that task overlap as that
# time does. A CPU may be lent for a moment meanwhile.
among()
{
	sum=$(sed -n "s/^cause kind=$1 pid=$2 .* overlap_ns=\([0-9]*\).*/\1/p" "$tmp/slow" |
		awk '{ sum += $1 } END { printf "%.0f", sum }')
	within 10 "$sum" "$(overlaps "$3" "$4")"
}

# names KIND PID FROM TO: as among, and the first cause of that kind is that task.
names()
{
	[ "$(first "$1" | value pid)" = "$2" ] && among "$@"
}

# waited: the task that waited is in waiters, with the caller and its time.
waited()
{
	row=$(grep " pid=$waiter " "$tmp/waiters" | tail -n 1)
	own=$(($(at waited_ns) - $(at asked_ns)))
	case $row in
	*" stack=waiter_fn+"*) within 5 "$(echo "$row" | value duration_ns)" $own && return ;;
	esac
	ktap_print_msg "$own by its own clock: ${row:-no row}"
	return 1
}

# causes_of_wait: those of the wait itself.
causes_of_wait()
{
	awk -v waiter=" pid=$waiter " '
		$1 == "wait" { its = index($0, waiter) }
		$1 == "cause" && its' "$tmp/waiters"
}

# normal NAME: of a normal grace period.
normal()
{
	check "$1: it takes $(gp duration_ns) ns, the tracer says $(traced_ns)" \
		within 5 "$(gp duration_ns)" "$(traced_ns)"
	check "$1: it is a normal one" test "$(gp type)" = normal
	check "$1: a task waited for it" waited
	echo > $TRACING/trace
}

# expedited NAME: of an expedited one.
expedited()
{
	check "$1: it is an expedited one" test "$(gp type)" = expedited
	check "$1: as long as its task waited" \
		within 5 "$(gp duration_ns)" $(($(at waited_ns) - $(at asked_ns)))
	check "$1: a task waited for it" waited
	echo > $TRACING/trace
}

# sees_expedited: clang has these functions inlined, and then the module says so.
sees_expedited()
{
	grep -q ' rcu_poll_gp_seq_start_unlocked$' /proc/kallsyms
}

# skip N NAME WHY: so many results.
skip()
{
	for _ in $(seq "$1"); do
		ktap_test_skip "$2: $3"
	done
}
hidden="this kernel does not show expedited grace periods"

ktap_print_header
ktap_set_plan 84

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
third=$(cpus | grep -vx -e "$here" -e "$there" | head -n 1)
make_room "$here"
insmod "$MODULE"
at_exit "rmmod rcu_blame"
trace_grace_periods

# Short ones first: nothing is slow yet. Each number with the times between which it
# was read.
before=$(stat gp_slow)
echo > $TRACING/trace
python3 - "$ROUNDS" $DIR/stats > "$tmp/ours" <<'PYTHON'
import ctypes, platform, sys, time
MEMBARRIER = 324 if platform.machine() == "x86_64" else 283
libc = ctypes.CDLL(None)
def look():
    begin = time.monotonic_ns()
    stats = dict(line.split() for line in open(sys.argv[2]))
    print(begin, stats["gp_normal_count"], stats["gp_normal_sum_ns"], time.monotonic_ns())
look()
for _ in range(int(sys.argv[1])):
    libc.syscall(MEMBARRIER, 1, 0) # MEMBARRIER_CMD_GLOBAL: synchronize_rcu()
look()
PYTHON
# An emulated machine stands still at times: one that was slow by the tracer is so by us.
grace_periods | awk -v slow_ns="$(($(cat $CTL/gp_threshold_us) * 1000))" '
	NR == FNR { low[FNR] = $1; n[FNR] = $2; ns[FNR] = $3; high[FNR] = $4; next }
	$2 > low[1] && $2 < high[2] {
		most++
		sum += $2 - $1
		most_slow += $2 - $1 > slow_ns * 0.95
	}
	$2 > high[1] && $2 < low[2] {
		least++
		least_slow += $2 - $1 > slow_ns * 1.05
	}
	END {
		printf " ours=%d sum_ns=%.0f least=%d most=%d traced_ns=%.0f",
			n[2] - n[1], ns[2] - ns[1], least, most, sum
		printf " least_slow=%d most_slow=%d\n", least_slow, most_slow
	}' "$tmp/ours" - > "$tmp/short"
short()
{
	value "$1" < "$tmp/short"
}
ktap_print_msg "short ones:$(cat "$tmp/short")"
check "as many as there were rounds" at_least "$(short ours)" "$ROUNDS" 0.9
check "none more than the tracer has" test "$(short ours)" -le "$(short most)"
check "none less" test "$(short ours)" -ge "$(short least)"
check "as long in all" within 1 "$(short sum_ns)" "$(short traced_ns)"
slow=$(($(stat gp_slow) - before))
check "none was slow that was not by the tracer" test $slow -le "$(short most_slow)"
check "nor the other way round" test $slow -ge "$(short least_slow)"
echo > $TRACING/trace

bring_about "cause=pinned waiter=1"
normal "a reader"
check "a reader: it is the cause: $(first reader)" names reader "$(at pid)" hog_ns hogged_ns
check "a reader: preempted by the hog" test "$(first reader | value by_pid)" = "$(at hog_pid)"
check "a reader: which had the CPU for longest" \
	test "$(first reader | value most_pid)" = "$(at hog_pid)"
check "a reader: with its stack" sh -c "echo '$(first reader)' | grep -q ' stack=.*cause_reads+'"
check "a reader: most is explained" at_most "$(gp unexplained_ns)" "$(gp duration_ns)" 0.1
refute "control: a time that is wrong by a tenth" \
	within 5 $(($(gp duration_ns) * 11 / 10)) "$(gp duration_ns)"
refute "control: another task" names reader "$(at hog_pid)" hog_ns hogged_ns

if sees_expedited; then
	bring_about "cause=pinned waiter=2"
	expedited "a reader"
	check "expedited: the reader is the cause" names reader "$(at pid)" hog_ns hogged_ns
else
	skip 4 "an expedited one" "$hidden"
fi

if [ "$third" ]; then
	clear_cpu "$third"
	bring_about "cause=preempted both=1 waiter=1 other_cpu=$third"
	normal "one that may migrate"
	check "one that may migrate, to a CPU with a hog, is the cause: $(first reader)" \
		names reader "$(at pid)" hog_ns hogged_ns
	check "one that may migrate: preempted by the hog" \
		test "$(first reader | value by_pid)" = "$(at hog_pid)"
else
	skip 5 "one that may migrate" "it needs 3 CPUs"
fi

bring_about "cause=rcuc waiter=1"
normal "rcuc"
check "rcuc: it is the cause: $(first thread)" \
	sh -c "grep -q '^cause kind=thread pid=$(pgrep -x "rcuc/$there") ' '$tmp/slow'"
check "rcuc: behind the hog" names cpu "$(at hog_pid)" hog_ns hogged_ns
check "rcuc: no reader is" at_most "$(first reader | value overlap_ns)0" "$(gp duration_ns)" 1

bring_about "cause=softirq waiter=1"
normal "a softirq"
check "a softirq: its thread is the cause: $(first reader)" \
	names reader "$(at pid)" hog_ns hogged_ns
check "a softirq: preempted by the hog" test "$(first reader | value by_pid)" = "$(at hog_pid)"
check "a softirq: with its stack" sh -c "echo '$(first reader)' | grep -q ' stack=.*cause_timer+'"

if sees_expedited; then
	# One that begins while both are in their sections.
	bring_about "cause=lock waiter=2"
	expedited "a lock"
	check "a lock: the reader that waits for it is a cause: $(first reader "$(at pid)")" \
		among reader "$(at pid)" entered_ns left_ns
	check "a lock: with its stack" \
		sh -c "echo '$(first reader "$(at pid)")' | grep -q ' stack=cause_waits_for_lock+'"
	check "a lock: and so is its owner: $(first reader "$(at owner_pid)")" \
		among reader "$(at owner_pid)" hog_ns hogged_ns
	check "a lock: which the hog has preempted" \
		test "$(first reader "$(at owner_pid)" | value by_pid)" = "$(at hog_pid)"
else
	skip 7 "a lock" "$hidden"
fi

# The threads of RCU that boost a reader, and that drive grace periods.
rcub=$(pgrep -o '^rcub/')
taskset -pc "$there" "$rcub" > /dev/null
bring_about "cause=pinned waiter=1 ahead_ms=100 ms=$((delay_ms + MS))"
taskset -pc "$here" "$rcub" > /dev/null
# RCU wakes it that long after the beginning.
times="$times due_ns=$(($(at asked_ns) + delay_ms * 1000000))"
normal "rcub"
check "rcub: it is a cause: $(first thread "$rcub")" among thread "$rcub" due_ns hogged_ns
check "rcub: behind the hog" \
	test "$(first thread "$rcub" | value most_pid)" = "$(at hog_pid)"
check "rcub: and so is the reader, which is not boosted: $(first reader)" \
	names reader "$(at pid)" hog_ns hogged_ns
refute "rcub: before the hog is done" \
	at_most "$(first reader | value boosted_after_ns)" "$(first reader | value duration_ns)" 0.9

gp_thread=$(pgrep -x rcu_preempt)
# starved NAME: the thread that drives grace periods is the cause of the wait.
starved()
{
	check "$1: a task waited" waited
	causes_of_wait > "$tmp/slow"
	check "$1: it is the cause: $(first thread "$gp_thread")" \
		within 10 "$(first thread "$gp_thread" | value overlap_ns)" \
		$(($(at hogged_ns) - $(at asked_ns)))
	check "$1: behind the hog" \
		test "$(first thread "$gp_thread" | value most_pid)" = "$(at hog_pid)"
	echo > $TRACING/trace
}

taskset -pc "$there" "$gp_thread" > /dev/null
bring_about "cause=hog idle=1 waiter=1"
check "rcu_preempt: by the tracer for a grace period that began late" \
	at_most "$(traced_ns)" $(($(at waited_ns) - $(at asked_ns))) 0.1
starved "rcu_preempt"
# A grace period that is slow, and the lesser part of the wait.
bring_about "cause=hog idle=1 waiter=1 late_ms=$((MS / 4))"
taskset -pc "$here" "$gp_thread" > /dev/null
check "a late reader: the slow one is the lesser part of the wait: $(gp duration_ns) ns" \
	at_most "$(gp duration_ns)" $(($(at waited_ns) - $(at asked_ns))) 0.5
seq=$(gp seq)
starved "a late reader"
check "a late reader: and is named, too" test "$(echo "$row" | value gp_seq)" = "$seq"

if sees_expedited; then
	exp_thread=$(pgrep '^rcu_exp_gp')
	taskset -pc "$there" "$exp_thread" > /dev/null
	bring_about "cause=hog waiter=2"
	taskset -pc "$here" "$exp_thread" > /dev/null
	expedited "rcu_exp_gp"
	check "rcu_exp_gp: it is the cause: $(first thread "$exp_thread")" \
		among thread "$exp_thread" asked_ns hogged_ns
else
	skip 4 "rcu_exp_gp" "$hidden"
fi

bring_about "cause=preempt_off waiter=1"
normal "preemption off"
check "preemption off: that task is the cause: $(first cpu)" \
	names cpu "$(at pid)" entered_ns left_ns
check "preemption off: in kernel mode" sh -c "
	test $(first cpu | value system_ns) -gt 0 && test $(first cpu | value user_ns) = 0"

bring_about "cause=irqs_off waiter=1"
normal "interrupts off"
check "interrupts off: that task is the cause: $(first cpu)" \
	names cpu "$(at pid)" entered_ns left_ns

bring_about "cause=running waiter=1"
normal "a reader that runs"
check "a reader that runs is the cause: $(first cpu)" names cpu "$(at pid)" entered_ns left_ns

# For longer than it takes until the kernel's detector of soft lockups has had the CPU.
bring_about "cause=running waiter=1 ms=6000"
check "through a switch to the stopper: $(first cpu)" \
	within 10 "$(first cpu | value overlap_ns)" "$(overlaps entered_ns left_ns)"
echo > $TRACING/trace

# Others have the CPU for moments at a time, and then RCU boosts it.
bring_about "cause=normal waiter=1"
normal "a reader that is interrupted"
check "a reader that is interrupted is the cause: $(first section)" \
	names section "$(at pid)" entered_ns left_ns
check "with its stack" sh -c "echo '$(first section)' | grep -q ' stack=.*cause_reads+'"
check "it has run all the while" \
	at_least "$(first section | value ran_ns)" "$(gp duration_ns)" 0.9

ktap_finished
