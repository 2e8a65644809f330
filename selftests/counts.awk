#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# counts.awk [-v after=PID] BPFTRACE TASKS: what bpftrace has counted (counts.bt)
# beside what the module has (debugfs: rcu_notrace/tasks), summed over the tasks
# that were born and have died in between: those of a pid above PID that are
# dead. Exit status 1 if they differ, for any of them.

FNR == 1 { file++ }

# @switched_out[123]: 45
file == 1 && match($0, /^@[a-z_]+\[[0-9]+\]: /) {
	split(substr($0, 2, RLENGTH - 1), part, /[[\]]/)
	theirs[part[1], part[2]] = substr($0, RLENGTH + 1) + 0
	next
}

file == 2 {
	delete row
	for (i = 1; i <= NF; i++) {
		eq = index($i, "=")
		row[substr($i, 1, eq - 1)] = substr($i, eq + 1)
	}
	if (row["dead"] != 1 || row["pid"] + 0 <= after + 0)
		next
	tasks++
	for (i = 1; i <= n; i++) {
		a = theirs[key[i], row["pid"]] + 0
		b = row[key[i]] + 0
		bpftrace[i] += a
		module[i] += b
		if (a != b) {
			differ[i]++
			if (differences++ < 10)
				printf "# pid %d %s: bpftrace %d, module %d\n", row["pid"], key[i], a, b
		}
	}
}

BEGIN {
	n = split("switched_out switched_in wakings wakeups migrations prio_changes " \
		  "preempted lock_waits off_ns boosts boosted_ns qs_deferred", key, " ")
}

END {
	printf "%-14s %14s %14s   of %d tasks\n", "", "bpftrace", "module", tasks
	for (i = 1; i <= n; i++)
		printf "%-14s %14d %14d   %s\n", key[i], bpftrace[i], module[i], \
			differ[i] ? "differ for " differ[i] " tasks" : "equal"
	exit differences || !tasks
}
