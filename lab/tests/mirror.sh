# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The host's own mirror, from each way to write it down.

mkdir -p "$T/parts"
echo 'ID=debian' >"$T/os-debian"
printf 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n' >"$T/os-ubuntu"
export LAB_OS_RELEASE=$T/os-debian
export LAB_APT_OPTIONS="-o Dir::Etc::sourcelist=$T/list -o Dir::Etc::sourceparts=$T/parts -o Dir::State::lists=$T/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
mkdir -p "$T/lists/partial"
unset MIRROR

# sources NAME < content: the only apt sources there are.
sources() {
	rm -f "$T/list" "$T"/parts/*
	cat >"$T/$1"
}
finds() {
	local got
	got=$(in_lab mirror mirror) && echo "got: $got" && [[ $got == "$1" ]]
}
says() { one_line_error "$1" in_lab mirror mirror; }

sources parts/debian.sources <<-'END'
	Types: deb deb-src
	URIs: http://security.test/debian-security
	Suites: bookworm-security
	Components: main

	Types: deb
	URIs: https://first.test/debian/
	Suites: bookworm bookworm-updates
	Components: main contrib
END
check "deb822: the archive, and not security" finds https://first.test/debian

sources list <<-'END'
	# deb http://comment.test/debian bookworm main
	deb http://security.test/debian-security bookworm-security main
	deb http://updates.test/debian bookworm-updates main
	deb [arch=amd64] http://second.test/debian bookworm main non-free
END
check "one line: the archive, with options, without comments" finds http://second.test/debian

sources list <<-'END'
	deb http://old.test/debian-security bullseye/updates main
	deb http://third.test/debian stable main
END
check "a suite like bullseye/updates is security" finds http://third.test/debian

sources list <<-'END'
	deb http://other.test/debian/12/prod bookworm main
	deb http://fourth.test/debian bookworm main
END
check "someone else's archive before Debian's" finds http://fourth.test/debian
sources list <<<'deb http://fifth.test/remote-debian-all bookworm main'
check "an archive under another name, if it is all there is" finds http://fifth.test/remote-debian-all

sources list <<<'deb-src http://source.test/debian bookworm main'
check "sources alone are no archive: an error that names MIRROR=" says 'no Debian archive.*MIRROR='
sources list <<<'deb http://contrib.test/debian bookworm contrib'
check "nor is one without main" says 'no Debian archive.*MIRROR='
sources list </dev/null
check "nor is nothing" says 'no Debian archive.*MIRROR='

export LAB_OS_RELEASE=$T/os-ubuntu
sources list <<<'deb http://ubuntu.test/ubuntu noble main'
check "a host that is Ubuntu: its mirror is not taken" says 'not Debian .ubuntu.*MIRROR='
export MIRROR=http://mine.test/debian/
check "MIRROR= there" finds http://mine.test/debian
export LAB_OS_RELEASE=$T/os-debian
check "MIRROR= goes first" finds http://mine.test/debian
