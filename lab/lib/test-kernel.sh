# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A kernel with checkers, from the source of a stock one. Runs inside the
# namespace of `ns`, as its root. WORK becomes a folder as kernel.sh makes it;
# each step finds what an earlier run has done, and make what it has not.

# test_kernel_unpack WORK ROOT RELEASE KIND SOURCE STOCK_RELEASE: without code that
# neither this kernel nor what looks at it needs, half of it; then the patches of
# this kind, if there are any, but for the documents that were left out.
test_kernel_unpack() {
	local work=$1 source=$5 diff=$1/kdir.new/patches.diff others other excludes=()
	[[ ! -d $work/kdir ]] || return 0
	rm -rf "$work/kdir.new"
	mkdir -p "$work/kdir.new"
	read -ra others < <(kdir_others "$ARCH_KERNEL")
	for other in "${others[@]}"; do
		# The build's own programs take this machine's headers in tools/arch, and
		# its uapi headers.
		excludes+=("--exclude=*/arch/$other/*.[cS]" --no-wildcards-match-slash
			"--exclude=*/arch/$other/include/asm/*.h" --wildcards-match-slash)
	done
	XZ_DEFAULTS=-T0 tar -x -C "$work/kdir.new" --strip-components=1 -f "$source" \
		--anchored --wildcards \
		--exclude="*/Documentation/*/*" \
		"${excludes[@]}" --exclude="*/arch/*.dts*" \
		--exclude="*/drivers/gpu/*.[ch]" --exclude="*/drivers/media/*.[ch]" \
		--exclude="*/drivers/net/ethernet/*.[ch]" --exclude="*/drivers/net/wireless/*.[ch]" \
		--exclude="*/drivers/infiniband/*.[ch]" --exclude="*/drivers/staging/*.[ch]" \
		--exclude="*/sound/*.[ch]"
	test_kernel_diff "$4" "$6" >"$diff"
	if [[ -s $diff ]]; then
		KDIR=kdir.new in_kdir "${@:1:4}" 'git apply --exclude="Documentation/*" patches.diff'
	fi
	rm "$diff"
	mv "$work/kdir.new" "$work/kdir"
}

# in_kdir WORK ROOT RELEASE KIND SCRIPT ARG...: run SCRIPT in the build tree, at
# the path at which those that build modules will find it.
in_kdir() {
	local work=$1 root=$2 release=$3 kind=$4 script=$5
	shift 5
	mkdir -p "$work/modules/$release/build"
	LAB_PROJECT=$PROJECT in_root rw "$root" "$work/modules" "$work/${KDIR:-kdir}" "$release" \
		KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab "ARCH_IMAGE=$ARCH_IMAGE" \
		"MAKEFLAGS=$(kernel_make "$kind")" -- \
		sh -ec "cd /usr/lib/modules/$release/build; $script" sh "$@"
}

# test_kernel_configure WORK ROOT RELEASE KIND: what the kernel's own script
# makes of the fragments, and whether that is what they say.
test_kernel_configure() {
	local work=$1 fragments
	mapfile -t fragments < <(test_kernel_fragments "$4")
	echo "CONFIG_LOCALVERSION=\"-$4\"" >"$work/kdir/kind.config"
	# shellcheck disable=SC2016 # the inner sh expands it
	in_kdir "$@" 'scripts/kconfig/merge_config.sh -n -Q "$@" kind.config
		"$LAB_PROJECT/lab/config-check" . "$@" kind.config' "${fragments[@]/#/$PROJECT/}"
}

test_kernel_compile() {
	# shellcheck disable=SC2016 # the inner sh expands it
	in_kdir "$@" 'make -j"$(nproc)" all'
}

# test_kernel_install WORK ROOT RELEASE KIND: everything else that the folder of
# a stock kernel has.
test_kernel_install() {
	local work=$1
	# shellcheck disable=SC2016 # the inner sh expands it
	in_kdir "$@" '
		test "$(make -s kernelrelease)" = "$KRELEASE"
		test -e rust/libkernel.rmeta
		# Not in place: modules_install removes "build", and with it what
		# is mounted there.
		make -s INSTALL_MOD_PATH=/tmp/installed INSTALL_MOD_STRIP=1 DEPMOD=true modules_install
		rm "/tmp/installed/lib/modules/$KRELEASE/build"
		cp -r "/tmp/installed/lib/modules/$KRELEASE/." "/usr/lib/modules/$KRELEASE"
		cp "$ARCH_IMAGE" "/usr/lib/modules/$KRELEASE/vmlinuz"
		cp .config "/usr/lib/modules/$KRELEASE/config"
		depmod "$KRELEASE"'
	# Objects, which no module is linked with: most of the space.
	find "$work/kdir" \( -path "$work/kdir/tools" -o -path "$work/kdir/scripts" \) -prune -o \
		-type f \( -name '*.o' -o -name '*.a' -o -name vmlinux.unstripped -o -name '.tmp_vmlinux*' \) \
		-exec rm {} +
}
