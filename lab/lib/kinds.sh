# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which kernel a run uses: KERNEL=stock (Debian's, chosen by KVER) or a kind
# that was built here and put into the cache as kernel-KIND/, with the same
# layout as a stock one: modules/RELEASE/{vmlinuz,...}, kdir/.

# lab_ready: the lab is made; set ROOT, KERNEL_DIR and RELEASE, or say what
# to do.
lab_ready() {
	local line version hint
	hint="run 'make lab${KVER:+ KVER=$KVER}'"
	[[ -e $RESOLVED/lock && $(lock_get request) == "$(request)" ]] || die "no lab yet: $hint"
	ROOT=$(root_dir)
	[[ -d $ROOT ]] || die "no root file system yet: $hint"
	case ${KERNEL:=stock} in
	stock)
		line=$(kernel_line)
		read -r RELEASE version _ <<<"$line"
		KERNEL_DIR=$(kernel_dir "$RELEASE" "$version")
		[[ -d $KERNEL_DIR ]] || die "kernel $RELEASE is not there yet: $hint"
		;;
	debug)
		KERNEL_DIR=$CACHE/kernel-debug
		[[ -d $KERNEL_DIR ]] || die "KERNEL=debug is not built: run 'make test-kernel'"
		RELEASE=$(ls "$KERNEL_DIR/modules")
		;;
	*) die "KERNEL=$KERNEL: stock or debug" ;;
	esac
}
