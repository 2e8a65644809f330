# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions that the benchmarks share. Sourced; the current folder is the project's.
#
# A benchmark is a script bench/KEY.sh. It prints records, a line each:
#
#   KEY word=value word=value ...
#
# which bench/report.py reads. The script bench/guest/KEY.sh runs in the guest, and
# prints records, too. All other output is for whoever reads the log.

set -euo pipefail
LAB_VM=${LAB_VM:-$PWD/lab/vm}
# shellcheck disable=SC2034 # for who sources this
MODS=selftests/modules

# guest SCRIPT ARG...: bench/guest/SCRIPT in a guest; its environment says which.
guest() {
	local script=bench/guest/$1
	shift
	"$LAB_VM" "$script $*"
}
