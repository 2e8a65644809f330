#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will try the lab's own logic without a network or a virtual machine,
# which versions it takes, what it takes for a complaint of the kernel, what a
# killed run leaves in the cache, how results are counted, and fail if one of
# these is wrong.
# runs: host
# timeout: 300

. "${0%/*}/lib.sh"

exec lab/tests/run
