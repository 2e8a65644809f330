#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The kernel's RCU and tracing tests pass beside the module
# runs: drives
# timeout: 3600
#
# The test runs the kernel's own tests of RCU and of tracing, and bpftrace's
# tools, in two guests each: with the module loaded and a guard taken in a probe
# on every tracepoint, and without. The test fails if one of them passes without
# only, or if there is a complaint. The test runs only those that NEIGHBOURS
# names; rcutorture takes DURATION seconds.
#
# Control: a result that fails only with the module is found.

. "${0%/*}/../selftests/lib.sh"

if [ -z "${NEIGHBOURS:-}" ]; then
	ktap_print_header
	ktap_skip_all "takes an hour: make neighbours"
	exit "$KSFT_SKIP"
fi

DURATION=${DURATION:-120}
# Without us it is enough to see that it works.
REFERENCE=$((DURATION < 300 ? DURATION : 300))
kdir=${KTAP_HELPERS%/tools/testing/*}
out=build/neighbours
mkdir -p $out

# A result that we are to blame for, to be found as any other.
control='[ -d /sys/module/rcu_blame ] && echo fail control || echo pass control'

load="insmod rcu_notrace.ko && insmod rcu_blame.ko && insmod $MODS/rcu_notrace_trace_all.ko || exit"
unload="dmesg -C; rmmod rcu_notrace_trace_all rcu_blame || exit
	dmesg | sed -n 's/.*rcu_notrace_trace_all: /# /p'"

# Boot parameters of TREE03 that its module may not be told.
append()
{
	[ "$1" != rcutorture ] || echo rcutree.kthread_prio=2 rcutree.gp_preinit_delay=12 \
		rcutree.gp_init_delay=3 rcutree.gp_cleanup_delay=3
}

# guest NAME HOW SECONDS COMMAND
guest()
{
	APPEND=$(append "$1") MEM=3G TIMEOUT=$(($3 + 2400)) CONSOLE=$out/$1.$2.console \
		"$LAB_VM" "$4" > "$out/$1.$2" 2> "$out/$1.$2.err"
	status=$?
	sed -n "s/^# /# $1 $2: /p" "$out/$1.$2"
	sed "s/^/# $1 $2: /" "$out/$1.$2.err"
	return $status
}

# those RESULT FILE
those()
{
	sed -n "s/^$1 //p" "$2" | sort -u
}

# lost NAME: what passes without us only.
lost()
{
	those pass "$out/$1.without" > $out/without
	those pass "$out/$1.with" | comm -23 $out/without -
}

# as_well NAME: nothing is lost but the control.
as_well()
{
	lost "$1" | sed "s/^/# $1, without us only: /"
	test "$all" -gt 0 && test "$(lost "$1")" = control
}

# here NAME: what it needs that a stock kernel has not.
here()
{
	case $1 in
	rcutorture) grep -q "^CONFIG_RCU_TORTURE_TEST=" "$kdir/.config" ;;
	refscale) grep -q "^CONFIG_RCU_REF_SCALE_TEST=" "$kdir/.config" ;;
	esac
}

# ftrace_tests: where they are. Of a stock kernel's source only what modules are
# built with is unpacked.
ftrace_tests()
{
	tests=tools/testing/selftests/ftrace
	if [ ! -d "$kdir/$tests" ]; then
		lab=${LAB_VM%/vm}
		"$lab/enter" tar -xJ -C $out --strip-components=1 --wildcards "*/$tests" \
			< "$("$lab/show" kernel)/source.tar.xz"
		echo "$PWD/$out/$tests"
	else
		echo "/usr/lib/modules/$KRELEASE/build/$tests"
	fi
}

neighbour()
{
	seconds=0 reference=0 what=
	case $1 in
	rcutorture) seconds=$DURATION reference=$REFERENCE ;;
	ftracetest) what=$(ftrace_tests) ;;
	esac
	run=checks/neighbours/$1.sh
	guest "$1" with "$seconds" "$load; $run ${what:-$seconds}; $control; $unload"
	check "$1: no complaint with us" test $? -eq 0
	guest "$1" without "$reference" "$run ${what:-$reference}; $control"
	check "$1: none without us" test $? -eq 0
	all=$(those pass "$out/$1.without" | grep -vc control)
	check "$1: of $all that pass without us all do with us, but for the control" as_well "$1"
	hits=$(value hits < "$out/$1.with")
	check "$1: guards taken meanwhile: ${hits:-none}" test "${hits:-0}" -gt 10000
}

# Its grace periods do not wait for anybody: "busted" is a type of rcutorture's.
busted()
{
	EXPECT='splat:rcu_torture' guest rcutorture busted 30 \
		"checks/neighbours/rcutorture.sh 30 busted"
	check "control: rcutorture finds that grace periods do not wait" \
		test "$(those fail $out/rcutorture.busted | grep -cx 'its verdict\|readers')" = 2
}

ktap_print_header
n=0
for name in $NEIGHBOURS; do
	[ -x "${0%/*}/neighbours/$name.sh" ] || {
		echo "Bail out! no neighbour $name: $(cd "${0%/*}/neighbours" && echo *.sh)"
		exit 1
	}
	n=$((n + 4))
	[ "$name" != rcutorture ] || n=$((n + 1))
done
ktap_set_plan $n

for name in $NEIGHBOURS; do
	if here "$name"; then
		neighbour "$name"
		[ "$name" != rcutorture ] || busted
	else
		for text in "with us" "without us" "the same" "guards"; do
			ktap_test_skip "$name: $text: not in this kernel, KERNEL=debug has it"
		done
		[ "$name" != rcutorture ] || ktap_test_skip "$name: control: nor is it"
	fi
done

ktap_finished
