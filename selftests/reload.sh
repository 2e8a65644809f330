#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The module loads and unloads repeatedly without leaking memory
# requires: program:stress-ng
# runs: vm
# timeout: 600
#
# The test loads and unloads the module again and again (ROUNDS), under a load
# of switches, forks and expedited grace periods. The test fails if the module
# is refused once, or leaves memory behind.
#
# Control: a module that leaves memory behind is noticed.

. "${0%/*}/lib.sh"

ROUNDS=${ROUNDS:-25}
# Bytes that the control leaves each time: twice as many as count as nothing.
LEAK=65536

# used: memory that the kernel has taken and nobody will give back, in KiB.
used()
{
	# KASAN keeps what has been freed (its quarantine) until the cache is shrunk.
	if has_symbol kasan_report; then
		for cache in /sys/kernel/slab/*; do
			echo 1 > "$cache/shrink"
		done
	fi
	sync
	echo 3 > /proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|Percpu|VmallocUsed|KernelStack|PageTables):/ { n += $2 }
		END { print n }' /proc/meminfo
}

# load_times N FILE PARAMETER...: under load; sets failures.
load_times()
{
	n=$1 file=$2 name=$(basename "$2" .ko) failures=0
	shift 2
	background stress-ng --quiet --switch 1 --switch-freq 500 --fork 1
	for _ in $(seq "$n"); do
		insmod "$file" "$@" && rmmod "$name" || failures=$((failures + 1))
	done
	stop_background
	pause 1
}

# reload FILE PARAMETER...: ROUNDS of it; sets failures, and left: bytes a round.
reload()
{
	# The first ones, and the load, may leave what all others use.
	load_times 5 "$@"
	before=$(used)
	load_times "$ROUNDS" "$@"
	left=$((($(used) - before) * 1024 / ROUNDS))
	ktap_print_msg "$(basename "$file") : $ROUNDS rounds, $left bytes more a round"
}

ktap_print_header
ktap_set_plan 3

copy=$(mktemp -d)
at_exit "rm -rf '$copy'"
cp "$MODULE" "$MODS/rcu_notrace_source.ko" "$copy"
# Unloading waits for grace periods.
set_to /sys/kernel/rcu_normal 0
set_to /sys/kernel/rcu_expedited 1

reload "$copy/rcu_blame.ko"
check "$ROUNDS rounds: $failures failed" test $failures = 0
check "nothing is left: $left bytes a round" test $left -lt $((LEAK / 2))
reload "$copy/rcu_notrace_source.ko" hits=0 leak=$LEAK
check "control: a module that leaves $LEAK: $left" test $left -ge $((LEAK / 2))

ktap_finished
