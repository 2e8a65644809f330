#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# guest.sh RUN: the first of ours to run in the guest. Leaves in RUN, which
# the host sees: `started` once user space is there, `status` at the end.
# So a guest that never came up, one that died and a command that failed
# can be told apart whatever QEMU and virtme-ng return.

run=$1
mount -t tmpfs -o mode=1777 tmp /tmp
# virtme-ng mounts the root without a cache, so that each page of each
# program is fetched anew. /usr never changes while we run: it may be cached.
# The modules and their build tree, mounted below it, come along.
mount -t 9p -o ro,version=9p2000.L,trans=virtio,access=any,msize=512000,cache=loose usr /usr
: >"$run/started"
bash "$run/command"
rc=$?
echo "$rc" >"$run/status"
exit "$rc"
