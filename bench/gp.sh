#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# gp: how long grace periods take while all CPUs are in sections.

. bench/lib.sh

ICOUNT=1 CPUS=4 TIMEOUT=300 guest gp.sh
