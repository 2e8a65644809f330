# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# From a package index and a wish to a kernel.

# kernel_packages RELEASE VERSION SOURCE [PACKAGE...]: the index of a kernel.
kernel_packages() {
	local release=$1 version=$2 source=$3 name
	shift 3
	for name in "linux-"{binary,modules,base,headers}"-$release" "$source"; do
		[[ " $* " != *" $name "* ]] || continue
		printf 'Package: %s\nSource: linux (1)\nVersion: %s\nArchitecture: amd64\n\n' "$name" "$version"
	done
}

{
	kernel_packages 7.2.6+deb13-rt-amd64 7.2.6-1~bpo13+1 linux-source-7.2
	kernel_packages 7.2.12+deb13-rt-amd64 7.2.12-1~bpo13+1 linux-source-7.2
	# Not eligible: not PREEMPT_RT; one package missing; a source of
	# another version.
	kernel_packages 7.9.9+deb13-amd64 7.9.9-1 linux-source-7.9
	for i in 0 1 2 3 4; do
		names=("linux-"{binary,modules,base,headers}"-7.8$i.1+deb13-rt-amd64" "linux-source-7.8$i")
		kernel_packages 7.8$i.1+deb13-rt-amd64 7.8$i.1-1 linux-source-7.8$i "${names[i]}"
	done
	kernel_packages 7.7.1+deb13-rt-amd64 7.7.1-2 linux-source-7.7 linux-source-7.7
	printf 'Package: linux-source-7.7\nVersion: 7.7.1-1\n\n'
	kernel_packages 7.20.1+deb13-rt-amd64 7.20.1-1~bpo13+1 linux-source-7.20
	kernel_packages 7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1 linux-source-7.3
} >"$T/Packages"

in_lab resolve kernels stock <"$T/Packages" >"$T/kernels"
check "kernels that have all of their packages, the newest first" \
	diff -u - "$T/kernels" <<-'END'
		7.20.1+deb13-rt-amd64 7.20.1-1~bpo13+1 linux-source-7.20
		7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1 linux-source-7.3
		7.2.12+deb13-rt-amd64 7.2.12-1~bpo13+1 linux-source-7.2
		7.2.6+deb13-rt-amd64 7.2.6-1~bpo13+1 linux-source-7.2
	END

check "those without PREEMPT_RT: no other kernel of Debian is one" \
	test "$({ cat "$T/Packages"; kernel_packages 7.3.4+deb13-cloud-amd64 7.3.4-1 linux-source-7.3; } |
		in_lab resolve kernels plain)" = "7.9.9+deb13-amd64 7.9.9-1 linux-source-7.9"

# A second version of a release: the newer package is the one.
{ cat "$T/Packages"; kernel_packages 7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+2 linux-source-7.3; } |
	in_lab resolve kernels stock >"$T/twice"

# picks WISH WANTED [KERNELS]
picks() {
	local got
	got=$(in_lab resolve pick_kernel "$1" <"${3:-$T/kernels}") && echo "got: $got" && [[ $got == "$2" ]]
}
check "no wish: the newest of the supported lines" \
	picks '' '7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1 linux-source-7.3'
check "7.2: the newest 7.2.x, and not 7.20" picks 7.2 '7.2.12+deb13-rt-amd64 7.2.12-1~bpo13+1 linux-source-7.2'
check "7.2.6: that one" picks 7.2.6 '7.2.6+deb13-rt-amd64 7.2.6-1~bpo13+1 linux-source-7.2'
check "a whole release: that one" picks 7.3.4+deb13-rt-amd64 '7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1 linux-source-7.3'
check "7.20: one that is not supported, on request" \
	picks 7.20 '7.20.1+deb13-rt-amd64 7.20.1-1~bpo13+1 linux-source-7.20'
check "7: the newest of all" picks 7 '7.20.1+deb13-rt-amd64 7.20.1-1~bpo13+1 linux-source-7.20'
check "of two versions of a release the newer" \
	picks 7.3 '7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+2 linux-source-7.3' "$T/twice"

pick() { in_lab resolve pick_kernel "$1" <"$2"; }
for wish in 7.2.1 7.77 7.9 7.7 6.12 .2 '7.2*'; do
	check "KVER=$wish: an error that lists those that exist" \
		one_line_error "KVER=.*there are: 7.20.1.* 7.3.4.* 7.2.12.* 7.2.6" pick "$wish" "$T/kernels"
done
check "an index without any: an error that names MIRROR=" \
	one_line_error 'no PREEMPT_RT kernel.*MIRROR=' pick '' /dev/null

# The supported lines, in their one place.
read -r oldest newest < <(in_lab resolve supported)
for release in "$oldest" "$oldest.9-rt" "$newest.99+deb13-rt-amd64" "$newest.0"; do
	refute "$release is a supported kernel" in_lab resolve untested "$release"
done
for release in "${oldest%.*}.$((${oldest#*.} - 1)).9" "${newest%.*}.$((${newest#*.} + 1)).0" \
	"${newest}0.1" 6.99.1 99.0.1; do
	check "$release is untested" in_lab resolve untested "$release"
done
echo "7.20.1-rt 7.20.1-1 linux-source-7.20" >"$T/newer"
check "no kernel of a supported line: an error that says how to take another" \
	one_line_error "lines $oldest to $newest: .*KVER=, there are: 7.20.1-rt; .*MIRROR=" \
	pick '' "$T/newer"
# dkms_takes MIN MAX: as the release would have it that supports these.
dkms_takes() {
	mkdir -p "$T/project"
	printf 'BUILD_EXCLUSIVE_KERNEL_%s\n' "MIN=\"$1\"" "MAX=\"$2.999\"" >"$T/project/dkms.conf"
}
dkms_takes 7.4 7.20
# shellcheck disable=SC2034 # supported reads it
in_project() { PROJECT=$T/project; "$@"; }
check "control: where dkms.conf says more, the default is another" \
	test "$(in_lab resolve in_project pick_kernel '' <"$T/kernels")" = \
	'7.20.1+deb13-rt-amd64 7.20.1-1~bpo13+1 linux-source-7.20'

# names FILE TEXT: on however many lines.
names() { paste -sd' ' "$TESTED/$1" | tr -s ' ' | grep -qF -- "$2"; }
for file in README.md Documentation/{index,limits}.rst packaging/debian/control; do
	check "$file names the lines" names "$file" "$oldest and $newest"
done
check "Documentation/install.rst takes the newest" names Documentation/install.rst "linux-source-$newest"
