#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A pair of lock and unlock executes few instructions
# runs: drives
# timeout: 300
#
# The test counts the instructions that a pair of lock and unlock executes,
# beside the kernel's own readers in the same run. The test fails if the guard's
# instructions are more than 5 (on arm64, which cannot add to memory, 9), or too
# many beside those of the other readers.
#
# Control: rcu_read_lock() is more.

. "${0%/*}/../selftests/lib.sh"

most=5
[ "$(machine)" != aarch64 ] || most=9

ktap_print_header
ktap_set_plan 6

# One vCPU, and a clock that counts the instructions that it executes.
out=$(ICOUNT=1 CPUS=1 TIMEOUT=280 "$LAB_VM" "insmod $GUARDS &&
	insmod $MODS/rcu_notrace_pair.ko rounds=3 &&
	dmesg | grep 'pair side='")

# net SIDE: instructions a pair, less those of the loop it stands in.
net()
{
	echo "$out" | awk -v side="$1" -v loop="$2" '
		/pair side=/ {
			for (i = 1; i <= NF; i++) {
				split($i, kv, "=")
				v[kv[1]] = kv[2]
			}
			sum[v["side"]] += v["cycles"] / v["pairs"]
			n[v["side"]]++
		}
		END { if (n[side]) printf "%.2f", sum[side] / n[side] - sum[loop] / n[loop] }'
}

guard=$(net guard rust_empty)
c_guard=$(net c_guard c_empty)
rcu=$(net rcu c_empty)
rust_rcu=$(net rust_rcu rust_empty)
srcu_fast=$(net srcu_fast c_empty)
ktap_print_msg "instructions a pair, the loop subtracted: guard $guard, from C $c_guard," \
	"rcu_read_lock $rcu," \
	"kernel::sync::rcu::Guard $rust_rcu, SRCU $(net srcu c_empty)," \
	"SRCU-fast notrace $srcu_fast (from Rust $(net rust_srcu_fast rust_empty))," \
	"RCU-sched notrace $(net sched c_empty) (from Rust $(net rust_sched rust_empty))," \
	"Tasks Trace $(net tasks_trace c_empty) (from Rust $(net rust_tasks_trace rust_empty))"

check "guard: at most $most instructions" at_most "$guard" $most 1
check "guard from C: at most $most instructions" at_most "$c_guard" $most 1
check "guard: at most 0.35 of rcu_read_lock ($(ratio "$guard" "$rcu"))" at_most "$guard" "$rcu" 0.35
check "guard: at most 0.25 of kernel::sync::rcu::Guard ($(ratio "$guard" "$rust_rcu"))" \
	at_most "$guard" "$rust_rcu" 0.25
check "guard: at most 1.5 of SRCU-fast notrace ($(ratio "$guard" "$srcu_fast"))" \
	at_most "$guard" "$srcu_fast" 1.5
refute "control: rcu_read_lock is more than $most" at_most "$rcu" $most 1

ktap_finished
