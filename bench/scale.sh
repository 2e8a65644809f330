#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scale: the guard, and the handling of an event, on more CPUs, and among more
# tasks; in instructions, all CPUs' together.

. bench/lib.sh

for program in tasks pipes; do
	lab/enter gcc -O2 -Wall -o build/bench/$program bench/$program.c
done
for cpus in 1 2 4 8; do
	ICOUNT=1 CPUS=$cpus TIMEOUT=300 guest scale.sh cpus "$cpus"
done
ICOUNT=1 CPUS=1 MEM=3G TIMEOUT=300 guest scale.sh tasks 10 10000
