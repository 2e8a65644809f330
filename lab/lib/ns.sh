# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Namespaces: everything the lab does beyond reading its cache happens in a
# mount and a pid namespace of its own (and, for an ordinary user, a user
# namespace in which that user is root). So no mount is ever seen outside,
# and no process outlives the run: the kernel ends all of them when the
# namespace's first process ends.

# ns CMD...: become CMD in fresh namespaces. To be exec'ed or run as a child.
# If whoever started us dies, even by SIGKILL, setpriv's death signal takes
# unshare down; that takes the namespace's init down; and that all the rest.
ns() {
	local user=()
	((EUID == 0)) || user=(--user --map-root-user --map-auto)
	exec setpriv --pdeathsig KILL unshare "${user[@]}" --mount --pid --fork \
		--kill-child --mount-proc --propagation private -- "$@"
}

# Say why namespaces cannot be had before something fails half-way.
ns_check() {
	if ((EUID == 0)); then
		unshare --mount --pid --fork true 2>/dev/null ||
			die "this root user may not make namespaces: give the container CAP_SYS_ADMIN, or use a real machine"
		return
	fi
	unshare --help | grep -e --map-auto >/dev/null ||
		die "util-linux is older than 2.38: update it, or run as root"
	{ grep -qE "^($(id -un)|$EUID):" /etc/subuid && grep -qE "^($(id -un)|$EUID):" /etc/subgid; } 2>/dev/null ||
		die "no subordinate ids for $(id -un): run 'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)' as root"
	unshare --user --map-root-user --map-auto true 2>/dev/null ||
		die "this user may not make user namespaces: see sysctl kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns, or run as root"
}
