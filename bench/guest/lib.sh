# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guests' part of the benchmarks share.

set -e
# shellcheck disable=SC2034 # for who sources this
MODS=selftests/test_modules
TRACING=/sys/kernel/tracing
mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING

# said REGEX: what the kernel log has said of late, without the module's name.
said()
{
	dmesg | sed -n "s/.*rcu_notrace_[a-z]*: \($1\)/\1/p"
}

# once MODULE ARG...: load a module that measures as it loads, print what it said.
once()
{
	dmesg -C
	insmod "$@"
	rmmod "$(basename "$1" .ko)"
}
