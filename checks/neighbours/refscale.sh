#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# refscale.sh: the kernel's measurement of read sides, to its end.

for type in rcu srcu srcu-fast rcu-tasks rcu-trace; do
	dmesg -C
	modprobe refscale scale_type=$type nruns=5 loops=1000 shutdown_secs=0 || exit
	tries=120
	until dmesg | grep -q 'END OF TEST' || [ $((tries -= 1)) = 0 ]; do
		sleep 1
	done
	rmmod refscale
	# One message of several lines, of which the first has a time.
	runs=$(dmesg | sed 's/^\[[^]]*\]//' |
		sed -n 's/^ *[1-5][[:space:]]\([0-9.]*\)$/\1/p' | sort -n)
	if [ "$(echo "$runs" | wc -l)" = 5 ]; then
		echo "pass $type"
		echo "# $type: $(echo "$runs" | sed -n 3p) ns a loop"
	else
		echo "fail $type"
	fi
done
