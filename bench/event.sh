#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# event: what handling an event adds to a context switch: perf bench sched pipe
# with nothing attached, with our probes, and with what else could be used.

. bench/lib.sh

ICOUNT=1 CPUS=1 TIMEOUT=600 guest event.sh instructions 1 3 4000
# Time: emulated, on a host with other things to do. Many short runs: some of
# them are not disturbed.
CPUS=1 TIMEOUT=600 guest event.sh ns 1 12 250
