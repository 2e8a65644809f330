# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The architecture of the kernel and the guest, ARCH, and that of this machine,
# HOST_ARCH, by the names that Debian has for them. lib/arch/ has a file for each,
# which is the one place for its names, its emulator and its consoles.
#
# If ARCH is another than this machine's, the tool chain is a cross-compiler, and
# the guest has a root file system of its own and is emulated. Nothing else differs.

# arch_name NAME: Debian's name of the architecture that uname, the kernel's build
# or Debian calls NAME.
arch_name() {
	case $1 in
	amd64 | x86_64 | x86) echo amd64 ;;
	arm64 | aarch64) echo arm64 ;;
	*) echo "$1" ;;
	esac
}

# arch_foreign: the kernel is not one for this machine.
arch_foreign() { [[ $ARCH != "$HOST_ARCH" ]]; }

# cross: the variable of the kernel's build that names foreign tools.
cross() { ! arch_foreign || echo "CROSS_COMPILE=$ARCH_TRIPLET-"; }

HOST_ARCH=$(arch_name "$(uname -m)")
ARCH=$(arch_name "${ARCH:-$HOST_ARCH}")
[[ -e $LAB/lib/arch/$ARCH.sh ]] ||
	die "ARCH=$ARCH: the lab knows $(basename -s .sh -a "$LAB"/lib/arch/*.sh | paste -sd' ')"
# shellcheck source=lab/lib/arch/amd64.sh
. "$LAB/lib/arch/$ARCH.sh"
