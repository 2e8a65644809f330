#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# memory: what the module takes, when it is loaded and when its tables are full.

. bench/lib.sh

lab/enter gcc -O2 -Wall -o build/bench/tasks bench/tasks.c
# What each CPU has of the module's static variables.
lab/enter size -A rcu_notrace.ko | awk '
	$1 == ".data..percpu" { print "memory what=percpu_static bytes=" $2 }
	$1 ~ /^\.(kprobes\.|init\.)?text$/ { text += $2 }
	END { print "memory what=text bytes=" text }'
CPUS=2 MEM=3G TIMEOUT=200 guest memory.sh
