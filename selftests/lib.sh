# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests share.  Sourced; the current folder is the project's.

# The kernel's own KTAP helpers: beside this folder in a kernel tree, or where
# the runner says.
for ktap_helpers in "${KTAP_HELPERS:-}" selftests/../../kselftest/ktap_helpers.sh; do
	[ -r "$ktap_helpers" ] && break
done
if [ ! -r "$ktap_helpers" ]; then
	echo "Bail out! no ktap_helpers.sh: set KTAP_HELPERS to the one of a kernel tree"
	exit 1
fi
# shellcheck source=/dev/null
. "$ktap_helpers"

# shellcheck disable=SC2034 # for those that source this
MODS=selftests/test_modules

# value KEY: of the first line on stdin that has KEY=value.
value()
{
	sed -n "s/.*[[:space:]]$1=\([^[:space:]]*\).*/\1/p" | head -n 1
}

# at_most A B RATIO: A <= B * RATIO.
at_most()
{
	awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { exit !(a != "" && b != "" && a + 0 <= b * r) }'
}

# at_least A B RATIO: A >= B * RATIO.
at_least()
{
	awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { exit !(a != "" && b != "" && a + 0 >= b * r) }'
}

# ratio A B
ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0) printf "%.2f", a / b; else printf "?" }'
}

# check TEXT COMMAND...: a test that passes if COMMAND does.
check()
{
	check_text=$1
	shift
	if "$@"; then
		ktap_test_pass "$check_text"
	else
		ktap_test_fail "$check_text"
	fi
}

# refute TEXT COMMAND...: a negative control, that passes if COMMAND fails.
refute()
{
	check_text=$1
	shift
	if "$@"; then
		ktap_test_fail "$check_text"
	else
		ktap_test_pass "$check_text"
	fi
}
