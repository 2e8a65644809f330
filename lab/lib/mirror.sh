# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The source of packages: the Debian mirror of the host's own apt configuration,
# or MIRROR=. No mirror is written down in this repository.

# mirror: print the mirror's address. LAB_APT_OPTIONS and LAB_OS_RELEASE are
# for the tests.
mirror() {
	local found id
	if [[ -n ${MIRROR:-} ]]; then
		echo "${MIRROR%/}"
		return
	fi
	id=$(sed -n 's/^ID=//p' "${LAB_OS_RELEASE:-/etc/os-release}" | tr -d '"')
	[[ $id == debian ]] ||
		die "this host is not Debian (${id:-unknown}), so its mirror has no Debian packages: name one with MIRROR="
	# apt reads both of its formats for us, and its lists need not have
	# been fetched. The archive itself is wanted, and not security,
	# updates or backports; others than Debian use its suites' names too,
	# so one that is called debian goes before one that is not.
	# shellcheck disable=SC2016,SC2086
	found=$(apt-get indextargets ${LAB_APT_OPTIONS:-} --no-release-info \
		--format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
		awk '$1 == "Packages" && $2 == "main" && $3 !~ /[-\/]/ {
				if (first == "")
					first = $4
				if (debian == "" && $4 ~ /\/debian\/?$/)
					debian = $4
			}
			END { print debian != "" ? debian : first }')
	[[ -n $found ]] ||
		die "no Debian archive in the host's apt sources: name one with MIRROR="
	echo "${found%/}"
}

# host_apt_options: the settings of the host's apt that decide how it
# downloads (proxies, time checks, retries), one `Name "value";` a line.
host_apt_options() {
	apt-config dump | grep -E '^Acquire::((https?|ftp)(::.*)?|Check-Valid-Until|Check-Date|Max-FutureTime|Retries|ForceIPv[46]) "[^"]' || true
}

# apt_conf DIR [ARCH...]: configuration for an apt that lives in DIR alone and sees
# nothing of the host's packages. Hooks of the host are left out on purpose. The
# first ARCH, by default this machine's, is that of packages named without one.
apt_conf() {
	local dir=$1 archs=("${@:2}")
	((${#archs[@]})) || archs=("$HOST_ARCH")
	cat <<-END
		Dir "$dir/";
		Dir::Etc "$dir/etc/";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
		Dir::State "$dir/state/";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache/";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		APT::Architecture "${archs[0]}";
		$(printf 'APT::Architectures:: "%s";\n' "${archs[@]}")
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
	END
	host_apt_options
}

keyring() {
	local file=${KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
	[[ -r $file ]] ||
		die "no keyring $file: install debian-archive-keyring, or name one with KEYRING="
	echo "$file"
}
