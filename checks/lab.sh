#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The lab's own logic works without a network or a virtual machine
# runs: host
# timeout: 300
#
# The test tries the lab's own logic without a network or a virtual machine: the
# versions that the lab takes, the lines that the lab takes for a complaint of
# the kernel, the remains of a killed run in the cache, and the count of
# results. The test fails if one of these is wrong.

. "${0%/*}/../selftests/lib.sh"

exec lab/tests/run
