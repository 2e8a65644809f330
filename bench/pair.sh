#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pair: what a lock and an unlock cost, beside the kernel's readers: in
# instructions, exact; in the kernel's own harness; in time; and the same
# instructions on the host's own processor.

. bench/lib.sh

lab/kbuild -C bench/refscale modules >build/bench/refscale.log 2>&1 ||
	echo "# refscale does not build, see build/bench/refscale.log"

ICOUNT=1 CPUS=1 TIMEOUT=200 guest pair.sh instructions
CPUS=2 TIMEOUT=200 guest pair.sh cycles

# The offset of the nesting count in the kernel as built. In x86-64's instructions.
[[ $(lab/show machine) == x86_64 ]] || exit 0
# shellcheck disable=SC2016 # expanded there
lab/enter sh -ec '
	offset=$(objdump -d --disassemble=rcu_notrace_one_section "$0" |
		sed -n "s/.*incl *\(0x[0-9a-f]*\)(.*/\1/p")
	gcc -O2 -o build/bench/native bench/native.c
	build/bench/native "$offset"' "$MODS/rcu_notrace_pair.ko"
