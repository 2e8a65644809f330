# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernel that checks/canary takes, and what it says of it: in a project of its
# own, with a lab and a check that do what they are told to.

project=$T/project
mkdir -p "$project/checks" "$project/lab"
cp "$TESTED"/checks/{canary,short} "$project/checks/"
cd "$project" || exit
unset TESTS SUITE KVER
export BREAK=$T/break

stub() { cat >"$1" && chmod +x "$1"; }
stub lab/newest <<-'END'
	#!/bin/sh
	! grep -q newest "$BREAK" || exit 125
	! grep -q nothing "$BREAK" || exit 0
	{
		echo "trixie 7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1 supported"
		echo "forky 7.3.10+deb14-rt-amd64 7.3.10-1 supported"
		echo "sid 7.4-rt-amd64 7.4~rc1-1~exp1 untested"
	} | grep "^$1"
END
stub lab/setup <<-'END'
	#!/bin/sh
	echo "setup $* $SUITE $KVER" >>did
	! grep -q "^setup $*$" "$BREAK" || { echo "lab: error: no kernel KVER=$KVER"; exit 125; }
END
stub lab/kbuild <<-'END'
	#!/bin/sh
	echo "kbuild $* $SUITE $KVER" >>did
	! grep -q kbuild "$BREAK" || { printf 'a.rs\nerror[E0425]: no f\n  --> a.rs:1\n'; exit 2; }
END
stub checks/check <<-'END'
	#!/bin/sh
	echo "check $* $SUITE $KVER" >>did
	echo "3 passed, $(grep -c check "$BREAK") failed, 1 skipped"
	! grep -q check "$BREAK"
END

# says STATUS LAST REGEX [WHAT]: what canary says where WHAT is broken.
says() {
	local out rc=0
	rm -f did
	echo "${4:-}" >"$BREAK"
	out=$(checks/canary 2>&1 </dev/null) || rc=$?
	printf 'status %s, output:\n%s\n' "$rc" "$out"
	[[ $rc == "$1" && $(tail -n 1 <<<"$out") == "$2" && $out =~ $3 ]]
}
# did LINE...: these commands were run, in order, for the suite and the kernel.
did() { [[ $(paste -sd/ did) == "$1" ]]; }

export TESTS='a b'
newest='sid 7.4-rt-amd64'
check "the newest of all, and that it is untested" \
	says 0 "3 passed, 0 failed, 1 skipped" "7.4-rt-amd64 \(7.4~rc1-1~exp1\) of sid is the newest, and untested"
check "is built for and tried" did "setup  $newest/kbuild modules $newest/check a b $newest"
SUITE=forky check "that of one suite" \
	says 0 "3 passed, 0 failed, 1 skipped" '7.3.10.* of forky is the newest, and supported'
check "is tried alone" did "$(printf '%s forky 7.3.10+deb14-rt-amd64/' 'setup ' 'kbuild modules' 'check a b' | sed 's|/$||')"
check "a lab that does not know it" says 0 "3 passed, 0 failed, 1 skipped" newest 'setup '
check "is brought up to date" did "setup  $newest/setup --update $newest/kbuild modules $newest/check a b $newest"
check "a lab that cannot be made" says 1 "0 passed, 1 failed, 0 skipped" \
	'broken: the lab .*lab: error: no kernel' $'setup \nsetup --update'
check "is the end" did "setup  $newest/setup --update $newest"
check "what does not compile" says 1 "0 passed, 1 failed, 0 skipped" \
	$'broken: the modules do not compile, .*\n  error\[E0425\]: no f\n' kbuild
check "is the end" did "setup  $newest/kbuild modules $newest"
check "a test that fails" says 1 "3 passed, 1 failed, 1 skipped" newest check
check "no package lists: the lab has said why" says 125 '' '' newest
check "no kernel in any suite" says 1 "0 passed, 1 failed, 0 skipped" 'broken: no suite has a kernel' nothing
unset TESTS
check "without TESTS: the short ones" says 0 "3 passed, 0 failed, 1 skipped" newest
check "all of them" grep -q '^check machine .* known_reader .* tutorial sid' did
