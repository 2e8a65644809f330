# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A stock Debian PREEMPT_RT kernel and a tree to build modules against.
# Runs inside the namespace of `ns`, as its root. It makes:
#
#   DIR/modules/   to be mounted on /usr/lib/modules: RELEASE/{vmlinuz,kernel/,...}
#   DIR/kdir/      to be mounted on /usr/lib/modules/RELEASE/build
#   DIR/source.tar.xz   the whole source, for who wants to build another kernel

# shellcheck source=lab/lib/kdir.sh
. "$LAB/lib/kdir.sh"

kernel_download() {
	local dir=$1 release=$2 version=$3 source=$4
	mkdir -p "$dir/debs"
	cd "$dir/debs" || return
	APT_ARCHS=$ARCH apt_in "$RESOLVED/apt" download "$source=$version" \
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
	kdir_unpack "usr/src/$source.tar.xz" "modules/$release/config" \
		"usr/src/linux-headers-$release/Module.symvers" kdir
	mv "usr/src/$source.tar.xz" source.tar.xz
	[[ -e kdir/tools/testing/selftests/kselftest/ktap_helpers.sh ]]
	rm -rf usr lib boot debs
}

# kernel_prepare DIR ROOT RELEASE: the rest, with the compiler in ROOT.
kernel_prepare() {
	local dir=$1 root=$2 release=$3
	LAB_PROJECT='' in_root rw "$root" "$dir/modules" "$dir/kdir" "$release" -- bash -ec "
		$(declare -f kdir_cc kdir_arch kdir_prepare)
		depmod $release
		kdir_prepare /usr/lib/modules/$release/build $release $(cross)"
}
