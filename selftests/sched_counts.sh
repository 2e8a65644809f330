#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The scheduler probe and bpftrace agree on counts and times
# requires: program:bpftrace program:stress-ng config:DEBUG_INFO_BTF
# requires: config:RCU_BOOST
# runs: vm
# timeout: 300
#
# The test counts the events of a workload's tasks with bpftrace and with the
# module. The test fails if the counts are not equal, for each task and number
# for number, or if a time of the module's is not between the two that bpftrace
# has read.
#
# Control: an event that is left out, and a build that miscounts, are noticed.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

# counted WORKLOAD: runs it when bpftrace and the module are attached. Its tasks
# are dead when it ends, and have pids above that of the first of them (not above
# its own: bpftrace makes the shell first, and then threads). Sets $missed to how
# many hits the programs of bpftrace were not run for: one of its own was in the
# way on that CPU, and the kernel says so in the fdinfo of each.
counted()
{
	reset
	cat > "$tmp/workload" <<-EOF
		sh -c 'echo \$\$' > $tmp/pid
		$1
		cat /proc/\$PPID/fdinfo/* > $tmp/fdinfo 2> /dev/null
	EOF
	BPFTRACE_MAX_MAP_KEYS=16384 \
		bpftrace -q -o "$tmp/bpftrace" -c "/bin/sh $tmp/workload" "$SELFTESTS/counts.bt"
	cat $DIR/tasks > "$tmp/tasks"
	missed=$(awk '$1 == "recursion_misses:" { n++; m += $2 } END { print n ? m : "?" }' \
		"$tmp/fdinfo")
	ktap_print_msg "hits that bpftrace was not run for: $missed"
}

compare()
{
	ktap_print_msg "pids above $(cat "$tmp/pid")"
	compared=$("$SELFTESTS/counts.awk" -v after="$(cat "$tmp/pid")" \
		"$tmp/bpftrace" "$tmp/tasks")
	status=$?
	echo "$compared" | sed 's/^/# /'
	return $status
}

# rows PATTERN: the numbers of the last comparison that have it.
rows()
{
	echo "$compared" | awk -v pattern="$1" '/^[a-z_]+ / && $0 ~ pattern { printf "%s ", $1 }'
}

# The two that a bpftrace without that program has not.
not_compared()
{
	BPFTRACE_MISSING_PROBES=error \
		bpftrace -e 'fentry:vmlinux:rcu_note_context_switch { exit(); }' \
		> "$tmp/out" 2>&1 || echo "sections qs_deferred"
}

# apart TIME COUNT: how far its bounds are, in ns, for each of those that are counted.
apart()
{
	echo "$compared" | awk -v time="$1" -v count="$2" '
		$1 == time { split($2, bound, /[.][.]/) }
		$1 == count { n = $2 }
		END { printf "%d", (bound[2] - bound[1]) / n }'
}

lost_some()
{
	test "$(stat lost)" -gt 0
}

# The comparison itself, by tables that are made up: whether they agree, why, what
# the module has, and what bpftrace has.
made_up()
{
	echo 4304 > "$tmp/pid"
	while IFS='|' read -r agree text tasks bpftrace; do
		echo "$tasks" | tr ';' '\n' > "$tmp/tasks"
		echo "$bpftrace" | tr ';' '\n' > "$tmp/bpftrace"
		compare > /dev/null
		check "made up: $text" test $status = "$agree"
	done
}

ktap_print_header
delay_ms=$(config RCU_BOOST_DELAY)
ktap_set_plan 23

tmp=$(mktemp -d)

# A pid is a number, 87 below 4304.
made_up <<'END'
0|both say the same|pid=5000 dead=1 prio_changes=2|@prio_changes[5000]: 2
0|a task of before is not compared|pid=5000 dead=1;pid=87 dead=1 prio_changes=9|
0|a task that lives is not compared|pid=5000 dead=1;pid=4305 dead=0 prio_changes=9|
0|a name says nothing|pid=5000 dead=1 comm=x dead=0 prio_changes=9|
0|a time within bounds|pid=5000 dead=1 off_ns=100|@off_ns_least[5000]: 100;@off_ns_most[5000]: 200
1|control: a time below|pid=5000 dead=1 off_ns=99|@off_ns_least[5000]: 100;@off_ns_most[5000]: 200
1|control: a time above|pid=5000 dead=1 off_ns=201|@off_ns_least[5000]: 100;@off_ns_most[5000]: 200
1|control: the module alone has it|pid=4305 dead=1 boosts=1|
1|control: bpftrace alone has it|pid=5000 dead=1|@boosts[5000]: 1
1|control: equal sums|pid=5000 dead=1 boosts=1;pid=5001 dead=1|@boosts[5001]: 1
1|control: no task at all|pid=87 dead=1|
0|a number that bpftrace cannot see|pid=5000 dead=1 sections=1|
1|control: one that it can|pid=5000 dead=1 sections=1|@noted: 1
END

insmod "$MODULE" tasks=16384
set_to /sys/kernel/rcu_normal 0
set_to /sys/kernel/rcu_expedited 0
# As in known_reader: it finds whom to boost, and may have no timers where the hog is.
gp_kthread=$(pgrep -x rcu_preempt)
at_exit "taskset -p $(taskset -p "$gp_kthread" | sed 's/.*: //') $gp_kthread > /dev/null"
cpu=$(cpu 1)
asker_cpu=$(cpu 0)
hog_ms=$((delay_ms + 300))
export cpu asker_cpu hog_ms
taskset -pc "$asker_cpu" "$gp_kthread" > /dev/null

# Switches, wake-ups, priorities that change (futexes with inheritance), forks,
# readers that are preempted; one that RCU boosts; and some that owe a quiescent
# state when they leave the CPU to a task beside them.
# shellcheck disable=SC2016 # the shell that runs it expands it
workload='stress-ng --quiet --timeout 6 --switch 2 --fork 1 --timer 1 --membarrier 1 &
	stress-ng --quiet --timeout 6 --futex 1 &
	for i in 1 2 3 4 5 6; do
		taskset -c $cpu sh -c "for n in 1 2 3 4 5 6 7 8 9; do cat /proc/self/maps; done" \
			> /dev/null &
		taskset -c $cpu chrt -f 10 \
			sh -c "n=0; while [ \$n -lt 200 ]; do n=\$((n + 1)); done"
	done
	pi_stress --quiet --groups 1 --duration 3 > /dev/null 2>&1
	wait
	insmod '$MODS'/rcu_notrace_reader.ko cpu=$cpu other_cpu=$asker_cpu hog_ms=$hog_ms
	rmmod rcu_notrace_reader
	taskset -c $cpu timeout 60 sh -c "while :; do :; done" &
	insmod '$MODS'/rcu_notrace_qs.ko samples=8
	rmmod rcu_notrace_qs
	kill $!
	wait'
counted "$workload"
check "bpftrace and the module agree on every task" compare
check "of each number there is some" test "$(rows ' 0 ')" = ""
none=$(not_compared)
check "all are compared but for those that this bpftrace cannot see: ${none:-none}" \
	test "$(rows 'not compared')" = "${none:+$none }"
# The time that the build with mistakes adds has to stand out.
for time in "off_ns preempted" "boosted_ns boosts"; do
	# shellcheck disable=SC2086
	apart=$(apart $time)
	check "bounds of ${time% *} are less than 1 ms apart: $apart ns each" \
		test "$apart" -lt 1000000
done
check "bpftrace has seen all: $missed hits missed" test "$missed" = 0
check "nothing was lost" test "$(stat lost)$(stat tasks_evicted)" = 00

# A module that does not see all of it.
echo "-sched_waking" > $CTL/events
counted "$workload"
compare
check "control: without one of the events that one differs, no other: $(rows differ)" \
	test "$(rows differ)" = "wakings "
rmmod rcu_blame

# One that makes mistakes, of 1 ms in each time: cfg(rcu_blame_miscount) in
# rcu_blame/faults.rs.
insmod "$MODS/rcu_notrace_miscount.ko"
counted "$workload"
compare
mistaken=
for key in preempted lock_waits sections off_ns boosts boosted_ns qs_deferred; do
	case " $none " in
	*" $key "*) ;;
	*) mistaken="$mistaken$key " ;;
	esac
done
check "control: with mistakes these differ, no others: $(rows differ)" \
	test "$(rows differ)" = "$mistaken"
rmmod rcu_notrace_miscount

insmod "$MODULE" tasks=64
# More at once than there is room for.
for _ in $(seq 80); do
	background sleep 300
done
patiently lost_some
stop_background
lost="$(stat lost) events, $(stat tasks_evicted) dead tasks"
check "control: what does not fit is counted: $lost" lost_some
rmmod rcu_blame
rm -r "$tmp"

ktap_finished
