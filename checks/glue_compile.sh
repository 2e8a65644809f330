#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Mistakes in the use of typed probes do not compile
# runs: host
# timeout: 240
#
# The test compiles each file of compile_fail/ twice. The test fails if a file
# compiles with its mistake (--cfg mistake), or is refused for another reason
# than the one that the file expects.
#
# Control: each file compiles without its mistake.

. "${0%/*}/../selftests/lib.sh"

CASES=selftests/compile_fail

# A test module's command, with another source, that makes no object.
command=$(sed -n 's/^savedcmd_[^ ]* := //p' "$MODS/.trace_all.o.cmd" |
	sed 's/ --emit=.*//; s/ --out-dir [^ ]*//')
out=$(mktemp -d)
at_exit "rm -rf '$out'"

# compile CASE OPTIONS
compile()
{
	case=$1
	shift
	# As kbuild does, for the options that are not stable yet.
	eval "RUSTC_BOOTSTRAP=1 $command --emit=metadata=$out/case $* $CASES/$case.rs" \
		> "$out/log" 2>&1
}

# refused CASE: with its mistake, for the reason it gives.
refused()
{
	reason=$(sed -n 's/^\/\/ expect: //p' "$CASES/$1.rs")
	if ! compile "$1" --cfg mistake && grep '^error\| \^' "$out/log" | grep -q "$reason"; then
		return 0
	fi
	head -n 20 "$out/log" | sed 's/^/# /'
	return 1
}

cases=$(cd $CASES && for case in *.rs; do [ "$case" = root.rs ] || echo "${case%.rs}"; done)

ktap_print_header
ktap_set_plan $(($(echo "$cases" | wc -l) * 2))
for case in $cases; do
	what=$(sed -n 's/^\/\/! //p' "$CASES/$case.rs")
	check "$case: does not compile: $what" refused "$case"
	check "control: $case: without it, it does" compile "$case"
done
ktap_finished
