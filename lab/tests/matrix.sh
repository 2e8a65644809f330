# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of checks/matrix for its cells: in a project of its own, with a
# check that says what a cell's name tells it to.

project=$T/project
mkdir -p "$project/checks" "$project/lab" "$project/kdir" "$project/build/check"
cp "$TESTED"/checks/{matrix,short} "$project/checks/"
cd "$project" || exit
unset TESTS APPEND

stub() { cat >"$1" && chmod +x "$1"; }
stub lab/setup <<<'#!/bin/sh'
stub lab/show <<<'#!/bin/sh
echo kdir'
stub checks/check <<-'END'
	#!/bin/sh
	echo "check $* CPUS=$CPUS APPEND=$APPEND"
	case $APPEND in
	*bad*) printf '\nFailed:\n  nmi: not ok 1 none\n\n5 s\n1 passed, 2 failed, 1 skipped\n'; exit 1 ;;
	*dies*) echo 'check: error: no'; exit 125 ;;
	*) echo '3 passed, 0 failed, 1 skipped' ;;
	esac
END
cat >kdir/.config <<-'END'
	CONFIG_PREEMPT_RT=y
	CONFIG_RCU_BOOST=y
END

# says STATUS LAST REGEX CELL...: what matrix does with the cells.
says() {
	local status=$1 last=$2 regex=$3 out rc=0
	shift 3
	out=$(checks/matrix "$@" 2>&1 </dev/null) || rc=$?
	printf 'status %s, output:\n%s\n' "$rc" "$out"
	[[ $rc == "$status" && $(tail -n 1 <<<"$out") == "$last" && $out =~ $regex ]]
}
# ran CELL TEXT: its check was called so.
ran() { grep -qxF "check $2" "build/matrix/$1/check.log"; }

# Those of its own choice.
all_of_them() {
	says 0 "3 passed, 0 failed, 1 skipped" '1 CPU ' 1 || return
	sed -n 's/^check \(.*\) CPUS=1 APPEND=$/\1/p' build/matrix/1/check.log | tr ' ' '\n' |
		while read -r name; do
			[[ -e $TESTED/selftests/$name.sh || -e $TESTED/checks/$name.sh ]] && echo "$name"
		done | paste -sd' ' | grep -qx 'machine .* known_reader .* tutorial'
}
check "without TESTS: those that there are" all_of_them

export TESTS='a b'
check "results are summed" says 0 "6 passed, 0 failed, 2 skipped" \
	$'1 CPU +3 passed, 0 failed, 1 skipped, .*\n20 CPUs +3 passed' 1 20
check "each with its processors" ran 20 "a b CPUS=20 APPEND="
check "a parameter" says 0 "3 passed, 0 failed, 1 skipped" '4 CPUs, x=1 +3 passed' x=1
check "is on the command line" ran x=1 "a b CPUS=4 APPEND=x=1"
APPEND=y check "processors and two parameters" says 0 "3 passed, 0 failed, 1 skipped" '2 CPUs, x=1 z' 2:x=1+z
check "go behind those that are there" ran 2-x=1-z "a b CPUS=2 APPEND=y x=1 z"
check "one cell that fails" says 1 "7 passed, 2 failed, 3 skipped" \
	$'Failed:\n  4 CPUs, bad: build/matrix/bad/check.log\n    nmi: not ok 1 none\n' 1 bad 2
check "one without results has failed" says 1 "3 passed, 1 failed, 1 skipped" \
	'dies +failed: no results, status 125' dies 1
for cell in preempt=none threadirqs nohz_full=1; do
	check "$cell: skipped, with a reason" says 0 "3 passed, 0 failed, 2 skipped" \
		"$cell +skipped: .*CONFIG_" $cell 1
done
check "a parameter that the kernel takes is not skipped" says 0 "3 passed, 0 failed, 1 skipped" \
	'=10 +3 passed' rcutree.kthread_prio=10
for cell in 0 x:y '4:' '4 x' 4:5; do
	check "'$cell' is no cell" says 125 \
		"matrix: error: $cell is no cell: CPUS, PARAMETER or CPUS:PARAMETER+PARAMETER" '' "$cell"
done
stub lab/setup <<<'#!/bin/sh
exit 125'
check "no lab" says 125 '' '' 1
