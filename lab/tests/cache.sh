# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The states of the cache: lab/setup and lab/clean, with the long steps
# replaced by short ones.

lab_copy "$T"
lab=$T/project/lab
# Short: whatever a broken lab leaves waiting is to end by itself.
export STEPS=$T/steps HANG=$T/hang BREAK=$T/break NEWER=$T/newer
cache=$XDG_CACHE_HOME/rcu-notrace

# A step: leave a half of something; hang or fail there if asked to; the
# other half.
cat >"$lab/lib/steps.sh" <<-'END'
	host_arch() { :; }
	host_needs() { :; }
	at() {
		echo "$1" >>"$STEPS"
		[[ $(cat "$HANG" 2>/dev/null) != "$1" ]] || sleep 20
		[[ $(cat "$BREAK" 2>/dev/null) != "$1" ]] || { echo 'write error: No space left on device'; return 1; }
	}
	resolve_lists() { mkdir -p "$1/apt"; at resolve_lists; }
	resolve_lock() {
		echo "request $(request)" >"$1/lock.new"
		at resolve_lock
		printf '%s\n' 'mirror http://one.test/debian' "root r-$(request)" "tools t" \
			'stock 7.3.4-rt 7.3.4-1 linux-source-7.3' \
			'stock 7.2.9-rt 7.2.9-1 linux-source-7.2' \
			'plain 7.3.4 7.3.4-1 linux-source-7.3' >>"$1/lock.new"
		[[ ! -e $NEWER ]] || sed -i '/^stock 7.3/i stock 7.9.1-rt 7.9.1-1 linux-source-7.9' "$1/lock.new"
		mv "$1/lock.new" "$1/lock"
	}
	sid_resolve() {
		mkdir -p "$1/apt"
		at sid_resolve
		printf '%s\n' "request $(sid_request)" "root s-$(sid_request)" >"$1/lock"
	}
	sid_unpack() {
		mkdir -p "$1/usr/lib64"
		at sid_unpack
		printf '#!/bin/sh\necho ran herd7 "$@"\n' >"$1/usr/lib64/ld-linux-x86-64.so.2"
		chmod +x "$1/usr/lib64/ld-linux-x86-64.so.2"
	}
	rootfs_build() { mkdir -p "$1"; at rootfs; : >"$1/whole"; }
	kernel_download() { at download; : >"$1/deb"; }
	kernel_unpack() { at unpack; mv "$1/deb" "$1/kdir"; }
	kernel_prepare() { at prepare; mv "$1/kdir" "$1/whole"; }
	test_kernel_unpack() { at test_unpack; mkdir -p "$1/kdir"; }
	test_kernel_configure() { at test_configure; }
	test_kernel_compile() { at test_compile; }
	test_kernel_install() { mkdir -p "$1/modules/$3"; at test_install; : >"$1/whole"; }
END
# Each script ends up with these instead of its own.
for script in rootfs kernel test-kernel host; do
	cp "$lab/lib/steps.sh" "$lab/lib/$script.sh"
done
echo 'host_space() { :; }' >>"$lab/lib/host.sh"
cat "$lab/lib/steps.sh" >>"$lab/lib/resolve.sh"
cat "$lab/lib/steps.sh" >>"$lab/lib/sid.sh"

whole() { [[ -e $cache/root/$1/whole && -e $cache/kernel/$2/whole && -z $(ls -A "$cache/tmp") ]]; }
is_whole() { whole "r-$(request)" 7.3.4-rt_7.3.4-1_t; }
# shellcheck source=lab/lib/common.sh disable=SC1091
request() { (. "$lab/lib/common.sh" && . "$lab/lib/resolve.sh" && request); }
steps() { paste -sd' ' "$STEPS" 2>/dev/null || true; }
# shellcheck disable=SC2119,SC2120 # mostly without arguments, and through check
setup() { : >"$STEPS"; timeout 30 "$lab/setup" "$@"; }

check "from nothing to all" ends 0 'ready: kernel 7.3.4-rt' setup
check "it is whole" is_whole
check "again: nothing to do" ends 0 'ready' setup
check "and nothing done, so no network either" test -z "$(steps)"
check "lab-update resolves afresh" ends 0 'ready' setup --update
check "and makes nothing that is there" test "$(steps)" = "resolve_lists resolve_lock"
check "another kernel: no more than that" ends 0 'ready: kernel 7.2.9-rt' env KVER=7.2 "$lab/setup"
check "another kind: no more than that" ends 0 'ready: kernel 7.3.4 ' env KERNEL=plain "$lab/setup"
check "is made" test "$(tail -n 3 "$STEPS" | paste -sd' ')" = "download unpack prepare"
check "a kernel that does not exist: those that do" \
	one_line_error 'KVER=6.1, there are: 7.3.4-rt 7.2.9-rt' env KVER=6.1 "$lab/setup"
check "the others are still there" ends 0 ready setup
KVER=7.2 check "both" ends 0 ready "$lab/setup"

# The day after the next kernel.
: >"$NEWER"
check "a newer kernel than the release supports: lab-update leaves it" \
	ends 0 'ready: kernel 7.3.4-rt [^:]*$' setup --update
check "on request it is taken, and called untested" \
	ends 0 'ready: kernel 7.9.1-rt.*kernel 7.9.1-rt is untested: .* 7.2 to 7.3' \
	env KVER=7.9 "$lab/setup"
rm "$NEWER"
check "and goes with an update" ends 0 'ready: kernel 7.3.4-rt' setup --update

# shellcheck disable=SC2016 # the inner sh expands it
check "what nobody will use again stays while something runs" ends 0 ready \
	flock --shared "$cache/used" sh -c 'mkdir -p "$1/root/old" && "$0/setup" && test -d "$1/root/old"' "$lab" "$cache"
check "and goes after that" ends 0 ready setup
refute "it is gone" test -e "$cache/root/old"
check "all that is in use is not" is_whole

echo '# changed' >>"$lab/packages"
check "a comment among the packages changes nothing" ends 0 ready setup
check "nothing done" test -z "$(steps)"
echo 'another-package' >>"$lab/packages"
check "another package" ends 0 ready setup
check "makes another root from the same lists, and no kernel" test "$(steps)" = "resolve_lock rootfs"
check "and the old one goes" test "$(ls "$cache/root")" = "r-$(request)"

# shellcheck disable=SC2016 # the inner sh expands it
check "another mirror than the one resolved on" \
	one_line_error "MIRROR=http://two.test.*lab-update" env MIRROR=http://two.test KVER=7.3 \
	sh -c 'rm -r "$1"/kernel/7.3.4* && "$0/setup"' "$lab" "$cache"

# kill_in STEP PROGRAM SIGNAL: PROGRAM of the lab hangs in STEP, and gets SIGNAL there.
kill_in() {
	echo "$1" >"$HANG"
	: >"$STEPS"
	setsid "$lab/$2" >/dev/null 2>&1 &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		! grep -q "^$1\$" "$STEPS" || break
		sleep 0.1
	done
	sleep 0.2
	kill "-$3" "$pid"
	wait "$pid" 2>/dev/null
	rm "$HANG"
}

# Killed in each of the steps, without a chance to clean up.
for step in resolve_lists resolve_lock rootfs download unpack prepare; do
	"$lab/clean"
	case $step in
	rootfs | unpack) signal=TERM ;;
	*) signal=KILL ;;
	esac
	kill_in "$step" setup $signal
	check "killed in $step ($signal): not finished" fails is_whole
	# The hanging step has gone down too: the lock it held is free.
	check "killed in $step: the lock is free" flock --timeout 5 "$cache/busy" true
	check "killed in $step: no lab" fails "$lab/enter" true
	check "killed in $step: the next run" ends 0 'ready' setup
	check "killed in $step: makes it whole" is_whole
done

echo prepare >"$BREAK"
"$lab/clean"
check "a step that fails: why, and what to do" ends 125 'lab: error: kernel .*disk full.*\.log' setup
check "what was finished before is kept" test -e "$cache/root/r-$(request)/whole"
rm "$BREAK"
check "the next run" ends 0 ready setup
check "starts from there" test "$(steps)" = "download unpack prepare"

# The root of sid: made when it is asked for, and no business of make lab.
# shellcheck disable=SC2119,SC2120 # as setup
herd7() { : >"$STEPS"; timeout 30 "$lab/herd7" "$@"; }
sid() { ls "$cache/sid"; }
refute "make lab does not make herd7" test -e "$cache/sid"
for step in sid_resolve sid_unpack; do
	kill_in "$step" herd7 KILL
	check "killed in $step: the lock is free" flock --timeout 5 "$cache/busy" true
	refute "killed in $step: not finished" test -n "$(sid 2>/dev/null)"
done
check "the next run makes it" ends 0 'ran herd7.* -version' herd7 -version
check "goes on from there" test "$(steps)" = sid_unpack
check "again: it is run" ends 0 'ran herd7.* a$' herd7 a
check "and nothing done" test -z "$(steps)"
check "make lab keeps it" ends 0 ready setup
check "and it has no part in it" test -z "$(steps)"
check "it is still there" test -n "$(sid)"
old=$(sid)
echo another-program >>"$lab/packages.sid"
check "another package" ends 0 'ran herd7' herd7
check "is resolved afresh" test "$(steps)" = "sid_resolve sid_unpack"
check "make lab removes the old one" ends 0 ready setup
refute "it is gone" test -e "$cache/sid/$old"
check "lab-update" ends 0 ready setup --update
check "takes it along" test -z "$(sid)"
echo sid_resolve >"$BREAK"
check "a step that fails: status 125, and why" ends 125 'package lists of sid: disk full' herd7
rm "$BREAK"
check "is made again" ends 0 'ran herd7' herd7
check "all else is whole" is_whole

# The kernel with checkers: kept as far as it got.
test_kernel() { : >"$STEPS"; timeout 30 "$lab/test-kernel" "$@"; }
built() { [[ $(ls "$cache/test-kernel") == 7.3.4-rt-debug_* && -e $(echo "$cache"/test-kernel/*)/whole ]]; }
uses() { [[ $(KERNEL=debug "$lab/show" release) == 7.3.4-rt-debug ]]; }
for step in test_unpack test_configure test_compile test_install; do
	rm -rf "$cache/test-kernel"
	kill_in "$step" test-kernel KILL
	check "killed in $step: not finished" fails uses
	check "killed in $step: the lock is free" flock --timeout 5 "$cache/busy-test-kernel" true
	check "killed in $step: no business of make lab" ends 0 ready setup
	check "killed in $step: the next run" ends 0 'ready: KERNEL=debug, kernel 7.3.4-rt-debug' test_kernel
	check "killed in $step: makes it whole" built
done
check "and KERNEL=debug takes it" uses
check "again: nothing to do" ends 0 'ready: KERNEL=debug' test_kernel
check "and nothing done" test -z "$(steps)"
check "no patches for this kernel" one_line_error 'patches/ has no series for 7.3.4-rt' test_kernel patched
mkdir -p "$T/project/patches/7.3"
echo 0001-that.patch >"$T/project/patches/7.3/series"
for diff in this that; do
	printf '%s\n' "Why: $diff" "diff --git a/$diff b/$diff" >"$T/project/patches/7.3/0001-that.patch"
	check "patches: $diff" ends 0 'ready: KERNEL=patched' test_kernel patched
	check "is built" test "$(steps)" = "test_unpack test_configure test_compile test_install"
	sed -i '1s/^/And /' "$T/project/patches/7.3/0001-that.patch"
	check "another reason for the same: nothing to do" ends 0 'ready: KERNEL=patched' test_kernel patched
	check "and nothing done" test -z "$(steps)"
done
check "the first one goes" ends 0 ready setup
check "and the other stays" test "$(echo "$cache"/test-kernel/*patched* | wc -w)" = 1
rm -r "$T/project/patches" "$cache"/test-kernel/*patched*
check "a kernel that is none" one_line_error 'no kernel fast' test_kernel fast
check "another stock kernel" one_line_error "run 'make lab KVER=7.1'|no kernel KVER=7.1" env KVER=7.1 "$lab/test-kernel"
check "make lab keeps it" ends 0 ready setup
check "it is still there" built
echo CONFIG_ANOTHER=y >>"$T/project/debug.config.fragment"
check "another configuration: not built" fails uses
check "the old one goes" ends 0 ready setup
refute "it is gone" test -e "$cache"/test-kernel/*
sed -i '$d' "$T/project/debug.config.fragment"

"$lab/clean"
"$lab/setup" >/dev/null 2>&1
rm -rf "$cache"/kernel/*
# hold [--shared] FILE: its lock, until let_go.
hold() {
	flock --no-fork "$@" sleep 60 &
	holder=$!
	while flock --nonblock "${!#}" true; do sleep 0.1; done
}
let_go() {
	kill "$holder"
	wait "$holder" 2>/dev/null
	return 0
}
# waits: setup says that it waits for the holder, and goes on after that.
waits() {
	local pid
	setup >"$T/said" 2>&1 &
	pid=$!
	until grep -q 'another run is at work' "$T/said"; do
		kill -0 "$pid" 2>/dev/null || return
		sleep 0.1
	done
	let_go
	wait "$pid" && grep -q ready "$T/said"
}
hold "$cache/busy"
check "another run is at work: wait for it" waits
hold --shared "$cache/used"
check "lab-clean while the lab is in use" one_line_error 'using the lab' "$lab/clean"
check "nothing removed" is_whole
let_go
for other in other suite/other suite/other/arch; do
	mkdir -p "$cache/$other"
	hold --shared "$cache/$other/used"
	check "lab-clean while $other is in use" \
		one_line_error 'another architecture or suite' "$lab/clean"
	check "nothing removed" is_whole
	let_go
done
check "lab-clean" ends 0 '^$' "$lab/clean"
refute "leaves nothing" test -e "$cache"
check "a cache that cannot be written" \
	one_line_error 'cannot write.*XDG_CACHE_HOME' env XDG_CACHE_HOME=/proc "$lab/setup"
check "an unknown argument" one_line_error 'unknown argument' "$lab/setup" --upgrade
