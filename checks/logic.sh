#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Properties of the probe's logic hold for generated input
# runs: host
# timeout: 900
#
# The test tries properties of the logic that needs no kernel, on generated
# input in user space. It fails if one does not hold. The filter, the table of
# tasks, the histograms and the escaping of rcu_blame/ are compiled as they are.
# ROUNDS is the number of inputs for each property.
#
# Control: with a mistake in a file that it is about a property does not hold.

. "${0%/*}/../selftests/lib.sh"

project=$PWD
build=$PWD/build/logic
# The sources, as links, so that a mistake can be put in the place of one.
tree=$build/tree
export CARGO_TARGET_DIR="$build/target" PROPTEST_CASES="${ROUNDS:-500}"

# cargo_test PROPERTY...: all, if none is named. The crate's folder has the settings.
cargo_test()
{
	(cd "$tree/checks/logic" && cargo test --quiet -- --exact "$@") > "$build/log" 2>&1
}

# holds PROPERTY
holds()
{
	cargo_test "rcu_blame::properties::$1" && return
	sed 's/^/# /' "$build/log"
	return 1
}

# A mistake is to be found by a property, not by the compiler.
fails()
{
	! cargo_test "rcu_blame::properties::$1" && grep -q '^test result: FAILED' "$build/log" &&
		return
	tail -n 20 "$build/log" | sed 's/^/# /'
	return 1
}

# refutes PROPERTY FILE TEXT SED: a control, with a mistake that SED makes in FILE.
refutes()
{
	file=$tree/rcu_blame/$2
	rm "$file"
	sed "$4" "$project/rcu_blame/$2" > "$file"
	if cmp -s "$file" "$project/rcu_blame/$2"; then
		ktap_test_fail "control: $1: no such line in $2: $4"
	else
		check "control: $1 fails: $3" fails "$1"
	fi
	ln -sf "$project/rcu_blame/$2" "$file"
}

controls()
{
	refutes filter::any_text filter.rs "a mistake is beyond the end" \
		's/Mistake { at: self.at, what }/Mistake { at: self.at + 1, what }/'
	refutes filter::bad_ranges filter.rs "a range may be empty" \
		's/last < first/last + 1 < first/'
	refutes filter::blank filter.rs "no terms are not true" \
		's/Test::None => true/Test::None => false/'
	refutes filter::damage filter.rs "any byte is part of a name" \
		's/c.is_ascii_graphic()/true/'
	refutes filter::expressions filter.rs "|| does not begin anew" \
		's/^ *all = true;$//'
	refutes filter::expressions filter.rs "a range has one CPU more" \
		's/cpu < r\.1/cpu <= r.1/'
	refutes filter::expressions filter.rs "of several terms only the first is looked at" \
		's/\[Some(Term::Pid(pid)), None, ..\]/[Some(Term::Pid(pid)), ..]/'
	refutes filter::field text.rs "a star is not escaped" \
		's/=\*&|/=\&|/'
	refutes filter::path text.rs "an ampersand is not escaped" \
		's/=\*&|/=*|/'
	refutes filter::numbers filter.rs "a number wraps" \
		's/\.checked_mul(10)/.wrapping_mul(10).checked_add(0)/'
	refutes filter::one_term filter.rs "a CPU has the bit of the next one" \
		's/cpus >> cpu & 1 != 0/cpus >> 1 >> cpu \& 1 != 0/'
	refutes filter::patterns filter.rs "a star is not tried again at the end" \
		's/(star, c != 0)/(star, c != 0 \&\& p < len)/'
	refutes filter::patterns filter.rs "a name may go on" \
		's/self\.len + 1$/self.len/'
	refutes filter::expressions filter.rs "the first CPUs are all of them" \
		's/self\.first >> cpu & 1 != 0/true/'
	refutes filter::patterns filter.rs "an octal digit has two bits" \
		"s/((a - b'0') << 6)/((a - b'0') << 5)/"
	refutes filter::too_many_terms filter.rs "nine terms" \
		's/MAX_TERMS: usize = 8/MAX_TERMS: usize = 9/'
	refutes histogram::bucket histogram.rs "a value is in the bucket below" \
		's/ilog2() as usize/ilog2().saturating_sub(1) as usize/'
	refutes histogram::sum_of_cpus histogram.rs "the minimum is that of the last CPU" \
		's/self\.min = self\.min\.min(one\.min\.get())/self.min = one.min.get()/'
	refutes histogram::values histogram.rs "the maximum does not rise" \
		's/value > self\.max\.get()/value < self.max.get()/'
	refutes histogram::bucket histogram.rs "the greatest value is taken for none" \
		's/self\.min > self\.max/self.min == u64::MAX/'
	refutes number::arithmetic number.rs "one is left behind" \
		's/xchg(0, /xchg(1, /'
	refutes task::exposure task.rs "a grace period counts when it ends" \
		's/\.wrapping_add(u64::from(is_under_way(seq)))//'
	refutes tasks::full tasks.rs "a slot is left out" \
		's/self\.taken\.get() < self\.size/self.taken.get() + 1 < self.size/'
	refutes tasks::idle task.rs "idle tasks have a row" \
		's/(pid(task) != 0)/(pid(task) != -1)/'
	refutes tasks::since tasks.rs "an interval goes on over a switch" \
		's/self\.switches\.get() == switches/self.switches.get() >= switches/'
	refutes tasks::size tasks.rs "any size will do" \
		's/!size\.is_power_of_two()/size == 0/'
	refutes tasks::table tasks.rs "a task that lives makes way" \
		's/number = self\.first_dead\.get();/number = self.first_dead.get().max(1);/'
	refutes tasks::table tasks.rs "a task has the row of one before at its address" \
		's/ && self\.started\.get() >= task::started(task)//'
	refutes tasks::table tasks.rs "a task loses its row by execve()" \
		's/self\.started\.get() >= task/self.started.get() == task/'
	refutes tasks::table tasks.rs "two slots have one key" \
		'/whose last switch nobody/,/}/ s/self\.bury(entry);//'
	refutes tasks::table tasks.rs "the intervals of a dead task go on" \
		's/slot\.record\.passing\.clear();//'
	refutes tasks::table tasks.rs "one dead task makes way, no other does" \
		's/self\.first_dead\.set(slot\.started\.get())/self.first_dead.set(NONE.into())/'
	refutes text::field text.rs "fewer than three digits" \
		's/{c:03o}/{c:o}/'
	refutes text::field_width text.rs "too many blanks" \
		's/for _ in width\.\./for _ in 0../'
	refutes text::line text.rs "the width is too small" \
		's/{ 1 } else { 4 }/{ 1 } else { 3 }/'
}

# Files of the last run have its mistakes.
rm -rf "$tree"
mkdir -p "$tree/checks"
cp -rs "$project/rcu_blame" "$tree"
cp -rs "$project/checks/logic" "$tree/checks"
rm -f "$tree/checks/logic/Cargo.lock"
(cd "$tree/checks/logic" && cargo clean --quiet --package logic && cargo test --no-run &&
	cargo test --quiet -- --list > "$build/list") > "$build/log" 2>&1 || {
	sed 's/^/# /' "$build/log"
	echo "Bail out! the properties do not compile"
	exit 1
}
properties=$(sed -n 's/^rcu_blame::properties::\(.*\): test$/\1/p' "$build/list")

ktap_print_header
ktap_set_plan $(($(echo "$properties" | wc -l) + $(grep -c '^	refutes ' "$0") + 1))

for property in $properties; do
	check "$property" holds "$property"
done
controls

with_controls=$(sed -n 's/^	refutes \([^ ]*\) .*/\1/p' "$0" | sort -u)
check "each property has a control" test "$with_controls" = "$(echo "$properties" | sort)"
ktap_finished
