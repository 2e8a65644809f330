# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the tests of guards against grace periods share. Sourced.

# torture SECONDS PARAMETER...: sets $stats to what the test module printed, or the
# build of it that $build names. $lasts is a function that waits for so long. $load
# is a function that puts a load into the background. The load ends first: whoever
# detaches from tracepoints must not wait for CPUs that come and go.
build=torture
lasts=pause
load=:
torture()
{
	torture_seconds=$1
	shift
	dmesg -C
	insmod "$MODS/rcu_notrace_$build.ko" "$@" || return
	$load
	$lasts "$torture_seconds"
	stop_background
	rmmod rcu_notrace_$build
	stats=$(log torture)
	echo "$stats" | sed "s/^torture/# $*:/"
}

# until_noticed SECONDS: by a reader; for no longer than that.
until_noticed()
{
	for _ in $(seq "$1"); do
		pause 1
		! in_log 'torture first_error_ms=' || break
	done
}

# in_guest SECONDS PARAMETER...: the same in a guest of its own, which a build with a
# mistake may take down. Sets $status as well: not 0 if it did.
in_guest()
{
	guest_seconds=$1
	shift
	guest_out=$(APPEND="${APPEND:-} rcupdate.rcu_cpu_stall_timeout=20
		rcupdate.rcu_exp_cpu_stall_timeout=20000" TIMEOUT=$((guest_seconds + 90)) \
		"$LAB_VM" "echo 0 > /sys/kernel/rcu_normal
		echo 1 > /proc/sys/kernel/panic_on_rcu_stall
		echo begun
		insmod $GUARDS && insmod $MODS/rcu_notrace_$build.ko $* && sleep $guest_seconds &&
		rmmod rcu_notrace_$build && dmesg")
	status=$?
	stats=$(echo "$guest_out" | sed -n 's/.* rcu_notrace_torture: //p')
	echo "$stats" | sed "s/^torture/# $build $*:/"
}

# sound: the guest lived, and no reader saw such an object.
sound()
{
	[ "$status" = 0 ] && as_it_should_be
}

# broken: the guest came as far as the module, and did not live, or a reader did see one.
broken()
{
	echo "$guest_out" | tr -d '\r' | grep -qx begun || return
	case $status in
	0) ! as_it_should_be ;;
	# lab/vm: not done in time; a panic, or another complaint.
	124 | 126) ;;
	*) return 1 ;;
	esac
}

# outcome: of the guest, for whoever reads the result.
outcome()
{
	echo "status $status, errors: $(echo "$stats" | value errors | grep . || echo unknown)"
}

# reached KEY NUMBER: a count that has to be seen for the rest to mean something.
reached()
{
	test "$(echo "$stats" | value "$1")" -ge "$2"
}

# taken CONTEXT
taken()
{
	echo "$stats" | grep "in=$1$" | value taken
}

# readers: how many times an object was looked at.
readers()
{
	echo "$stats" | awk '/Reader Pipe:/ {
		for (i = 4; i <= NF; i++) n += $i } END { print n + 0 }'
}

# as_it_should_be: no reader saw an object that had been replaced a grace period ago.
as_it_should_be()
{
	test "$(echo "$stats" | value errors)" = 0
}
