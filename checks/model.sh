#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The model of the unlock holds, and its mutants are caught
# runs: host
# timeout: 1200
#
# The test verifies the model of the unlock, and fails if a property does not
# hold.
#
# Control: the test fails if a mutant of the model gets away.

. "${0%/*}/../selftests/lib.sh"

exec model/run
