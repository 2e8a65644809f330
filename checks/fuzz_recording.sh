#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: No bytes have rcu-blame panic as it reads a recording
# runs: host
# timeout: 900
#
# The test compiles rcu-blame with counters of coverage, and has libFuzzer look
# for recordings that reach new code. It fails if one of them makes the tool
# panic (an index out of bounds, an overflow), or if a report has a character
# that is not printed, or markup of the recording's. DURATION is how many
# seconds it looks. Recordings that reach new code are kept in
# build/fuzz_recording/corpus, and the next run begins with them.
#
# Control: a mistake in the parser of names is found.

. "${0%/*}/../selftests/lib.sh"
. "${0%/*}/lib_fuzz.sh"

DURATION=${DURATION:-20}
build=$PWD/build/fuzz_recording
crate=tools/rcu-blame
LEN=16384
target=$(rustc -vV | sed -n 's/^host: //p')

# build NAME CRATE: checks are those of a debug build; panics abort, which libFuzzer
# reports. With a named target the crates that the compiler loads have no counters.
build()
{
	# shellcheck disable=SC2086,SC2116 # without its line breaks
	(cd "$2" && CARGO_TARGET_DIR=$build/cargo RUSTFLAGS=$(echo $coverage) \
		CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=2 \
		CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
		CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
		cargo build --release --locked --quiet --bin fuzz_recording \
			--features fuzzing --target "$target") > "$build/$1.log" 2>&1 &&
		cp "$build/cargo/$target/release/fuzz_recording" "$build/$1" && return
	sed 's/^/# /' "$build/$1.log"
	return 1
}

rm -rf "$build"/*-corpus "$build/seeds" "$build/copy"
mkdir -p "$build/corpus" "$build/seeds" "$build/name-corpus"
printf '"%s"\n' '{\"type\":\"event\",\"ns\":' ',\"cpu\":' ',\"record\":\"' '\"}' '\\\\777' \
	'\\\\040' comm= stack= kind= pid= ns= 18446744073709551615 -9223372036854775808 \
	> "$build/dictionary"
# The header, and a few of the other lines.
awk -v seeds="$build/seeds" '
	/^#/ { next }
	!header { header = $0; next }
	length($0) < 12000 {
		if (n++ % 4 == 0) {
			file = seeds "/" n
			print header > file
		}
		print > file
	}' "$crate/tests/data/small.jsonl"

ktap_print_header
ktap_set_plan 5

check "it compiles" build recording "$crate"
check "nothing is found in $DURATION s" no_mistake recording
tried recording
cp -r "$crate" "$build/copy"
file=src/model/escape.rs
sed -i 's/byte.checked_mul(8)?.checked_add(c - /Some(byte * 8 + c - /' "$build/copy/$file"
refute "control: a mistake" cmp -s "$crate/$file" "$build/copy/$file"
check "control: it compiles" build name "$build/copy"
check "control: it is found" finds name

ktap_finished
