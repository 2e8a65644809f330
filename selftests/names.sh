#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Task names and cgroup paths of any bytes are one field each
# requires: cpus:2 program:perl program:python3
# runs: vm
# timeout: 240
#
# The test runs tasks of names that would break a table, in a cgroup with a long
# path. The test fails if a row has more or fewer fields than others, a name or
# a path is not shown as proc(5) escapes it, or the filter does not take the
# name or path as it is shown. The test needs two CPUs: one of them is for tasks
# that are preempted.
#
# Control: a star that is not escaped is any name.

. "${0%/*}/lib.sh"
. "${0%/*}/lib_blame.sh"

CGROUPS=/sys/fs/cgroup
SLICE=kubepods.slice
POD=kubepods-burstable.slice/kubepods-burstable-pod019c1fe8_0d92_4aa0_b61c_4df58bdde71c.slice
SCOPE=cri-containerd-9e073649debeec6d511391c9ec7627ee67ce3a3fb508b0fa0437a97f8e58ba98.scope
SCOPE=$SCOPE/$(printf %0200d 0)

# Each as the test sets it, in printf's notation, and as the module has to show it.
NAMES='tmux:\040server tmux:\040server
\000 \000
x\040pid=1\040dead=0 x\040pid\0751\040dead\0750
a\012b a\012b
\303\251 \303\251
\052 \052
\134052 \134052
a&&b||c a\046\046b\174\174c
plain plain'

# named NAME [CGROUP]: a task of that name that looks up paths, on the CPU where it is preempted.
named()
{
	python3 -c '
import ctypes, os, sys
name = sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
if len(sys.argv) > 3:
	open(sys.argv[3] + "/cgroup.procs", "w").write("0")
os.sched_setaffinity(0, {int(sys.argv[1])})
ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
while True: os.stat("/usr/share/doc")' "$crowded" "$@" &
	pids="$pids $!"
	named=$!
}

# row PID: of it.
row()
{
	awk -v pid="$1" '$1 == pid' $DIR/readers
}

# in_readers PID...: all of them.
in_readers()
{
	for pid; do
		[ -n "$(row "$pid")" ] || return
	done
}

# path PID: of its cgroup, as readers has it.
path()
{
	row "$1" | awk '{ print $NF }'
}

# only PID [FILTER]: the task is looked at, and no other.
only()
{
	# The shell's echo may expand escapes.
	[ $# = 1 ] || printf '%s\n' "$2" > $CTL/filter || return
	reset
	pause 0.3
	test "$(sed -n '/ switched_in=0 /d; s/^pid=\([0-9]*\) .*/\1/p' $DIR/tasks)" = "$1"
}

# fields: how many each line of readers has.
fields()
{
	awk '{ print NF }' $DIR/readers | sort -u | tr '\n' ' '
}

ktap_print_header
ktap_set_plan 32

grep -q " $CGROUPS cgroup2 " /proc/mounts || mount -t cgroup2 none $CGROUPS
deep=$CGROUPS/$SLICE/$POD/$SCOPE
mkdir -p "$deep" "$CGROUPS/$SLICE/a b"
at_exit "find $CGROUPS/$SLICE -depth -type d -exec rmdir {} +"
insmod "$MODULE"
at_exit "rmmod rcu_blame"
at_exit stop_background

# It preempts them, in sections as well.
crowded=$(cpu 1)
background taskset -c "$crowded" chrt -f 5 \
	perl -e 'for (;;) { select undef, undef, undef, 0.001; 1 for 1 .. 1000 }'
list=
while IFS=' ' read -r name _; do
	named "$name"
	list="$list $named"
done << EOF
$NAMES
EOF
named in_a_pod "$deep"
pod=$named
named blank "$CGROUPS/$SLICE/a b"
blank=$named
# shellcheck disable=SC2086
patiently in_readers $list $pod $blank
check "readers: each line has 15 fields: $(fields)" test "$(fields)" = "15 "
check "tasks: no name adds a field" \
	test "$(awk '{ print NF }' $DIR/tasks | sort -u | wc -l)" = 1
check "tasks: nor a value" test "$(grep -c '=.*comm=.*=' $DIR/tasks)" = 0

# shellcheck disable=SC2086
set -- $list
n=0
while IFS=' ' read -r _ shown; do
	n=$((n + 1))
	check "name $n: as it is to be in readers" \
		test "$(row "$1" | awk '{ print $3 }')" = "$shown"
	check "name $n: and in tasks" \
		test "$(sed -n "s/^pid=$1 .* comm=//p" $DIR/tasks)" = "$shown"
	shift
done << EOF
$NAMES
EOF

check "a path of 392 characters is whole" test "$(path "$pod")" = "/$SLICE/$POD/$SCOPE"
# Of a task in a cgroup, that sees itself in the root of its namespace.
inside=$(sh -c "echo 0 > $CGROUPS/$SLICE/cgroup.procs; exec unshare -C awk -v pid=$pod \
	'\$1 == pid { print \$NF }' $DIR/readers")
check "and in a cgroup namespace what it is there" test "$inside" = "/$POD/$SCOPE"
blank_path=$(path "$blank")
check "one with a blank is escaped" test "$blank_path" = "/$SLICE/a\\040b"

# shellcheck disable=SC2086
set -- $list
ok=0
while IFS=' ' read -r _ shown; do
	if only "$1" "comm==$shown"; then
		ok=$((ok + 1))
	else
		printf '# not taken: %s\n' "$shown"
	fi
	shift
done << EOF
$NAMES
EOF
check "the filter takes each name as it is shown: $ok" test $ok = 9
refute "control: a star that is not escaped is any name" only "$pod" 'comm==*'
check "and the path" only "$pod" "cgroup==/$SLICE/$POD/$SCOPE"
check "and the one with a blank" only "$blank" "cgroup==$blank_path"
check "and in a namespace" sh -c "echo 0 > $CGROUPS/$SLICE/cgroup.procs
	exec unshare -C sh -c 'echo cgroup==$inside > $CTL/filter'"
check "that one" only "$pod"

echo > $CTL/filter
id=$(find "$deep" -maxdepth 0 -printf %i)
patiently in_readers "$pod"
check "control: a cgroup that is there" test "$(path "$pod")" = "/$SLICE/$POD/$SCOPE"
stop_background
pause 0.5
rmdir "$deep"
check "one that is gone is a number" test "$(path "$pod")" = "$id"

ktap_finished
