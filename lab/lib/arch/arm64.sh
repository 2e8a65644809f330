# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # those that source arch.sh use it
#
# AArch64. lib/arch/amd64.sh says what each of these is.

ARCH_MACHINE=aarch64
ARCH_KERNEL=arm64
ARCH_TRIPLET=aarch64-linux-gnu
ARCH_IMAGE=arch/arm64/boot/Image
ARCH_QEMU=qemu-system-aarch64
ARCH_QEMU_PACKAGE=qemu-system-arm

# The processors have no flag for it: the trial of accel() decides.
arch_kvm() { :; }

# A processor without pointer authentication, which costs an emulated kernel a
# third of its time. Its counter runs at 1 GHz, so that with ICOUNT=1 get_cycles()
# counts instructions.
arch_qemu_opts() {
	[[ $1 == kvm ]] ||
		echo -machine gic-version=3 -cpu neoverse-n1,cntfrq=1000000000
}
