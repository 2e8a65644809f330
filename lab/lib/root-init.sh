#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# root-init.sh MNT ROOT MODULES KDIR RELEASE ENVFILE RW CMD...
#
# Runs as the first process of fresh namespaces: puts the lab's root file
# system together at MNT and runs CMD in it, in the project's folder.
#
# The top is a tmpfs, so that any path of the project can be made in it; the
# root file system itself is bound below, read-only, so that no build and no
# guest can change what is cached (RW=rw, for the making of it, lifts that).
#
# With LAB_GUEST, the folder of another root file system, that is put together in the
# same way at /guest, for a guest that the emulator in ROOT runs, and for programs
# that are built for it.

set -euo pipefail

mnt=$1 root=$2 modules=$3 kdir=$4 release=$5 envfile=$6 rw=$7
shift 7

ro() { [[ $rw == rw ]] || mount -o remount,bind,ro "$1"; }

# base MNT ROOT: all but what a guest's kernel supplies.
base() {
	mount -t tmpfs -o mode=755 lab "$1"
	cd "$1"
	mkdir -p usr var etc proc sys dev tmp run root home opt srv mnt media boot
	chmod 1777 tmp
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$link"
	done
	mount --bind "$2/usr" usr && ro usr
	mount --bind "$2/var" var && ro var
	if [[ $rw == rw ]]; then
		mount --bind "$2/etc" etc
		# Kernels that are installed there.
		[[ ! -d $2/boot ]] || mount --bind "$2/boot" boot
	else
		# Small, and a guest's init wants to write there.
		cp -a "$2/etc/." etc
	fi
	mount -t tmpfs -o mode=1777 tmp var/tmp

	if [[ -n $modules ]]; then
		# Only the one kernel is visible, and its build tree sits where
		# every distribution has it. The release is part of the path, so
		# that objects made for another kernel are never taken for up to
		# date.
		mount --bind "$modules" usr/lib/modules && ro usr/lib/modules
		[[ -z $kdir ]] || { mount --bind "$kdir" "usr/lib/modules/$release/build" && ro "usr/lib/modules/$release/build"; }
	fi

	for file in resolv.conf hosts; do
		[[ -e /etc/$file ]] || continue
		rm -f "etc/$file"
		cp -L "/etc/$file" "etc/$file"
	done

	if [[ -n $LAB_PROJECT ]]; then
		mkdir -p "./$LAB_PROJECT" 2>/dev/null || {
			echo "lab: error: the project's folder $LAB_PROJECT lies in one of the lab's own folders: move it, to your home for example" >&2
			exit 125
		}
		mount --rbind "$LAB_PROJECT" "./$LAB_PROJECT"
	fi
}

base "$mnt" "$root"
if [[ -n ${LAB_GUEST:-} ]]; then
	mkdir guest
	(base "$mnt/guest" "$LAB_GUEST")
fi

mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty kvm net/tun vhost-vsock; do
	[[ -e /dev/$node ]] || continue
	mkdir -p "dev/$(dirname "$node")"
	touch "dev/$node"
	mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr

mapfile -d '' -t env <"$envfile"
exec 3<&-
# bash and not CMD is the first process: it reaps, and CMD keeps the usual
# handling of signals.
# shellcheck disable=SC2016
exec chroot . /usr/bin/env -i "${env[@]}" /bin/bash -c \
	'cd "${LAB_PROJECT:-/}" && "$@"; exit $?' bash "$@"
