#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scale: the guard, and the handling of an event, on more CPUs, and among more
# tasks and readers, and with filters; in instructions, all CPUs' together.

. bench/lib.sh

for program in tasks pipes; do
	lab/enter gcc -O2 -Wall -o build/bench/$program bench/$program.c
done
ICOUNT=1 CPUS=8 TIMEOUT=400 guest scale.sh cpus 8 4 2 1
ICOUNT=1 CPUS=1 MEM=3G TIMEOUT=700 guest scale.sh load 10 10000
