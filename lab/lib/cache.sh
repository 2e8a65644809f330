# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The cache's rule: a thing under its final name is complete. Everything is
# built below $TMP and renamed into place as the last act, under a lock that
# only one run can hold. Remains of a killed run are in $TMP and nowhere else.

# cache_lock: wait for any other run, then hold the lock until we end.
cache_lock() {
	mkdir -p "$CACHE" "$TMP" "$LOGS" "$CACHE/mnt" "$CACHE/root" "$CACHE/kernel" 2>/dev/null ||
		die "cannot write to $CACHE: make it writable, or set XDG_CACHE_HOME"
	exec {LOCK_FD}>"$CACHE/busy"
	flock --nonblock "$LOCK_FD" && return
	say "another run is at work on $CACHE, waiting for it to end"
	flock "$LOCK_FD"
}

# cache_use / cache_use_none: a run that uses what is in the cache holds
# `used` shared; who wants to remove things must have it alone.
cache_use() {
	[[ -d $CACHE ]] || return 0
	exec {USE_FD}>"$CACHE/used"
	flock --shared "$USE_FD"
}
cache_use_none() {
	exec {USE_FD}>"$CACHE/used"
	flock --exclusive --nonblock "$USE_FD"
}

# cache_stale: what is there under its final name but not named by the lock,
# so that no run will ever take it again.
cache_stale() {
	local -A named=()
	local release version dir kind
	named[$(root_dir)]=yes
	named[$(guest_dir)]=yes
	[[ ! -e $RESOLVED/sid/lock ]] || named[$CACHE/sid/$(lock_get root "$RESOLVED/sid/lock")]=yes
	while read -r release version _; do
		dir=$(kernel_dir "$release" "$version")
		named[$dir]=yes
		for kind in $KINDS; do
			named[$(test_kernel_dir "$kind" "$release" "${dir##*/}")]=yes
		done
	done < <(sed -nE 's/^(stock|plain) //p' "$RESOLVED/lock")
	for dir in "$CACHE"/root/* "$CACHE"/guest/* "$CACHE"/sid/* "$CACHE"/kernel/* "$CACHE"/test-kernel/*; do
		# A test kernel that is being built, or was, is worth as much.
		[[ ! -d $dir || -n ${named[${dir%.build}]:-} ]] || echo "$dir"
	done
}

# cache_discard DIR...: out of everybody's sight at once, if nobody uses the
# cache; the removal itself, from $TMP, may take its time or be killed.
cache_discard() {
	cache_use_none || return 0
	mkdir -p "$TMP/discarded"
	mv -t "$TMP/discarded" -- "$@"
	exec {USE_FD}>&-
}

# publish FROM TO: rename FROM, complete now, to its final name. Not synced:
# after a power loss a rebuild (make lab-clean lab) is cheap.
publish() {
	mkdir -p "$(dirname "$2")"
	[[ ! -e $2 ]] || rm -rf -- "$2"
	mv -T -- "$1" "$2"
}
