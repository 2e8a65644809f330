# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What selftests/check makes of its tests: the runner, in a project of its
# own with tests that are made up, and a guest that is a shell.

project=$T/project
mkdir -p "$project/selftests" "$project/lab/lib"
cp "$TESTED/selftests/check" "$project/selftests/"
cp "$TESTED/lab/lib/splat.awk" "$project/lab/lib/"
cd "$project" || exit
SAMPLES=$TESTED/lab/tests/logs
unset TESTS

stub() { cat >"lab/$1" && chmod +x "lab/$1"; }
stub setup <<<'#!/bin/sh'
stub kbuild <<<'#!/bin/sh'
stub show <<-'END'
	#!/bin/sh
	[ "$1" != slow ] || cat slow 2>/dev/null || echo 1
END
stub enter <<-'END'
	#!/bin/sh
	KDIR=/kdir exec "$@"
END
# The guest dies where a test says so, as a guest does: in the midst of it.
stub vm <<-END
	#!/bin/bash
	: >"\$CONSOLE"
	sh -c "\$(sed "s:>/dev/kmsg:>>\$CONSOLE:g" <<<"\$1")" &
	wait \$!
	rc=\$?
	[ ! -e dies ] || { rm dies; cat $SAMPLES/recursion-panic.log >>"\$CONSOLE"; echo "lab: dead" >&2; exit 126; }
	[ ! -e warns ] || { rm warns; exit 126; }
	exit \$rc
END

# test NAME RUNS [TIMEOUT] < body
new_test() {
	{
		printf '#!/bin/sh\n# This test will %s.\n# runs: %s\n%s\n\n' "$1" "$2" "${3:+# timeout: $3}"
		cat
	} >"selftests/$1.sh"
	chmod +x "selftests/$1.sh"
}
# counts NAME "P passed, F failed, S skipped" [REGEX [REGEX]]: what check says of it.
counts() {
	local out rc=0
	out=$(selftests/check ${1:+"$1"} 2>&1 </dev/null) || rc=$?
	printf 'status %s, output:\n%s\n' "$rc" "$out"
	[[ $(tail -n 1 <<<"$out") == "$2" && $out =~ ${3:-} && $out =~ ${4:-} ]] || return
	if [[ $2 == *", 0 failed,"* ]]; then ((rc == 0)); else ((rc == 1)); fi
}

for runs in host vm drives; do
	new_test pass $runs <<-'END'
		echo 'KTAP version 1'; echo 1..2; echo '# median 7 ns'; echo 'ok 1 a'; echo 'ok 2 b'
	END
	new_test fail $runs <<-'END'
		echo 1..3; echo 'ok 1 a'; echo '# because'; echo 'not ok 2 bad'; echo 'ok 3 c'; exit 1
	END
	new_test skip $runs <<-'END'
		echo 1..2; echo 'ok 1 a'; echo 'ok 2 b # SKIP no such thing here'
	END
	new_test skip_all $runs <<-'END'
		echo '1..0 # SKIP nothing of it here'; exit 4
	END
	new_test xfail $runs <<-'END'
		echo 1..2; echo 'ok 1 a # XFAIL'; echo 'not ok 2 b # XFAIL known'
	END
	new_test no_plan $runs <<<"echo 'ok 1 a'"
	new_test nothing $runs <<<"exit 0"
	new_test short $runs <<-'END'
		echo 1..3; echo 'ok 1 a'; echo 'ok 2 b'
	END
	new_test long $runs <<-'END'
		echo 1..1; echo 'ok 1 a'; echo 'ok 2 b'
	END
	new_test twice $runs <<-'END'
		echo 1..2; echo 'ok 1 a'; echo 'ok 1 a'
	END
	new_test status $runs <<-'END'
		echo 1..1; echo 'ok 1 a'; exit 3
	END
	new_test bail $runs <<-'END'
		echo 1..2; echo 'ok 1 a'; echo 'Bail out! no more'; exit 1
	END
	new_test nested $runs <<-'END'
		echo 1..1; echo '    1..2'; echo '    ok 1 x'; echo '    not ok 2 y'; echo '# not ok 3 z'; echo 'ok then'; echo 'ok 1 a'
	END
	new_test slow $runs 1 <<-'END'
		echo 1..2; echo 'ok 1 a'; sleep 20; echo 'ok 2 b'
	END
	new_test shot $runs <<-'END'
		echo 1..2; echo 'ok 1 a'; kill -KILL $$
	END
	check "$runs: all pass" counts pass "2 passed, 0 failed, 0 skipped"
	check "$runs: one fails" counts fail "2 passed, 1 failed, 0 skipped" 'fail: not ok 2 bad' '# because'
	check "$runs: one is skipped" counts skip "1 passed, 0 failed, 1 skipped" '# SKIP no such thing here'
	check "$runs: all are skipped" counts skip_all "0 passed, 0 failed, 1 skipped" 'nothing of it'
	check "$runs: expected failures pass" counts xfail "2 passed, 0 failed, 0 skipped"
	check "$runs: no plan" counts no_plan "1 passed, 1 failed, 0 skipped" 'no_plan: no plan'
	check "$runs: nothing at all" counts nothing "0 passed, 1 failed, 0 skipped" 'nothing: no plan'
	check "$runs: less than planned" counts short "2 passed, 1 failed, 0 skipped" '2 results where 3 were planned'
	check "$runs: more than planned" counts long "2 passed, 1 failed, 0 skipped" '2 results where 1 were planned'
	check "$runs: a result twice" counts twice "2 passed, 1 failed, 0 skipped" 'result 1 where 2 was due'
	check "$runs: an exit status without a reason" counts status "1 passed, 1 failed, 0 skipped" 'exit status 3'
	check "$runs: bail out" counts bail "1 passed, 1 failed, 0 skipped" 'bail: Bail out! no more'
	check "$runs: subtests and diagnostics are no results" counts nested "1 passed, 0 failed, 0 skipped"
	check "$runs: too slow" counts slow "1 passed, 1 failed, 0 skipped" 'slow: no end within 1 s'
	new_test slower $runs 1 <<-'END'
		echo 1..1; sleep 2; echo 'ok 1 a'
	END
	check "$runs: too slow by a second" counts slower "0 passed, 1 failed, 0 skipped" 'slower: no end within 1 s'
	echo 9 >slow
	check "$runs: not where that is to be expected" counts slower "1 passed, 0 failed, 0 skipped"
	rm slow
	check "$runs: shot" counts shot "1 passed, 1 failed, 0 skipped" 'exit status 137'
done
log_has() { selftests/check "$1" >/dev/null 2>&1; grep -q "$2" "build/check/$1.log"; }
check "numbers are in the log" log_has pass '# median 7 ns'
rm selftests/*.sh

# Several in one guest.
for name in a c; do
	new_test $name vm <<<"echo 1..1; echo 'ok 1 fine'"
done
new_test b vm <<-'END'
	echo 1..3; echo 'ok 1 before'; echo 'ok 2 almo'; touch dies; kill -KILL $(ps -o ppid= $PPID) $PPID
END
check "a guest that dies fails the test that ran and those that did not" \
	counts '' "3 passed, 2 failed, 0 skipped" 'b: the guest died' 'c: not run: the guest died in b'
new_test b vm <<-END
	cat $SAMPLES/rcu-stall.log >>build/check/console.log; touch warns; echo 1..1; echo 'ok 1 before'
END
check "a complaint is a failure of the test that ran" \
	counts '' "3 passed, 1 failed, 0 skipped" 'b: the kernel complained: .*detected stalls'
rm dies warns 2>/dev/null

# Host tests go first, those with guests of their own last.
new_test a drives <<<"echo 1..1; echo 'ok 1 a'"
new_test b vm <<<"echo 1..1; echo 'ok 1 b'"
new_test c host <<<"echo 1..1; echo 'ok 1 c'"
: >selftests/lib.sh
: >selftests/lib_x.sh
check "host, then vm, then drives; and lib*.sh are no tests" \
	counts '' "3 passed, 0 failed, 0 skipped" $'\nc .*\nb .*\na '
new_test env drives <<-'END'
	echo 1..1; [ "$LAB_VM" = "$PWD/lab/vm" ] && [ "${KTAP_HELPERS##*/}" = ktap_helpers.sh ] && echo 'ok 1 a'
END
check "LAB_VM and KTAP_HELPERS" counts env "1 passed, 0 failed, 0 skipped"
check "a test that does not exist: those that do" ends 125 'no test x, there are: a b c env$' selftests/check x
echo 'echo 1..0' >selftests/d.sh
check "a test that does not say where it runs" ends 125 'd.sh: no line .# runs:' selftests/check d
rm selftests/d.sh

stub kbuild <<-'END'
	#!/bin/sh
	echo 'module.c:1: error: no'; exit 2
END
check "no modules, no tests" counts a "0 passed, 1 failed, 0 skipped" 'module.c:1: error: no' 'build: the modules do not build'
stub setup <<<'exit 125'
check "no lab" counts a "0 passed, 1 failed, 0 skipped" 'lab: lab/setup'

# Interrupted: at once, and what it started goes too.
stub setup <<<'#!/bin/sh'
stub kbuild <<<'#!/bin/sh'
new_test e drives <<<'echo $$ >pid; sleep 1000'
interrupted() {
	local pid i
	selftests/check e >/dev/null 2>&1 &
	pid=$!
	for ((i = 0; i < 50; i++)); do
		[[ ! -s pid ]] || break
		sleep 0.1
	done
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null
	sleep 0.3
	! kill -0 "$(cat pid)"
}
check "terminated: the test ends" interrupted TERM
rm pid
check "killed: the test ends" interrupted KILL
