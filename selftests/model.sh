#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will verify the model of the unlock, and fail if a property does not
# hold, or a mutant gets away.
# runs: host
# timeout: 1200

. "${0%/*}/lib.sh"

exec model/run
