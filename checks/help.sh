#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The text of make help names every target and variable
# runs: host
#
# The test compares the text of make help with the Makefile, and fails if a
# target or a variable is missing in either.
#
# Control: a target without a text, and a variable without one, are missed.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# said MAKEFILE: the names that its help begins lines with.
said()
{
	make --no-print-directory -f "$1" help | awk '/^  / { print $1 }' | sort -u
}

# there MAKEFILE: its targets, and what may be set from outside.
there()
{
	{
		sed -n 's/^\.PHONY: //p' "$1" | tr ' ' '\n'
		sed -n 's/^\([a-z-]*\):.*/\1/p' "$1"
		sed -n 's/^\([A-Z_]*\) ?=.*/\1/p' "$1"
	} | sort -u
}

# complete MAKEFILE: no difference.
complete()
{
	said "$1" > "$work/said"
	there "$1" > "$work/there"
	diff "$work/there" "$work/said" | sed -n 's/^</# not in the help:/p; s/^>/# only there:/p'
	cmp -s "$work/there" "$work/said"
}

ktap_print_header
ktap_set_plan 4

check "make help has every target and variable" complete Makefile
check "and there are some" test "$(wc -l < "$work/said")" -gt 20
sed 's/^lint: .*/lint:/' Makefile > "$work/Makefile"
refute "control: a target without a text is missed" complete "$work/Makefile"
sed 's/^\(TIMEOUT ?=\).*/\1/' Makefile > "$work/Makefile"
refute "control: so is a variable" complete "$work/Makefile"

ktap_finished
