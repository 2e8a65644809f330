#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Files of make install are found by modprobe and can be removed
# runs: host
#
# The test installs the module by make into an empty folder, and takes the
# module away again. The test fails if the module is not where modprobe looks,
# would be loaded at boot, brings something else with it, or leaves something
# behind.
#
# Control: before the installation the module is not found.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

try()
{
	make "$@" > "$work/log" 2>&1 && return
	tail -n 20 "$work/log" | sed 's/^/# /'
	return 1
}

# files: those that are not depmod's.
files()
{
	(cd "$work/root" && find . ! -type d ! -name 'modules.*' | sort)
}

found()
{
	modinfo -b "$work/root" -k "$KRELEASE" rcu_blame > "$work/info" 2>&1
}

ktap_print_header
ktap_set_plan 8

mkdir "$work/root"
refute "control: before, it is not found" found
check "make install" try KDIR="$KDIR" DESTDIR="$work/root" install
check "modprobe would find it" found
check "that kernel would take it" grep -q "^vermagic: *$KRELEASE " "$work/info"
check "three files" test "$(files | wc -l)" = 3
refute "it is not loaded at boot unless asked for" \
	grep -q '^[^#]' "$work/root/etc/modules-load.d/rcu-notrace.conf"
check "make uninstall" try KDIR="$KDIR" DESTDIR="$work/root" uninstall
check "and nothing is left" test -z "$(files)"

ktap_finished
