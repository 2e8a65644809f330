# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the benchmarks share. Sourced; the current folder is the project's.
#
# A benchmark is a script bench/KEY.sh. It prints records, a line each:
#
#   KEY word=value word=value ...
#
# which bench/report.py reads. What runs in the guest is bench/guest/KEY.sh, and
# prints records, too. Whatever else is printed is for whoever reads the log.

set -euo pipefail
LAB_VM=${LAB_VM:-$PWD/lab/vm}
# shellcheck disable=SC2034 # for who sources this
MODS=selftests/test_modules

# guest SCRIPT ARG...: bench/guest/SCRIPT in a guest; its environment says which.
guest() {
	local script=bench/guest/$1
	shift
	"$LAB_VM" "$script $*"
}
