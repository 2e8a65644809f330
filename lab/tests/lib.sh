# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the tests of the lab share. Each file beside this one is sourced by
# `run`, in a subshell with its own $T, a folder to make a mess in.

TESTED=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)

# pass TEXT, fail TEXT: a result. `run` numbers them.
pass() { echo "ok $*"; }
fail() { echo "not ok $*"; }

# check TEXT CMD...: passes if CMD does; if not, what it said is shown.
check() {
	local text=$1 out
	shift
	if out=$("$@" 2>&1); then
		pass "$text"
	else
		fail "$text"
		printf '%s\n' "$out" | tail -n 20 | sed 's/^/# /'
	fi
}

# refute TEXT CMD...: passes if CMD fails.
refute() {
	local text=$1
	shift
	check "$text" fails "$@"
}
fails() { ! "$@"; }

# ends STATUS REGEX CMD...: CMD ends with STATUS, and what it says matches.
ends() {
	local status=$1 regex=$2 rc=0 out
	shift 2
	out=$("$@" 2>&1 </dev/null) || rc=$?
	printf 'status %s, output:\n%s\n' "$rc" "$out"
	[[ $rc == "$status" && $out =~ $regex ]]
}

# one_line_error REGEX CMD...: CMD fails with one line that matches.
one_line_error() {
	local regex=$1 rc=0 out
	shift
	out=$("$@" 2>&1 </dev/null) || rc=$?
	printf 'status %s, output:\n%s\n' "$rc" "$out"
	((rc != 0)) && [[ $(grep -vc '^lab: [^e]' <<<"$out") == 1 &&
		$(tail -n 1 <<<"$out") =~ ^lab:\ error:\ .*$regex ]]
}

# lab_copy DIR: the lab's scripts alone, in DIR/project/lab, to be changed;
# with a cache of its own.
lab_copy() {
	mkdir -p "$1/project"
	cp -r "$TESTED"/{lab,dkms.conf,{.,debug.}config.fragment} "$1/project"
	rm -rf "$1/project/lab/tests"
	export XDG_CACHE_HOME=$1/cache
	unset ARCH SUITE KVER KERNEL MIRROR EXPECT IGNORE TIMEOUT CONSOLE ICOUNT CPUS
	mkdir -p "$XDG_CACHE_HOME"
}

# with_parts SCRIPT: what SCRIPT prints in a shell of its own, with the lab's parts
# sourced.
with_parts() {
	# shellcheck disable=SC2016 # the inner bash expands it
	bash -c '
		. "$0/lib/common.sh"
		for part in mirror resolve cache kernel kinds; do . "$0/lib/$part.sh"; done
		eval "$1"' "$TESTED/lab" "$1"
}

# in_lab SCRIPT CMD...: with a part of the lab, lib/SCRIPT, sourced.
in_lab() {
	local script=$1
	shift
	(
		# shellcheck disable=SC1090
		for script in common $script; do . "$TESTED/lab/lib/$script.sh"; done
		"$@"
	)
}
