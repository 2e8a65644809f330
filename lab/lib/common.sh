# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by those that source it
#
# Code that every script of the lab shares: paths, messages of failures, the
# display of a long step.

set -euo pipefail

LAB=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
PROJECT=$(dirname -- "$LAB")
CACHE=${XDG_CACHE_HOME:-${HOME:?}/.cache}/rcu-notrace

say() { printf 'lab: %s\n' "$*" >&2; }

# One line that says what is wrong and what to do about it.
die() {
	printf 'lab: error: %s\n' "$*" >&2
	exit 125
}

# shellcheck source=lab/lib/suite.sh
. "$LAB/lib/suite.sh"
# shellcheck source=lab/lib/arch.sh
. "$LAB/lib/arch.sh"
# Below the default's, in a cache of its own: with its own lock, versions and clean.
[[ $SUITE == trixie ]] || CACHE=$CACHE/suite/$SUITE
! arch_foreign || CACHE=$CACHE/$ARCH

# Everything of the cache that is not a cached thing itself.
TMP=$CACHE/tmp
LOGS=$CACHE/log

# hash < text: a short name for the text.
hash() { sha256sum | cut -c1-16; }

# start WHAT CMD...: run CMD in the background with its output in a log.
# finish, finish_last: wait for the oldest or the newest such step; a failure ends the caller after
# one line that names the log. Not for use in conditions: bash would turn
# `set -e` off inside CMD.
STEP_PIDS=() STEP_NAMES=() STEP_LOGS=() STEP_TIMES=()
start() {
	local what=$1 log=$LOGS/${1//[^a-zA-Z0-9.+_-]/-}.log
	shift
	mkdir -p "$LOGS"
	say "$what"
	# A subshell of its own, so that `set -e` ends it and not us.
	(set -e; "$@") >"$log" 2>&1 </dev/null &
	STEP_PIDS+=("$!") STEP_NAMES+=("$what") STEP_LOGS+=("$log") STEP_TIMES+=("$SECONDS")
}

finish() { finish_step 0; }
finish_last() { finish_step $((${#STEP_PIDS[@]} - 1)); }

finish_step() {
	local i=$1 rc=0
	local what=${STEP_NAMES[i]} log=${STEP_LOGS[i]} began=${STEP_TIMES[i]}
	wait "${STEP_PIDS[i]}" || rc=$?
	unset "STEP_PIDS[i]" "STEP_NAMES[i]" "STEP_LOGS[i]" "STEP_TIMES[i]"
	STEP_PIDS=("${STEP_PIDS[@]}") STEP_NAMES=("${STEP_NAMES[@]}")
	STEP_LOGS=("${STEP_LOGS[@]}") STEP_TIMES=("${STEP_TIMES[@]}")
	((rc == 0)) || die "$what: $(reason "$log")"
	say "$what: done, $((SECONDS - began)) s"
}

step() {
	start "$@"
	finish
}

# reason LOG: why the step that wrote LOG failed, as far as we can tell, and
# what to do.
reason() {
	local log=$1
	if grep -qiE 'no space left on device' "$log"; then
		echo "disk full: free some space below $CACHE (log: $log)"
	elif grep -qE 'does not have a Release file' "$log"; then
		echo "the mirror does not have that suite: name another with MIRROR= (log: $log)"
	elif grep -qE '(^E:|^Err:).*404|404 +Not Found|^E: Version .* was not found|^E: Unable to locate package' "$log"; then
		echo "the mirror no longer has what was resolved: run 'make lab-update' (log: $log)"
	elif grep -qE 'NO_PUBKEY|is not signed' "$log"; then
		echo "the host's debian-archive-keyring does not know the key of $SUITE: install a newer one, or name it with KEYRING= (log: $log)"
	elif grep -qE '^(Err:|E: Failed to fetch|W: Failed to fetch)|Could not (connect|resolve)|Temporary failure|Failed to establish a new connection' "$log"; then
		echo "cannot download: check the network, or name another mirror with MIRROR= (log: $log)"
	elif grep -qE '^lab: error: ' "$log"; then
		sed -n 's/^lab: error: //p' "$log" | head -n 1
	else
		echo "failed, see the log: $log"
	fi
}
