# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # those that source arch.sh use it
#
# x86-64.

# The names that uname, the kernel's build and the tool chain have for it.
ARCH_MACHINE=x86_64
ARCH_KERNEL=x86
ARCH_TRIPLET=x86_64-linux-gnu

# The bootable image in the kernel's build tree.
ARCH_IMAGE=arch/x86/boot/bzImage

# The emulator, and its package.
ARCH_QEMU=qemu-system-x86_64
ARCH_QEMU_PACKAGE=qemu-system-x86

# arch_kvm: the processor has what KVM needs.
arch_kvm() { grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo; }

# arch_qemu_opts ACCEL: the machine, where virtme-ng's own is not the right one.
# Nobody types at it: i8042 is half a second of probing under emulation.
arch_qemu_opts() { echo -machine i8042=off; }
