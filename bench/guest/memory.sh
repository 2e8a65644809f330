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
	insmod rcu_blame.ko
	cat /sys/module/rcu_blame/coresize
	rmmod rcu_blame)"

# Bytes that are asked of the per-CPU allocator while it is loaded.
echo 0 >$TRACING/tracing_on
echo >$TRACING/trace
echo 1 >$TRACING/events/percpu/percpu_alloc_percpu/enable
echo 1 >$TRACING/tracing_on
insmod rcu_blame.ko
echo 0 >$TRACING/tracing_on
awk '/insmod/ && /percpu_alloc_percpu/ {
	if ($0 !~ /\[rcu_blame\]/) next
	for (i = 1; i <= NF; i++) if (sub(/^size=/, "", $i)) n += $i
} END { print "memory what=percpu_dynamic bytes=" n + 0 }' $TRACING/trace
echo 0 >$TRACING/events/percpu/percpu_alloc_percpu/enable
rmmod rcu_blame

modinfo -p rcu_blame.ko | grep -q ^tasks: || exit 0
# Of sizes that are never in the slab allocator.
for n in 65536 131072; do
	before=$(allocated)
	insmod rcu_blame.ko tasks=$n
	echo "memory what=tables tasks=$n when=load bytes=$(($(allocated) - before))"
	rmmod rcu_blame
done
insmod rcu_blame.ko tasks=16384
sleep 1
before=$(allocated)
build/bench/tasks 12000 >/tmp/tasks.out &
tasks=$!
while ! grep -q asleep /tmp/tasks.out; do sleep 0.1; done
kill $tasks
wait $tasks || true
# Stacks of the dead are freed after a grace period.
sleep 2
echo "memory what=tables tasks=16384 when=full added=$(($(allocated) - before)) used=$(grep -c . /sys/kernel/debug/rcu_blame/tasks)"
rmmod rcu_blame
