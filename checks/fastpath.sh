#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A guard pair is few instructions, without calls
# runs: host
#
# The test disassembles a built module. The test fails if taking and dropping a
# guard is more than 5 instructions (on arm64 9), calls anything, locks the bus,
# or carries a tracing site; if the slow path calls a function that
# fastpath.allow does not list; or if the kernel uses the byte of
# rcu_read_unlock_special in which the guard records a promise.
#
# Control: a pair with a call in it, a slow path with nothing listed, and
# modules of the kernel's own are refused; the kernel's use of exp_hint is
# found.

. "${0%/*}/../selftests/lib.sh"

module=$MODS/rcu_notrace_pair.ko
# In any kernel of the lab: stock ones have the first, those built here the other.
traced=$(find "/usr/lib/modules/$KRELEASE/kernel" -name '9pnet.ko*' -o -name 'kunit.ko*' |
	head -n 1)

# A module of the kernel's own, unpacked, for the checks to object to.
control()
{
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dcq "$1" ;;
	*) cat "$1" ;;
	esac > "$2"
}

# uses FIELD: does any of the kernel's C code, other than by declaring it?
uses()
{
	grep -rq --include='*.[ch]' "[.>]$1\>" "$KDIR/kernel" "$KDIR/include"
}

allow=checks/fastpath.allow
! grep -q '^CONFIG_LOCKDEP=y' "/usr/lib/modules/$KRELEASE/config" ||
	allow="$allow checks/fastpath.debug.allow"

ktap_print_header
ktap_set_plan 9

check "a pair is a fast path" \
	checks/fastpath.py pair "$module" rcu_notrace_one_section
check "a pair of the C API is a fast path" \
	checks/fastpath.py pair "$module" test_c_one_section
refute "control: a pair with a call in it is not" \
	checks/fastpath.py pair "$module" rcu_notrace_one_section_control
# shellcheck disable=SC2086 # one or two files
check "the slow path calls what is listed, and nothing else" \
	checks/fastpath.py slow rcu_notrace.ko rcu_notrace_unlock_special $allow
refute "control: with nothing listed it does not pass" \
	checks/fastpath.py slow rcu_notrace.ko rcu_notrace_unlock_special /dev/null
check "there are no tracing sites" \
	checks/fastpath.py sites rcu_notrace.ko
other=$(mktemp)
at_exit "rm -f '$other'"
control "$traced" "$other"
refute "control: the kernel's own modules have some" \
	checks/fastpath.py sites "$other"
refute "the kernel does not use need_mb" uses need_mb
check "control: it does use exp_hint" uses exp_hint

ktap_finished
