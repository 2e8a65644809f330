#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memory: what the module takes, when it is loaded and when its tables are full.

. bench/lib.sh

lab/enter gcc -O2 -Wall -o build/bench/tasks bench/tasks.c
# The size of the module's static per-CPU variables, and of its text.
lab/enter size -A rcu_notrace.ko rcu_blame.ko | awk '
	$1 == ".data..percpu" { percpu += $2 }
	$1 ~ /^\.(kprobes\.|init\.)?text$/ { text += $2 }
	END {
		print "memory what=percpu_static bytes=" percpu
		print "memory what=text bytes=" text
	}'
CPUS=2 MEM=3G TIMEOUT=200 guest memory.sh
