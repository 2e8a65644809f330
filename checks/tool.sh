#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The tool rcu-blame keeps its tests, and refuses bad input
# requires: native
# runs: host
# timeout: 1800
#
# The test runs the tests, clippy and rustfmt of tools/rcu-blame, then looks at
# build/rcu-blame, which is linked statically and has less than 10 MB. It fails
# if one of these has something to say; if bad input, another version's tables,
# a full disk or a terminal that will not do is not refused with status 2 and
# one line; if a closed pipe is not quiet; or if the live screen sends what has
# not changed.
#
# Control: a rule out of order, a name in a kernel's table, and a mistake in
# style are noticed; so are a program that is not static, and one of 11 MB.

. "${0%/*}/../selftests/lib.sh"

tool=$PWD/build/rcu-blame
crate=$PWD/tools/rcu-blame
work=$PWD/build/tool
export CARGO_TARGET_DIR="$PWD/build/cargo" INSTA_UPDATE=no

# said STATUS COMMAND...: it succeeds with that status; its output is shown if not.
said()
{
	"$@" > "$work/log" 2>&1 && return
	tail -n 40 "$work/log" | sed 's/^/# /'
	return 1
}

# quietly COMMAND...: its output is in the log.
quietly()
{
	"$@" > "$work/log" 2>&1
}

# in_crate FOLDER COMMAND...
in_crate()
{
	(cd "$1" && shift && "$@")
}

is_static()
{
	! readelf -l "$1" | grep -q INTERP
}

is_small()
{
	[ "$(stat -c %s "$1")" -lt 10000000 ]
}

formatted()
{
	find "$1" -name '*.rs' ! -path '*/target/*' -exec rustfmt --check \
		--config-path "$KDIR/.rustfmt.toml" --edition 2021 {} +
}

# mistake SED FILE: a copy of the crate that has it.
mistake()
{
	rm -rf "$work/copy"
	cp -r "$crate" "$work/copy"
	sed -i "$1" "$work/copy/$2"
	! cmp -s "$work/copy/$2" "$crate/$2"
}

# refuses TEXT REGEX ARGUMENT...: with status 2, and one line on stderr.
refuses()
{
	text=$1 regex=$2
	shift 2
	"$tool" "$@" > "$work/out" 2> "$work/err" < /dev/null
	status=$?
	if [ $status = 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" = 1 ] &&
		grep -q "^rcu-blame: .*$regex" "$work/err"; then
		ktap_test_pass "$text"
	else
		sed "s/^/# $status /" "$work/err"
		ktap_test_fail "$text"
	fi
}

# refuses_word TEXT ARGUMENT...: an argument, with status 2.
refuses_word()
{
	text=$1
	shift
	"$tool" "$@" > "$work/out" 2> "$work/err" < /dev/null
	check "$text is refused" test $?/"$(grep -c '^error: ' "$work/err")" = 2/1
}

# on_terminal TERM ARGUMENT...: prints what the terminal got.
on_terminal()
{
	type=$1
	shift
	TERM=$type script -qec "stty rows 24 cols 80; $tool $*" /dev/null < /dev/null
}

# sends LOOKS: how many bytes.
sends()
{
	on_terminal xterm top --root "$good" -d 100ms -n "$1" | wc -c
}

ktap_print_header
ktap_set_plan 38

rm -rf "$work"
mkdir -p "$work"

# Cargo takes what it built of a copy for that of the crate.
forget()
{
	in_crate "$crate" cargo clean --quiet --package rcu-blame
}
at_exit forget

forget
check "its tests pass" said in_crate "$crate" cargo test --locked
check "clippy has nothing to say" \
	said in_crate "$crate" cargo clippy --locked --all-targets --quiet -- -D warnings
check "rustfmt has nothing to say" said formatted "$crate"
check "it is linked statically" is_static "$tool"
check "it is small: $(stat -c %s "$tool") bytes" is_small "$tool"
refute "control: sh is not linked statically" is_static "$(command -v sh)"
truncate -s 11M "$work/large"
refute "control: 11 MB" is_small "$work/large"

mistake '/^    ReaderPreempted,$/d; s/^    Nothing,$/&\n    \/\/\/ Late.\n    ReaderPreempted,/' \
	src/model/verdict.rs
refute "control: a rule out of order" \
	quietly in_crate "$work/copy" cargo test --quiet --lib verdict
check "control: is found by a test" grep -q '^test result: FAILED' "$work/log"
mistake 's/comm=cause_hog/comm=cause_dog/g' tests/golden/pinned/held.later
refute "control: another name in a table" \
	quietly in_crate "$work/copy" cargo test --quiet --test golden
check "control: is found by a test" grep -q '^test result: FAILED' "$work/log"
mistake 's/^pub mod json;/&\n\n\/\/\/ One.\npub fn planted( x: u8 )->bool { x == x }/' src/view.rs
refute "control: clippy finds a mistake" \
	quietly in_crate "$work/copy" cargo clippy --quiet -- -D warnings
check "control: and names it" grep -q 'eq_op' "$work/log"
refute "control: rustfmt finds it" quietly formatted "$work/copy"

# Trees of files as /sys has them.
good=$work/good
mkdir -p "$good/sys/kernel/rcu_blame" "$good/sys/kernel/debug/rcu_blame"
cp "$crate"/tests/golden/lock/* "$good/sys/kernel/debug/rcu_blame/"
other=$work/other
cp -r "$good" "$other"
rm "$other/sys/kernel/debug/rcu_blame/held"
mkdir -p "$work/empty" "$work/unmounted/sys/kernel/rcu_blame" "$work/unmounted/sys/kernel/debug"

# list: the files, with their times.
list()
{
	ls -lR --full-time "$work/good" "$work/other" "$work/unmounted"
}

list > "$work/before"
refuses "no module" 'not loaded.*modprobe rcu_blame' held --root "$work/empty"
refuses "no debugfs" 'debugfs is not mounted' held --root "$work/unmounted"
refuses "another version of the module" 'no file held: install the module' held --root "$other"
refuses "no tracefs" 'tracefs is not mounted' \
	held --root "$good" -d 1s --on-threshold trace
refuses "no such CPU" 'house-keeping' held --root "$good" -H 4000
refuses "no terminal" 'no terminal: use .*--batch' top --root "$good"
refuses "nor without a command" 'not loaded' top --root "$work/empty"
list > "$work/after"
check "nothing has changed" cmp -s "$work/before" "$work/after"
echo "held ns=no" > "$other/sys/kernel/debug/rcu_blame/held"
refuses "a table of another form" 'held: line 1: held: ns is no: install the tool' \
	why --root "$other"
head -c 10000 /dev/urandom > "$other/sys/kernel/debug/rcu_blame/held"
refuses "random bytes" 'install the tool' held --root "$other"
printf 'held ns=1 tasks=1 readers=0 threads=0\ngp type=\033[31m seq=1\n' \
	> "$other/sys/kernel/debug/rcu_blame/held"
refuses "a word of no meaning" 'line 2: gp: neither normal nor expedited' held --root "$other"

refuses_word "a time without a unit" held --threshold 3x
refuses_word "a range that is reversed" held -c 3-1
refuses_word "an action without a time" held --on-threshold continue
refuses_word "an unknown action" held -d 1s --on-threshold signal
refuses_word "an unknown command" whence

"$tool" held --root "$good" > "$work/out"
check "something is held: status 1" test $? = 1
"$tool" held --root "$good" --threshold 1h > "$work/out"
check "nothing is, for so long: status 0" test $? = 0
"$tool" held --root "$good" > /dev/full 2> "$work/err"
check "a full disk" test "$?/$(cat "$work/err")" = \
	"2/rcu-blame: No space left on device (os error 28)"
# The pipe is closed before anything is written.
{ "$tool" held --root "$good" 2> "$work/err"; echo $? > "$work/status"; } | :
pause 1
check "a closed pipe is quiet" test "$(cat "$work/status" "$work/err")" != 2
check "a dumb terminal" sh -c "echo '$(on_terminal dumb top --root "$good" | tr -d '\r')' |
	grep -q '^rcu-blame: the terminal is dumb'"
few=$(sends 2)
more=$(sends 8)
check "a screen that does not change sends $few bytes for 2 looks, $more for 8" \
	at_most "$more" $((few + 6 * 40)) 1

"$tool" generate man "$work/man"
for page in "$work"/man/*; do
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" \
		2>> "$work/warnings" > /dev/null
done
check "manual pages: $(basename -a "$work"/man/* | paste -sd ' ')" test ! -s "$work/warnings"
"$tool" generate bash > "$work/completion"
check "a completion for bash" bash -n "$work/completion"

ktap_finished
