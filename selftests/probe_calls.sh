#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will disassemble the module, and fail if a probe, or what it calls of
# the module's own, calls anything that probe_calls.allow and fastpath.allow do
# not list: a function that panics, allocates, sleeps, prints or is traced.
# runs: host

. "${0%/*}/lib.sh"

# panics FILE SECTION: whether something in there can.
panics()
{
	objdump -dr --section="$2" "$1" | grep -q 'R_X86_64.*panicking'
}

ktap_print_header
ktap_set_plan 5

allow=$(mktemp)
trap 'rm -f "$allow"' EXIT
cat selftests/fastpath.allow selftests/probe_calls.allow > "$allow"
! grep -q '^CONFIG_LOCKDEP=y' "/usr/lib/modules/$KRELEASE/config" ||
	cat selftests/fastpath.debug.allow selftests/probe_calls.debug.allow >> "$allow"
check "probes call what is listed, and nothing else" \
	selftests/fastpath.py slow rcu_notrace.ko "$allow"
refute "control: with less listed it does not pass" \
	selftests/fastpath.py slow rcu_notrace.ko selftests/fastpath.allow
refute "so they cannot panic" panics rcu_notrace.ko .kprobes.text
check "control: what runs in process context can" panics rcu_notrace.ko .text
check "there are no tracing sites" selftests/fastpath.py sites rcu_notrace.ko

ktap_finished
