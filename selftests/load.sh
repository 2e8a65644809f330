#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# This test will load and unload the module, and fail if it does not say so, is
# refused, or leaves something behind.
# runs: vm

. "${0%/*}/lib.sh"

ktap_print_header
ktap_set_plan 4

dmesg -C
check "it loads" insmod "$MODULE"
check "and says so" sh -c 'dmesg | grep -q "rcu_notrace: loaded"'
check "and unloads" rmmod rcu_notrace
refute "and is gone" test -e /sys/module/rcu_notrace

ktap_finished
