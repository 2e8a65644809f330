# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# KVM or TCG. On some hosts /dev/kvm opens, even makes a machine, and the
# guest then hangs without a word. So: processor flags first, then the proof
# by a short boot, remembered for this host kernel and processor.

# accel: print kvm or tcg. boot_trial is the caller's: boot with KVM within
# a short time and return 0 if the guest came up.
accel() {
	local key file
	if arch_foreign || ! arch_kvm || [[ ! -w /dev/kvm ]]; then
		echo tcg
		return
	fi
	key=$({ uname -r; grep -m1 'model name' /proc/cpuinfo; cat "$RESOLVED/lock"; } | hash)
	file=$CACHE/kvm-$key
	if [[ ! -e $file ]]; then
		say "trying whether KVM works here"
		if boot_trial; then echo kvm; else echo tcg; fi >"$file.new"
		mv "$file.new" "$file"
		say "KVM: $(sed 's/kvm/works/; s/tcg/does not work, guests are emulated/' "$file")"
	fi
	cat "$file"
}
