# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The root file system. Runs inside the namespace of `ns`, as its root.

# rootfs_bootstrap DIR: Debian, exactly as resolved.
rootfs_bootstrap() {
	local dir=$1 apt=$RESOLVED/apt options=() line wanted
	while read -r line; do
		options+=(--aptopt="$line")
	done < <(host_apt_options)
	# Nobody reads manuals in there, and a crash costs a rebuild only.
	for line in man info locale doc doc-base lintian linda; do
		options+=(--dpkgopt="path-exclude=/usr/share/$line/*")
	done
	options+=(--dpkgopt='path-include=/usr/share/locale/locale.alias'
		--dpkgopt=force-unsafe-io)
	wanted=$(packages | paste -sd,)
	mapfile -t sources < <(grep '^deb .*'" $SUITE main" "$apt/etc/sources.list")
	# The lists of the resolution go in and no update is made: what gets
	# installed is what was resolved, or the download fails.
	# shellcheck disable=SC2016 # the hook's shell expands it
	TMPDIR=$TMP mmdebstrap --mode=root --variant=apt \
		--architectures="$HOST_ARCH" --include="$wanted" "${options[@]}" \
		--setup-hook='mkdir -p "$1/var/lib/apt/lists" && cp -r '"'$apt/state/lists/.'"' "$1/var/lib/apt/lists/"' \
		--skip=update --skip=check/empty \
		"$SUITE" "$dir" "${sources[@]}"
	grep '^package ' "$RESOLVED/lock" >"$TMP/wanted"
	# shellcheck disable=SC2016 # dpkg-query expands it
	chroot "$dir" dpkg-query -W -f='package ${Package} ${Version}\n' | sort -u >"$TMP/got"
	diff -u "$TMP/wanted" "$TMP/got" || {
		echo "lab: error: what was installed is not what was resolved: run 'make lab-update'"
		return 1
	}
}

# rootfs_virtme DIR: virtme-ng, into a virtual environment of its own.
rootfs_virtme() {
	local dir=$1 ca env=() name
	for ca in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" "${REQUESTS_CA_BUNDLE:-}" \
		/etc/ssl/certs/ca-certificates.crt; do
		[[ -n $ca && -r $ca ]] && break
	done
	# The host's pip configuration decides where pip looks; a proxy's own
	# certificate authority must be known inside too. Both go into the
	# environment of this one run and not into the root file system.
	mkdir -p "$TMP/pip"
	[[ ! -r $ca ]] || cp -L "$ca" "$TMP/pip/ca.crt"
	env+=("PIP_CERT=$TMP/pip/ca.crt" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1)
	for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST PIP_PROXY \
		PIP_DEFAULT_TIMEOUT PIP_RETRIES http_proxy https_proxy no_proxy \
		HTTP_PROXY HTTPS_PROXY NO_PROXY; do
		[[ -z ${!name:-} ]] || env+=("$name=${!name}")
	done
	for name in /etc/pip.conf "$HOME/.pip/pip.conf" "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf"; do
		[[ -r $name ]] || continue
		# Only what says where to look: the rest is about the host.
		{ echo "[global]"; grep -E '^ *(index-url|extra-index-url|trusted-host|proxy) *=' "$name" || true; } >"$TMP/pip/pip.conf"
		env+=("PIP_CONFIG_FILE=$TMP/pip/pip.conf")
	done
	echo "virtme-ng==$VIRTME_VERSION --hash=sha256:$VIRTME_SHA256" >"$TMP/pip/requirements"
	# Its requirements are there from Debian, hence --no-deps.
	LAB_PROJECT=$TMP/pip in_root rw "$dir" "" "" "" "${env[@]}" -- sh -ec '
		python3 -m venv --system-site-packages /usr/lib/virtme-ng
		/usr/lib/virtme-ng/bin/pip install --no-deps --require-hashes -r requirements
		ln -s /usr/lib/virtme-ng/bin/vng /usr/lib/virtme-ng/bin/virtme-run /usr/local/bin/
		virtme-run --help >/dev/null'
}

# rootfs_udev DIR: what virtme-ng wants of udev is the names of the virtio
# ports, on which a guest's input and output go. The real udev would cost
# ten seconds of every emulated boot for that, so here is one that does only
# that. The ports are there by then: their driver is in the image, and the
# root file system that this comes from has been found after it.
rootfs_udev() {
	local dir=$1
	mkdir -p "$dir"/usr/{lib/systemd,lib/modules,local/bin}
	cat >"$dir/usr/lib/systemd/systemd-udevd" <<-'END'
		#!/bin/sh
		[ "$1" = --daemon ] || exit 0
		mkdir -p /dev/virtio-ports
		for port in /sys/class/virtio-ports/*; do
			read -r name <"$port/name" && [ -n "$name" ] &&
				ln -sf "../${port##*/}" "/dev/virtio-ports/$name"
		done
		exit 0
	END
	chmod +x "$dir/usr/lib/systemd/systemd-udevd"
	# And these it only wants to succeed.
	ln -s /usr/bin/true "$dir/usr/local/bin/udevadm"
	ln -s /usr/bin/true "$dir/usr/local/bin/systemd-tmpfiles"
}

# rootfs_guest DIR: a guest's root for another architecture. Packages are unpacked and
# not configured, as their scripts are programs of that architecture; the little
# that a guest needs of them is done here.
rootfs_guest() {
	local dir=$1 deb link packages
	mapfile -t packages < <(sed -n 's/^guest-package \([^ ]*\) \(.*\)/\1=\2/p' "$RESOLVED/lock")
	mkdir -p "$dir/debs"
	cd "$dir/debs" || return
	APT_ARCHS=$ARCH apt_in "$RESOLVED/apt" download "${packages[@]}"
	cd .. || return
	for link in bin sbin lib lib64; do
		mkdir -p "usr/$link"
		ln -s "usr/$link" "$link"
	done
	for deb in debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink \
			--exclude='./usr/share/'{doc,man,info,locale}
		rm "$deb"
	done
	rmdir debs
	cp usr/share/base-passwd/passwd.master etc/passwd
	cp usr/share/base-passwd/group.master etc/group
	ln -s mawk usr/bin/awk
	# virtme-ng's init mounts something there.
	mkdir -p etc/lvm
	# No systemd is there to end the guest.
	ln -s ../bin/busybox usr/sbin/poweroff
	rootfs_udev "$dir"
}

rootfs_build() {
	local dir=$1
	rootfs_bootstrap "$dir"
	rootfs_virtme "$dir"
	rootfs_udev "$dir"
}
