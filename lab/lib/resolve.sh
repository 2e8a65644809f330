# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# From wishes to exact versions. Resolved versions stay as they are, in
# $CACHE/resolved, until they are asked for afresh:
#
#   resolved/apt/   apt's package lists of that moment
#   resolved/lock   the outcome, to read and to compare:
#       request HASH                    what was asked for
#       mirror URI
#       root HASH                       key of the root file system
#       tools HASH                      key of the compilers in it
#       stock RELEASE VERSION SOURCE    one line a kernel, the newest first
#       plain RELEASE VERSION SOURCE    the same, without PREEMPT_RT
#       package NAME VERSION            one line a package of the root
#
# and for an architecture that is not this machine's, whose guest has another root:
#       guest HASH                      key of the guest's root file system
#       guest-package NAME VERSION      one line a package of it
#
# and resolved/sid/, the same for what lab/herd7 makes.

RESOLVED=$CACHE/resolved

# Parts of the cache keys: raise one when what rootfs.sh or kernel.sh makes
# out of the same packages changes.
ROOT_RECIPE=2
KERNEL_RECIPE=1
GUEST_RECIPE=1
# And of the lock, when resolve_lock says more or other things of the same lists.
LOCK_RECIPE=1

# The version on PyPI, and the file's own hash: pip takes nothing else.
VIRTME_VERSION=1.42
# shellcheck disable=SC2034 # rootfs.sh uses it
VIRTME_SHA256=99589f1f5d74249038fe3c52aad9d3c33cb82a2d9617997511d4489fc709a707

# listed FILE: the names in a list of packages.
listed() { grep -vE '^(#|$)' "$LAB/$1" | with_versions; }

# packages: those of the tool chain's root file system, which with a kernel for
# this machine is the guest's as well.
packages() {
	listed packages | sed "s/^qemu-system-x86\$/$ARCH_QEMU_PACKAGE/"
	! arch_foreign || echo "gcc-$SUITE_GCC-${ARCH_TRIPLET//_/-}"
}

request() {
	{
		echo "$ROOT_RECIPE $KERNEL_RECIPE $LOCK_RECIPE $SUITE $VIRTME_VERSION"
		packages
		! arch_foreign || { echo "$GUEST_RECIPE $ARCH"; listed packages.guest; }
	} | hash
}

# lock_get KEY: the first value of KEY.
lock_get() { awk -v key="$1" '$1 == key { print $2; exit }' "${2:-$RESOLVED/lock}"; }

# kernels KIND < Packages: "RELEASE VERSION SOURCE" of each of Debian's kernels of
# that kind, stock or plain, that has all of its five packages in one and the same
# version, the newest first. All five: without linux-source of the very version, the
# Rust crates come out different from those in the image.
kernels() {
	local release='.*-rt'
	[[ $1 == stock ]] || release='[^-]*'
	awk -v binary="^linux-binary-$release-$ARCH\$" '
		$1 == "Package:" { name = $2 }
		$1 == "Version:" { have[name, $2] = 1
			if (name ~ binary)
				version[++n] = $2
			if (name ~ binary)
				release[n] = substr(name, 14) }
		END {
			for (i = 1; i <= n; i++) {
				r = release[i]; v = version[i]
				if (!match(r, /^[0-9]+\.[0-9]+/))
					continue
				source = "linux-source-" substr(r, 1, RLENGTH)
				if (have["linux-modules-" r, v] && have["linux-base-" r, v] &&
				    have["linux-headers-" r, v] && have[source, v])
					print r, v, source
			}
		}' | sort -rV
}

# kernels_of KIND LISTS SUITE...: those of the suites, by apt's lists.
kernels_of() {
	local name
	for name in "${@:3}"; do
		cat "$2"/*_"$name"_main_binary-"$ARCH"_Packages
	done | kernels "$1"
}

# supported: the oldest and the newest line of kernels that the release
# supports, "7.2 7.3". DKMS reads them from the same place.
supported() {
	(
		# shellcheck disable=SC2034 # dkms.conf reads it
		kernelver=
		. "$PROJECT/dkms.conf"
		echo "$BUILD_EXCLUSIVE_KERNEL_MIN ${BUILD_EXCLUSIVE_KERNEL_MAX%.*}"
	)
}

# untested RELEASE: its line is not one that the release supports.
untested() {
	local lines
	read -ra lines < <(supported)
	[[ $1 =~ ^[0-9]+\.[0-9]+ ]]
	! printf '%s\n' "${lines[0]}" "${BASH_REMATCH[0]}" "${lines[1]}" | sort -CV
}

# pick_kernel WISH < kernels: the newest that WISH names. "7.2" is any 7.2.x
# but not 7.20. Without a wish: the newest of the lines that the release
# supports.
pick_kernel() {
	local wish=${1:-} release version source all=()
	while read -r release version source; do
		all+=("$release")
		if [[ -z $wish ]]; then
			! untested "$release" || continue
		else
			[[ $release == "$wish" || ($release == "$wish"* &&
				${release:${#wish}:1} != [0-9]) ]] || continue
		fi
		echo "$release $version $source"
		# To the end: whoever writes must not die of a closed pipe.
		cat >/dev/null
		return
	done
	((${#all[@]})) ||
		die "the mirror has no $([[ ${KERNEL:-} == plain ]] && echo plain || echo PREEMPT_RT) kernel with all of its packages: try another with MIRROR= and 'make lab-update'"
	[[ -n $wish ]] ||
		die "the mirror has no kernel of the lines $(supported | sed 's/ / to /'): take one untested with KVER=, there are: ${all[*]}; or try another mirror with MIRROR= and 'make lab-update'"
	die "no kernel KVER=$wish, there are: ${all[*]}; 'make lab-update' looks for newer ones"
}

# apt_in DIR CMD...: apt-get on the lists in DIR, with the architectures in APT_ARCHS,
# this machine's without. The configuration is written each time: DIR may have been
# moved, the host's proxy changed.
apt_in() {
	local dir=$1
	shift
	# shellcheck disable=SC2086 # a list
	apt_conf "$dir" ${APT_ARCHS:-} >"$dir/apt.conf"
	APT_CONFIG=$dir/apt.conf apt-get -q "$@"
}

# resolve_lists DIR SUITE...: fetch the package lists into DIR/apt.
resolve_lists() {
	local dir=$1/apt uri key name
	shift
	uri=$(mirror)
	key=$(keyring)
	mkdir -p "$dir"/{etc/preferences.d,state/lists/partial,cache/archives/partial}
	: >"$dir/status"
	for name; do
		echo "deb [signed-by=$key] $uri $name main"
	done >"$dir/etc/sources.list"
	echo "$uri" >"$dir/mirror"
	APT_ARCHS="$HOST_ARCH $(! arch_foreign || echo "$ARCH")" \
		apt_in "$dir" -o APT::Update::Error-Mode=any update
}

# simulated FILE [WORD]: a line for each package that apt said it would install.
simulated() {
	awk -v word="${2:-package}" '$1 == "Inst" { sub(/^\(/, "", $3); print word, $2, $3 }' "$1" | sort -u
	grep -q '^Inst ' "$1" || die "apt resolved no packages"
}

# resolve_lock DIR: write DIR/lock from the lists in DIR/apt.
resolve_lock() {
	local dir=$1 lists=$1/apt/state/lists wanted kind
	mapfile -t wanted < <(packages)
	# The packages that mmdebstrap's variant "apt" starts from, and ours.
	apt_in "$dir/apt" -s install \
		"?narrow(?codename(^$SUITE\$),?essential)" \
		apt "${wanted[@]}" >"$dir/simulated"
	simulated "$dir/simulated" >"$dir/packages"
	: >"$dir/guest-packages"
	if arch_foreign; then
		mapfile -t wanted < <(listed packages.guest)
		APT_ARCHS=$ARCH apt_in "$dir/apt" -s install \
			"?narrow(?codename(^$SUITE\$),?essential)" "${wanted[@]}" >"$dir/simulated"
		simulated "$dir/simulated" guest-package >"$dir/guest-packages"
	fi
	{
		echo "# Versions that 'make lab' resolved; 'make lab-update' resolves them afresh."
		echo "request $(request)"
		echo "mirror $(<"$dir/apt/mirror")"
		echo "root $({ echo "$ROOT_RECIPE $VIRTME_VERSION"; cat "$dir/packages"; } | hash)"
		echo "tools $({ echo "$KERNEL_RECIPE"; grep -E "^package (gcc-$SUITE_GCC|rustc|rust-src|bindgen|pahole|binutils) " "$dir/packages"; } | hash)"
		for kind in stock plain; do
			kernels_of $kind "$lists" "${SUITE_KERNELS[@]}" | sed "s/^/$kind /"
		done
		cat "$dir/packages"
		! arch_foreign ||
			echo "guest $({ echo "$GUEST_RECIPE"; cat "$dir/guest-packages"; } | hash)"
		cat "$dir/guest-packages"
	} >"$dir/lock.new"
	rm "$dir/simulated" "$dir/packages" "$dir/guest-packages"
	mv "$dir/lock.new" "$dir/lock"
}

# kernel_line: the lock's "RELEASE VERSION SOURCE" that KVER and KERNEL ask for.
kernel_line() {
	local kind=stock
	[[ ${KERNEL:-} != plain ]] || kind=plain
	sed -n "s/^$kind //p" "$RESOLVED/lock" | pick_kernel "${KVER:-}"
}

# Keys: a name in the cache says all that the thing depends on.
root_dir() { echo "$CACHE/root/$(lock_get root)"; }
guest_dir() {
	if arch_foreign; then echo "$CACHE/guest/$(lock_get guest)"; else root_dir; fi
}
kernel_dir() {
	local release=$1 version=$2
	echo "$CACHE/kernel/${release}_${version}_$(lock_get tools)"
}
