#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The series in patches/ applies, is in style and builds
# runs: drives
# timeout: 5400
#
# The test applies the series for the kernel's version to Debian's source, patch
# after patch, and holds each of them against checkpatch --strict. The test
# fails if one does not apply as it is, if checkpatch has something to say, if a
# patch is not in the series or not in the cover letter, or if the cover letter
# has an address that is not a list's. With LONG=1 the test also builds, in a
# prepared tree, the objects that each patch touches, with no patch applied that
# comes later: 10 minutes on two processors.
#
# Control: a patch that has one line of its context changed does not apply, one
# with a line that is indented by spaces is noticed, and one that calls a
# function that is not there does not build.

. "${0%/*}/../selftests/lib.sh"

lab=${LAB_VM%/vm}
work=build/patches
PLANTED=$work/planted.patch

# cat_paths PATCH...: the files that they touch.
cat_paths()
{
	for patch; do
		sed -n 's|^diff --git a/\(.*\) b/.*|\1|p' "$patch"
	done | sort -u
}

# extract: those files of Debian's source that the series touches.
extract()
{
	rm -rf "$work/tree"
	mkdir -p "$work/tree"
	# shellcheck disable=SC2046 # a word each
	XZ_DEFAULTS=-T0 tar -x -C "$work/tree" --strip-components=1 -f "$stock/source.tar.xz" \
		$(cat_paths "$@" | sed "s|^|linux-source-$version/|")
}

# applies PATCH: to that tree, with no context ignored.  In a repository, git would
# leave alone what is not below the current folder.
applies()
{
	# shellcheck disable=SC2016 # the inner sh expands it
	"$lab/enter" sh -c 'cd "$1" && GIT_CEILING_DIRECTORIES=${PWD%/*} git apply "$0"' \
		"$PWD/$1" "$work/tree"
}

# style PATCH: checkpatch has nothing to say.  Commits it looks for in a history,
# which a source package has not.
style()
{
	# shellcheck disable=SC2016 # the inner sh expands it
	"$lab/enter" sh -c 'cd "$KDIR" && scripts/checkpatch.pl --strict --terse --show-types \
		--no-summary --ignore UNKNOWN_COMMIT_ID "$0"' "$PWD/$1" > "$work/said" 2>&1
	sed 's/^/# /' "$work/said"
	test ! -s "$work/said"
}

# objects PATCH: of the files it touches, or that include them.
objects()
{
	cat_paths "$1" | while read -r file; do
		case $file in
		kernel/*.c) echo "${file%.c}.o" ;;
		kernel/rcu/*.h) echo kernel/rcu/tree.o ;;
		include/linux/*.h) echo kernel/rcu/tree.o kernel/rcu/update.o kernel/sched/core.o ;;
		rust/*) echo prepare ;;
		esac
	done | tr ' ' '\n' | sort -u
}

# build PATCH...: in one tree, which is gone afterwards: apply each, and build its
# objects. Prints the patch, and "built" or "failed".
build()
{
	for patch; do
		echo "$patch $(objects "$patch" | paste -sd ' ')"
	done > "$work/objects"
	# shellcheck disable=SC2016 # the inner sh expands it
	KERNEL=stock "$lab/enter" sh -ec '
		project=$PWD
		mkdir -p /tmp/patches/upper /tmp/patches/work
		mount -t overlay patches "$KDIR" \
			-o "lowerdir=$KDIR,upperdir=/tmp/patches/upper,workdir=/tmp/patches/work"
		cd "$KDIR"
		build="make -j$(nproc) $LAB_MAKE KERNELRELEASE=$KRELEASE"
		scripts/config -m TORTURE_TEST -m RCU_TORTURE_TEST -m RCU_REF_SCALE_TEST
		$build olddefconfig > /dev/null
		while read -r patch objects; do
			git apply --exclude="Documentation/*" "$project/$patch"
			if [ -z "$objects" ] || $build KCFLAGS=-Werror $objects 2>&1; then
				echo "$patch: built"
			else
				echo "$patch: failed"
			fi
		done < "$project/$0"' "$work/objects" > "$work/log" 2>&1 ||
		tail -n 20 "$work/log" | sed 's/^/# /'
}

# plant PATCH SED: a patch with a mistake.
plant()
{
	sed "$2" "$1" > "$PLANTED"
	! cmp -s "$1" "$PLANTED"
}

ktap_print_header
version=$(echo "$KRELEASE" | grep -oE '^[0-9]+\.[0-9]+')
folder=patches/$version
if [ ! -e "$folder/series" ]; then
	ktap_skip_all "no series for $version"
	exit "$KSFT_SKIP"
fi
mkdir -p "$work"
stock=$(KERNEL=stock "$lab/show" kernel)
patches=$(sed -n "/^[^#]/s|^|$folder/|p" "$folder/series")
count=$(echo "$patches" | wc -l)
long=0
[ "${LONG:-0}" != 1 ] || long=$((count + 1))
ktap_set_plan $((2 * count + 6 + long))

check "each patch is in the series" test "$(ls "$folder"/0*.patch)" = \
	"$(printf '%s\n' "$folder/0000-cover-letter.patch" "$patches")"
subjects=$(for patch in $patches; do
	sed -n '/^Subject: /,/^$/p' "$patch" | tr -d '\n' | sed 's/^Subject: \[[^]]*\] //'
	echo
done)
listed=$(sed -n '/^  [A-Za-z]*: /p' "$folder/0000-cover-letter.patch" | sed 's/^ *//' | sort)
check "and in the cover letter" test "$(echo "$subjects" | sort)" = "$listed"
author=$(sed -n '/^From: /,/^Date: /s/.*<\(.*\)>$/\1/p' "$folder/0000-cover-letter.patch")
addresses=$(grep -oE '[A-Za-z0-9._-]+@[A-Za-z0-9._-]+' "$folder/0000-cover-letter.patch" | sort -u)
private=$(echo "$addresses" | grep -vxF "$author" |
	grep -vE '@(vger\.kernel\.org|lists\.linux\.dev)\.?$')
check "its addresses are those of lists: $(echo "$addresses" | wc -l)" test -z "$private"

# shellcheck disable=SC2086
extract $patches
for patch in $patches; do
	name=$(basename "$patch" .patch)
	check "$name applies" applies "$patch"
	check "$name: checkpatch --strict" style "$patch"
done

first=$(echo "$patches" | head -n 1)
extract "$first"
plant "$first" '/^ static inline void/s/void/int/'
refute "control: a patch with other context does not apply" applies "$PLANTED"
plant "$first" '/^+\t/s/\t/        /'
refute "control: checkpatch sees indentation by spaces" style "$PLANTED"
check "control: and what it sees is that" grep -q 'CODE_INDENT' "$work/said"

if [ $long != 0 ]; then
	plant "$first" '/^+.*set_tsk_thread_flag(/s/set_tsk/set_no/'
	build "$PLANTED"
	check "control: a call of no function does not build" \
		grep -q "^$PLANTED: failed" "$work/log"
	# shellcheck disable=SC2086
	build $patches
	for patch in $patches; do
		check "$(basename "$patch" .patch) builds" grep -q "^$patch: built" "$work/log"
	done
fi

ktap_finished
