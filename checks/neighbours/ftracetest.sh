#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# ftracetest.sh FOLDER: the kernel's own tests, which are there, of what we attach
# to, or run in.

cd "$1" || exit
for part in 00basic event ftrace instances kprobe preemptirq tracer; do
	tests="$tests test.d/$part"
done
# shellcheck disable=SC2086
./ftracetest -K --logdir /tmp/ftracetest $tests | tee /tmp/ftracetest.ktap |
	sed -nu '/# \(SKIP\|UNRESOLVED\)/d
		s/ #.*//
		s/^ok [0-9]* /pass /p
		s/^not ok [0-9]* /fail /p'
grep '^# Totals' /tmp/ftracetest.ktap
# Why, of those that failed: not of those that want a module that is not there.
sed -n '/# UNRESOLVED/d; s/^not ok \([0-9]*\) .*/\1/p' /tmp/ftracetest.ktap | while read -r n; do
	echo "# $n:"
	tail -n 20 /tmp/ftracetest/"$n"-* | sed 's/^/#   /'
done
