# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A tree to build modules against, from a kernel's source, its configuration
# and its Module.symvers. Sourced by the lab, and where there is no lab.

# kdir_unpack TARBALL CONFIG SYMVERS DIR: without what no module's build looks
# at, two thirds of the source. Kconfig files stay, all of them, and of the
# kernel's tests what others share, selftests/kselftest*.
kdir_unpack() {
	local source
	source=$(basename "$1" .tar.xz)
	mkdir "$4"
	tar -x -C "$4" --strip-components=1 -f "$1" --anchored --wildcards \
		--exclude="$source/Documentation/*/*" \
		--exclude="$source/arch/[!x]*/*.[chS]" --exclude="*.dts*" \
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

# kdir_prepare DIR RELEASE: the Rust crates and all else that a module needs.
# The same compiler on the same source and configuration gives the symbol names
# that the image has.
kdir_prepare() {
	make -C "$1" -j"$(nproc)" CC="$(kdir_cc "$1")" ARCH=x86 KERNELRELEASE="$2" \
		olddefconfig modules_prepare &&
		test -e "$1/rust/libkernel.rmeta"
}
