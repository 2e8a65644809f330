#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: Files of make install are found by modprobe and can be removed
# runs: host
#
# The test installs the module and rcu-blame by make into an empty folder, and
# takes them away again. The test fails if the module is not where modprobe
# looks, would be loaded at boot, brings something else with it, or leaves
# something behind; or if rcu-blame does not run from there, has no manual page
# that man finds, or no completion that bash and its loader take.
#
# Control: before the installation the module is not found. Without
# build/rcu-blame only the module is installed. With another rustc first in the
# path, make says so in a line, which it does not for the installation.

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

# completes: bash loads the completion by the name of the command.
completes()
{
	bash -c "
		. '$work/root/usr/local/share/bash-completion/completions/rcu-blame'
		COMP_WORDS=(rcu-blame wh) COMP_CWORD=1
		_rcu-blame rcu-blame wh rcu-blame
		[ \"\${COMPREPLY[*]}\" = why ]"
}

# without_tool COMMAND...: as on a machine on which it is not built.
without_tool()
{
	mv build/rcu-blame "$work"
	"$@"
	status=$?
	mv "$work/rcu-blame" build/
	return $status
}

# other_rustc: make, where another rustc is the first.
other_rustc()
{
	PATH=$work/bin:$PATH make KDIR="$KDIR" module > "$work/log" 2>&1
}

ktap_print_header
ktap_set_plan 15

mkdir "$work/root"
refute "control: before, it is not found" found
check "without the tool" without_tool try KDIR="$KDIR" DESTDIR="$work/root" install
check "control: three files" test "$(files | wc -l)" = 3
rm -r "$work/root"
mkdir "$work/root"
check "make install" try KDIR="$KDIR" DESTDIR="$work/root" install
check "modprobe would find it" found
check "that kernel would take it" grep -q "^vermagic: *$KRELEASE " "$work/info"
local=$work/root/usr/local
pages=$(find "$local/share/man/man8" -name 'rcu-blame*.8' | wc -l)
check "the tool, its $pages pages, 3 completions, and 3 files" \
	test "$(files | wc -l)" = $((7 + pages))
check "the tool runs" sh -c "'$local/sbin/rcu-blame' --version | grep -q '^rcu-blame [0-9]'"
check "man finds the page of a command" \
	sh -c "man -M '$local/share/man' -w 8 rcu-blame-why > '$work/log' 2>&1"
check "bash completes a command" completes
refute "it is not loaded at boot unless asked for" \
	grep -q '^[^#]' "$work/root/etc/modules-load.d/rcu-notrace.conf"
check "make uninstall" try KDIR="$KDIR" DESTDIR="$work/root" uninstall
check "and nothing is left" test -z "$(files)"

mkdir "$work/bin"
printf '#!/bin/sh\necho rustc 0.0.1\n' > "$work/bin/rustc"
chmod +x "$work/bin/rustc"
refute "with another rustc nothing is built" other_rustc
check "and a line says what it was built with, and what is there" \
	sh -c "grep -c . '$work/log' | grep -qx 2 &&
		grep -q 'was built with rustc [1-9].* and rustc is rustc 0.0.1: ' '$work/log'"

ktap_finished
