# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The verdict of lab/vm on the way a guest went: its exit status, EXPECT, IGNORE.
# The lab's scripts with a guest that is a script.

lab_copy "$T"
export GUEST=$T/guest SAMPLES=$PWD/logs
lab=$T/project/lab

# No namespaces and no root file system: what is to run there runs here.
cat >"$lab/lib/ns.sh" <<-'END'
	ns() {
		while [[ $1 != -- ]]; do shift; done
		shift
		exec "$@"
	}
END
echo 'accel() { echo tcg; }' >"$lab/lib/accel.sh"
cat >"$lab/lib/virtme.sh" <<-'END'
	run=$1
	boots() { echo "[    1.000000] Linux" >>"$LAB_CONSOLE"; }
	starts() { boots; : >"$run/started"; }
	says() { cat "$SAMPLES/$1.log" >>"$LAB_CONSOLE"; }
	ends() { echo "$1" >"$run/status"; echo "$1" >"$run/virtme"; }
	aborts() { echo "qemu-system-x86_64: physmem.c:1: f: Assertion \`i' failed." >"$run/errors"; }
	times_out() { echo 124 >"$run/virtme"; }
	. "$GUEST"
END
# As if the lab was made.
(
	# shellcheck source=/dev/null
	. "$lab/lib/common.sh"
	# shellcheck source=/dev/null
	. "$lab/lib/resolve.sh"
	mkdir -p "$RESOLVED"
	printf '%s\n' "request $(request)" 'root r' 'tools t' \
		'stock 7.3.4-rt 7.3.4-1 linux-source-7.3' >"$RESOLVED/lock"
	mkdir -p "$(root_dir)" "$(kernel_dir 7.3.4-rt 7.3.4-1)"
)

# vm GUEST STATUS REGEX [VARIABLE=VALUE...]
vm() {
	echo "$1" >"$GUEST"
	local status=$2 regex=$3
	shift 3
	ends "$status" "$regex" env "$@" "$lab/vm" command
}
panics='starts; says recursion-panic'

check "a command that succeeds" vm 'starts; says clean; ends 0' 0 '^$'
check "a command that fails" vm 'starts; ends 7' 7 'status 7'
check "a complaint fails a run that succeeded" vm 'starts; says rcu-stall; ends 0' 126 'rcu_preempt detected stalls.*the kernel complained'
check "with the backtrace" vm 'starts; says rcu-stall; ends 0' 126 'Call Trace:'
check "a panic" vm "$panics" 126 'BUG: TASK stack guard page.*complained'
# shellcheck disable=SC2016 # the guest, a script, expands them
check "lockdep off, whatever else" vm 'starts; says clean; : >"$run/lockdep-off"; ends 0' 126 'lockdep has turned itself off'
# shellcheck disable=SC2016
check "lockdep off, where a complaint is due" vm 'starts; says rcu-stall; : >"$run/lockdep-off"; ends 0' 0 '^$' 'EXPECT=splat:detected stalls'
check "a kernel that is not built" vm 'starts; ends 0' 125 "run 'make test-kernel KERNEL=debug'" KERNEL=debug
check "a kernel that is none" vm 'starts; ends 0' 125 'stock, plain or one of: debug' KERNEL=fast
check "no user space" vm 'boots; says clean' 125 'never reached user space'
check "no user space, with the reason" vm 'boots; says int3-oops' 125 'Oops: int3.*never reached user space'
check "no end" vm 'starts; times_out' 124 'TIMEOUT=300'
check "no end, and the reason" vm 'starts; says rcu-stall; times_out' 124 'detected stalls'
check "a guest that is gone" vm 'starts' 125 'without a word'
check "an emulator that aborts" vm 'boots; aborts' 125 "QEMU itself died.*Assertion .i' failed"
check "a panic was due, and the emulator aborts" vm 'starts; aborts' 125 'QEMU itself died' EXPECT=panic:stack
check "a bad TCG_THREAD" vm 'starts; ends 0' 125 'single or multi' TCG_THREAD=some
check "IGNORE" vm 'starts; says rcu-stall; ends 0' 0 '^$' 'IGNORE=rcu_preempt (detected|kthread)'

check "EXPECT=panic, and it does" vm "$panics" 0 '^$' 'EXPECT=panic:stack guard page'
check "whatever else was said before" vm 'starts; says rcu-stall; says sysrq-panic' 0 '^$' 'EXPECT=panic:sysrq triggered'
check "even with the machine at a standstill afterwards" vm "$panics; times_out" 0 '^$' 'EXPECT=panic:stack guard page'
check "a panic that has no stack to come to its end" vm 'starts; says double-fault; times_out' 0 '^$' 'EXPECT=panic:stack|double fault'
check "it does not" vm 'starts; ends 0' 126 'was to panic and did not' 'EXPECT=panic:x'
check "it fails, but does not panic" vm 'starts; ends 1' 126 'was to panic and did not' 'EXPECT=panic:x'
check "it complains, but does not panic" vm 'starts; says rcu-stall; ends 0' 126 'was to panic and did not' 'EXPECT=panic:rcu'
check "it panics in another way" vm "$panics" 126 'nothing of it matches sysrq' 'EXPECT=panic:sysrq'
check "before user space it is no test's panic" vm 'boots; says sysrq-panic' 125 'never reached user space' 'EXPECT=panic:sysrq'

check "EXPECT=splat, and it does" vm 'starts; says rcu-stall; ends 0' 0 '^$' 'EXPECT=splat:detected stalls'
check "the command fails nevertheless" vm 'starts; says rcu-stall; ends 3' 3 '' 'EXPECT=splat:detected stalls'
check "it does not" vm 'starts; ends 0' 126 'was to complain' 'EXPECT=splat:stalls'
check "it dies of it" vm 'starts; says rcu-stall' 126 'died' 'EXPECT=splat:stalls'
check "EXPECT of another kind" vm 'starts; ends 0' 125 'panic:REGEX or splat:REGEX' 'EXPECT=oops'

log_kept() { vm "$panics" 126 '' "CONSOLE=$T/console" && grep -q 'stack guard page' "$T/console"; }
check "CONSOLE" log_kept
# shellcheck disable=SC1090,SC2016
environment() {
	echo 'starts; cp "$run/command" "$GUEST.command"; ends 0' >"$GUEST"
	env RCU_NOTRACE_X="a 'b" SECRET=1 "$lab/vm" command && cat "$GUEST.command" &&
		grep -q '^command$' "$GUEST.command" && grep -q '^export KRELEASE=7.3.4-rt' "$GUEST.command" &&
		(. "$GUEST.command" 2>/dev/null; [[ $RCU_NOTRACE_X == "a 'b" ]]) && ! grep -q SECRET "$GUEST.command"
}
check "the guest's environment" environment
