#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Causes of long grace periods are in held while they last
# requires: cpus:2 config:PREEMPT_RT config:RCU_BOOST
# runs: vm
# timeout: 600
#
# The test brings about one cause of a long grace period after another. The
# test fails if held does not have the row of the cause within 100 ms, with the
# names, CPUs and times that the tasks of the cause have by their own clock, or
# has it for longer than 100 ms after the end of the cause; or if it has a row
# of a task that is innocent. It fails, too, if held or another file is slow, or
# a writer hangs, while a reader holds up a grace period.
#
# Control: a clock that is 200 ms fast, a row of a reader that has come back,
# and a reader outside of a section are noticed.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"
. "${0%/*}/lib_cause.sh"

# How long a cause lasts.
MS=${MS:-2500}

# read_all TIMES FILE...: each file that often; prints the slowest read in ns, its file,
# the mean of that file, and the sum of all means. An emulated machine stands still at
# times: a read that takes longer than 100 ms counts if it does so three times in a row,
# the fastest one.
read_all()
{
	awk -v times="$TIMES" '
		function now() {
			getline line < times
			close(times)
			split(line, field, /[ =]/)
			return field[2]
		}
		function time_of(name,   began, got) {
			began = now()
			while ((got = getline line < name) > 0)
				;
			close(name)
			if (got < 0)
				unread++
			return now() - began
		}
		BEGIN {
			rounds = ARGV[1]
			for (n = 0; n < rounds; n++) {
				for (i = 2; i < ARGC; i++) {
					took = time_of(ARGV[i])
					sum[i] += took
					for (again = 0; again < 2 && took > 100e6; again++) {
						stood++
						other = time_of(ARGV[i])
						if (other < took)
							took = other
					}
					if (took > slowest) {
						slowest = took
						file = i
					}
				}
			}
			for (i in sum)
				all += sum[i] / rounds
			printf "slowest_ns=%.0f file=%s mean_ns=%.0f all_ns=%.0f", \
				slowest, ARGV[file], sum[file] / rounds, all
			printf " repeated=%d unread=%d\n", stood, unread
		}' "$@"
}

# write_to FILE TEXT: in the background; sets $writer.
write_to()
{
	# One process, so that a signal is for the one that writes.
	sh -c 'printf %s "$2" 2> /dev/null > "$1"' - "$1" "$2" &
	writer=$!
}

# ends PID: within some seconds.
ends()
{
	for _ in 1 2 3 4 5 6 7 8; do
		case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2> /dev/null) in
		"" | Z*) return 0 ;;
		esac
		pause 0.5
	done
	return 1
}

# The samples with another clock, or with rows of before the end in those after it.
fast()
{
	awk '
		$1 == "from" || $1 == "to" {
			match($0, /now_ns=[0-9]*/)
			now = substr($0, RSTART + 7, RLENGTH - 7)
			sub(/now_ns=[0-9]*/, sprintf("now_ns=%.0f", now + 200e6))
		}
		{ print }' "$samples" > "$tmp/fast"
	samples=$tmp/fast
}

stale()
{
	# The last sample may have the reader on its CPU, about to leave: a row of the CPU.
	awk -v pid=" pid=$pid " '
		$1 == "row" {
			if (!ended)
				now[++n] = $0
			has = has || $2 == "reader" && index($0, pid)
			next
		}
		$1 == "from" { ended = !/ left_ns=0 /; n = has = 0 }
		{ print }
		$1 == "from" && ended { for (i = 1; i <= last; i++) print row[i] }
		$1 == "to" && !ended {
			if (has)
				last = n
			for (i = 1; i <= n; i++) {
				print now[i]
				if (has)
					row[i] = now[i]
			}
		}' "$samples" > "$tmp/stale"
	samples=$tmp/stale
}

ktap_print_header
ktap_set_plan 46

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
rcu_prio=$(cat /sys/module/rcutree/parameters/kthread_prio)
delay_ms=$(config RCU_BOOST_DELAY)
third=$(cpus | grep -vx -e "$here" -e "$there" | head -n 1)
home=$(cpus | grep -vx -e "$there" | tail -n 1)
make_room "$home"
insmod "$MODULE"
at_exit "rmmod rcu_blame"
by_hog="by_comm=cause_hog by_prio=49 on_comm=cause_hog on_prio=49"

cause "cause=pinned waiter=2 ms=$MS other_cpu=$here"
check "a reader that is preempted, and may run nowhere else" \
	rows reader "pid=$pid" "tgid=$pid" comm=cause_reader prio%prio normal_prio=120 \
	nesting%nesting special%special state=preempted "cpu=$there" "allowed=$there" \
	migration_disabled=0 off_ns@seen_ns "by_pid=$hog" "on_pid=$hog" "$by_hog" \
	on_ns@hog_ns 'stack~cause_reads\+' -owner_pid
check "the expedited grace period" rows gp type=expedited
check "and then it is not there" gone reader "pid=$pid" left_ns
(fast; rows reader "pid=$pid" off_ns@seen_ns)
refute "control: a clock that is 200 ms fast" test $? = 0
(stale; gone reader "pid=$pid" left_ns)
refute "control: a row of a reader that has come back" test $? = 0

cause "cause=pinned waiter=1 ahead_ms=100 ms=$((delay_ms + MS)) other_cpu=$here"
check "the normal grace period" rows gp type=normal
after=$((delay_ms + 500))
check "its reader is boosted" \
	rows reader "pid=$pid" "prio=$((99 - rcu_prio))" normal_prio=120 special%special \
	"boosted_to=$((99 - rcu_prio))" "boosted_ns<asked_ns" off_ns@seen_ns "by_pid=$hog"
after=0
check "and then it is not there" gone reader "pid=$pid" left_ns

cause "cause=pinned waiter=2 ahead_ms=100 ms=$MS other_cpu=$here"
after=0
check "a reader that ran when the expedited grace period began" \
	rows reader "pid=$pid" special~e special%special off_ns@seen_ns "by_pid=$hog"

cause "cause=pinned outside=1 ms=$MS other_cpu=$here"
check "control: off the CPU, outside of a section: that is no reader" \
	gone reader "pid=$pid" entered_ns
refute "control: and no row is right" rows reader "pid=$pid"

wide=$(printf '%s\n' "$here" "$there" | sort -n | paste -sd ,)
[ $((here - there)) != -1 ] && [ $((here - there)) != 1 ] || wide=$(echo "$wide" | tr , -)
cause "cause=preempted fixed=1 waiter=2 ms=$MS other_cpu=$here"
check "one that is allowed on two CPUs, but may not migrate" \
	rows reader "pid=$pid" "allowed=$wide" migration_disabled=1 "cpu=$there" \
	"by_pid=$hog" off_ns@seen_ns
if [ "$third" ]; then
	clear_cpu "$third"
	cause "cause=preempted both=1 waiter=2 ms=$MS other_cpu=$third"
	wide=$(printf '%s\n' "$third" "$there" | sort -n | paste -sd ,)
	[ $((third - there)) != -1 ] && [ $((third - there)) != 1 ] ||
		wide=$(echo "$wide" | tr , -)
	check "one that may migrate, to a CPU with a hog" \
		rows reader "pid=$pid" "allowed=$wide" migration_disabled=0 "cpu=$there" \
		"by_pid=$hog" off_ns@seen_ns
else
	ktap_test_skip "one that may migrate, to a CPU with a hog: needs 3 CPUs"
fi

cause "cause=softirq waiter=2 ms=$MS other_cpu=$here"
check "a softirq" \
	rows reader "pid=$pid" "comm~^(ktimers|ksoftirqd)/$there\$" state=preempted \
	prio%prio nesting%nesting special%special migration_disabled~^[1-9] \
	"cpu=$there" "by_pid=$hog" "on_pid=$hog" off_ns@seen_ns \
	'stack~cause_timer\+'
check "and then it is not there" gone reader "pid=$pid" left_ns

cause "cause=lock waiter=2 ms=$MS other_cpu=$here"
check "a reader that waits for a lock" \
	rows reader "pid=$pid" comm=cause_reader state=blocked "cpu=$here" prio%prio \
	nesting%nesting special%special "owner_pid=$owner" owner_comm=cause_owner \
	"owner_cpu=$there" owner_on_cpu=0 off_ns@seen_ns -by_pid 'stack~cause_waits_for_lock\+'
# On PREEMPT_RT the owner of a spinlock_t is in a section.
check "whose owner is preempted" \
	rows reader "pid=$owner" state=preempted "by_pid=$hog" migration_disabled=1 \
	off_ns@hog_ns 'stack~cause_owns_lock\+'
check "and then it is not there" gone reader "pid=$pid" left_ns
check "nor is the owner" gone reader "pid=$owner" left_ns

cause "cause=rcuc waiter=1 ms=$MS other_cpu=$here"
rcuc=$(pgrep -x "rcuc/$there")
check "rcuc behind a hog" \
	rows thread "pid=$rcuc" "comm=rcuc/$there" "prio=$((99 - rcu_prio))" "cpu=$there" \
	"on_pid=$hog" on_comm=cause_hog on_prio=49 on_ns@hog_ns "runnable_ns<hog_ns"
check "the hog does not switch" \
	rows cpu "pid=$hog" "cpu=$there" comm=cause_hog prio=49 nesting=0 on_ns@hog_ns \
	preempt_count~^[01]\$ 'stack~cause_hogs\+' -unanswered_ns
check "the hog is no reader" gone reader "pid=$hog" hog_ns
# It may have to wait again, but not for as long.
check "and then rcuc is not there" gone thread "pid=$rcuc" hogged_ns runnable_ns 100000000
check "nor is the hog" gone cpu "pid=$hog" hogged_ns

until=left_ns
cause "cause=preempt_off waiter=1 ms=$MS other_cpu=$here"
check "a loop with preemption off" \
	rows cpu "pid=$pid" "cpu=$there" comm=cause_loop prio=120 nesting=0 on_ns@came_ns \
	preempt_count=1 'stack~cause_has_preemption_off\+' -unanswered_ns
check "it is no reader" gone reader "pid=$pid" entered_ns
check "and then it is not there" gone cpu "pid=$pid" left_ns

cause "cause=irqs_off waiter=1 ms=$MS other_cpu=$here"
check "a loop with interrupts off" \
	rows cpu "pid=$pid" "cpu=$there" comm=cause_loop on_ns@came_ns "unanswered_ns<entered_ns" \
	-preempt_count
check "it is no reader" gone reader "pid=$pid" entered_ns
check "and then it is not there" gone cpu "pid=$pid" left_ns

cause "cause=running waiter=1 ms=$MS other_cpu=$here"
# The interrupt may come at the end of another one, which looks for what to run next.
check "a reader that runs" \
	rows cpu "pid=$pid" "cpu=$there" comm=cause_reader prio=0 nesting=1 on_ns@entered_ns \
	preempt_count~^[01]\$ 'stack~cause_reads\+' -unanswered_ns
check "it is not off its CPU" gone reader "pid=$pid" entered_ns
check "and then it is not there" gone cpu "pid=$pid" left_ns

if [ "$third" ]; then
	# RCU boosts it at once, and rcub spins as long as it runs.
	cause "cause=normal waiter=2 ms=$MS other_cpu=$here"
	check "a reader that runs, and is boosted" \
		rows cpu "pid=$pid" "cpu=$there" comm=cause_reader prio%prio nesting=1 \
		section_ns@entered_ns 'stack~cause_reads\+' -unanswered_ns
else
	ktap_test_skip "a reader that runs, and is boosted: needs 3 CPUs"
fi

until=hogged_ns
gp_thread=$(pgrep -x rcu_preempt)
taskset -pc "$there" "$gp_thread" > /dev/null
# A grace period that is under way may leave it asleep for a while.
cause "cause=hog idle=1 waiter=1 ms=$MS other_cpu=$here"
taskset -pc "$home" "$gp_thread" > /dev/null
check "rcu_preempt behind a hog" \
	rows thread "pid=$gp_thread" comm=rcu_preempt "cpu=$there" "on_pid=$hog" \
	on_comm=cause_hog "runnable_ns<hog_ns"
check "and then it is not there" gone thread "pid=$gp_thread" hogged_ns runnable_ns 100000000

exp_thread=$(pgrep '^rcu_exp_gp')
taskset -pc "$there" "$exp_thread" > /dev/null
cause "cause=hog waiter=2 ms=$MS other_cpu=$here"
taskset -pc "$home" "$exp_thread" > /dev/null
check "the thread of expedited grace periods behind a hog" \
	rows thread "pid=$exp_thread" comm~^rcu_exp_gp "cpu=$there" "on_pid=$hog" \
	"runnable_ns<hog_ns"

rcub=$(pgrep -o '^rcub/')
taskset -pc "$there" "$rcub" > /dev/null
cause "cause=pinned waiter=1 ahead_ms=100 ms=$((delay_ms + MS)) other_cpu=$here"
taskset -pc "$home" "$rcub" > /dev/null
after=$((delay_ms + 500))
check "rcub behind a hog" \
	rows thread "pid=$rcub" comm~^rcub/ "cpu=$there" "on_pid=$hog" "runnable_ns<asked_ns"
check "and its reader is not boosted" rows reader "pid=$pid" prio=120 -boosted_ns "by_pid=$hog"
after=0

cause "cause=none waiter=1 ms=$MS other_cpu=$here"
innocent=yes
gone reader "pid=$hog" hog_ns || innocent=no
# An emulated machine stands still at times.
for who in by_pid on_pid; do
	gone reader "$who=$hog" begun_ns off_ns 100000000 || innocent=no
	gone thread "$who=$hog" begun_ns runnable_ns 100000000 || innocent=no
done
gone cpu "pid=$hog" begun_ns on_ns 100000000 || innocent=no
check "a hog that lets others run is not blamed" test $innocent = yes

for _ in 1 2; do
	background taskset -c "$there" sh -c 'while :; do :; done'
done
cause "cause=none waiter=1 ms=$MS other_cpu=$here"
stop_background
innocent=yes
for comm in by_comm on_comm; do
	gone reader $comm=sh begun_ns off_ns 100000000 || innocent=no
	gone thread $comm=sh begun_ns runnable_ns 100000000 || innocent=no
done
check "nor are tasks in user space, of no priority" test $innocent = yes

# hog_for_long PARAMETERS: a cause that lasts until its module goes; sets $files.
hog_for_long()
{
	# shellcheck disable=SC2086
	insmod "$MODS/rcu_notrace_cause.ko" cause=pinned "ms=$((60000 * ${SLOW:-1}))" \
		"cpu=$there" "other_cpu=$here" $1
	patiently pgrep -x cause_hog > /dev/null
	files=$(find $DIR $CTL -type f | sort)
}

# A kernel that checks each access takes its time for that. There it is compared with
# the time while the same hog keeps off a reader that is in no section; a read that
# waited for the grace period would take as long as that is held up.
if [ "${SLOW:-1}" != 1 ]; then
	hog_for_long outside=1
	# shellcheck disable=SC2086
	without=$(read_all 20 $files)
	rmmod rcu_notrace_cause
fi
# While a reader holds up a grace period for long.
hog_for_long waiter=1
patiently pgrep -x cause_waiter > /dev/null
quick="$(echo "$files" | wc -l) files are read in"
if [ "${SLOW:-1}" = 1 ]; then
	# shellcheck disable=SC2086
	slowest=$(read_all 100 $files)
	check "$quick less than 100 ms each: $slowest" \
		at_most "$(echo " $slowest" | value slowest_ns)" 100000000 1
else
	# shellcheck disable=SC2086
	slowest=$(read_all 20 $files)
	without_ns=$(echo " $without" | value all_ns)
	check "$quick three times the time without: $without; $slowest" \
		at_most "$(echo " $slowest" | value all_ns)" "$without_ns" 3
fi
check "all of them" test "$(echo "$slowest" | value unread)" = 0
write_to $CTL/filter "pid==1"
check "a writer of filter is not blocked" ends "$writer"
echo > $CTL/filter
write_to $CTL/reset 1
pause 1
kill -KILL "$writer"
check "a writer of reset can be killed" ends "$writer"
check "the reader still holds up the grace period" test "$(pgrep -x cause_waiter)"
rmmod rcu_notrace_cause

ktap_finished
