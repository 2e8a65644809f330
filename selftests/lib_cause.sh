# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions of the tests in which the scheduler probe has to name the cause of a
# long grace period, which rcu_notrace_cause brings about. Sourced, after
# lib_blame.sh.
#
# shellcheck disable=SC2154 # here and there are lib_blame.sh's

TIMES=/sys/module/rcu_notrace_cause/parameters/times
HELD=$DIR/held
TRACING=/sys/kernel/tracing

# clear_cpu CPU: of all but what is bound to it, until the test ends. A guest whose
# disk has its interrupt thread behind a hog has no disk; and the scheduler gives a
# twentieth of each second to tasks that are not SCHED_FIFO.
clear_cpu()
{
	for irq in /proc/irq/*/smp_affinity_list; do
		old=$(cat "$irq")
		# Some cannot be moved.
		echo "$here" 2> /dev/null > "$irq" || continue
		at_exit "echo '$old' 2> /dev/null > '$irq'"
	done
	server=/sys/kernel/debug/sched/fair_server/cpu$1/runtime
	[ ! -e "$server" ] || set_to "$server" 0
}

# move_thread PID CPU: until the test ends.
move_thread()
{
	at_exit "taskset -p $(taskset -p "$1" | sed 's/.*: //') $1 > /dev/null"
	taskset -pc "$2" "$1" > /dev/null
}

# make_room CPU: for a cause on $there, until the test ends. This test goes to $here.
# RCU's threads, which are not to be behind the hog by chance, go to CPU.
make_room()
{
	clear_cpu "$there"
	taskset -pc "$here" $$ > /dev/null
	set_to /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress 1
	set_to /sys/kernel/rcu_expedited 0
	set_to /sys/kernel/rcu_normal 0
	for thread in $(pgrep '^rcu_preempt|^rcu_exp|^rcub/'); do
		move_thread "$thread" "$1" 2> /dev/null
	done
}

# trace_grace_periods: normal ones, by the function tracer, until the test ends.
trace_grace_periods()
{
	at_exit "echo local > $TRACING/trace_clock"
	at_exit "echo > $TRACING/set_ftrace_filter"
	at_exit "echo nop > $TRACING/current_tracer"
	echo mono > $TRACING/trace_clock
	echo rcu_gp_init rcu_gp_cleanup > $TRACING/set_ftrace_filter
	echo function > $TRACING/current_tracer
}

# grace_periods: begin and end of each normal one, as the tracer has them, in ns.
grace_periods()
{
	sed -n 's/.* \([0-9]*\)\.\([0-9]*\): rcu_gp_\([a-z]*\) .*/\1\2000 \3/p' $TRACING/trace |
		awk '
			$2 == "init" { begin = $1 }
			$2 == "cleanup" && begin { print begin, $1; begin = 0 }'
}

# watch FOR: what held says, and the times of the cause before and after that, from
# the cause's beginning until FOR ms after its end. One process, which looks every 20
# ms: to start one takes an emulated machine longer than that. It runs before the
# cause is there, and says so: a CPU with its interrupts off may hold up the start.
watch()
{
	awk -v times=$TIMES -v held="$HELD" -v longer="$1" '
		function look(what) {
			there = (getline line < times) > 0
			close(times)
			if (!there)
				return 0
			if (what)
				print what, line
			split(line, field, /[ =]/)
			now = field[2]
			return 1
		}
		BEGIN {
			print "ready"
			fflush()
			while (!look())
				;
			last = now + 60e9
			do {
				look("from")
				ended = line
				sub(/.* ended_ns=/, "", ended)
				while ((got = getline row < held) > 0)
					print "row", row
				close(held)
				look("to")
				if (got < 0)
					print "error"
				next_at = now + 20e6
				while (now < next_at)
					look()
			} while (now < last && !(ended + 0 && now > ended + longer * 1e6))
		}'
}

# cause PARAMETERS: the cause, from its beginning to its end; sets $samples to the
# file of what watch has seen, $hog, $pid and $owner to the tasks.
cause()
{
	samples=$tmp/samples
	rm -f "$samples"
	watch "${2:-500}" > "$samples" &
	watcher=$!
	until [ -s "$samples" ]; do
		pause 0.1
	done
	# shellcheck disable=SC2086
	insmod "$MODS/rcu_notrace_cause.ko" "cpu=$there" $1 || kill $watcher
	wait $watcher
	rmmod rcu_notrace_cause
	last=$(grep '^to ' "$samples" | tail -n 1)
	# shellcheck disable=SC2034 # for those that source this
	pid=$(echo "$last" | value pid)
	# shellcheck disable=SC2034
	hog=$(echo "$last" | value hog_pid)
	# shellcheck disable=SC2034
	owner=$(echo "$last" | value owner_pid)
	ktap_print_msg "$1: $(dmesg | grep 'rcu_notrace_cause: waited' | tail -n 1 |
		sed 's/.*rcu_notrace_cause: //')"
	dmesg -C
}

# The times between which a sample counts, names of those of the cause. A fact is to
# be seen within 100 ms.
since=begun_ns
until=hogged_ns
# How long after that, in ms.
after=0

# rows KIND WHO WANT...: in each sample of that time, and there are five of them,
# held has a row of that kind and with that field, WHO, and
#
#	KEY=VALUE	this field
#	KEY~REGEX	a field that matches
#	KEY%NAME	a field that is what the cause has by that name, before or after
#	KEY@TIME	a field that is the time since then, within 100 ms
#	KEY<TIME	a field that is at most that, within 100 ms
#	-KEY		no such field
#
# Prints how many are right, and one that is not.
rows()
{
	kind=$1 who=$2
	shift 2
	awk -v kind="$kind" -v who="$who" -v want="$*" -v since="$since" -v until="$until" \
		-v after="$after" '
		# parse LINE INTO: its fields.
		function parse(line, into,   n, i, words, at) {
			split("", into)
			n = split(line, words, " ")
			for (i = 1; i <= n; i++) {
				at = index(words[i], "=")
				if (at)
					into[substr(words[i], 1, at - 1)] = substr(words[i], at + 1)
			}
		}
		# is_fresh: what has happened is less than 100 ms ago, or was meanwhile.
		function is_fresh(   n, i, words, at) {
			n = split(want, words, " ")
			for (i = 1; i <= n; i++) {
				at = index(words[i], "@")
				if (!at)
					continue
				at = substr(words[i], at + 1)
				if (from[at] != to[at] || from["now_ns"] < from[at] + 100e6)
					return 1
			}
			return 0
		}
		# wrong ROW: the first of what is wanted that it has not.
		function wrong(row,   n, i, words, key, value, low, high) {
			parse(row, has)
			n = split(want, words, " ")
			for (i = 1; i <= n; i++) {
				if (words[i] ~ /^-/) {
					if (substr(words[i], 2) in has)
						return words[i]
					continue
				}
				match(words[i], /[=~%@<]/)
				key = substr(words[i], 1, RSTART - 1)
				value = substr(words[i], RSTART + 1)
				if (!(key in has))
					return words[i] " is absent"
				what = substr(words[i], RSTART, 1)
				if (what == "=" && has[key] != value)
					return words[i]
				if (what == "~" && has[key] !~ value)
					return words[i]
				if (what == "%" && has[key] != from[value] && has[key] != to[value])
					return words[i] ", which is " from[value]
				if (what ~ /[=~%]/)
					continue
				low = from["now_ns"] - from[value] - 100e6
				high = to["now_ns"] - from[value] + 100e6
				if (has[key] + 0 > high || what == "@" && has[key] + 0 < low)
					return words[i] ", from " low " to " high
			}
		}
		FNR == 1 { pass++ }
		# First, when the time is.
		pass == 1 {
			if ($1 == "to")
				parse($0, final)
			next
		}
		$1 == "from" { parse($0, from); n = 0; next }
		$1 == "row" { row[++n] = substr($0, 5); next }
		$1 == "to" {
			parse($0, to)
			if (!final[since] || to["now_ns"] + 0 > final[until] + 0 ||
			    from["now_ns"] < final[since] + (100 + after) * 1e6 || is_fresh())
				next
			all++
			reason = "no row"
			for (i = 1; i <= n; i++) {
				if (index(row[i], kind " ") != 1 ||
				    !index(row[i] " ", " " who " "))
					continue
				reason = wrong(row[i])
				if (reason != "")
					reason = reason ": " row[i]
				break
			}
			if (reason == "")
				right++
			else if (first == "")
				first = reason
			next
		}
		END {
			print "# " kind " " who ": " right + 0 " of " all + 0 " right" \
				(first == "" ? "" : ", first: " first)
			exit !(all >= 5 && right == all)
		}' "$samples" "$samples"
}

# gone KIND WHO TIME [KEY [NS]]: from 100 ms after that, to the end, held has no row
# of that kind and with that field, or none with more than NS in KEY; there is a
# sample at least.
gone()
{
	awk -v kind="$1" -v who="$2" -v when="$3" -v key="${4:-}" -v ns="${5:-0}" '
		function at(line, key) {
			if (!sub(".* " key "=", "", line))
				return 0
			return line + 0
		}
		FNR == 1 { pass++ }
		pass == 1 { if ($1 == "to") since = at($0, when) + 100e6; next }
		$1 == "from" { counts = at($0, "now_ns") >= since; all += counts }
		$1 == "error" { print "# cannot be read"; found++ }
		$1 == "row" && counts && $2 == kind && index($0 " ", " " who " ") {
			if (key != "" && at($0, key) <= ns + 0)
				next
			if (!found++)
				print "# still there: " $0
		}
		END {
			print "# " kind " " who ": " found + 0 " rows in " all + 0 " samples"
			exit !(all && since && !found)
		}' "$samples" "$samples"
}
