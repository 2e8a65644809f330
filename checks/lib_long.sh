# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# A test that takes long, or downloads much. Sourced, after selftests/lib.sh.

# only_with_long REASON: without LONG=1 the test is skipped, for that.
only_with_long()
{
	[ -z "${LONG:-}" ] || return 0
	ktap_print_header
	ktap_skip_all "$1: LONG=1"
	exit "$KSFT_SKIP"
}
