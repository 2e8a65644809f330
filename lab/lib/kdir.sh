# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A tree to build modules against, from a kernel's source, its configuration
# and its Module.symvers. Sourced by the lab, and where there is no lab.

# kdir_arch CONFIG: the architecture, as the kernel's build names it.
kdir_arch() {
	sed -n 's|^# Linux/\([^ ]*\) .*|\1|p' "$1"
}

# kdir_others ARCH: patterns for the folders of all other architectures in arch/.
kdir_others() {
	case $1 in
	x86) echo '[!x]*' ;;
	arm64) echo '[!a]* a[!r]* ar[!m]* arm' ;;
	esac
}

# kdir_unpack TARBALL CONFIG SYMVERS DIR: without what no module's build looks
# at, two thirds of the source. Kconfig files stay, all of them, and of the
# kernel's tests what others share, selftests/kselftest*.
kdir_unpack() {
	local source others other excludes=()
	source=$(basename "$1" .tar.xz)
	read -ra others < <(kdir_others "$(kdir_arch "$2")")
	for other in "${others[@]}"; do
		excludes+=("--exclude=$source/arch/$other/*.[chS]")
	done
	mkdir "$4"
	tar -x -C "$4" --strip-components=1 -f "$1" --anchored --wildcards \
		--exclude="$source/Documentation/*/*" \
		"${excludes[@]}" --exclude="*.dts*" \
		--exclude="$source/drivers/gpu/drm/amd/*.h" \
		--exclude="$source/drivers/*.c" --exclude="$source/sound/*.c" \
		--exclude="$source/fs/*.c" --exclude="$source/net/*.c" \
		--exclude="$source/tools/testing/[!s]*" \
		--exclude="$source/tools/testing/selftests/[!k]*" \
		--exclude="$source/tools/testing/selftests/k[!s]*" \
		--exclude="$source/tools/perf/*"
	cp "$2" "$4/.config"
	cp "$3" "$4/Module.symvers"
}

# kdir_cc DIR: the compiler's name in the configuration. Another name for the
# same is another compiler to kbuild.
kdir_cc() {
	sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/\1/p' "$1/.config"
}

# kdir_prepare DIR RELEASE [NAME=VALUE...]: the Rust crates and all else that a
# module needs. The same compiler on the same source and configuration gives the
# symbol names that the image has. NAME is a variable of the kernel's build.
kdir_prepare() {
	local dir=$1 release=$2
	shift 2
	make -C "$dir" -j"$(nproc)" CC="$(kdir_cc "$dir")" ARCH="$(kdir_arch "$dir/.config")" \
		KERNELRELEASE="$release" "$@" olddefconfig modules_prepare &&
		test -e "$dir/rust/libkernel.rmeta"
}
