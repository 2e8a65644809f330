#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The documentation builds without warnings and dead links
# runs: host
# timeout: 300
#
# The test builds the documentation as HTML, and fails if the build prints a
# warning, leaves a link to nowhere, or comes without a search or the API.
#
# Control: without a page links are dead, and without a chapter there is a
# warning.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
docs=$work/docs

build()
{
	Documentation/build "$docs" 2>&1 | sed 's/^/# /' > "$work/log"
	cat "$work/log"
	test ! -s "$work/log"
}

links_are_good()
{
	checks/dead_links.py "$docs" > "$work/dead" && return
	head -n 20 "$work/dead" | sed 's/^/# /'
	return 1
}

ktap_print_header
ktap_set_plan 7

check "it builds without a word" build
check "the search knows of quiescent states" grep -q '"quiesc' "$docs/searchindex.js"
check "the API has the guard" test -s "$docs/rustdoc/rcu_blame/rcu_notrace/struct.Guard.html"
check "and there is a way to it" grep -q 'href="rustdoc/rcu_blame/index.html"' "$docs/index.html"
check "no link leads to nowhere" links_are_good
rm "$docs/contract.html"
refute "control: without a page some do" links_are_good
SPHINXOPTS='-D exclude_patterns=contract.rst'
export SPHINXOPTS
refute "control: without a chapter it does not build" build

ktap_finished
