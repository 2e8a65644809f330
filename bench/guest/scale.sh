#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# scale.sh cpus N...; scale.sh load FEW MANY: on one CPU, among so many tasks and
# readers, and with filters.

. bench/guest/lib.sh

ROUNDS=3

# event SIDE WHAT CPUS OPS
event()
{
	# In a process group of its own: it ends that.
	echo "scale event=$1 $2 $(setsid -w build/bench/pipes "$3" "$4")"
}

# guard WHAT CPUS OPS: a probe with a guard and a counter.
guard()
{
	insmod $MODS/rcu_notrace_empty.ko guard=1
	event guard "$@"
	rmmod rcu_notrace_empty
}

# ours PARAMETER WHAT CPUS OPS: of the module.
ours()
{
	insmod rcu_blame.ko "$1"
	shift
	event ours "$@"
	rmmod rcu_blame
}

pair()
{
	once $MODS/rcu_notrace_pair.ko rounds=$ROUNDS pairs=50000 together="$1"
	dmesg | sed -n "s/.*: pair together=/scale $2 pair_on=/p"
}

# only N: CPUs are online.
only()
{
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		cpu=${cpu##*cpu}
		[ "$cpu" = 0 ] || echo $((cpu < $1)) >"/sys/devices/system/cpu/cpu$cpu/online"
	done
}

# with SIDE WHAT START STOP: events while there is what START makes. The module
# is there before that is, and knows all of it.
with()
{
	[ "$1" = none ] || insmod rcu_blame.ko tasks=32768
	$3
	for _ in $(seq $ROUNDS); do event "$1" "$2" 1 2000; done
	[ "$1" != none ] ||  [ "$3" != start_tasks ] || pair 1 "$2"
	[ "$1" = none ] || echo "scale $2 tracked=$(grep -c . /sys/kernel/debug/rcu_blame/tasks)" \
		"readers_off=$(sed -n 's/^reader_sections //p' /sys/kernel/debug/rcu_blame/stats)"
	$4
	[ "$1" = none ] || rmmod rcu_blame
}

start_tasks()
{
	build/bench/tasks "$many" >/tmp/tasks.out &
	tasks=$!
	while ! grep -q asleep /tmp/tasks.out; do sleep 0.1; done
}

stop_tasks()
{
	kill "$tasks"
	wait "$tasks" || true
}

start_readers()
{
	insmod $MODS/rcu_notrace_held.ko readers="$many"
}

stop_readers()
{
	rmmod rcu_notrace_held
}

case $1 in
cpus)
	shift
	for n; do
		only "$n"
		pair "$n" "cpus=$n"
		for _ in $(seq $ROUNDS); do
			event none "cpus=$n" "$n" $((6000 / n))
			guard "cpus=$n" "$n" $((6000 / n))
			ours tasks=4096 "cpus=$n" "$n" $((6000 / n))
		done
	done
	;;
load)
	shift
	# All of them but the last two admit whatever there is.
	for filter in '' 'prio<140' 'prio<140&&prio<140' \
		'prio<140&&prio<140&&prio<140&&prio<140' \
		'comm==*' 'cpu==0' 'cgroup==/' 'comm==x*' 'pid==1'; do
		for _ in $(seq $ROUNDS); do
			event none "filter=${filter:-all}" 1 2000
			ours "filter=$filter" "filter=${filter:-all}" 1 2000
		done
	done
	# The holder of the lock spins, boosted, and the readers wait for it.
	chrt -f -p 10 $$
	for many; do
		with none "tasks=$many" start_tasks stop_tasks
		with ours "tasks=$many" start_tasks stop_tasks
		with none "readers=$many" start_readers stop_readers
		with ours "readers=$many" start_readers stop_readers
	done
	;;
esac
