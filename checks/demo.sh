#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The demo restores all settings and runs on any set of CPUs
# runs: drives
# timeout: 600
#
# The test ends the demo by signals, and runs the demo on machines on which not
# all CPUs are there or may be used. The test fails if RCU's settings are not
# put back, a task of the load or a file is left, a part of the load finds no
# CPU, or no reader is preempted.
#
# Control: the settings are others while the demo runs, and one CPU of four is
# offline.

. "${0%/*}/../selftests/lib.sh"

# In a guest of four CPUs. It prints "KEY VALUE".
cat > "$SELFTESTS/../build/check/demo.guest" <<'END'
settings()
{
	cat /sys/kernel/rcu_normal /sys/kernel/rcu_expedited | tr -d '\n'
}

# left: how many tasks of the load there are, and files.
left()
{
	{
		pgrep 'stress-ng|cyclictest|bpftrace|timeout'
		ls -d /tmp/tmp.* 2> /dev/null
	} | wc -l
}

# signal NAME SIGNAL TO: with - as TO it is sent as the terminal does, to all of the
# group.
signal()
{
	setsid env --default-signal=INT,TERM,HUP demo/run 1000 > /tmp/log 2>&1 &
	demo=$!
	until [ "$(left)" -gt 8 ] && seen=$(settings) && [ "$seen" = 01 ] || ! kill -0 $demo; do
		sleep 0.2
	done
	kill -s "$2" -- "$3$demo"
	wait $demo
	echo "$1_status $?"
	echo "$1_while $seen"
	echo "$1_left $(settings) $(left)"
}

# demo NAME COMMAND...: the demo, run by COMMAND.
demo()
{
	name=$1
	shift
	"$@" demo/run 15 > /tmp/log 2>&1
	echo "${name}_status $?"
	echo "${name}_unset $(grep -c 'failed to set' /tmp/log)"
	echo "${name}_preempted $(sed -n 's/^reader_preempted //p' /tmp/log)"
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
ktap_set_plan 14

before=$(of before)
check "before: settings and what is left: $before" test "$before" = "10 0"
for name in int:130 term:143 hup:129; do
	status=${name#*:} name=${name%:*}
	check "control: $name: while it runs they are other settings" \
		test "$(of "${name}_while")" = 01
	check "$name: it ends, with status $status" test "$(of "${name}_status")" = "$status"
	check "$name: settings and what is left are as before" \
		test "$(of "${name}_left")" = "$before"
done
check "control: one CPU of four is offline" test "$(of cpus)" = "4 3"
check "without the last one: $(of offline_preempted) readers preempted" runs offline
check "with an affinity of two: $(of affinity_preempted) readers preempted" runs affinity
check "with one it says why not, in a line: $(of said)" \
	test "$(of one_status) $(of said | wc -l) $(of one_left)" = "1 1 $before"

ktap_finished
