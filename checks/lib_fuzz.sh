# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions of the tests that have libFuzzer look for texts that reach new code.
# Sourced.
#
# shellcheck disable=SC2034 # some of these are for those that source this
# shellcheck disable=SC2154 # build is theirs

libfuzzer=$(find /usr/lib/llvm-*/lib/clang -name "libclang_rt.fuzzer-$(uname -m).a")
# The pass of LLVM that clang calls for -fsanitize=fuzzer.
coverage="-C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4
	-C llvm-args=-sanitizer-coverage-inline-8bit-counters
	-C llvm-args=-sanitizer-coverage-pc-table
	-C llvm-args=-sanitizer-coverage-trace-compares
	-C link-arg=$libfuzzer -C link-arg=-lstdc++ -C link-arg=-lm -C link-arg=-lc"

# fuzz NAME CORPUS SECONDS: run $build/NAME until it finds something; $build/NAME.log has
# what it says, $build/dictionary and $build/seeds the words and texts it begins with.
fuzz()
{
	"$build/$1" -max_total_time="$3" -max_len="$LEN" -timeout=10 -dict="$build/dictionary" \
		-use_value_profile=1 -artifact_prefix="$build/$1-" "$2" "$build/seeds" \
		> "$build/$1.log" 2>&1
}

# no_mistake NAME: it finds none in $DURATION s.
no_mistake()
{
	fuzz "$1" "$build/corpus" "$DURATION" && return
	# The text is the last that the log shows, as it is and in base64.
	grep -v '^#' "$build/$1.log" | tail -n 30 | sed 's/^/# /'
	return 1
}

# tried NAME: how many texts, how much of the code they reach, and how many are kept.
tried()
{
	ktap_print_msg "$(tail -n 1 "$build/$1.log"), $(grep -o 'cov: [0-9]*' "$build/$1.log" |
		tail -n 1), $(find "$build/corpus" -type f | wc -l) texts"
}

# finds MISTAKE: it panics.
finds()
{
	! fuzz "$1" "$build/$1-corpus" 60 && grep -q 'panicked at' "$build/$1.log" && return
	tail -n 3 "$build/$1.log" | sed 's/^/# /'
	return 1
}
