#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# event.sh UNIT ROUNDS RUNS OPS: of what a nanosecond is here; the sides take
# turns, each with so many runs. An operation is two context switches, and two
# wake-ups.

. bench/guest/lib.sh

unit=$1 rounds=$2 runs=$3 ops=$4
out=/tmp/event.out
pipe="/bin/sh /tmp/event.run"

# A file, for bpftrace and perf, which start it when all is attached.
cat >/tmp/event.run <<EOF
for run in \$(seq $runs); do perf bench sched pipe -l $ops; done >$out
EOF
$pipe		# what is read from the disk is read

# ran SIDE: what the runs that are over have taken.
ran()
{
	sed -n "s|^ *\([0-9.]*\) usecs/op.*|event unit=$unit side=$1 cpus=1 us_per_op=\1|p" $out
}

side()
{
	case $1 in
	none)
		$pipe
		;;
	empty | guard)
		[ "$1" = guard ] && guard=1 || guard=0
		insmod $MODS/rcu_notrace_empty.ko guard="$guard"
		$pipe
		rmmod rcu_notrace_empty
		;;
	ours_switch)
		insmod rcu_blame.ko events="$only_switch"
		$pipe
		rmmod rcu_blame
		;;
	ours)
		insmod rcu_blame.ko
		$pipe
		rmmod rcu_blame
		;;
	bpftrace*)
		BPFTRACE_MAX_MAP_KEYS=16384 bpftrace -q -o /tmp/event.bpf -c "$pipe" "bench/$1.bt"
		;;
	ftrace_switch)
		echo 1 >$TRACING/events/sched/sched_switch/enable
		$pipe
		echo 0 >$TRACING/events/sched/sched_switch/enable
		;;
	ftrace)
		for e in switch waking wakeup; do echo 1 >$TRACING/events/sched/sched_$e/enable; done
		$pipe
		for e in switch waking wakeup; do echo 0 >$TRACING/events/sched/sched_$e/enable; done
		;;
	perf_switch)
		# shellcheck disable=SC2086 # words
		perf record -q -a -e sched:sched_switch -o /tmp/perf.data -- $pipe
		;;
	esac
	ran "$1"
}

sides="none empty guard bpftrace_switch bpftrace ftrace_switch ftrace perf_switch"
# The module has the probe, or not yet.
if modinfo -p rcu_blame.ko | grep -q ^events:; then
	sides="$sides ours_switch ours"
	insmod rcu_blame.ko enable=0
	only_switch=$(sed '/sched_switch$/d; s/^./-/' /sys/kernel/rcu_blame/events | tr '\n' ' ')
	rmmod rcu_blame
fi

for _ in $(seq "$rounds"); do
	for s in $sides; do
		side "$s"
	done
done
