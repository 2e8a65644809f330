# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# A root file system of the test's own, in which it installs packages. Sourced.
#
# shellcheck disable=SC2154 # work and root are theirs that source this

# inside COMMAND: as root, in $root; what it says is kept, in $work/log.
inside()
{
	"${LAB_VM%/*}/own-root" "$root" sh -c "export DEBIAN_FRONTEND=noninteractive
		$1" > "$work/log" 2>&1 && return
	tail -n 20 "$work/log" | sed 's/^/# /'
	return 1
}
