# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Complaints of the kernel in a console log, and lines that are none. The
# logs are parts of real ones; the single lines are worded as in the
# kernel's sources, whose file is named.

splat() { awk "$@"; }

# first LOG: the headline of what is found.
first() { awk -f "$TESTED/lab/lib/splat.awk" "$@" | tr -d '\r' | grep -v '^[^a-z]*=*$' | head -n 1; }
found_in() {
	local got
	got=$(first "logs/$1")
	echo "got: $got"
	[[ $got =~ $2 ]]
}
silent() { [[ -z $(first "$@") ]]; }

check "a clean boot, noise and all" silent logs/clean.log
check "a panic on request" found_in sysrq-panic.log 'Kernel panic - not syncing: sysrq'
check "a stack overflow" found_in recursion-panic.log 'BUG: TASK stack guard page was hit'
check "a stack overflow of arm64" found_in arm64-stack-overflow.log 'Insufficient stack space'
check "an RCU stall" found_in rcu-stall.log 'INFO: rcu_preempt detected stalls'
check "an Oops" found_in int3-oops.log 'Oops: int3'
check "a CPU that is missed after the power went" silent logs/power-off.log
grep -v 'Power down' logs/power-off.log >"$T/on"
check "the same before that" test -n "$(first "$T/on")"
{ cat logs/power-off.log; echo '[    0.000000] Linux version 7.3.4'; cat logs/rcu-stall.log; } >"$T/boots"
check "and the next boot is looked at again" test -n "$(first "$T/boots")"
check "an expedited RCU stall" found_in rcu-stall-expedited.log 'INFO: rcu_preempt detected expedited stalls'

report() { awk -f "$TESTED/lab/lib/splat.awk" "$@"; }
has_backtrace() { report "$1" | grep "$2" >/dev/null; }
check "the report has the backtrace" has_backtrace logs/rcu-stall.log 'Call Trace:'
check "and is not the whole log" test "$(report logs/recursion-panic.log | wc -l)" -le 61
has_all() { awk -v all=1 -f "$TESTED/lab/lib/splat.awk" "$1" | grep "$2" >/dev/null; }
check "with all=1 it goes to the end" has_all logs/recursion-panic.log 'Kernel panic - not syncing'
check "exit status: found" splat -f "$TESTED/lab/lib/splat.awk" logs/int3-oops.log
refute "exit status: nothing" splat -f "$TESTED/lab/lib/splat.awk" logs/clean.log
check "ignore= takes a complaint away" silent -v 'ignore=Oops: int3|Kernel panic' logs/int3-oops.log
check "but no other" found_in recursion-panic.log 'BUG: TASK stack guard page' -v 'ignore=Oops: int3'

# Each line as the console prints it: plain; with a level, a time, the
# caller (PRINTK_CALLER) and a serial line's end.
while IFS= read -r line; do
	[[ -n $line ]] || continue
	for form in '%s\n' '[    4.518188] %s\n' '<4>[ 1234.518188][  T157] %s\r\n' '[    0.518188][    C3] %s\n'; do
		# shellcheck disable=SC2059
		printf 'before\n'"$form"'after\n' "$line" >"$T/line"
		[[ -n $(first "$T/line") ]] || { fail "a complaint: $line" && continue 2; }
	done
	pass "a complaint: $line"
done <<'END'
WARNING: possible circular locking dependency detected
WARNING: inconsistent lock state
WARNING: suspicious RCU usage
WARNING: kernel/rcu/tree_plugin.h:431 at __rcu_read_unlock+0x1f/0x90, CPU#1: insmod/157
WARNING: at __rcu_read_unlock+0x1f/0x90, CPU#1: insmod/157
[ BUG: Invalid wait context ]
INFO: trying to register non-static key.
DEBUG_LOCKS_WARN_ON(current->hardirq_context)
------------[ cut here ]------------
BUG: scheduling while atomic: insmod/157/0x00000002
BUG: sleeping function called from invalid context at kernel/locking/spinlock_rt.c:48
BUG: using smp_processor_id() in preemptible [00000000] code: insmod/157
BUG: kernel NULL pointer dereference, address: 0000000000000008
BUG: unable to handle page fault for address: ffffffffc0401000
BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [insmod:157]
watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1
bad: scheduling from the idle thread!
INFO: task insmod:157 blocked for more than 120 seconds.
INFO: task insmod:157 blocked in I/O wait for more than 120 seconds.
rcu: INFO: rcu_preempt self-detected stall on CPU
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... } 5633 jiffies s: 65 root: 0xa/.
rcu: rcu_preempt kthread starved for 5252 jiffies! g5621 f0x0 RCU_GP_WAIT_FQS(5) ->state=I ->cpu=1
INFO: rcu_tasks detected stalls on tasks:
Voluntary context switch within RCU read-side critical section!
BUG: KASAN: slab-use-after-free in rcu_notrace_timer_fn+0x1c/0x40
BUG: KCSAN: data-race in rcu_notrace_timer_fn / rcu_notrace_report
BUG rcu_notrace_planted (Tainted: G           O       ): Poison overwritten
UBSAN: shift-out-of-bounds in kernel/foo.c:10:5
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
ODEBUG: activate active (active state 0) object: ffff888003b2c680 object type: rcu_head hint: 0x0
refcount_t: underflow; use-after-free.
list_del corruption, ffff888003b2c680->next is LIST_POISON1 (dead000000000100)
rust_kernel: panicked at rcu_blame_ko.rs:10:5:
kernel BUG at mm/slub.c:553!
Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI
Oops: stack guard page: 0000 [#1] SMP NOPTI
PANIC: double fault, error_code: 0x0
Kernel panic - not syncing: RCU Stall
END

while IFS= read -r line; do
	[[ -n $line ]] || continue
	printf 'before\n[    4.518188] %s\nafter\n' "$line" >"$T/line"
	check "no complaint: $line" silent "$T/line"
done <<'END'
PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug
RAS: Correctable Errors collector initialized.
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!
NMI watchdog: Perf NMI watchdog permanently disabled
rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.
rcu: INFO: Stall ended before state dump start
kmemleak: Kernel memory leak detector initialized (mem pool available: 15652)
kmemleak: Automatic memory scanning thread started
INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 12.827 msecs
Scheduler tracepoints stat_sleep, stat_iowait, stat_blocked and stat_runtime require the kernel parameter schedstats=enable
hung_task: sysctl hung_task_panic is 0
ODEBUG: selftest passed
rcu_blame: loaded, 0 WARNINGS, DEBUG: nothing
BUG reports go to bugs.debian.org: reportbug(1)
sysrq: Show backtrace of all active CPUs
Call Trace:
module verification failed: signature and/or required key missing - tainting kernel
END
