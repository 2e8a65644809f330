# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Suites of Debian: the versions of the compilers, and what each has of its own in
# the cache.

export XDG_CACHE_HOME=$T/cache
unset ARCH KVER KERNEL
cache=$T/cache/rcu-notrace

# from SUITE SCRIPT: what SCRIPT prints with it.
from() {
	(
		unset SUITE
		[[ -z $1 ]] || export SUITE=$1
		with_parts "$2"
	)
}
# prints TEXT FROM...
prints() {
	local got
	got=$(from "${@:2}") && echo "got: $got" && [[ $got == "$1" ]]
}

# shellcheck disable=SC2016 # from() expands it
{
	check "trixie is the default" prints "trixie $cache" '' 'echo $SUITE $CACHE'
	check "and is the same with its name" prints "trixie $cache" trixie 'echo $SUITE $CACHE'
	check "its kernels are those of the backports" \
		prints 'trixie-backports, of trixie trixie-backports' '' 'echo ${SUITE_KERNELS[@]}, of $(suite_lists $SUITE)'
	check "another is below it" prints "forky $cache/suite/forky" forky 'echo $SUITE $CACHE'
	check "and has another architecture's below" prints "$cache/suite/forky/arm64" forky \
		'uname() { echo x86_64; }; ARCH=arm64; . "$LAB/lib/common.sh"; echo $CACHE'
	check "sid has experimental's kernels as well" \
		prints 'sid experimental, of experimental sid' sid 'echo ${SUITE_KERNELS[@]}, of $(suite_lists $SUITE)'
	check "one that is not known: those that are" \
		one_line_error 'SUITE=buster: the lab knows trixie forky sid$' from buster true

	for pair in trixie:14 forky:16; do
		suite=${pair%:*} gcc=${pair#*:}
		check "$suite: the compiler of its kernels" \
			prints "gcc-$gcc" "$suite" 'packages | grep ^gcc-'
		check "and the kernel's build has that" prints "gcc-$gcc" "$suite" \
			'kernel_make stock | grep -o "gcc-[0-9]*"'
		check "no package's name has a version left out" prints '' "$suite" 'packages | sed -n /@/p'
	done
	check "what is asked for is not the same" test "$(from trixie request)" != "$(from forky request)"
	check "what is missing: the command has the suite" \
		prints "run 'make lab KVER=7.2 SUITE=forky'" forky 'KVER=7.2; hint lab'
}

# in_lists DIR: the lists of packages that apt would have left, a kernel in each.
in_lists() {
	local list release
	mkdir -p "$1/apt/state/lists"
	echo mirror >"$1/apt/mirror"
	for list in trixie:6.12.9 trixie-backports:7.2.1 sid:7.2.2 experimental:7.3.1; do
		release=${list#*:}
		for name in "linux-"{binary,modules,base,headers}"-$release-rt-amd64" "linux-source-${release%.*}"; do
			printf 'Package: %s\nVersion: %s-1\n\n' "$name" "$release"
		done >"$1/apt/state/lists/mirror_dists_${list%:*}_main_binary-amd64_Packages"
	done
}
# The outcome of apt itself is not looked at here.
locked='uname() { echo x86_64; }; apt_in() { echo "Inst bash (5 Debian:1 [amd64])"; }
	resolve_lock '"$T"'/lists && sed -n "s/^stock \([^ ]*\) .*/\1/p" '"$T"'/lists/lock | paste -sd" "'
in_lists "$T/lists"
check "no kernel but of the backports" prints 7.2.1-rt-amd64 trixie "$locked"
check "no kernel but of sid and experimental" prints '7.3.1-rt-amd64 7.2.2-rt-amd64' sid "$locked"
