# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of checks/check for its tests: the runner, in a project of its
# own with tests that are made up, and a guest that is a shell.

project=$T/project
mkdir -p "$project/selftests" "$project/checks" "$project/lab/lib"
cp "$TESTED/checks/check" "$project/checks/"
cp "$TESTED/lab/lib/splat.awk" "$project/lab/lib/"
cd "$project" || exit
SAMPLES=$TESTED/lab/tests/logs
unset TESTS CPUS

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

# folder RUNS: of such tests.
folder() { [[ $1 == vm ]] && echo selftests || echo checks; }
# new_test NAME RUNS [TIMEOUT] < body
new_test() {
	rm -f "selftests/$1.sh" "checks/$1.sh"
	{
		printf '#!/bin/sh\n# description: The %s\n# runs: %s\n%s\n\n' "$1" "$2" "${3:+# timeout: $3}"
		cat
	} >"$(folder "$2")/$1.sh"
	chmod +x "$(folder "$2")/$1.sh"
}
# counts NAME "P passed, F failed, S skipped" [REGEX [REGEX]]: what check says of it.
counts() {
	local out rc=0
	out=$(checks/check ${1:+"$1"} 2>&1 </dev/null) || rc=$?
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
log_has() { checks/check "$1" >/dev/null 2>&1; grep -q "$2" "build/check/$1.log"; }
check "numbers are in the log" log_has pass '# median 7 ns'
rm -f selftests/*.sh checks/*.sh

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

# Those of the guest go first, those with guests of their own last.
new_test a drives <<<"echo 1..1; echo 'ok 1 a'"
new_test b vm <<<"echo 1..1; echo 'ok 1 b'"
new_test c host <<<"echo 1..1; echo 'ok 1 c'"
: >selftests/lib.sh
: >selftests/lib_x.sh
LANES=1 check "vm, then host, then drives; and lib*.sh are no tests" \
	counts '' "3 passed, 0 failed, 0 skipped" $'\nb .*\nc .*\na '
# Each of two waits for the other one: the guest and a test of the host, then that
# and one with guests of its own.
new_test b vm 10 <<-'END'
	echo 1..1; until [ -e host_runs ]; do sleep 0.1; done
	[ -e drives ] || echo 'ok 1 before those with guests of their own'; touch guest_done
END
new_test c host 10 <<-'END'
	is() { chrt --pid $$ | grep -q "SCHED_$1\$"; }
	is IDLE && idle=yes; touch host_runs
	until [ -e drives ]; do sleep 0.1; done
	echo 1..2; [ $idle ] && echo 'ok 1 idle'
	[ -e unprivileged ] || is OTHER && echo 'ok 2 and then not'
END
new_test a drives 10 <<-'END'
	echo 1..2; [ -e guest_done ] && echo 'ok 1 after the guest'; touch drives
	[ -e host_runs ] && echo 'ok 2 beside it'
END
# shellcheck disable=SC2016 # the shell of another policy expands it
chrt --idle 0 sh -c 'chrt --other --pid 0 $$' 2>/dev/null || touch unprivileged
together() {
	rm -f host_runs guest_done drives
	LANES=$1 counts '' "$2" "$3"
}
check "two at a time: the guest, and one of the host that is idle until the guest ends" \
	together 2 "5 passed, 0 failed, 0 skipped" $'\nb .*\n[ac] '
check "control: one at a time, and the guest waits in vain" \
	together 1 "1 passed, 3 failed, 0 skipped" 'b: no end within 10 s'
new_test a drives <<<"echo 1..1; echo 'ok 1 a'"
new_test b vm <<<"echo 1..1; echo 'ok 1 b'"
new_test c host <<<"echo 1..1; echo 'ok 1 c'"
# listed NAME=DESCRIPTION...: check --list prints these lines, and no other.
listed() {
	local line
	for line; do
		printf '%-*s  %s\n' "$width" "${line%%=*}" "${line#*=}"
	done >expected
	checks/check --list | diff expected -
}
rm -rf build
width=1
check "--list: names and descriptions, in order" listed 'a=The a' 'b=The b' 'c=The c'
check "and nothing runs: no log, no build" test ! -e build
new_test a_longer_name vm <<<"echo 1..1; echo 'ok 1 a'"
width=13
check "--list: a name's length moves the descriptions" \
	listed 'a=The a' 'a_longer_name=The a_longer_name' 'b=The b' 'c=The c'
refute "control: one that is missing is noticed" listed 'a=The a' 'b=The b' 'c=The c'
echo 'echo 1..0' >checks/d.sh
check "--list: a test without a head" ends 125 'd.sh: no line .# description:' checks/check --list
rm checks/d.sh selftests/a_longer_name.sh
new_test env drives <<-'END'
	echo 1..1; [ "$LAB_VM" = "$PWD/lab/vm" ] && [ "${KTAP_HELPERS##*/}" = ktap_helpers.sh ] && echo 'ok 1 a'
END
check "LAB_VM and KTAP_HELPERS" counts env "1 passed, 0 failed, 0 skipped"
check "a test that does not exist: those that do" ends 125 'no test x, there are: a b c env$' checks/check x
printf '# description: D\n\necho 1..0\n' >selftests/d.sh
check "a test that does not say where it runs" ends 125 'd.sh: no line .# runs:' checks/check d
printf '# runs: host\n\n# description: D\necho 1..0\n' >selftests/d.sh
check "a test without a description at its head" \
	ends 125 $'^check: error: selftests/d.sh: no line .# description: [^\n]*$' checks/check d
check "nor does it run if it is one of all" ends 125 'd.sh: no line .# description:' checks/check
printf '# description: D\n# runs: host\n\necho "1..0 # SKIP"\n' >selftests/d.sh
chmod +x selftests/d.sh
check "control: with one it runs" counts d "0 passed, 0 failed, 1 skipped"
rm selftests/d.sh

# Requirements: lib.sh itself, with a kernel's configuration that is made up, and helpers
# that print no more than a plan and results.
cp "$TESTED/selftests/lib.sh" selftests/
mkdir kselftest bin
cat >kselftest/ktap_helpers.sh <<-'END'
	KSFT_SKIP=4 n=0 bad=0
	ktap_print_header() { echo TAP version 13; }
	ktap_set_plan() { echo "1..$1"; }
	ktap_skip_all() { echo "1..0 # SKIP $*"; }
	ktap_test_pass() { echo "ok $((n += 1)) $*"; }
	ktap_test_fail() { bad=1; echo "not ok $((n += 1)) $*"; }
	ktap_finished() { exit $bad; }
END
for command in mount mountpoint insmod; do
	printf '#!/bin/sh\necho "%s" >>loaded\n' $command >bin/$command
done
printf '#!/bin/sh\nexit 1\n' >bin/rmmod
printf '#!/bin/sh\necho CONFIG_THERE=y\necho CONFIG_MODULE=m\n' >bin/zcat
chmod +x bin/*
# requiring RUNS WORDS [RESULTS [REGEX]]: a test of that head; without results it passes.
requiring() {
	local runs=$1
	rm -f {selftests,checks}/r.sh loaded
	{
		printf '#!/bin/sh\n# description: R\n'
		printf '# requires: %s\n' "$2"
		# shellcheck disable=SC2016 # the test expands it
		printf '# runs: %s\n\n. "${0%%/*}/%slib.sh"\n' "$runs" \
			"$([[ $runs == vm ]] || echo ../selftests/)"
		printf 'ktap_print_header\nktap_set_plan 1\ncheck a true\nktap_finished\n'
	} >"$(folder "$runs")/r.sh"
	chmod +x "$(folder "$runs")/r.sh"
	PATH=$PWD/bin:$PATH counts r "${3:-1 passed, 0 failed, 0 skipped}" "${4:-}"
}
skips="0 passed, 0 failed, 1 skipped" bails="0 passed, 1 failed, 0 skipped"
for runs in host vm drives; do
	check "$runs: requirements that are met" requiring $runs 'cpus:1 program:sh'
	check "$runs: no such program" requiring $runs 'cpus:1 program:no_such' "$skips" \
		'SKIP needs the program no_such'
	check "$runs: an unknown requirement" requiring $runs 'cpu:1' "$bails" 'r: Bail out! .*cpu:1'
	check "$runs: it fails as well if another is not met" requiring $runs \
		'program:no_such program:' "$bails" 'r: Bail out! .*requires: program:'
	check "$runs: a number that is none" requiring $runs cpus:two "$bails" 'Bail out! .*cpus:two'
done
for runs in host vm; do
	check "$runs: not so many CPUs" requiring $runs cpus:99999 "$skips" 'SKIP needs 99999 CPUs'
done
for runs in host drives; do
	check "$runs: a configuration is not its own" requiring $runs config:THERE "$bails" \
		'Bail out! .*config:THERE'
done
check "drives: not so many in guests" requiring drives cpus:5 "$skips" \
	'SKIP needs guests with 5 CPUs'
check "control: drives: they have four" requiring drives cpus:4
CPUS=5 check "control: drives: or CPUS" requiring drives cpus:5
check "vm: an option of the kernel" requiring vm config:THERE
check "control: and that has loaded something" test -e loaded
check "vm: an option that is a module" requiring vm config:MODULE "$skips" \
	'SKIP needs CONFIG_MODULE=y'
check "control: and that has loaded nothing" test ! -e loaded
check "vm: all that is not met" requiring vm 'config:GONE program:sh cpus:99999' "$skips" \
	'SKIP needs CONFIG_GONE=y, 99999 CPUs'
check "vm: several lines" requiring vm $'program:sh\n# requires: config:GONE' "$skips" \
	'SKIP needs CONFIG_GONE=y'
check "vm: CONFIG_ is not part of the name" requiring vm config:CONFIG_THERE "$bails" 'Bail out!'
rm -f {selftests,checks}/r.sh

# Skeletons of tests.
cp "$TESTED"/selftests/{new,Makefile} selftests/
skeleton() {
	local file=$1
	ends 0 "^$file"$'\n'"next: .*TESTS=made$" selftests/new "$file" &&
		[[ -x $file ]] && sh -n "$file" &&
		PATH=$PWD/bin:$PATH counts made "2 passed, 0 failed, 0 skipped"
}
# left_alone STATUS REGEX ARGUMENT...: new refuses that, and changes no file.
left_alone() {
	local before rc=0
	before=$(sum)
	ends "$1" "$2" selftests/new "${@:3}" || rc=$?
	[[ $(sum) == "$before" ]] && return $rc
}
sum() { find . -type f -exec cksum {} + | sort; }
for file in selftests/made.sh checks/made.sh; do
	check "new: $file runs, and has two results" skeleton $file
	check "new: nothing that exists is written" left_alone 1 "error: $file exists" $file
	check "new: nor a name of the other folder" left_alone 1 "error: $file exists" \
		"$([[ $file == checks/* ]] && echo selftests || echo checks)/made.sh"
	refute "control: it would have been noticed" left_alone 0 '' "${file%.sh}_too.sh"
	sed -i 's/^refute .*/check "control" false/' $file
	check "new: control: a skeleton with a failure fails" \
		counts made "1 passed, 1 failed, 0 skipped" 'made: not ok 2 control'
	rm "$file" "${file%.sh}_too.sh"
done
for file in '' made made.sh lab/made.sh selftests/made /selftests/made.sh; do
	check "new: usage: '$file'" left_alone 2 '^usage: ' "$file"
done
check "new: usage: nothing, and two" left_alone 2 '^usage: '
check "new: usage: two files" left_alone 2 '^usage: ' checks/x.sh checks/y.sh
for name in lib_x Made 1st a-b 'a b' ../made a/b; do
	check "new: '$name' is no name" left_alone 1 "error: '$name' is no name" "checks/$name.sh"
done
new_test made vm <<<"echo 1..1"
# shellcheck disable=SC2016 # make expands it
printf 'all:\n\t@echo $(TEST_PROGS)\n' >lib.mk
check "kselftest: new and lib.sh are no tests" \
	ends 0 '^b.sh made.sh$' env -u MAKEFLAGS make --no-print-directory -s -C selftests
rm selftests/made.sh

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
	checks/check e >/dev/null 2>&1 &
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
