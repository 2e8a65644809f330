#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# latency.sh US SAMPLES: length of the callback, wake-ups, one each ms.

. bench/guest/lib.sh

us=$1 samples=$2
out=/tmp/latency.out
seconds=$(((samples + 999) / 1000))
# The default leaves 5% of the CPU to others: those are not what is measured.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us

# The traced task: waitid() fires sched_process_wait, where it may be preempted.
python3 -c '
import os
while True:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)
    except ChildProcessError:
        pass' &
load=$!

# From the timer to the thread; the histograms are in us. Columns of the second:
# us, interrupts, threads.
measure()
{
	cyclictest -q -m -p 95 -i 1000 -l "$samples" -h 5000 >$out
	sed -n 's/^0*\([0-9][0-9]*\) 0*\([1-9][0-9]*\)$/latency tool=cyclictest side='"$1"' us=\1 count=\2/p' $out
	case $1 in none | guard | sched) ;; *) return ;; esac
	rtla timerlat hist -P f:95 -p 1000 -d "${seconds}s" -b 1 -E 5000 --no-summary >$out
	awk -v side="$1" '$1 ~ /^[0-9]+$/ && $3 > 0 {
		print "latency tool=timerlat side=" side, "us=" $1, "count=" $3
	}' $out
}

measure none
for side in guard sched; do
	dmesg -C
	[ $side = sched ] && sched=1 || sched=0
	insmod $MODS/rcu_notrace_heavy.ko us="$us" side="$sched"
	measure $side
	rmmod rcu_notrace_heavy
	dmesg | sed -n "s/.*heavy hits=\([0-9]*\).*/latency side=$side hits=\1 callback_us=$us/p"
done
if modinfo -p rcu_blame.ko | grep -q ^events:; then
	insmod rcu_blame.ko
	measure ours
	rmmod rcu_blame
fi
echo 1 >$TRACING/events/sched/enable
measure ftrace
echo 0 >$TRACING/events/sched/enable
perf record -q -a -e 'sched:*' -o /tmp/perf.data sleep 1000 &
perf=$!
sleep 1
measure perf
kill -INT $perf
wait $perf || true
kill $load
