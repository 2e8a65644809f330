#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The demo restores all settings and runs on any set of CPUs
# runs: drives
# timeout: 600
#
# The test ends the demo by signals, and runs the demo on machines on which not
# all CPUs are there or may be used. The test fails if RCU's settings are not
# put back; a task of the load, a file or an instance of tracefs is left; a part
# of the load finds no CPU; no reader is preempted; no cause is named; or the
# recording and its page are not in build/. On a machine without build/rcu-blame
# the demo has to say so in a line.
#
# Control: the settings are others while the demo runs, with an instance, and
# one CPU of four is offline.

. "${0%/*}/../selftests/lib.sh"

# In a guest of four CPUs. It prints "KEY VALUE".
cat > "$SELFTESTS/../build/check/demo.guest" <<'END'
settings()
{
	cat /sys/kernel/rcu_normal /sys/kernel/rcu_expedited | tr -d '\n'
}

# left: how many tasks of the load there are, files, and instances.
left()
{
	{
		pgrep 'stress-ng|cyclictest|bpftrace|timeout|rcu-blame'
		ls -d /tmp/tmp.* /sys/kernel/tracing/instances/rcu_blame_* 2> /dev/null
	} | wc -l
}

# The loop of signal() starts no program but sleep: under this load that takes seconds,
# and the settings are others by then.

# lives PID: a task that has ended, and has not been waited for, does not live.
lives()
{
	read -r _ _ state _ < "/proc/$1/stat"
	[ "$state" != Z ]
}

# seen: RCU's settings, and whether the recorder has an instance.
seen()
{
	read -r normal < /sys/kernel/rcu_normal
	read -r expedited < /sys/kernel/rcu_expedited
	set -- /sys/kernel/tracing/instances/rcu_blame_*
	[ ! -d "$1" ]
	seen=$normal$expedited$?
}

# signal NAME SIGNAL TO: with - as TO it is sent as the terminal does, to all of the
# group.
signal()
{
	setsid env --default-signal=INT,TERM,HUP demo/run 1000 > /tmp/log 2>&1 &
	demo=$!
	# The load is the last to begin, and has grace periods expedited at times.
	until seen && [ "$seen" = 011 ] || ! lives $demo; do
		sleep 0.2
	done
	kill -s "$2" -- "$3$demo"
	wait $demo
	echo "$1_status $?"
	echo "$1_said $(tail -n 1 /tmp/log)"
	echo "$1_while $seen"
	echo "$1_left $(settings) $(left)"
}

# demo NAME COMMAND...: the demo, run by COMMAND.
demo()
{
	name=$1
	shift
	rm -f build/demo.jsonl build/demo.html
	"$@" demo/run 15 > /tmp/log 2>&1
	echo "${name}_status $?"
	echo "${name}_unset $(grep -c 'failed to set' /tmp/log)"
	echo "${name}_preempted $(sed -n 's/^readers off their CPU  *\([0-9]*\) .*/\1/p' /tmp/log)"
	echo "${name}_why $(grep -A 1 '^# rcu-blame why' /tmp/log | sed -n 2p)"
	echo "${name}_files $(grep -c '"type":"end"' build/demo.jsonl)" \
		"$(grep -c '<svg' build/demo.html)"
	echo "${name}_left $(settings) $(left)"
}

insmod rcu_notrace.ko && insmod rcu_blame.ko tasks=16384
echo "before $(settings) $(left)"
signal int INT -
signal term TERM ''
signal hup HUP -
echo 0 > /sys/devices/system/cpu/cpu3/online
echo "cpus $(nproc --all) $(nproc)"
demo offline
demo affinity taskset -c 0,1
demo one taskset -c 2
echo "said $(cat /tmp/log)"
demo without unshare --mount sh -c 'mount --bind /dev/null build/rcu-blame; exec "$@"' sh
echo "without_said $(cat /tmp/log)"
rmmod rcu_blame
END
out=$(CPUS=4 TIMEOUT=500 "$LAB_VM" '. build/check/demo.guest' | tr -d '\r')
echo "$out" | sed 's/^/# /'

# of KEY
of()
{
	echo "$out" | sed -n "s/^$1 //p"
}

# runs NAME: all of the load has a CPU, and there is something to see.
runs()
{
	[ "$(of "$1_status")$(of "$1_unset")" = 00 ] && [ "$(of "$1_preempted")" -gt 0 ]
}

ktap_print_header
ktap_set_plan 17

before=$(of before)
check "before: settings and what is left: $before" test "$before" = "10 0"
for name in int:130 term:143 hup:129; do
	status=${name#*:} name=${name%:*}
	check "control: $name: while it runs they are other settings, and an instance" \
		test "$(of "${name}_while")" = 011
	check "$name: it ends, with status $status" test "$(of "${name}_status")" = "$status"
	check "$name: settings and what is left are as before" \
		test "$(of "${name}_left")" = "$before"
done
check "control: one CPU of four is offline" test "$(of cpus)" = "4 3"
check "without the last one: $(of offline_preempted) readers preempted" runs offline
check "with an affinity of two: $(of affinity_preempted) readers preempted" runs affinity
check "a cause is named: $(of offline_why)" \
	sh -c "echo '$(of offline_why)' | grep -qE ' (grace period|waited) .*[0-9]'"
files=$(of offline_files)
check "the recording and the page are in build/: $files" \
	test "${files% *}" = 1 -a "${files#* }" -gt 0
check "without rcu-blame it says so, in a line: $(of without_said)" \
	test "$(of without_status) $(of without_said | grep -c 'make tool') $(of without_left)" = \
	"1 1 $before"
check "with one it says why not, in a line: $(of said)" \
	test "$(of one_status) $(of said | wc -l) $(of one_left)" = "1 1 $before"

ktap_finished
