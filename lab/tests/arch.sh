# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two architectures: names, and what each has of its own in the cache. With a
# uname that says which machine this is.

mkdir "$T/bin"
cat >"$T/bin/uname" <<'END2'
#!/bin/sh
echo "$LAB_TEST_MACHINE"
END2
chmod +x "$T/bin/uname"
export XDG_CACHE_HOME=$T/cache
unset SUITE KVER KERNEL

# on MACHINE ARCH SCRIPT: what SCRIPT prints there.
on() {
	(
		unset ARCH
		[[ -z $2 ]] || export ARCH=$2
		export LAB_TEST_MACHINE=$1 PATH=$T/bin:$PATH
		with_parts "$3"
	)
}
# prints TEXT ON...
prints() {
	local got
	got=$(on "${@:2}") && echo "got: $got" && [[ $got == "$1" ]]
}

# shellcheck disable=SC2016 # on() expands it
{
	check "amd64 is the default there" prints "amd64 $T/cache/rcu-notrace" x86_64 '' 'echo $ARCH $CACHE'
	check "arm64 is the default there" prints "arm64 $T/cache/rcu-notrace" aarch64 '' 'echo $ARCH $CACHE'
	for name in arm64 aarch64; do
		check "$name on amd64: beside it" prints "arm64 $T/cache/rcu-notrace/arm64" x86_64 $name 'echo $ARCH $CACHE'
	done
	for name in amd64 x86_64 x86; do
		check "$name on arm64: beside it" prints "amd64 $T/cache/rcu-notrace/amd64" aarch64 $name 'echo $ARCH $CACHE'
	done
	check "another: those that there are" one_line_error 'ARCH=mips: the lab knows amd64 arm64$' on x86_64 mips true

	check "the kernel's build" prints 'CC=x86_64-linux-gnu-gcc-14 ARCH=x86' x86_64 '' 'kernel_make stock'
	check "is the same with the name" prints 'CC=x86_64-linux-gnu-gcc-14 ARCH=x86' x86_64 amd64 'kernel_make debug'
	check "on its own machine no cross-compiler" prints 'CC=aarch64-linux-gnu-gcc-14 ARCH=arm64' aarch64 '' 'kernel_make stock'
	check "on another a cross-compiler" \
		prints 'CC=aarch64-linux-gnu-gcc-14 ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-' x86_64 arm64 'kernel_make stock'

	check "amd64: its emulator, and no more packages" \
		prints "$(on x86_64 '' 'listed packages')" x86_64 '' packages
	check "arm64 on amd64: its emulator" prints qemu-system-arm x86_64 arm64 'packages | grep ^qemu'
	check "and a cross-compiler" prints gcc-14-aarch64-linux-gnu x86_64 arm64 'packages | tail -n 1'
	refute "arm64 on arm64: none" prints gcc-14-aarch64-linux-gnu aarch64 '' 'packages | tail -n 1'
	check "the guest's packages are asked for" test \
		"$(on x86_64 arm64 request)" != "$(on aarch64 '' request)"

	check "apt knows this machine's packages" prints 'x86: amd64;amd64;' x86_64 '' \
		'echo "x86: $(apt_conf /d | sed -n "s/^APT::Archit.* \"\(.*\)\"/\1/p" | tr -d "\n")"'
	check "or those that are named" prints 'arm: arm64;arm64;amd64;' x86_64 arm64 \
		'echo "arm: $(apt_conf /d arm64 amd64 | sed -n "s/^APT::Archit.* \"\(.*\)\"/\1/p" | tr -d "\n")"'

	lock='mkdir -p $RESOLVED && printf "%s\n" "root r" "guest g" >$RESOLVED/lock;'
	check "one root file system for both" prints "$T/cache/rcu-notrace/root/r" x86_64 '' "$lock"' guest_dir'
	check "but for another architecture" prints "$T/cache/rcu-notrace/arm64/guest/g" x86_64 arm64 "$lock"' guest_dir'
	check "that of the tools is not the guest's" prints "$T/cache/rcu-notrace/arm64/root/r" x86_64 arm64 "$lock"' root_dir'
	check "what is missing: the command has the architecture" \
		prints "run 'make lab KVER=7.2 ARCH=arm64'" x86_64 arm64 'KVER=7.2; hint lab'
	check "and without one as it was" prints "run 'make lab'" x86_64 '' 'hint lab'
	check "no KVM for another architecture" prints tcg x86_64 arm64 '. "$LAB/lib/accel.sh"; arch_kvm() { :; }; accel'
}

# The tree for modules has one architecture.
mkdir -p "$T/linux-source-7.3/arch"/{x86,arm,arm64,alpha,arc,mips} "$T/linux-source-7.3/tools"
for name in "$T"/linux-source-7.3/arch/*; do
	: >"$name/code.c"
	: >"$name/Kconfig"
done
tar -C "$T" -cJf "$T/linux-source-7.3.tar.xz" linux-source-7.3
: >"$T/symvers"
for arch in x86 arm64; do
	printf '#\n# Automatically generated file\n# Linux/%s 7.3.4 Kernel Configuration\n#\n' $arch >"$T/config"
	check "$arch: unpack" in_lab kdir kdir_unpack "$T/linux-source-7.3.tar.xz" "$T/config" "$T/symvers" "$T/$arch"
	check "$arch: its own sources, and no others" test \
		"$(cd "$T/$arch" && echo arch/*/code.c)" = "arch/$arch/code.c"
	check "$arch: the Kconfig files of all" test "$(find "$T/$arch" -name Kconfig | wc -l)" = 6
done
