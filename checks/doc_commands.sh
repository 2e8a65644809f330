#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Commands in the documentation work and print their stated output
# runs: drives
# timeout: 1800
#
# The test takes every command out of the documentation and runs it in a copy of
# the project. The test fails if a command fails, prints something else than the
# text states, or cannot be taken out. The test runs only with LONG=1.

. "${0%/*}/../selftests/lib.sh"
# shellcheck source=checks/lib_long.sh
. "${0%/*}/lib_long.sh"
# shellcheck source=checks/lib_doc.sh
. "${0%/*}/lib_doc.sh"

only_with_long "takes a quarter of an hour"

work=$PWD/build/doc_commands
tree=$work/tree

# says BLOCK OUTPUT: what the block says it does.
says()
{
	lines "$1" 0 | awk '
		function plain(line) {
			gsub(/[0-9]+/, "0", line)
			gsub(/[ \t\r]+/, " ", line)
			return line
		}
		function like(line, pattern,  part, n, i, at) {
			n = split(pattern, part, /\.\.\./)
			for (i = 1; i <= n; i++) {
				at = index(line, part[i])
				if (part[i] != "" && !at)
					return 0
				line = substr(line, at + length(part[i]))
			}
			return 1
		}
		FNR == NR && !second { due[++n] = plain($0); next }
		next_due < n && like(plain($0), due[next_due + 1]) { next_due++ }
		END {
			if (next_due < n)
				print "# not said: " due[next_due + 1]
			exit next_due < n
		}' - second=1 "$2"
}

# run BLOCK: as the reader would.
run()
{
	commands=$(lines "$1" 1)
	[ -n "$commands" ] || {
		echo "# no command in it"
		return 1
	}
	(
		cd "$tree" || exit
		case $(grep -m 1 '^[$#] ' "$1"):$2 in
		'# '*:panics)
			EXPECT='panic:stack guard page|double fault|stack overflow' TIMEOUT=600 \
				lab/vm "$commands" ;;
		'# '*) lab/vm "set -e
			$commands" ;;
		*) sh -ec "$commands" ;;
		esac
	) > "$work/output" 2>&1 < /dev/null && says "$1" "$work/output" && return
	tail -n 30 "$work/output" | sed 's/^/# /'
	return 1
}

# named FILE...: what "make ..." in the text asks for and make help does not have.
named()
{
	make --no-print-directory help | awk '/^  / { print $1 }' > "$work/help"
	# shellcheck disable=SC2016 # these quotes are the text's
	grep -oE '`make( [A-Za-z_.=/$() -]*)?`' "$@" | tr -d '`' | sed 's/:make */ /' |
		while read -r file words; do
			for word in $words; do
				case $word in
				TESTS=[a-z]*)
					test -e "selftests/${word#TESTS=}.sh" ||
						test -e "checks/${word#TESTS=}.sh" ;;
				*) grep -qxF -e "${word%%=*}" "$work/help" ;;
				esac || echo "# $file: make $words: no $word"
			done
		done > "$work/unknown"
	cat "$work/unknown"
	test ! -s "$work/unknown"
}

# The reader has none of these.
unset MAKEFLAGS MAKELEVEL MFLAGS TESTS EXPECT TIMEOUT

rm -rf "$work"
mkdir -p "$tree"
tar -c --exclude=./build . | tar -x -C "$tree"
blocks "$work/blocks" README.md CONTRIBUTING.md Documentation/*.rst
cat > "$work/planted.rst" <<-'PLANTED'
	.. code-block:: console

	   $ false

	.. code-block:: console

	   $ echo 12 green bottles
	   34 green ...
	   $ echo and then
	   never

	Run ``make lint nothing``.
PLANTED
blocks "$work/planted" "$work/planted.rst"

ktap_print_header
ktap_set_plan $(($(find "$work/blocks" -type f | wc -l) + 4))
for block in "$work"/blocks/*; do
	read -r where class < "$block"
	case $class in
	own) ktap_test_skip "$where: package runs it: $(first "$block")" ;;
	self | firmware | kernel | untried) ktap_test_skip "$where: $class: $(first "$block")" ;;
	*) check "$where: $(first "$block")" run "$block" "$class" ;;
	esac
done
check "what the text asks of make is in make help" \
	named README.md CONTRIBUTING.md Documentation/*.rst
refute "control: a command that fails" run "$work/planted/001"
refute "control: one that says something else" run "$work/planted/002"
refute "control: a target that is not there" named "$work/planted.rst"

rm -rf "$tree"
ktap_finished
