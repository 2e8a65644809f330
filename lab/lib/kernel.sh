# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A stock Debian PREEMPT_RT kernel and a tree to build modules against.
# Runs inside the namespace of `ns`, as its root. What it makes:
#
#   DIR/modules/   to be mounted on /usr/lib/modules: RELEASE/{vmlinuz,kernel/,...}
#   DIR/kdir/      to be mounted on /usr/lib/modules/RELEASE/build
#   DIR/source.tar.xz   the whole source, for who wants to build another kernel

kernel_download() {
	local dir=$1 release=$2 version=$3 source=$4
	mkdir -p "$dir/debs"
	cd "$dir/debs" || return
	apt_in "$RESOLVED/apt" download "$source=$version" \
		"linux-"{binary,modules,base,headers}"-$release=$version"
}

kernel_unpack() {
	local dir=$1 release=$2 source=$4 deb modules
	cd "$dir" || return
	for deb in debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --exclude='./usr/share'
		rm "$deb"
	done
	modules=usr/lib/modules
	[[ -d $modules ]] || modules=lib/modules
	mv "$modules" modules
	[[ -e modules/$release/vmlinuz ]] || mv "boot/vmlinuz-$release" "modules/$release/vmlinuz"
	[[ -e modules/$release/config ]] || mv "boot/config-$release" "modules/$release/config"
	# These point at folders that only the packages' own layout has.
	rm -rf "modules/$release/build" "modules/$release/source"
	mkdir "modules/$release/build"
	mv "usr/src/$source.tar.xz" source.tar.xz
	# Code that no module's build looks at: two thirds of the
	# source. Kconfig files stay, all of them, and of the kernel's tests
	# what others share, selftests/kselftest*.
	mkdir kdir
	tar -x -C kdir --strip-components=1 -f source.tar.xz --anchored --wildcards \
		--exclude="$source/Documentation/*/*" \
		--exclude="$source/arch/[!x]*/*.[chS]" --exclude="*.dts*" \
		--exclude="$source/drivers/gpu/drm/amd/*.h" \
		--exclude="$source/drivers/*.c" --exclude="$source/sound/*.c" \
		--exclude="$source/fs/*.c" --exclude="$source/net/*.c" \
		--exclude="$source/tools/testing/[!s]*" \
		--exclude="$source/tools/testing/selftests/[!k]*" \
		--exclude="$source/tools/testing/selftests/k[!s]*" \
		--exclude="$source/tools/perf/*"
	[[ -e kdir/tools/testing/selftests/kselftest/ktap_helpers.sh ]]
	cp "modules/$release/config" kdir/.config
	cp "usr/src/linux-headers-$release/Module.symvers" kdir/
	rm -rf usr lib boot debs
}

# kernel_prepare DIR ROOT RELEASE: the Rust crates and all else that a module
# needs. The same compiler on the same source and configuration gives the
# symbol names that the image has.
kernel_prepare() {
	local dir=$1 root=$2 release=$3
	LAB_PROJECT='' in_root rw "$root" "$dir/modules" "$dir/kdir" "$release" -- sh -ec "
		depmod $release
		cd /usr/lib/modules/$release/build
		make -j$(nproc) CC=x86_64-linux-gnu-gcc-14 ARCH=x86 KERNELRELEASE=$release \
			olddefconfig modules_prepare
		test -e rust/libkernel.rmeta"
}
