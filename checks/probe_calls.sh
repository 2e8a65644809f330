#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A probe calls nothing that panics, allocates, sleeps or prints
# runs: host
#
# The test disassembles the module, and fails if a probe, or a function of the
# module's own that a probe calls, calls anything that probe_calls.allow and
# fastpath.allow do not list: a function that panics, allocates, sleeps, prints
# or is traced.
#
# Control: with less listed, the module is refused.

. "${0%/*}/../selftests/lib.sh"

# panics FILE SECTION: whether something in there can.
panics()
{
	"${CROSS_COMPILE:-}objdump" -dr --section="$2" "$1" |
		grep -qE 'R_(X86_64|AARCH64)_.*panicking'
}

ktap_print_header
ktap_set_plan 5

allow=$(mktemp)
trap 'rm -f "$allow"' EXIT
cat checks/fastpath.allow checks/probe_calls.allow > "$allow"
! grep -q '^CONFIG_LOCKDEP=y' "/usr/lib/modules/$KRELEASE/config" ||
	cat checks/fastpath.debug.allow checks/probe_calls.debug.allow >> "$allow"
check "probes call what is listed, and nothing else" \
	checks/fastpath.py slow rcu_blame.ko rcu_blame_lock "$allow"
refute "control: with less listed it does not pass" \
	checks/fastpath.py slow rcu_blame.ko rcu_blame_lock checks/fastpath.allow
refute "so they cannot panic" panics rcu_blame.ko .kprobes.text
check "control: what runs in process context can" panics rcu_blame.ko .text
check "there are no tracing sites" checks/fastpath.py sites rcu_blame.ko

ktap_finished
