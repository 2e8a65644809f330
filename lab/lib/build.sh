#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh resolve|lock|build|sweep|clean: the long work of lab/setup, inside one
# set of namespaces. The lock of cache_lock is held by the caller.
#
# build.sh test-kernel KIND: that of lab/test-kernel, under its own lock.
# build.sh sid: that of lab/herd7, under the lock of cache_lock.
# build.sh newest SUITE...: that of lab/newest, under the same.

# shellcheck source=lab/lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
. "$LAB/lib/mirror.sh"
. "$LAB/lib/resolve.sh"
. "$LAB/lib/cache.sh"
. "$LAB/lib/host.sh"
. "$LAB/lib/inside.sh"
. "$LAB/lib/rootfs.sh"
. "$LAB/lib/kernel.sh"
. "$LAB/lib/kinds.sh"
. "$LAB/lib/test-kernel.sh"
. "$LAB/lib/sid.sh"

build() {
	local need=0 root guest kernel release version source line
	local new_root=$TMP/root new_guest=$TMP/guest new_kernel=$TMP/kernel
	line=$(kernel_line)
	read -r release version source <<<"$line"
	root=$(root_dir)
	guest=$(guest_dir)
	kernel=$(kernel_dir "$release" "$version")

	# Twice what stays, for what is downloaded and unpacked meanwhile.
	[[ -d $root ]] || ((need += 4))
	[[ -d $kernel ]] || ((need += 2))
	[[ $guest == "$root" || -d $guest ]] || ((need += 2))
	host_space "$need"

	# The download and unpacking of the kernel wait for the network and
	# the disk, the root file system for the processor: at the same time.
	if [[ ! -d $root ]]; then
		start "root file system: Debian $SUITE with $(grep -c '^package ' "$RESOLVED/lock") packages" \
			rootfs_build "$new_root"
	fi
	if [[ ! -d $kernel ]]; then
		mkdir -p "$new_kernel"
		start "kernel $release ($version): download" \
			kernel_download "$new_kernel" "$release" "$version" "$source"
	fi
	# The root's step, if there is one, is the first in the queue, but the
	# kernel's goes on meanwhile: unpack as soon as it is down.
	if [[ ! -d $kernel ]]; then
		finish_last
		start "kernel $release: unpack" kernel_unpack "$new_kernel" "$release" "$version" "$source"
	fi
	if [[ ! -d $root ]]; then
		finish
		publish "$new_root" "$root"
	fi
	if [[ ! -d $guest ]]; then
		start "root file system of the guest: $(grep -c '^guest-package ' "$RESOLVED/lock") packages of $ARCH" \
			rootfs_guest "$new_guest"
		finish_last
		publish "$new_guest" "$guest"
	fi
	if [[ ! -d $kernel ]]; then
		finish
		step "kernel $release: build tree with its Rust crates" \
			kernel_prepare "$new_kernel" "$root" "$release"
		publish "$new_kernel" "$kernel"
	fi
}

# In $TMP it would be swept away with what else was not finished. This takes so
# long that it is kept, beside its final name, and gone on with.
test_kernel() {
	local kind=$1 dir release stock work what
	export KERNEL=stock
	lab_ready
	stock=$KERNEL_DIR
	# shellcheck disable=SC2153 # lab_ready sets it, and ROOT below
	dir=$(test_kernel_dir "$kind" "$RELEASE" "${stock##*/}")
	release=$(test_kernel_release "$kind" "$RELEASE")
	work=$dir.build
	what="KERNEL=$kind, kernel $release"
	host_space 8
	mkdir -p "$work"
	# shellcheck disable=SC2153
	step "$what: unpack" test_kernel_unpack "$work" "$ROOT" "$release" "$kind" \
		"$stock/source.tar.xz" "$RELEASE"
	step "$what: configure" test_kernel_configure "$work" "$ROOT" "$release" "$kind"
	step "$what: compile" test_kernel_compile "$work" "$ROOT" "$release" "$kind"
	step "$what: install" test_kernel_install "$work" "$ROOT" "$release" "$kind"
	publish "$work" "$dir"
}

# Another run may have made it while this one waited for the lock.
sid() {
	host_space 1
	rm -rf -- "$TMP/sid" "$TMP/sid-root"
	if ! sid_resolved; then
		mkdir -p "$TMP/sid"
		step "package lists of sid" sid_resolve "$TMP/sid"
		publish "$TMP/sid" "$SID"
	fi
	[[ ! -d $(sid_dir) ]] || return 0
	mkdir -p "$TMP/sid-root"
	step "root file system: Debian sid with $(sid_packages | paste -sd' ')" sid_unpack "$TMP/sid-root"
	publish "$TMP/sid-root" "$(sid_dir)"
}

# newest SUITE...: the newest kernel of each, as lab/newest prints it.
newest() {
	local name lists release version
	mapfile -t lists < <(suite_lists "$@")
	rm -rf -- "$TMP/newest"
	mkdir -p "$TMP/newest"
	step "package lists of ${lists[*]}" resolve_lists "$TMP/newest" "${lists[@]}"
	for name; do
		suite "$name"
		read -r release version _ < <(
			kernels_of stock "$TMP/newest/apt/state/lists" "${SUITE_KERNELS[@]}") || continue
		echo "$name $release $version $(untested "$release" && echo untested || echo supported)"
	done
	rm -rf -- "$TMP/newest"
}

case $1 in
resolve)
	mkdir -p "$TMP/resolved"
	mapfile -t lists < <(suite_lists "$SUITE")
	step "package lists of ${lists[*]}" resolve_lists "$TMP/resolved" "${lists[@]}"
	step "resolve versions" resolve_lock "$TMP/resolved"
	publish "$TMP/resolved" "$RESOLVED"
	;;
lock) step "resolve versions" resolve_lock "$RESOLVED" ;;
build) build ;;
test-kernel) test_kernel "$2" ;;
sid) sid ;;
newest) newest "${@:2}" ;;
sweep) rm -rf -- "${TMP:?}" && mkdir "$TMP" ;;
clean) find "$CACHE" -mindepth 1 -maxdepth 1 ! -name busy ! -name used -exec rm -rf -- {} + ;;
esac
