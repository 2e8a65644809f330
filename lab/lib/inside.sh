# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Running things in the lab's root file system.

# in_root RW ROOT MODULES KDIR RELEASE [NAME=VALUE...] -- CMD...
# in_root ro|rw: run CMD in ROOT with the kernel's MODULES and KDIR in place,
# in the folder LAB_PROJECT, in a mount and pid namespace nested in ours.
# shellcheck disable=SC2016 # the inner bash expands it
in_root() { unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
	"${BASH:-bash}" -c '. "$0/lib/common.sh"; . "$0/lib/inside.sh"; root_init "$@"' "$LAB" "$@"; }

# root_init: the same, as the first process of namespaces that are there.
root_init() {
	local rw=$1 root=$2 modules=$3 kdir=$4 release=$5 name
	local env=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
		HOME=/root LANG=C.UTF-8 "LAB_PROJECT=${LAB_PROJECT:-}")
	shift 5
	while [[ $1 != -- ]]; do
		env+=("$1")
		shift
	done
	shift
	# The caller's environment stays outside, so that a build is the same
	# for everyone, but for what is plainly meant for what runs inside.
	for name in $(compgen -e); do
		case $name in
		TERM | COLUMNS | LINES | V | CLIPPY | TESTS | KVER | KERNEL | \
			SOURCE_DATE_EPOCH | KBUILD_BUILD_* | LAB_* | RCU_NOTRACE_*)
			[[ $name == LAB_PROJECT ]] || env+=("$name=${!name}") ;;
		esac
	done
	# For another architecture, as the kernel's documentation has them.
	! arch_foreign || env+=("ARCH=$ARCH_KERNEL" "$(cross)")
	if [[ -n $release ]]; then
		env+=("KRELEASE=$release")
		[[ -z $kdir ]] || env+=("KDIR=/usr/lib/modules/$release/build")
	fi
	exec 3< <(printf '%s\0' "${env[@]}")
	export LAB_PROJECT=${LAB_PROJECT:-}
	exec bash "$(dirname "${BASH_SOURCE[0]}")/root-init.sh" "$CACHE/mnt" \
		"$root" "$modules" "$kdir" "$release" /dev/fd/3 "$rw" "$@"
}
