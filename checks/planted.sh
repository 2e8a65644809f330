#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The kernel under test reports planted mistakes
# runs: drives
# timeout: 500
#
# The test makes one mistake after the other on purpose, in the locks, the
# contexts and the memory that guards have to do with. The test fails if the
# kernel under test does not complain of each mistake that the kernel has a
# checker for.
#
# Control: the test fails if the kernel complains without a mistake.

. "${0%/*}/../selftests/lib.sh"

config=${KTAP_HELPERS%/tools/testing/*}/.config

# The mistakes of planted.c, each with the option that finds it and with what that
# says of it. Mistakes for lockdep come first; it looks no further after "nesting".
mistakes='unprotected PROVE_RCU suspicious RCU usage
nesting PROVE_RAW_LOCK_NESTING Invalid wait context
order PROVE_LOCKING possible circular locking dependency
migratable DEBUG_PREEMPT using smp_processor_id\(\) in preemptible
sleeping DEBUG_ATOMIC_SLEEP sleeping function called from invalid context
uninitialised DEBUG_OBJECTS_TIMERS ODEBUG: assert_init not available
leak DEBUG_KMEMLEAK kmemleak: [0-9]+ new suspected memory leaks
read_after_free KASAN KASAN: slab-use-after-free in (read_after_free|planted_init)
use_after_free SLUB_DEBUG Poison overwritten|KASAN: slab-use-after-free
lost RCU_STALL_COMMON rcu_preempt (self-)?detected (expedited )?stalls?'

lockdep='sed -n "s/debug_locks: */debug_locks=/p" /proc/lockdep_stats 2> /dev/null || true'

has()
{
	grep -q "^CONFIG_$1=y" "$config"
}

# guest MISTAKE...: make them in one guest; a line for each that was noticed.
guest()
{
	# RCU waits five seconds more where PROVE_RCU is set.  KASAN would say no more
	# after the first.
	EXPECT='splat:.' TIMEOUT=240 \
		APPEND="${APPEND:-} rcupdate.rcu_cpu_stall_timeout=5 kasan_multi_shot" "$LAB_VM" "
		kmemleak=/sys/kernel/debug/kmemleak
		while read -r what option text; do
			case ' $* ' in *\" \$what \"*) ;; *) continue ;; esac
			dmesg -C
			[ ! -e \$kmemleak ] || echo clear > \$kmemleak
			insmod $MODS/rcu_notrace_planted.ko what=\$what
			if [ \$what = leak ]; then
				# kmemleak reports no object that is younger than 5 s.
				sleep 6
				echo scan > \$kmemleak
				echo scan > \$kmemleak
			fi
			rmmod rcu_notrace_planted
			! dmesg | grep -qE \"\$text\" || echo noticed=\$what.
		done <<'END'
$mistakes
END
		$lockdep"
}

# skip TEXT OPTION
skip()
{
	where=debug
	[ "$2" != KASAN ] || where=kasan
	ktap_test_skip "$1: this kernel has no CONFIG_$2, KERNEL=$where has"
}

ktap_print_header
ktap_set_plan $(($(echo "$mistakes" | wc -l) + 3))

here=$(echo "$mistakes" | while read -r what option _; do ! has "$option" || echo "$what"; done)
# shellcheck disable=SC2046 # one a word
first=$(guest $(echo "$here" | grep -v order))
# It needs lockdep again.
second=
! has PROVE_LOCKING || second=$(guest order)
while read -r what option text; do
	if has "$option"; then
		check "$what: $text" test "$(echo "$first$second" | grep -c "noticed=$what\\.")" = 1
	else
		skip "$what" "$option"
	fi
done <<END
$mistakes
END
if has PROVE_LOCKING; then
	check "both turned lockdep off, which shows" \
		test "$(echo "$first" "$second" | grep -o 'debug_locks=0' | wc -l)" = 2
else
	skip "both turned lockdep off" PROVE_LOCKING
fi

out=$(TIMEOUT=120 "$LAB_VM" "insmod $MODS/rcu_notrace_planted.ko what=kept &&
	rmmod rcu_notrace_planted
	$lockdep")
check "control: no complaint where nothing is wrong" test $? -eq 0
if has PROVE_LOCKING; then
	check "and lockdep is on" test "$(echo "$out" | value debug_locks)" = 1
else
	skip "and lockdep is on" PROVE_LOCKING
fi

ktap_finished
