# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lab/config-check: what is asked for and not there, and for want of what.

mkdir "$T/sub"
cat >"$T/Kconfig" <<'END'
mainmenu "A kernel"

config NET
	bool "Network"
	help
	  if this were read, config and depends on would be too:
	  depends on NOTHING

	  config HELP

if NET
source "sub/Kconfig"
endif

menu "Hacking"
	depends on DEBUG

config LOCKS
	bool "Locks"

config STRICT
	bool "Strict" if EXPERT
	default y

endmenu

config RUST
	bool "Rust"
	depends on (A || B) && !KASAN
	depends on CC_IS_CLANG || \
		   CC_IS_GCC
	depends on $(success,true,$(CC))
	depends on C if B

config TEST
	tristate "Test"
	depends on NET && BUS
config SOUND
	bool "Sound"
config CHECK
	bool "Check"
	depends on TEST
config MANY
	bool "Many"
	depends on NR_CPUS >= 16
config EITHER
	bool "Either" if X
	depends on Y
config EITHER
	depends on Z
END
cat >"$T/sub/Kconfig" <<'END'
menuconfig FILESYSTEMS
	bool "File systems"
if FILESYSTEMS && NET
config P9
	tristate "9p"
	depends on P9_NET
endif
END

# asks FRAGMENT CONFIG STATUS REGEX
asks() {
	printf '%b\n' "$1" >"$T/fragment"
	printf '# Linux/x86 7.3.4 Kernel Configuration\n%b\n' "$2" >"$T/.config"
	ends "$3" "$4" "$TESTED/lab/config-check" "$T" "$T/fragment"
}
check "all there" asks 'CONFIG_NET=y\n# a comment\n# CONFIG_SOUND is not set' 'CONFIG_NET=y' 0 '^$'
check "an option around it" asks 'CONFIG_P9=y' 'CONFIG_NET=y\nCONFIG_P9_NET=y' 1 \
	'^CONFIG_P9=y, but it is n: depends on FILESYSTEMS \(=n\)$'
check "all that is missing" asks 'CONFIG_P9=y' '' 1 'depends on NET \(=n\), FILESYSTEMS \(=n\), P9_NET \(=n\)$'
check "a menu's dependency" asks 'CONFIG_LOCKS=y' '' 1 'depends on DEBUG \(=n\)$'
check "a prompt's condition" asks '# CONFIG_STRICT is not set' 'CONFIG_STRICT=y\nCONFIG_DEBUG=y' 1 'no prompt$'
check "of several, the one that is missing" asks 'CONFIG_RUST=y' 'CONFIG_A=y\nCONFIG_CC_IS_GCC=y\nCONFIG_KASAN=y' 1 \
	'n: depends on ! KASAN \(=n\)$'
check "an alternative, whole" asks 'CONFIG_RUST=y' 'CONFIG_CC_IS_GCC=y' 1 'n: depends on \( A \|\| B \) \(=n\)$'
check "a line that goes on" asks 'CONFIG_RUST=y' 'CONFIG_A=y' 1 'n: depends on CC_IS_CLANG \|\| CC_IS_GCC \(=n\)$'
check "a dependency with a condition" asks 'CONFIG_RUST=y' 'CONFIG_B=y\nCONFIG_CC_IS_GCC=y' 1 'depends on .*\( C \) \(=n\)$'
check "a module where more was asked for" asks 'CONFIG_TEST=y' 'CONFIG_NET=y\nCONFIG_BUS=m\nCONFIG_TEST=m' 1 \
	'=y, but it is m: depends on BUS \(=m\)$'
check "a number" asks 'CONFIG_MANY=y' 'CONFIG_NR_CPUS=8' 1 'NR_CPUS >= 16 \(=n\)$'
check "nothing is missing" asks 'CONFIG_SOUND=y' '' 1 'another option of its choice'
check "no such option" asks 'CONFIG_HELP=y' '' 1 'this kernel has no such option$'
check "two definitions" asks 'CONFIG_EITHER=y' 'CONFIG_X=y' 1 'depends on Y \(=n\); or on Z \(=n\)$'
check "another value" asks 'CONFIG_HZ=250' 'CONFIG_HZ=100' 1 '^CONFIG_HZ=250, but it is 100'
check "two at once" asks 'CONFIG_LOCKS=y\nCONFIG_SOUND=y' '' 1 'CONFIG_LOCKS.*CONFIG_SOUND'
later() {
	printf 'CONFIG_SOUND=y\n' >"$T/first"
	printf '# CONFIG_SOUND is not set\n' >"$T/second"
	: >"$T/.config"
	"$TESTED/lab/config-check" "$T" "$T/first" "$T/second" && ! "$TESTED/lab/config-check" "$T" "$T/second" "$T/first"
}
check "a later fragment overrides" later
# With all that is asked for by the project's own fragments, each on its own line.
duplicates() { cat "$TESTED"/lab/guest.config "$TESTED"/debug.config.fragment | grep -E '^CONFIG_' | sort | uniq -d | grep .; }
refute "nothing is asked for twice" duplicates
