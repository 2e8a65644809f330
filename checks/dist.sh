#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The tarball of make dist builds without git
# requires: program:git
# runs: host
# timeout: 600
#
# The test makes the tarball twice, and builds modules and packages from it,
# with a git in the path that only notes that it was called. The test fails if
# the two differ, if the tarball has not the files of the last commit, if one is
# made where no commit is, if the modules do not build from it, or if the
# packages are not those of the commit, bit for bit.
#
# Control: without one of its files the modules do not build; the git that only
# notes was called by the packages' script.

. "${0%/*}/../selftests/lib.sh"

work=$(mktemp -d)
at_exit "rm -rf '$work'"
tool=$PWD/build/rcu-blame

repository()
{
	git -c safe.directory='*' "$@"
}

# made FOLDER
made()
{
	packaging/dist "$work/$1" 2> "$work/log" && return
	sed 's/^/# /' "$work/log"
	return 1
}

# without_git COMMAND...: in what the tarball has.
without_git()
{
	(cd "$tree" && PATH=$work/bin:$PATH "$@") > "$work/log" 2>&1 && return
	tail -n 5 "$work/log" | sed 's/^/# /'
	return 1
}

modules()
{
	without_git make -C "$KDIR" M="$tree" modules && [ -s "$tree/rcu_blame.ko" ]
}

if ! repository rev-parse --quiet --verify HEAD > /dev/null 2>&1; then
	ktap_print_header
	ktap_skip_all "this folder is no git repository"
	exit "$KSFT_SKIP"
fi

ktap_print_header
ktap_set_plan 10

check "a tarball is made" made a
check "and a second one" made b
tarball=$(find "$work/a" -name 'rcu-notrace-*.tar.xz')
check "the same bits" cmp "$tarball" "$work/b/${tarball##*/}"
tar -x --no-same-owner -f "$tarball" -C "$work"
tree=$(find "$work" -maxdepth 1 -name 'rcu-notrace-*')
repository ls-tree -r --name-only HEAD | sort > "$work/due"
(cd "$tree" && find . ! -type d | sed 's|^\./||' | sort) > "$work/got"
check "it has the $(wc -l < "$work/due") files of the commit" cmp "$work/due" "$work/got"

refused()
{
	! (cd "$tree" && packaging/dist) > "$work/log" 2>&1 &&
		[ "$(wc -l < "$work/log")" -eq 1 ] && grep -q 'no git repository$' "$work/log"
}
git -c init.defaultBranch=main init --quiet "$work"
git -C "$work" -c user.name=other -c user.email=other commit --quiet --allow-empty -m other
check "none is made of a folder in another's repository" refused
rm -rf "$work/.git"

mkdir "$work/bin"
printf '#!/bin/sh\necho "$@" >> %s\nexit 1\n' "$work/called" > "$work/bin/git"
chmod +x "$work/bin/git"
check "the modules build" modules
# The packages of the commit, whatever this folder has.
repository clone --quiet --no-hardlinks . "$work/clone" 2> /dev/null
for package in rcu-notrace-dkms rcu-blame; do
	case $package in
	rcu-blame) set -- packaging/deb-tool build "$tool" ;;
	*) set -- packaging/deb build ;;
	esac
	without_git "$@"
	(cd "$work/clone" && "$@" > /dev/null)
	check "$package: the bits of the commit's" \
		cmp "$tree"/build/${package}_*.deb "$work"/clone/build/${package}_*.deb
done
check "control: the scripts of the packages ask git" test -s "$work/called"

rm "$tree/rcu_notrace/arch/x86_64.rs" "$tree/rcu_notrace/arch/arm64.rs"
find "$tree" -name '*.o' -delete
refute "control: without a file the modules do not build" modules
ktap_finished
