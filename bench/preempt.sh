#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# preempt: what the module adds to a preemption and the return, of a task in a
# section and of one in none; in instructions.

. bench/lib.sh

ICOUNT=1 CPUS=1 TIMEOUT=200 guest preempt.sh
