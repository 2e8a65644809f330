# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A small root file system of Debian sid, for programs that trixie does not have.
# It is beside the lab's, and made when it is first asked for. Like that it is
# resolved to exact versions, in $RESOLVED/sid, which go with an update:
#
#   resolved/sid/apt/   apt's package lists of that moment
#   resolved/sid/lock   the outcome: request, mirror, root and packages as there

SID=$RESOLVED/sid

# Raise it when sid_unpack makes something else of the same packages.
SID_RECIPE=1

sid_packages() { grep -vE '^(#|$)' "$LAB/packages.sid"; }
sid_request() { { echo "$SID_RECIPE"; sid_packages; } | hash; }
sid_root() { lock_get root "$SID/lock"; }
sid_dir() { echo "$CACHE/sid/$(sid_root)"; }

sid_resolved() { [[ -e $SID/lock && $(lock_get request "$SID/lock") == "$(sid_request)" ]]; }
sid_complete() { sid_resolved && [[ -d $(sid_dir) ]]; }

# sid_resolve DIR: the lists and the lock, on the mirror that the lab was resolved
# on. None of the lab's packages is there, so that all dependencies are resolved.
sid_resolve() {
	local dir=$1 wanted
	: "${MIRROR:=$(lock_get mirror)}"
	resolve_lists "$dir" sid
	mapfile -t wanted < <(sid_packages)
	apt_in "$dir/apt" -s install "${wanted[@]}" >"$dir/simulated"
	simulated "$dir/simulated" >"$dir/packages"
	{
		echo "# Versions that 'lab/herd7' resolved; they go with 'make lab-update'."
		echo "request $(sid_request)"
		echo "mirror $(<"$dir/apt/mirror")"
		echo "root $({ echo "$SID_RECIPE"; cat "$dir/packages"; } | hash)"
		cat "$dir/packages"
	} >"$dir/lock"
	rm "$dir/simulated" "$dir/packages"
}

# sid_unpack DIR: the files of the packages. No package is configured: the program
# is run by that root's own loader, see lab/herd7.
sid_unpack() {
	local dir=$1 deb packages
	mapfile -t packages < <(sed -n 's/^package \([^ ]*\) \(.*\)/\1=\2/p' "$SID/lock")
	mkdir -p "$dir/debs"
	cd "$dir/debs" || return
	apt_in "$SID/apt" download "${packages[@]}"
	cd .. || return
	for deb in debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --exclude='./usr/share/doc' --exclude='./usr/share/man'
		rm "$deb"
	done
	rmdir debs
	# The other programs of the package take ten times as much.
	find usr/bin -type f ! -name herd7 -delete
	[[ -x usr/bin/herd7 ]]
}
