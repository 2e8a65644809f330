#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# pair.sh UNIT: of what the time stamp counter counts here.

. bench/guest/lib.sh

once $MODS/rcu_notrace_pair.ko rounds=15
dmesg | sed -n "s/.*: pair side=/pair unit=$1 side=/p"
sed -n 's/^cpu MHz[^0-9]*/pair mhz=/p' /proc/cpuinfo | head -n 1

[ "$1" = instructions ] && [ -e bench/refscale/refscale.ko ] || exit 0
insmod bench/refscale/torture.ko
for type in rcu srcu srcu-fast rcu-trace preempt; do
	dmesg -C
	insmod bench/refscale/refscale.ko scale_type=$type nreaders=1 nruns=5 loops=20000 \
		holdoff=0 shutdown_secs=0
	for _ in $(seq 100); do
		dmesg | grep -q 'Time(ns)' && break
		sleep 0.2
	done
	# The results are one message of several lines.
	dmesg | awk -v type=$type '/Time\(ns\)/ { on = 1 }
		on && match($0, /[0-9]+\t[0-9.]+$/) {
			split(substr($0, RSTART), part, "\t")
			print "pair refscale=" type, "run=" part[1], "ns=" part[2]
		}'
	rmmod refscale
done
