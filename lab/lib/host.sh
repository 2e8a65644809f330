# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Commands that the host must have before anything starts.

# command:package, for Debian and Ubuntu.
HOST_NEEDS='mmdebstrap:mmdebstrap newuidmap:uidmap flock:util-linux
setpriv:util-linux unshare:util-linux xz:xz-utils awk:mawk'

host_missing() {
	local pair missing=()
	for pair in $HOST_NEEDS; do
		# Only an ordinary user's namespaces need ids mapped.
		[[ $EUID == 0 && ${pair%:*} == newuidmap ]] && continue
		command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
	done
	[[ -n ${KEYRING:-} || -r /usr/share/keyrings/debian-archive-keyring.gpg ]] ||
		missing+=(debian-archive-keyring)
	((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}" | sort -u
}

# host_install PACKAGE...: as root, and where there is an apt to ask.
host_install() {
	# A fresh machine has no package lists yet.
	apt-get -q update || true
	DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@"
}

host_needs() {
	local missing
	missing=$(host_missing | paste -sd' ')
	[[ -n $missing ]] || return 0
	command -v apt-get >/dev/null ||
		die "missing here: $missing: install them (this host has no apt to do it with)"
	((EUID == 0)) || die "missing here: $missing: run 'apt-get install $missing' as root"
	# shellcheck disable=SC2086
	step "install on this host: $missing" host_install $missing
}

host_arch() {
	[[ -e $LAB/lib/arch/$HOST_ARCH.sh ]] ||
		die "this machine is $(uname -m): the lab has no tool chain for it"
}

# host_space GIB: before starting, not after half an hour.
host_space() {
	local free
	free=$(($(df --output=avail -k "$CACHE" | tail -n 1) / 1024 / 1024))
	((free >= $1)) ||
		die "$free GiB free below $CACHE, $1 are needed: free some, or set XDG_CACHE_HOME to a roomier place"
}
