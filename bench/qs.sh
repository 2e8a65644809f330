#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qs: the time from a drop to the quiescent state, and to the deboost of a reader
# that was boosted, by the context of the drop, in instructions.

. bench/lib.sh

ICOUNT=1 CPUS=2 TIMEOUT=300 guest qs.sh qs samples=120
ICOUNT=1 CPUS=2 TIMEOUT=300 guest qs.sh deboost samples=12 boost=1
