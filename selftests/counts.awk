#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# counts.awk [-v after=PID] BPFTRACE TASKS: what bpftrace has counted (counts.bt)
# beside what the module has (debugfs: rcu_blame/tasks), summed over the tasks
# that were born and have died in between: those of a pid above PID that are
# dead. Exit status 1 if they differ, for any of them. A time, NAME_ns, differs if
# it is less than bpftrace's NAME_ns_least, or more than its NAME_ns_most; as for
# the rest, bpftrace has but one number. Those that a bpftrace cannot count are not
# compared.

FNR == 1 { file++ }

/^@noted: [1-9]/ && file == 1 {
	noted = 1
}

# @switched_out[123]: 45
file == 1 && match($0, /^@[a-z_]+\[[0-9]+\]: /) {
	split(substr($0, 2, RLENGTH - 1), part, /[[\]]/)
	theirs[part[1], part[2]] = substr($0, RLENGTH + 1) + 0
	next
}

file == 2 {
	delete row
	# The name comes last, and may have anything in it.
	for (i = 1; i <= NF && $i !~ /^comm=/; i++) {
		eq = index($i, "=")
		row[substr($i, 1, eq - 1)] = substr($i, eq + 1)
	}
	if (row["dead"] != 1 || row["pid"] + 0 <= after + 0)
		next
	tasks++
	for (i = 1; i <= n; i++) {
		a = theirs[key[i] (is_time(key[i]) ? "_least" : ""), row["pid"]] + 0
		b = theirs[key[i] (is_time(key[i]) ? "_most" : ""), row["pid"]] + 0
		c = row[key[i]] + 0
		least[i] += a
		most[i] += b
		module[i] += c
		if (is_compared(key[i]) && (c < a || c > b)) {
			differ[i]++
			if (differences++ < 10)
				printf "# pid %d %s: bpftrace %s, module %d\n", row["pid"], key[i], range(a, b), c
		}
	}
}

function is_time(key)
{
	return key ~ /_ns$/
}

# Two are from a function that bpftrace may have no program in.
function is_compared(key)
{
	return noted || key !~ /^(sections|qs_deferred)$/
}

function range(a, b)
{
	return a == b ? sprintf("%d", a) : sprintf("%d..%d", a, b)
}

function verdict(i)
{
	if (!is_compared(key[i]))
		return "not compared"
	if (differ[i])
		return "differ for " differ[i] " tasks"
	if (least[i] == most[i])
		return "equal"
	return sprintf("within %.2f%%", (most[i] - least[i]) * 100 / most[i])
}

BEGIN {
	n = split("switched_out switched_in wakings wakeups migrations prio_changes " \
		  "preempted lock_waits sections off_ns boosts boosted_ns qs_deferred", key, " ")
}

END {
	printf "%-12s %26s %14s   of %d tasks\n", "", "bpftrace", "module", tasks
	for (i = 1; i <= n; i++)
		printf "%-12s %26s %14d   %s\n", key[i],
			is_compared(key[i]) ? range(least[i], most[i]) : "-", module[i], verdict(i)
	exit differences || !tasks
}
