#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh RUN: the first of ours to run in the guest. Leaves in RUN, which
# the host sees: `started` once user space is there, `status` at the end, and
# `lockdep-off` if it is.
# So a guest that never came up, one that died and a command that failed
# can be told apart whatever QEMU and virtme-ng return.

run=$1
project=${run%/build/vm/*}
# The guest's own /tmp. A project that lives below it must still be there.
mount --bind "$project" /mnt
mount -t tmpfs -o mode=1777 tmp /tmp
[[ -d $project ]] || { mkdir -p "$project" && mount --bind /mnt "$project"; }
umount /mnt
cd "$project" || exit
: >"$run/started"
bash "$run/command"
rc=$?
# If there is lockdep, it looks no further after its first report, whatever that
# was about.
if grep -qs 'debug_locks: *0$' /proc/lockdep_stats; then
	: >"$run/lockdep-off"
fi
echo "$rc" >"$run/status"
exit "$rc"
