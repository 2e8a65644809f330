#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# scale.sh cpus N; scale.sh tasks N...

. bench/guest/lib.sh

# event SIDE WHAT CPUS
event()
{
	# In a process group of its own: it ends that.
	for _ in 1 2 3; do
		echo "scale event=$1 $2 $(setsid -w build/bench/pipes "$3" 2000)"
	done
}

# sides WHAT CPUS MODULE-PARAMETERS
sides()
{
	event none "$1" "$2"
	insmod $MODS/rcu_notrace_empty.ko guard=1
	event guard "$1" "$2"
	rmmod rcu_notrace_empty
	if modinfo -p rcu_notrace.ko | grep -q ^events:; then
		insmod rcu_notrace.ko enable=1 "$3"
		event ours "$1" "$2"
		rmmod rcu_notrace
	fi
}

pair()
{
	once $MODS/rcu_notrace_pair.ko rounds=3 pairs=50000 together="$1"
	dmesg | sed -n "s/.*: pair together=/scale $2 pair_on=/p"
}

case $1 in
cpus)
	pair "$2" "cpus=$2"
	sides "cpus=$2" "$2" tasks=4096
	;;
tasks)
	shift
	for n; do
		# They are known to a module that is loaded before they are.
		build/bench/tasks "$n" >/tmp/tasks.out &
		tasks=$!
		while ! grep -q asleep /tmp/tasks.out; do sleep 0.1; done
		pair 1 "tasks=$n"
		event none "tasks=$n" 1
		kill $tasks
		wait $tasks || true
		if modinfo -p rcu_notrace.ko | grep -q ^events:; then
			insmod rcu_notrace.ko tasks=32768
			build/bench/tasks "$n" >/tmp/tasks.out &
			tasks=$!
			while ! grep -q asleep /tmp/tasks.out; do sleep 0.1; done
			event ours "tasks=$n" 1
			echo "scale tasks=$n tracked=$(grep -c . /sys/kernel/debug/rcu_notrace/tasks)"
			rmmod rcu_notrace
			kill $tasks
			wait $tasks || true
		fi
	done
	;;
esac
