# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # those that source common.sh use it
#
# The suites of Debian that the lab can be made from. SUITE is the root file
# system's, by default the one that the project is tested on; each other has a cache
# of its own. A kernel's modules need the compilers that it was built with, so a
# kernel comes with a root of its suite.

SUITES='trixie forky sid'

# suite NAME: sets SUITE_KERNELS, the suites that kernels come from; SUITE_GCC, the
# version that Debian builds these with; and SUITE_LLVM, that of the clang for
# KERNEL=kasan and the fuzzers, which is NAME's own as all else.
suite() {
	case $1 in
	trixie) SUITE_KERNELS=(trixie-backports) SUITE_GCC=14 SUITE_LLVM=19 ;;
	forky) SUITE_KERNELS=(forky) SUITE_GCC=16 SUITE_LLVM=22 ;;
	sid) SUITE_KERNELS=(sid experimental) SUITE_GCC=16 SUITE_LLVM=22 ;;
	*) die "SUITE=$1: the lab knows $SUITES" ;;
	esac
}
suite "${SUITE:=trixie}"

# suite_lists NAME...: the suites whose packages are looked up for these.
suite_lists() {
	local name
	for name; do
		(suite "$name" && printf '%s\n' "$name" "${SUITE_KERNELS[@]}")
	done | sort -u
}

# with_versions < names: the packages' names with the versions of the compilers.
with_versions() { sed "s/@GCC@/$SUITE_GCC/; s/@LLVM@/$SUITE_LLVM/"; }
