#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# latency: how long a real-time task waits for the CPU while a task of normal
# priority hits a tracepoint with a callback that takes 1 ms; in instructions.

. bench/lib.sh

ICOUNT=1 CPUS=1 TIMEOUT=500 guest latency.sh 1000 500
