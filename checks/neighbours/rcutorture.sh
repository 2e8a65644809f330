#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# rcutorture.sh SECONDS [TYPE]: rcutorture as its TREE03 has it, as far as a
# loaded module may: boosting, with a check that it ends in time, normal and
# expedited grace periods, preempted readers, CPUs that go and come. The script
# neighbours.sh puts TREE03's boot parameters on the command line. Forward-progress
# tests do not go with preempted readers where callbacks may be offloaded: a module
# that is asked for both refuses.

dmesg -C
# With PREEMPT_RT expedited grace periods are normal ones once booted.
echo 0 > /sys/kernel/rcu_normal
modprobe rcutorture torture_type="${2:-rcu}" test_boost=2 test_boost_interval=5 \
	deboost_timeliness_check=1 preempt_duration=10 fwd_progress=0 \
	onoff_interval=200 onoff_holdoff=5 stat_interval=15 verbose=0 || exit
sleep "$1"
rmmod rcutorture
echo 1 > /sys/kernel/rcu_normal

# The last of its statistics: what its own scripts look at.
log=$(dmesg | sed 's/^\[[^]]*\] //' | tail -n 200)
rtc=$(echo "$log" | grep -- '-torture: rtc: ' | tail -n 1)
pipe=$(echo "$log" | grep -- '-torture: .*Reader Pipe: ' | tail -n 1)
verdict=$(echo "$log" | grep 'End of test: ' | tail -n 1)
gps=$(echo "$log" | grep 'End-test grace-period state' | tail -n 1)
printf '# %s\n' "$rtc" "$pipe" "$gps" "${verdict%%:*}: ${verdict##*End of test: }"

# result NAME COMMAND...
result()
{
	name=$1
	shift
	if "$@"; then echo "pass $name"; else echo "fail $name"; fi
}

# counted KEY: a statistic that has to be there, and more than nothing.
counted()
{
	echo "$rtc" | grep -qE " $1: [1-9]"
}

# A reader saw nothing that is older than the last grace period but one.
fresh()
{
	echo "$pipe" | awk '{ sub(/.*Reader Pipe: */, ""); n = split($0, seen)
		for (i = 3; i <= n; i++) old += seen[i]
		exit !(n && seen[1] && !old) }'
}

result "its verdict" test "${verdict#*End of test: SUCCESS}" != "$verdict"
result "readers" fresh
for errors in rtmbe rtbe rtbke rtbf; do
	result "$errors: 0" sh -c "echo '$rtc' | grep -q ' $errors: 0 '"
done
result "rtmbkf: 0" sh -c "echo '$rtc' | grep -q ' rtmbkf: 0/'"
result "boosted" counted rtb
result "hotplug" counted onoff
