#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The Debian package installs, follows kernel updates and purges
# requires: native
# runs: drives
# timeout: 3600
#
# The test makes the Debian packages, installs those of a lower version in a
# root file system with a stock kernel of the oldest supported series, upgrades
# them, boots that kernel and loads the module. Then the test has apt install
# the newest kernel, and its source later, boots that kernel, runs the
# package's own test by autopkgtest, gives its headers another version, purges
# the package, and does there what the documentation says to do on a machine of
# one's own. The test fails if a kernel is not configured, a module is not
# built, does not load, or loads on a kernel that it is not for, a command
# fails, or something is left, also of the lower version. The test runs only
# with PACKAGE=1: it downloads 900 MB.

. "${0%/*}/../selftests/lib.sh"
# shellcheck source=checks/lib_own_root.sh
. "${0%/*}/lib_own_root.sh"
# shellcheck source=checks/lib_doc.sh
. "${0%/*}/lib_doc.sh"

work=$PWD/build/package
root=$work/root
tree=$work/tree

# installed RELEASE: DKMS says so, and modprobe would find it.
installed()
{
	inside "dkms status -m rcu-notrace -k $1 | grep -q ': installed' &&
		modinfo -k $1 rcu_blame"
}

# configured RELEASE: the kernel's packages, and it has what it boots with.
configured()
{
	inside "dpkg-query -W -f '\${db:Status-Abbrev}\n' linux-image-$1 linux-headers-$1 |
		sort -u" && test "$(cat "$work/log")" = "ii " -a -s "$root/boot/initrd.img-$1"
}

# other_version VERSION: that of the newest kernel's headers and source becomes it, as
# if they had come so.
other_version()
{
	of="/^Package: linux-\(headers-$new\|source-$max\)\$/,/^\$/"
	inside "sed -i '$of s/^Version: .*/Version: $1/' /var/lib/dpkg/status"
}

# of_version VERSION: the packages, from a copy of the project that has this one.
of_version()
{
	rm -rf "$tree"
	copy_project
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$1\"/" "$tree/dkms.conf"
	"${LAB_VM%/*}/enter" "$tree/packaging/deb" "$work/lower" &&
		"${LAB_VM%/*}/enter" "$tree/packaging/deb-tool" "$work/lower" "$PWD/build/rcu-blame"
}

# has_only VERSION RELEASE: of the module, DKMS and dpkg have this version and no other.
has_only()
{
	inside "dkms status -m rcu-notrace -k $2 && dpkg-query -W -f '\${Version}\n' \
		rcu-notrace-dkms rcu-blame && ls -d /usr/src/rcu-notrace-*" &&
		test "$(sed "s|^rcu-notrace/$1, $2, [^:]*: installed.*|dkms|" "$work/log")" = "dkms
$1
$1
/usr/src/rcu-notrace-$1"
}

# built_for RELEASE VERSION: the module that is installed there.
built_for()
{
	inside "modinfo -k $1 -F built_for rcu_notrace" && test "$(cat "$work/log")" = "$2"
}

# loads RELEASE: in a guest that runs this kernel from this root file system, and the
# tool that is installed there reads the tables.
loads()
{
	OWN_ROOT=$root KVER=$1 "$LAB_VM" "uname -r && modprobe rcu_blame &&
		dmesg | grep rcu_blame: && rcu-blame held --threshold 1h &&
		rmmod rcu_blame" > "$work/log" 2>&1 &&
		grep -qxF "$1" "$work/log" && grep -q 'rcu_blame: loaded' "$work/log" &&
		grep -q '^Nothing is held' "$work/log" && return
	tail -n 20 "$work/log" | sed 's/^/# /'
	return 1
}

# refused RELEASE: the same, but the module will have none of it.
refused()
{
	OWN_ROOT=$root KVER=$1 "$LAB_VM" "! modprobe rcu_blame && dmesg | grep rcu_notrace:" \
		> "$work/log" 2>&1 || return
	grep -q 'rcu_notrace: built for .*, and this kernel is ' "$work/log"
}

# newest SERIES: the release of its newest PREEMPT_RT kernel.
newest()
{
	inside "apt-cache pkgnames linux-image-$1. |
		sed -n 's/^linux-image-\(.*-rt-amd64\)\$/\1/p' | sort -V | tail -n 1" &&
		cat "$work/log"
}

# add_kernel RELEASE SERIES: as a machine has it that builds modules.
add_kernel()
{
	inside "apt-get -q -y install -t trixie-backports dkms tiny-initramfs \
		linux-image-$1 linux-headers-$1 linux-source-$2"
}

# files: all there are, but for what apt, dpkg, depmod and Python note for themselves.
files()
{
	(cd "$root" && find etc usr var \( -path var/lib/apt -o -path var/lib/dpkg \
		-o -path var/cache -o -path var/log -o -path var/tmp \) -prune \
		-o ! -path '*/modules.*' ! -path '*/__pycache__*' -print | sort)
}

# nothing_left: of files that were not there before the package, and are not of
# another. DKMS keeps its key.
nothing_left()
{
	files > "$work/after"
	{
		cat "$work/before"
		sed 's|^/||' "$root"/var/lib/dpkg/info/*.list
		printf '%s\n' var/lib/dkms/mok.key var/lib/dkms/mok.pub
	} | sort -u | comm -13 - "$work/after" > "$work/left"
	head -n 20 "$work/left" | sed 's/^/# /'
	test ! -s "$work/left"
}

# own BLOCK: its commands, in a copy of the project. Those that load the module, in a
# guest that runs that kernel; the others where uname says so.
own()
{
	# One that goes on in the next line is one.
	lines "$1" 1 | sed -e ':a' -e '/\\$/{N; s/\\\n *//; ta' -e '}' > "$work/commands"
	test -s "$work/commands" || return
	while read -r command; do
		case $command in
		modprobe* | insmod*)
			OWN_ROOT=$root KVER=$new "$LAB_VM" "cd $tree && $command &&
				dmesg | grep 'rcu_blame: loaded'" > "$work/log" 2>&1 ;;
		*) inside "cd $tree && $command" ;;
		esac < /dev/null && continue
		echo "# $command"
		tail -n 20 "$work/log" | sed 's/^/# /'
		return 1
	done < "$work/commands"
}

# copy_project: without what has been built in it.
copy_project()
{
	mkdir -p "$tree/build"
	tar -c --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.ko' \
		--exclude='.*.cmd' . | tar -x -C "$tree"
}

ktap_print_header
if [ "${PACKAGE:-0}" != 1 ]; then
	ktap_skip_all "set PACKAGE=1: it takes a network, 5 GB, and three quarters of an hour"
	exit "$KSFT_SKIP"
fi

mkdir -p "$work"
rm -rf "$work/blocks" "$work/lower" "$tree"
blocks "$work/blocks" Documentation/install.rst README.md
owns=$(of_class own "$work/blocks")
ktap_set_plan $((28 + $(echo "$owns" | wc -l)))

# As the root that these files belong to.
clean_up()
{
	"${LAB_VM%/*}/enter" rm -rf "$root" "$root.new"
}
trap clean_up EXIT
clean_up

check "the package is made" "${LAB_VM%/*}/enter" packaging/deb build/package
# checks/check has built it.
check "that of the tool is made" \
	"${LAB_VM%/*}/enter" packaging/deb-tool build/package build/rcu-blame
# The root file system has no documents, of which dpkg takes lintian's programs for some.
check "lintian has nothing to say of either" inside "
	apt-get -q -y -o 'Dpkg::Options::=--path-include=/usr/share/lintian/*' install lintian &&
	lintian --allow-root --fail-on error,warning build/package/*.deb &&
	apt-get -q -y purge --autoremove lintian"
# Lower than any that is released.
lower=0.0.1
# The supported lines, where DKMS reads them.
min=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL_MIN="\(.*\)"$/\1/p' dkms.conf)
max=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL_MAX="\(.*\)\.999"$/\1/p' dkms.conf)
old=$(newest "$min") new=$(newest "$max")
check "$old is installed" add_kernel "$old" "$min"
files > "$work/before"
refute "control: without the package there is no module" installed "$old"
check "packages of version $lower are made" of_version $lower
inside "apt-get -q -y install ./build/package/lower/*.deb"
check "$old: they install, and build it" has_only $lower "$old"
inside "apt-get -q -y install ./build/package/rcu-notrace-dkms_*.deb \
	./build/package/rcu-blame_*.deb"
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)
check "$old: version $version is all that there is after an upgrade" has_only "$version" "$old"
check "the tool has its pages" inside "man -w rcu-blame-record || dpkg -L rcu-blame |
	grep -x /usr/share/man/man8/rcu-blame-record.8.gz"
check "$old: it loads" loads "$old"
refute "it is not loaded at boot unless asked for" \
	grep -q '^[^#]' "$root/etc/modules-load.d/rcu-notrace.conf"
refute "control: while it is installed something is left" nothing_left
# The package recommends linux-source, with which the kernel's own would come.
check "$new is installed, without its source" inside "apt-get -q -y install \
	-t trixie-backports linux-image-$new linux-headers-$new linux-source-$max-"
check "and it is said in a line what is missing" \
	grep -q "^kdir: error: $new: .*: install linux-source-$max=" "$work/log"
check "$new: it is configured, and can boot" configured "$new"
refute "control: there is no module" installed "$new"
check "its source comes later" \
	inside "apt-get -q -y install -t trixie-backports linux-source-$max"
check "$new: the module is built then" installed "$new"
check "$new: it loads" loads "$new"
check "autopkgtest: the package's own test passes" inside "
	apt-get -q -y install autopkgtest busybox-static qemu-system-x86 virtme-ng &&
	PYTHONDONTWRITEBYTECODE=1 autopkgtest packaging/autopkgtest -- null &&
	apt-get -q -y purge --autoremove autopkgtest virtme-ng"
inside "apt-get -q -y purge linux-source-$min && rm -r /var/lib/rcu-notrace/kdir/$old"
refute "control: without the kernel's own source there is no tree" \
	inside "/usr/src/rcu-notrace-*/packaging/kdir $old"
check "and it is said what is missing" grep -q "install linux-source-$min=" "$work/log"
version=$(inside "dpkg-query -W -f '\${Version}' linux-headers-$new" && cat "$work/log")
check "$new: it says what it is for: $version" built_for "$new" "$version"
other_version "$version.1"
inside "dpkg-trigger --by-package=linux-headers-$new --no-await /usr/src &&
	dpkg --triggers-only --pending"
check "$new: it is built anew for headers of another version" built_for "$new" "$version.1"
check "and is refused by a kernel that has not that version" refused "$new"
other_version "$version"
check "the packages are purged" inside "apt-get -q -y purge rcu-notrace-dkms rcu-blame"
check "and nothing is left" nothing_left

rm -rf "$tree"
copy_project
cp build/package/*.deb "$tree/build"
cat > "$work/uname" <<-END
	#!/bin/sh
	[ "\$*" = -r ] && echo $new || exec /usr/bin/uname "\$@"
END
# The other kernel has lost its source above.
check "a root file system in which $new runs" \
	inside "apt-get -q -y purge linux-image-$old linux-headers-$old &&
		install build/package/uname /usr/local/bin/ && test \$(uname -r) = $new &&
		echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/91yes"
for block in $owns; do
	read -r where class < "$block"
	check "$where: $(first "$block")" own "$block"
done

ktap_finished
