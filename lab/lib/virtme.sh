#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# virtme.sh RUN: boot a guest on the root file system that we are in, and
# have it run RUN/command. Without that file: a shell on the terminal.
# Runs inside the lab's root; LAB_VM_* come from lab/vm.

run=$1
kopts=(ignore_loglevel printk.devkmsg=on oops=panic)
read -ra append <<<"${LAB_VM_APPEND:-}"
read -ra qemu_opts <<<"${LAB_VM_QEMU_OPTS:-}"

# The guest's root file system, and its programs, which are not those that run here
# if the guest is of another architecture.
guest=
args=()
if [[ -n ${LAB_GUEST:-} ]]; then
	guest=/guest
	args+=(--arch "$LAB_VM_MACHINE" --root "$guest" --busybox "$guest/usr/bin/busybox")
fi
args+=(--kimg "$guest/usr/lib/modules/$KRELEASE/vmlinuz" --mods auto
	--rw --cwd "$guest$LAB_PROJECT" --force-9p --force-initramfs --disable-microvm --name lab
	--qemu-bin "$LAB_PROJECT/lab/lib/qemu"
	--memory "$LAB_VM_MEM" --cpus "$LAB_VM_CPUS")
# /usr once more, to be mounted with a cache: see virtme-run.py.
qemu_opts+=(-fsdev "local,id=usr,path=$guest/usr,security_model=none,readonly=on,multidevs=remap"
	-device "virtio-9p-pci,fsdev=usr,mount_tag=usr")
read -ra machine <<<"$LAB_VM_MACHINE_OPTS"
qemu_opts+=("${machine[@]}")
case $LAB_VM_ACCEL in
kvm) ;;
# With a thread for each processor QEMU 10.0.13 was seen to abort while the
# guest moves PCI regions (iotlb_to_section: Assertion `section_index <
# d->map.sections_nb' failed: a stale TLB entry of another thread), and the guest
# to run into an int3 that text_poke has replaced already. One thread has
# neither, and loses little: there is less to lock.
tcg) args+=(--disable-kvm) qemu_opts+=(-accel "tcg,thread=$LAB_VM_TCG_THREAD") ;;
# One guest nanosecond an instruction, whatever the host does meanwhile; of
# several CPUs one runs at a time, and the others' instructions count too.
icount) args+=(--disable-kvm) qemu_opts+=(-accel "tcg,thread=single" -icount "shift=0,sleep=off") ;;
esac
for opt in "${kopts[@]}" "${append[@]}"; do
	args+=(--kopt="$opt")
done
# For what only the machine can do to the guest, such as an NMI. The path is
# relative because that of a socket may be 107 characters long at most.
qemu_opts+=(-monitor "unix:${run#"$LAB_PROJECT/"}/monitor,server=on,wait=off")

if [[ ! -e $run/command ]]; then
	# Kernel messages go where its errors go: the console log.
	exec "$LAB_PROJECT/lab/lib/virtme-run.py" "${args[@]}" --disable-monitor --qemu-opts "${qemu_opts[@]}" 2>"$LAB_CONSOLE"
fi

# QEMU opens the guest's outputs anew by name: a file would be truncated, and
# written by several at their own offsets. Pipes have neither problem.
exec 4>&2
{
	timeout --kill-after=5 "$LAB_VM_TIMEOUT" "$LAB_PROJECT/lab/lib/virtme-run.py" "${args[@]}" \
		--script-sh "bash $LAB_PROJECT/lab/lib/guest.sh $run" \
		--qemu-opts "${qemu_opts[@]}" 2>&1 >&3 3>&- </dev/null |
		tee "$run/errors" >&4
	echo "${PIPESTATUS[0]}" >"$run/virtme"
} 3>&1 | cat
