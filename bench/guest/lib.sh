# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions that the guests' parts of the benchmarks share.

set -e
# shellcheck disable=SC2034 # for who sources this
MODS=selftests/modules
TRACING=/sys/kernel/tracing
mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING

# said REGEX: what the kernel log has said of late, without the module's name.
said()
{
	dmesg | sed -n "s/.*rcu_notrace_[a-z]*: \($1\)/\1/p"
}

# The guards that all the modules are clients of.
insmod rcu_notrace.ko

# once MODULE ARG...: load a module that measures as it loads, print what it said.
once()
{
	dmesg -C
	insmod "$@"
	rmmod "$(basename "$1" .ko)"
}
