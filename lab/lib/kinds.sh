# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which kernel a run uses: KERNEL=stock (Debian's with PREEMPT_RT, chosen by KVER),
# plain (Debian's without) or a kind that lab/test-kernel builds here, from the same
# source as the stock one, with the same layout: modules/RELEASE/{vmlinuz,...}, kdir/.
# In the cache it is test-kernel/KIND_RELEASE_HASH, where the hash says all that it
# depends on.

KINDS='debug kasan kcsan patched'

# Raise it when test-kernel.sh makes something else of the same.
TEST_KERNEL_RECIPE=1

# test_kernel_fragments KIND: the parts of its configuration, in the project.
test_kernel_fragments() {
	printf '%s\n' lab/guest.config "lab/guest.$ARCH.config" .config.fragment debug.config.fragment
	case $1 in
	debug | patched) ;;
	*) printf '%s\n' sanitizers.config.fragment "$1.config.fragment" ;;
	esac
}

# test_kernel_patches KIND STOCK_RELEASE: those that its source gets first, in
# the project and in order. Nothing where there are none for that version.
test_kernel_patches() {
	local folder
	[[ $1 == patched && $2 =~ ^[0-9]+\.[0-9]+ ]] || return 0
	folder=patches/${BASH_REMATCH[0]}
	[[ -e $PROJECT/$folder/series ]] || return 0
	sed -n "/^[^#]/s|^|$folder/|p" "$PROJECT/$folder/series"
}

# test_kernel_diff KIND STOCK_RELEASE: all of these, without what only says why.
test_kernel_diff() {
	local patch
	for patch in $(test_kernel_patches "$@"); do
		sed -n '/^diff --git /,$p' "$PROJECT/$patch"
	done
}

# kernel_make KIND: the variables that it is made with, and modules for it. The
# compiler is named as Debian's own build named it: another name is another
# compiler to kbuild. KASAN in Rust is LLVM's, and wants the same for C.
kernel_make() {
	local cc=CC=$ARCH_TRIPLET-gcc-$SUITE_GCC cross
	cross=$(cross)
	[[ $1 != kasan ]] || cc=LLVM=-$SUITE_LLVM
	echo "$cc ARCH=$ARCH_KERNEL${cross:+ $cross}"
}

# test_kernel_release KIND STOCK_RELEASE
test_kernel_release() { echo "${2%%+*}-$1"; }

# test_kernel_dir KIND STOCK_RELEASE STOCK_NAME: the name of a stock kernel's
# folder says source and tools.
test_kernel_dir() {
	local hash
	# Without comments, and what only orders them.
	hash=$({ echo "$TEST_KERNEL_RECIPE $3 $(kernel_make "$1")"
		test_kernel_diff "$1" "$2"
		cd "$PROJECT" && test_kernel_fragments "$1" | xargs grep -hE '^(CONFIG_|# CONFIG_.* is not set)' | sort -u; } | hash)
	echo "$CACHE/test-kernel/$(test_kernel_release "$1" "$2")_$hash"
}

# hint TARGET: the command that makes what is missing.
hint() {
	echo "run 'make $1${KVER:+ KVER=$KVER}$(! arch_foreign || echo " ARCH=$ARCH")$(
		[[ $SUITE == trixie ]] || echo " SUITE=$SUITE")$(
		[[ ${KERNEL:-} != plain ]] || echo " KERNEL=plain")'"
}

# lab_ready: the lab is made; set ROOT, GUEST_ROOT, KERNEL_DIR, RELEASE and SLOW, how
# many times as long as with a stock kernel things may take; or say what to do.
lab_ready() {
	local line version hint
	hint=$(hint lab)
	[[ -e $RESOLVED/lock && $(lock_get request) == "$(request)" ]] || die "no lab yet: $hint"
	ROOT=$(root_dir)
	GUEST_ROOT=$(guest_dir)
	[[ -d $ROOT && -d $GUEST_ROOT ]] || die "no root file system yet: $hint"
	line=$(kernel_line)
	read -r RELEASE version _ <<<"$line"
	KERNEL_DIR=$(kernel_dir "$RELEASE" "$version")
	[[ -d $KERNEL_DIR ]] || die "kernel $RELEASE is not there yet: $hint"
	: "${KERNEL:=stock}"
	: "${SLOW:=$([[ $KERNEL =~ ^(stock|plain)$ ]] && echo 1 || echo 4)}"
	[[ $SLOW =~ ^[1-9][0-9]*$ ]] || die "SLOW=$SLOW: a whole number"
	[[ ! $KERNEL =~ ^(stock|plain)$ ]] || return 0
	[[ " $KINDS " == *" $KERNEL "* ]] || die "KERNEL=$KERNEL: stock, plain or one of: $KINDS"
	KERNEL_DIR=$(test_kernel_dir "$KERNEL" "$RELEASE" "${KERNEL_DIR##*/}")
	RELEASE=$(test_kernel_release "$KERNEL" "$RELEASE")
	[[ -d $KERNEL_DIR ]] || die "KERNEL=$KERNEL is not built: $(hint "test-kernel KERNEL=$KERNEL")"
}
