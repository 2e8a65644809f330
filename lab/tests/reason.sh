# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Why a step failed, from its log: one line that says what to do.

# says REGEX LINE: what is said of a log with LINE in its midst.
says() {
	local got
	printf 'Get:1 something\n%s\nmore\n' "$2" >"$T/log"
	got=$(in_lab common reason "$T/log")
	printf '%s\n' "$got"
	[[ $got =~ $1 && $(wc -l <<<"$got") == 1 ]]
}

lost="no longer has.*make lab-update"
check "404" says "$lost" 'Err:1 http://mirror.test/debian trixie-backports/main amd64 linux-base-7.3.4+deb13-rt-amd64 amd64 7.3.4-1~bpo13+1 404  Not Found'
check "a version that went" says "$lost" "E: Version '7.3.4-1~bpo13+0' for 'linux-source-7.3' was not found"
check "a package that went" says "$lost" 'E: Unable to locate package linux-binary-7.3.4+deb13-rt-amd64'
check "no such suite" says 'not have that suite.*MIRROR=' "Err:2 http://mirror.test/debian sid Release 404  Not Found
E: The repository 'http://mirror.test/debian sid Release' does not have a Release file."
network='check the network.*MIRROR='
check "no name service" says "$network" 'Err:1 http://mirror.test/debian trixie InRelease
  Temporary failure resolving mirror.test'
check "no connection" says "$network" 'Could not connect to mirror.test:80 (192.0.2.1). - connect (111: Connection refused)'
check "pip, no connection" says "$network" 'WARNING: Retrying: Failed to establish a new connection: [Errno 101] Network is unreachable'
check "no space" says 'disk full.*free' 'tar: ./usr/bin/gcc: Cannot write: No space left on device'
check "an unknown key" says 'debian-archive-keyring' 'W: GPG error: http://mirror.test trixie InRelease: NO_PUBKEY 6ED0E7B82643E131'
check "our own word" says '^what we said: do this$' 'lab: error: what we said: do this'
check "anything else: the log" says 'see the log: ' 'Segmentation fault'
