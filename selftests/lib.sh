# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the tests share. Sourced, as "${0%/*}/lib.sh": a test runs in the
# project's folder, or, in the kernel's own runner, in that of the test.

case ${0%/*} in
*checks) SELFTESTS=selftests ;;
*) SELFTESTS=${0%/*} ;;
esac
# shellcheck disable=SC2034 # for those that source this
MODS=$SELFTESTS/modules
# The guards and the probe: where the project builds them, or kselftest puts them.
GUARDS=$SELFTESTS/../rcu_notrace.ko
[ -e "$GUARDS" ] || GUARDS=$MODS/rcu_notrace.ko
MODULE=$SELFTESTS/../rcu_blame.ko
[ -e "$MODULE" ] || MODULE=$MODS/rcu_blame.ko

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

# One grace period after the other, as shell code, here or in a guest: the system call
# membarrier(MEMBARRIER_CMD_GLOBAL), which has the number 283 but on x86-64.
# shellcheck disable=SC2034 # for those that source this
MEMBARRIER="perl -MPOSIX=uname -e 'syscall((uname)[4] eq \"x86_64\" ? 324 : 283, 1, 0) while 1'"

# machine: the architecture of the kernel that the test is about, as uname has it.
machine()
{
	echo "${MACHINE:-$(uname -m)}"
}

# has_nmis: a module there can send NMIs. On arm64 no function for it is exported.
has_nmis()
{
	[ "$(machine)" = x86_64 ]
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

# No module stays: not when the test ends, and not from one before that was killed
# outright. A client goes before the guards.
unload_all()
{
	while
		modules=$(awk '/^rcu_(notrace|blame)/ && !$3 { print $1 }' /proc/modules)
		[ "$modules" ]
	do
		# shellcheck disable=SC2086
		rmmod $modules || break
	done
}

# head_of_test KEY: the values of that key in the head of the test.
head_of_test()
{
	sed -n "1,/^\$/s/^# $1: *//p" "$0"
}

runs=$(head_of_test runs)

end()
{
	stop_background
	eval "$undo"
	[ "$runs" != vm ] || unload_all
}

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

# within_5 A B: A differs from B by a twentieth of it at most.
within_5()
{
	at_most "$1" "$2" 1.05 && at_least "$1" "$2" 0.95
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

# lacks WORD: prints the requirement if it is not met. A word of "# requires:" in the
# head of the test is one of these; for any other, lacks fails:
#
#   cpus:N        the test may use N CPUs; if it drives guests, these have N
#   program:NAME  the program is in the path
#   config:NAME   the kernel that runs has CONFIG_NAME=y; only for "# runs: vm"
#   nmis          a module can send NMIs to another CPU
#   native        the kernel is one for this machine, which runs the test's programs
lacks()
{
	value=${1#*:}
	case $runs/$1 in
	*/cpus: | */cpus:*[!0-9]* | */config:CONFIG_*) return 1 ;;
	drives/cpus:*) [ "${CPUS:-4}" -ge "$value" ] || echo "guests with $value CPUs" ;;
	*/cpus:*) enough_cpus "$value" || echo "$value CPUs" ;;
	*/program:?*) command -v "$value" > /dev/null || echo "the program $value" ;;
	vm/config:?*) [ "$(config "$value")" = y ] || echo "CONFIG_$value=y" ;;
	*/nmis) has_nmis || echo "NMIs that a module can send, which $(machine) does not have" ;;
	*/native) [ "$(machine)" = "${HOST_MACHINE:-$(uname -m)}" ] ||
		echo "a machine that is $(machine)" ;;
	*) return 1 ;;
	esac
}

# A test that lacks something is skipped, before anything is mounted or loaded.
unmet=
for word in $(head_of_test requires); do
	if ! lack=$(lacks "$word"); then
		echo "Bail out! $0: '# requires: $word' is unknown, or not for '# runs: $runs'"
		exit 1
	fi
	[ -z "$lack" ] || unmet="${unmet:+$unmet, }$lack"
done
if [ "$unmet" ]; then
	ktap_print_header
	ktap_skip_all "needs $unmet"
	exit "$KSFT_SKIP"
fi

trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
[ "$runs" != vm ] || {
	# Mount these if nobody has.
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	unload_all
	insmod "$GUARDS"
}
