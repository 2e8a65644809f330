#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: A browser has no complaint of the report and the documentation
# requires: native
# runs: drives
# timeout: 900
#
# The test opens pages in Chromium, which has no network: the page that
# rcu-blame makes of a recording, and pages of the documentation. The test
# fails if the browser's console says anything (an error in a script, an address
# in the network), or a page is not drawn.
# build/pages has a picture of each; Documentation/report.png is the one of
# build/demo.jsonl, which make demo leaves, and which the test takes if it is
# there. The test runs only with LONG=1: it downloads 130 MB.
#
# Control: a page with an error in its script, one that wants something of the
# network, and one that is white, are noticed.

. "${0%/*}/../selftests/lib.sh"
# shellcheck source=checks/lib_long.sh
. "${0%/*}/lib_long.sh"
# shellcheck source=checks/lib_own_root.sh
. "${0%/*}/lib_own_root.sh"

only_with_long "downloads 130 MB"

work=$PWD/build/pages
root=$work/root
recording=tools/rcu-blame/tests/data/small.jsonl
test ! -e build/demo.jsonl || recording=build/demo.jsonl

# A page says on the console what this keeps it from.
policy="default-src file: data: 'unsafe-inline'"

# browse PAGE OPTION...: it has five seconds of its own clock for its scripts.
browse()
{
	page=$1
	shift
	grep -q "$policy" "$work/$page.html" || sed -i "0,/<head>/ s|<head>|&\\
		<meta http-equiv=\"Content-Security-Policy\" content=\"$policy\">|" \
		"$work/$page.html"
	inside "timeout 120 chromium-headless-shell --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --user-data-dir=/tmp/browser --hide-scrollbars \
		--host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr \
		--virtual-time-budget=5000 $* 'file://$work/$page.html'"
}

# drawn PAGE HEIGHT: the picture is as large as it was asked for, and has something on it.
drawn()
{
	picture=$work/${1##*/}.png
	browse "$1" "--window-size=1100,$2" "--screenshot='$picture'" || return
	test "$(od -An -tx1 -j16 -N8 "$picture" | tr -d ' ')" = "$(printf '%08x%08x' 1100 "$2")" &&
		test "$(wc -c < "$picture")" -gt 20000
}

# quiet: the browser's console had nothing to say of the last page.
quiet()
{
	! grep CONSOLE "$work/log" | sed 's/^/# /' | grep .
}

# plots NUMBER: the page has as many pictures in it.
plots()
{
	browse report --dump-dom || return
	count=$(grep -o '<svg' "$work/log" | wc -l)
	ktap_print_msg "plots: $count"
	test "$count" -ge "$1"
}

# noticed TEXT MARKUP
noticed()
{
	echo "<!doctype html><head><title>x</title></head>$2" > "$work/control.html"
	browse control "--screenshot='$work/control.png'"
	refute "control: $1 is noticed" quiet
}

ktap_print_header
ktap_set_plan 13

rm -rf "$root"
mkdir -p "$work"
check "a browser is installed" inside "apt-get -qq update &&
	apt-get -qy install --no-install-recommends chromium-headless-shell fonts-dejavu-core"
check "the report is made of $recording" \
	build/rcu-blame report --html -o "$work/report.html" "$recording"
check "the documentation is made" "${LAB_VM%/*}/enter" Documentation/build "$work/docs"
check "the report is drawn" drawn report 1400
check "the console has nothing to say of it" quiet
check "its plots are there" plots 4
for page in index tutorial; do
	check "the documentation is drawn: $page" drawn "docs/$page" 1400
	check "the console has nothing to say of it: $page" quiet
done
noticed "an error in a script" "<script>nothing.there()</script>"
noticed "an address in the network" "<img src=http://example.com/a.png>"
refute "control: a page with nothing on it is not drawn" drawn control 1400
rm -rf "$root"

ktap_finished
