#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bpftrace.sh: tools that come with bpftrace, on tracepoints and functions, each
# while something happens that it is to see.

load='stress-ng --quiet --fork 1 --switch 1 --timeout 10s'

for tool in cpuwalk execsnoop opensnoop pidpersec runqlat runqlen syscount; do
	timeout -s INT 240 bpftrace -c "$load" /usr/sbin/$tool.bt > /tmp/$tool 2>&1
	# Without anything seen a headline is all there is.
	if ! grep -q ERROR /tmp/$tool && [ "$(wc -l < /tmp/$tool)" -gt 3 ]; then
		echo "pass $tool"
	else
		echo "fail $tool"
		sed 's/^/#   /' /tmp/$tool
	fi
done
