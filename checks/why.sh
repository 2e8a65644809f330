#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The tool rcu-blame names each cause of a long grace period
# requires: cpus:2 config:PREEMPT_RT config:RCU_BOOST program:tmux
# runs: vm
# timeout: 300
#
# The test brings about one cause of a long grace period after another. The
# test fails if the first line of "rcu-blame why" does not name the cause, with
# its CPU and the task behind which it waits; if "rcu-blame held" does not exit
# with 1 while the cause lasts, and with 0 after; or if either blames a task
# that lets others run. It also looks at "rcu-blame top" in a terminal of three
# sizes, and behind a serial line; and at the error of a user without rights, or
# without debugfs.
#
# Control: with another task's name the first line does not match, with a
# threshold of an hour nothing is held, and top is late on a line of 300 baud.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/../selftests/lib_blame.sh"
. "${0%/*}/../selftests/lib_cause.sh"

tool=$PWD/build/rcu-blame
# An emulated machine stands still at times.
threshold=400ms
ms=$((60000 * ${SLOW:-1}))

# at NAME: of the times of the cause.
at()
{
	echo " $(cat $TIMES)" | value "$1"
}

has_ended()
{
	[ "$(at ended_ns)" != 0 ]
}

has_begun()
{
	[ "$(at begun_ns)" != 0 ]
}

# begin PARAMETERS: the cause, for $ms, or for as long as a CPU may be like that.
begin()
{
	# shellcheck disable=SC2086 # lib_blame.sh has here and there
	insmod "$MODS/rcu_notrace_cause.ko" "cpu=$there" "other_cpu=$here" ms=$ms $1
}

# plant PARAMETERS: the cause, until it is pulled; sets $why and $held, the status.
plant()
{
	begin "$1"
	tries=100
	until has_begun || [ $((tries -= 1)) = 0 ]; do
		pause 0.1
	done
	pause "${2:-0.5}"
	"$tool" held --threshold $threshold > "$tmp/held"
	held=$?
	"$tool" why --threshold $threshold > "$tmp/why"
	why=$(head -n 1 "$tmp/why")
	hog="cause_hog\\[$(at hog_pid)\\] (real-time 50)"
}

# looks PID: the tool has looked, and waits for the next time.
looks()
{
	grep -q nanosleep "/proc/$1/wchan"
}

# catch PARAMETERS: as plant, of a cause that may be over when a program has started.
catch()
{
	"$tool" held -d 60s --threshold $threshold > "$tmp/held" &
	held=$!
	"$tool" why -d 60s --threshold $threshold > "$tmp/why" &
	asker=$!
	patiently looks $held
	patiently looks $asker
	begin "$1"
	wait $held
	held=$?
	wait $asker
	why=$(head -n 1 "$tmp/why")
}

is_free()
{
	"$tool" held --threshold $threshold > "$tmp/held"
}

# pull: the cause, and wait until nothing is held.
pull()
{
	rmmod rcu_notrace_cause
	tries=10
	until is_free || [ $((tries -= 1)) = 0 ]; do
		pause 0.2
	done
}

# names REGEX: the first line does.
names()
{
	echo "$why" | grep -q "^$1"
}

# named TEXT REGEX: and held is 1 while the cause lasts, and 0 after.
named()
{
	ktap_print_msg "$why"
	names "$2"
	name=$?
	was=$held
	pull
	is_free
	check "$1: named, held and then not" test $name/"$was"/$? = 0/1/0
}

# on_screen REGEX: within some seconds.
on_screen()
{
	tries=40
	until tmux capture-pane -pt top > "$tmp/screen" && grep -q "$1" "$tmp/screen" ||
		[ $((tries -= 1)) = 0 ]; do
		pause 0.25
	done
	[ $tries != 0 ] || sed 's/^/# /' "$tmp/screen"
	[ $tries != 0 ]
}

# fits COLUMNS LINES: the screen has all parts.
fits()
{
	tmux resize-window -t top -x "$1" -y "$2"
	# The last line is the footer only after it was drawn for this size.
	tries=40
	until tmux capture-pane -pt top > "$tmp/screen" &&
		sed -n "${2}p" "$tmp/screen" | grep -q 'q quit' || [ $((tries -= 1)) = 0 ]; do
		pause 0.25
	done
	sed 's/^/# |/' "$tmp/screen" | grep -v '|$'
	[ $tries != 0 ] && grep -q '^rcu-blame' "$tmp/screen" &&
		grep -q "^reader cause_reader\\[$(at pid)\\]" "$tmp/screen" &&
		[ "$(wc -L < "$tmp/screen")" -le "$1" ] && [ "$(wc -l < "$tmp/screen")" = "$2" ]
}

uptime_ms()
{
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# over_line BAUD: top ends within 3 s of a key, on a slow kernel so many times that, and
# what it has sent has come by then.
over_line()
{
	top="$tool top -d 1s --threshold $threshold"
	tmux respawn-pane -kt top "checks/slow_line.py $1 $top; echo status \$?; sleep 100"
	on_screen '^Reader k' || return
	pause 10
	tmux send-keys -t top q
	pressed=$(uptime_ms)
	on_screen '^status 0' || return
	took=$(($(uptime_ms) - pressed))
	ktap_print_msg "$1 baud: $took ms"
	[ $took -lt $((3000 * ${SLOW:-1})) ]
}

# refuses REGEX COMMAND...: status 2, and one line.
refuses()
{
	regex=$1
	shift
	"$@" > "$tmp/out" 2>&1
	status=$?
	[ $status/"$(wc -l < "$tmp/out")" = 2/1 ] && grep -q "$regex" "$tmp/out" && return
	sed "s/^/# $status /" "$tmp/out"
	return 1
}

without_rights()
{
	setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

ktap_print_header
ktap_set_plan 34

tmp=$(mktemp -d)
at_exit "rm -r '$tmp'"
home=$(cpus | grep -vx -e "$there" | tail -n 1)
make_room "$home"

check "no module" refuses 'not loaded.*modprobe' "$tool" held
insmod "$MODULE"
at_exit "rmmod rcu_blame"
check "no rights" refuses 'run rcu-blame as root' without_rights "$tool" held
check "no debugfs" refuses 'debugfs is not mounted' \
	unshare -m sh -c "umount /sys/kernel/debug; exec $tool why"
is_free
check "nothing is held, nothing is planted" test $? = 0
# Of a task that waits for that long the kernel is not to complain.
patience=/proc/sys/kernel/hung_task_timeout_secs
if [ -e $patience ] && [ $(($(cat $patience) * 1000)) -le $ms ]; then
	set_to $patience $((ms / 1000 + 60))
fi

# It begins before the cause: to make an instance of tracefs takes each CPU.
"$tool" held -d 60s --threshold $threshold \
	--on-threshold "shell,command=echo acted >> $tmp/acted" \
	--on-threshold "trace,file=$tmp/trace" > "$tmp/watched" &
watch=$!
patiently test -e "/sys/kernel/tracing/instances/rcu_blame_$watch"
plant "cause=pinned waiter=2"
reader="Reader cause_reader\\[$(at pid)\\] has been off CPU $there for .* in cause_reads"
refute "control: another name" names "Reader cause_hog"
"$tool" held --threshold 1h > /dev/null
check "control: a threshold of an hour" test $? = 0
began=$(at now_ns)
"$tool" why --json --threshold $threshold > "$tmp/json"
ended=$(at now_ns)
check "a watch acts when something is held" test "$(cat "$tmp/acted")" = acted

tmux -f /dev/null new-session -d -s top -x 80 -y 24 \
	"$tool top -d 0.5s --threshold $threshold; echo status \$?; stty -a; sleep 100"
at_exit "tmux kill-server 2> /dev/null"
check "top shows the verdict" on_screen '^Reader cause_reader'
check "top at 80x24" fits 80 24
check "top at 60x15" fits 60 15
check "top at 200x50" fits 200 50
tmux send-keys -t top /reader Enter s Enter
check "a row, with its stack" on_screen 'cause_reads+0x'
tmux send-keys -t top Escape
on_screen 'filter: reader' > /dev/null
tmux send-keys -t top '?'
check "help" on_screen 'pause, go on'
tmux capture-pane -ept top > "$tmp/screen"
refute "no colour" grep -qE "$(printf '\033')\[([0-9]*;)*[349][0-8]" "$tmp/screen"
tmux send-keys -t top x
on_screen 'q quit' > /dev/null
kill -TERM "$(pgrep -nx rcu-blame)"
check "a signal ends it" on_screen '^status 0'
check "and the terminal is as it was" on_screen " icanon .* echo "

hog_ns=$(at hog_ns)
named "a reader that is preempted" "$reader, behind $hog; .* grace period"
share=$(sed -n 's/^  "share": \([0-9.]*\),*/\1/p' "$tmp/json")
gp_ns=$(awk '/^  "gp": /, /^  }/' "$tmp/json" | sed -n 's/^    "ns": \([0-9]*\)/\1/p')
wait $watch
check "the watch ends" test $?/"$(grep -c '^Reader cause_reader' "$tmp/watched")" = 1/1
check "its trace is saved" grep -q '^# tracer: nop' "$tmp/trace"
check "its instance is gone" test ! -e "/sys/kernel/tracing/instances/rcu_blame_$watch"
check "its share of $gp_ns ns is $share, by 10 % as the hog has it" awk -v share="$share" \
	-v gp="$gp_ns" -v began=$((began - hog_ns)) -v ended=$((ended - hog_ns)) '
	BEGIN { exit !(share * gp > began * 0.9 && share * gp < ended * 1.1) }'
plant "cause=softirq waiter=2"
tmux resize-window -t top -x 80 -y 24
check "top over 9600 baud" over_line 9600
refute "control: over 300 baud" over_line 300
named "a softirq" "Reader k[a-z]*/$there\\[.* off CPU $there .* in cause_timer, behind $hog; "

plant "cause=lock waiter=2"
reader="Reader cause_reader\\[$(at pid)\\]"
owner="cause_owner\\[$(at owner_pid)\\]"
named "a reader that waits for a lock" \
	"$reader .* in cause_waits_for_lock for a lock of $owner .*off CPU $there behind $hog; "

plant "cause=rcuc waiter=1"
named "rcuc" "Thread rcuc/$there\\[.* for CPU $there .* behind $hog, which has had it"

catch "cause=preempt_off waiter=1"
loop="Task cause_loop\\[$(at pid)\\] .* CPU $there"
named "preemption off" \
	"$loop with preemption off: no switch .* in cause_has_preemption_off; "

catch "cause=irqs_off waiter=1"
named "interrupts off" \
	"Task cause_loop\\[$(at pid)\\] .* CPU $there with interrupts off: no switch for "

plant "cause=running waiter=1"
reader="Reader cause_reader\\[$(at pid)\\]"
named "a reader that runs" \
	"$reader .* CPU $there in its section: no switch .* in cause_reads; "

thread=$(pgrep -x rcu_preempt)
taskset -pc "$there" "$thread" > /dev/null
plant "cause=hog waiter=1"
taskset -pc "$home" "$thread" > /dev/null
named "rcu_preempt" "Thread rcu_preempt\\[$thread\\] .* for CPU $there .* behind $hog"

thread=$(pgrep '^rcu_exp_gp')
taskset -pc "$there" "$thread" > /dev/null
plant "cause=hog waiter=2"
taskset -pc "$home" "$thread" > /dev/null
named "the thread of expedited ones" \
	"Thread rcu_exp_gp[a-z_]*\\[$thread\\] .* for CPU $there .* behind $hog"

thread=$(pgrep -o '^rcub/')
taskset -pc "$there" "$thread" > /dev/null
plant "cause=pinned waiter=1 ahead_ms=100" $(($(config RCU_BOOST_DELAY) / 1000 + 2))
taskset -pc "$home" "$thread" > /dev/null
reader="Reader cause_reader\\[$(at pid)\\]"
rcub="rcub/[0-9]*\\[$thread\\]"
named "rcub, and its reader" \
	"$reader .*, behind $hog, not boosted as thread $rcub waits for CPU $there behind $hog"

plant "cause=none waiter=1"
ktap_print_msg "$why"
innocent=no
[ "$held" != 0 ] || names ".*cause_hog" || innocent=yes
check "a hog that lets others run is not blamed" test $innocent = yes
pull

# To its end, before the functions on the stack are gone.
plant "cause=pinned waiter=1 ms=2000" 0
patiently has_ended
"$tool" why --last > "$tmp/why"
why=$(head -n 1 "$tmp/why")
ktap_print_msg "$why"
check "the last one that was slow" \
	names ".* waited .*: Reader cause_reader.* was off CPU $there .*cause_reads, behind $hog"
pull

ktap_finished
