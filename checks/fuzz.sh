#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: No text has the parser of filters panic or contradict itself
# runs: host
# timeout: 900
#
# The test compiles rcu_blame/filter.rs for user space, with counters of
# coverage, and has libFuzzer look for texts that reach new code. It fails if
# one of them makes the parser panic (an index out of bounds, an overflow),
# report a mistake beyond the end of the text, or take a filter for another
# one when it is written twice. DURATION is how many seconds it looks. Texts
# that reach new code are kept in build/fuzz/corpus, and the next run begins
# with them.
#
# Control: each of a few mistakes in the parser is found.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_fuzz.sh"

DURATION=${DURATION:-20}
project=$PWD
build=$PWD/build/fuzz
tree=$build/tree
# The longest text that sysfs passes on: RCU_BLAME_WRITE_MAX.
LEN=1023

# Checks are those of a debug build; panics abort, which libFuzzer reports.
options="--crate-name fuzz --crate-type bin --edition 2021 --cfg CONFIG_64BIT --cfg fuzzing
	-C opt-level=2 -C codegen-units=1 -C panic=abort
	-C overflow-checks=yes -C debug-assertions=yes $coverage"

# build NAME: of the files in $tree.
build()
{
	# shellcheck disable=SC2086
	rustc $options -o "$build/$1" "$tree/checks/logic/src/lib.rs" > "$build/$1.log" 2>&1 &&
		return
	sed 's/^/# /' "$build/$1.log"
	return 1
}

# control NAME TEXT SED: with a mistake that SED makes in filter.rs.
control()
{
	rm "$tree/rcu_blame/filter.rs"
	sed "$3" rcu_blame/filter.rs > "$tree/rcu_blame/filter.rs"
	mkdir -p "$build/$1-corpus"
	if cmp -s rcu_blame/filter.rs "$tree/rcu_blame/filter.rs" || ! build "$1"; then
		ktap_test_fail "control: no such line, or it does not compile: $3"
	else
		check "control: it is found that $2" finds "$1"
	fi
	ln -sf "$project/rcu_blame/filter.rs" "$tree/rcu_blame/filter.rs"
}

# Files of the last run have its mistakes.
rm -rf "$tree" "$build"/*-corpus "$build/seeds"
mkdir -p "$tree/checks" "$build/corpus" "$build/seeds"
cp -rs "$project/rcu_blame" "$tree"
cp -rs "$project/checks/logic" "$tree/checks"
# The words of a filter.
printf '"%s"\n' comm pid tgid prio cpu cgroup == '<' '&&' '||' '*' / , - '\\040' '\\000' \
	> "$build/dictionary"
echo 'comm==a* && prio<99 || cpu==0,2-3' > "$build/seeds/terms"
echo 'cgroup==1234567890123456789 || cgroup==/a' > "$build/seeds/cgroups"

ktap_print_header
ktap_set_plan 5

check "it compiles" build filter
check "nothing is found in $DURATION s" no_mistake filter
tried filter
control length "a name of 17 bytes is out of bounds" \
	's/pattern.*get_mut(\(pattern.len\))/Some(\&mut pattern.bytes[\1])/'
control number "a number overflows" 's/\.checked_mul(10)$/.checked_add(number * 9)/'
control begins "|| does not begin anew" 's/begins |= 2 << i/begins |= 4 << i/'

ktap_finished
