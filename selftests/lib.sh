# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests share. Sourced, as "${0%/*}/lib.sh": a test runs in the
# project's folder, or, in the kernel's own runner, in that of the test.

SELFTESTS=${0%/*}
# shellcheck disable=SC2034 # for those that source this
MODS=$SELFTESTS/test_modules
# The module itself: where the project builds it, or kselftest puts it.
MODULE=$SELFTESTS/../rcu_notrace.ko
[ -e "$MODULE" ] || MODULE=$MODS/rcu_notrace.ko

# The kernel's own KTAP helpers: beside this folder in a kernel tree, or where
# our runner says.
for ktap_helpers in "${KTAP_HELPERS:-}" "$SELFTESTS/../kselftest/ktap_helpers.sh"; do
	[ -r "$ktap_helpers" ] && break
done
if [ ! -r "$ktap_helpers" ]; then
	echo "Bail out! no ktap_helpers.sh: set KTAP_HELPERS to the one of a kernel tree"
	exit 1
fi
# shellcheck source=/dev/null
. "$ktap_helpers"

# The kernel's own runner has a kernel, and neither the lab nor a kernel's build
# tree. ("Bail out!" and "SKIP" are all that it needs to be told.)
runs=$(sed -n '1,/^$/s/^# runs: *//p' "$0")
if [ "$runs" != vm ] && [ -z "${KTAP_HELPERS:-}" ]; then
	ktap_print_header
	case $runs in
	drives) why="boots virtual machines of its own" ;;
	*) why="is about sources and objects, not this kernel" ;;
	esac
	ktap_skip_all "$why: make check TESTS=$(basename "$0" .sh)"
	exit "$KSFT_SKIP"
fi

# at_exit COMMAND: when the test ends, in whatever way but SIGKILL; the last one
# first.
undo=
at_exit()
{
	undo="$1
$undo"
}

# set_to FILE VALUE: until the test ends; fails if it does not take.
set_to()
{
	at_exit "echo '$(cat "$1")' > '$1'"
	echo "$2" > "$1"
	[ "$(cat "$1")" = "$2" ]
}

# pause SECONDS: a signal does not wait for the end of it.
pause()
{
	sleep "$1" &
	wait $!
}

# patiently COMMAND...: until it succeeds, for a minute at most.
patiently()
{
	tries=60
	until "$@" || [ $((tries -= 1)) = 0 ]; do
		sleep 1
	done
}

# background COMMAND...: until the test ends, or stop_background.
pids=
background()
{
	"$@" &
	pids="$pids $!"
}

stop_background()
{
	[ -z "$pids" ] || {
		# shellcheck disable=SC2086
		kill $pids
		# shellcheck disable=SC2086
		wait $pids
	} 2> /dev/null
	pids=
}

# No test module stays: not when the test ends, and not from one before that
# was killed outright.
unload_all()
{
	while
		modules=$(sed -n 's/^\(rcu_notrace_[a-z_]*\) [0-9]* 0 .*/\1/p' /proc/modules)
		[ "$modules" ]
	do
		# shellcheck disable=SC2086
		rmmod $modules || break
	done
}

end()
{
	stop_background
	eval "$undo"
	[ "$runs" != vm ] || unload_all
}

# Where nobody has.
[ "$runs" != vm ] || {
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
}

trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
[ "$runs" != vm ] || unload_all

# cpus: those that this test may use, one a line: online, in its affinity, and
# so none that isolcpus= has taken out of everybody's.
cpus()
{
	taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
		awk -F - '{ for (cpu = $1; cpu <= $NF; cpu++) print cpu }'
}

# cpu N: the Nth of them, from 0; the last where there are not so many.
cpu()
{
	cpus | awk -v n="$1" 'NR <= n + 1 { cpu = $1 } END { print cpu }'
}

# enough_cpus N
enough_cpus()
{
	[ "$(cpus | wc -l)" -ge "$1" ]
}

# needs_cpus N WHY: before the plan; ends the test, as skipped, where it may use
# fewer.
needs_cpus()
{
	enough_cpus "$1" || {
		ktap_skip_all "needs $1 CPUs, $2"
		exit "$KSFT_SKIP"
	}
}

# config NAME: its value in the configuration of the kernel that runs; nothing if
# it is not set, or nobody has kept that.
config()
{
	{
		zcat /proc/config.gz ||
			cat "/lib/modules/$(uname -r)/config" ||
			cat "/lib/modules/$(uname -r)/build/.config" ||
			cat "/boot/config-$(uname -r)"
	} 2> /dev/null | sed -n "s/^CONFIG_$1=//p"
}

# log MODULE: what that test module has printed since dmesg -C.
log()
{
	dmesg | sed -n "s/.* rcu_notrace_$1: //p"
}

# value KEY: of the first line on stdin that has KEY=value.
value()
{
	sed -n "s/.*[[:space:]]$1=\([^[:space:]]*\).*/\1/p" | head -n 1
}

# at_most A B RATIO: A <= B * RATIO.
at_most()
{
	awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { exit !(a != "" && b != "" && a + 0 <= b * r) }'
}

# at_least A B RATIO: A >= B * RATIO.
at_least()
{
	awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { exit !(a != "" && b != "" && a + 0 >= b * r) }'
}

# ratio A B
ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0) printf "%.2f", a / b; else printf "?" }'
}

# has_symbol REGEX: has the kernel one of that name?
has_symbol()
{
	grep -qE " ($1)\$" /proc/kallsyms
}

# in_log REGEX: has the kernel said so?
in_log()
{
	dmesg | grep -q "$1"
}

# errno NAME NUMBER: a regex for it, as the log has it: kernels without
# CONFIG_SYMBOLIC_ERRNAME have no names.
errno()
{
	echo "\\($1\\|Error($2)\\)"
}

# check TEXT COMMAND...: a test that passes if COMMAND does.
check()
{
	check_text=$1
	shift
	if "$@"; then
		ktap_test_pass "$check_text"
	else
		ktap_test_fail "$check_text"
	fi
}

# refute TEXT COMMAND...: a negative control, that passes if COMMAND fails.
refute()
{
	check_text=$1
	shift
	if "$@"; then
		ktap_test_fail "$check_text"
	else
		ktap_test_pass "$check_text"
	fi
}
