#!/bin/sh
# SPDX-License-Identifier: GPL-2.0

. bench/guest/lib.sh

# allocated: bytes in the kernel's vmalloc area that are backed by pages, but for
# the stacks of tasks.
allocated()
{
	awk '!/stack|copy_process/ { for (i = 1; i <= NF; i++) if (sub(/^pages=/, "", $i)) n += $i } END { print n * 4096 }' /proc/vmallocinfo
}

echo "memory what=core bytes=$(
	insmod rcu_notrace.ko
	cat /sys/module/rcu_notrace/coresize
	rmmod rcu_notrace)"

# What is asked of the per-CPU and the slab allocator while it is loaded.
echo 0 >$TRACING/tracing_on
echo >$TRACING/trace
echo 1 >$TRACING/events/percpu/percpu_alloc_percpu/enable
echo 1 >$TRACING/tracing_on
insmod rcu_notrace.ko
echo 0 >$TRACING/tracing_on
awk '/insmod/ && /percpu_alloc_percpu/ {
	if ($0 !~ /\[rcu_notrace\]/) next
	for (i = 1; i <= NF; i++) if (sub(/^size=/, "", $i)) n += $i
} END { print "memory what=percpu_dynamic bytes=" n + 0 }' $TRACING/trace
echo 0 >$TRACING/events/percpu/percpu_alloc_percpu/enable
rmmod rcu_notrace

modinfo -p rcu_notrace.ko | grep -q ^tasks: || exit 0
# Of sizes that are never in the slab allocator.
for n in 65536 131072; do
	before=$(allocated)
	insmod rcu_notrace.ko tasks=$n
	echo "memory what=tables tasks=$n when=load bytes=$(($(allocated) - before))"
	rmmod rcu_notrace
done
insmod rcu_notrace.ko tasks=16384
sleep 1
before=$(allocated)
build/bench/tasks 12000 >/tmp/tasks.out &
tasks=$!
while ! grep -q asleep /tmp/tasks.out; do sleep 0.1; done
kill $tasks
wait $tasks || true
# Stacks of the dead are freed after a grace period.
sleep 2
echo "memory what=tables tasks=16384 when=full added=$(($(allocated) - before)) used=$(grep -c . /sys/kernel/debug/rcu_notrace/tasks)"
rmmod rcu_notrace
