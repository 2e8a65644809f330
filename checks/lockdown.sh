#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# description: The module's files work under integrity lockdown
# runs: drives
#
# The test locks a kernel down (integrity, as with secure boot) once the module
# is loaded. The test fails if a file of the module cannot be read, or a control
# file cannot be written, or has no effect; or if rcu-blame cannot tell the
# cause, or not record. With confidentiality the kernel refuses tracefs: the
# tool is to tell the cause as before, and to say in a line that it cannot
# record.
#
# Control: a file of debugfs that can be written is refused.

. "${0%/*}/../selftests/lib.sh"

# shellcheck disable=SC2016 # the guest's shell expands it
script='D=/sys/kernel/debug/rcu_blame C=/sys/kernel/rcu_blame
	# each WHAT FILE...: those that can be read, and how many there are.
	each() {
		what=$1 can=0
		shift
		for f; do
			cat "$f" > /dev/null 2>&1 && can=$((can + 1)) || echo "# $what: $f: refused"
		done
		echo "$what=$can/$#"
	}
	insmod rcu_notrace.ko && insmod rcu_blame.ko || exit
	mountpoint -q /sys/kernel/security || mount -t securityfs none /sys/kernel/security
	[ -e /sys/kernel/security/lockdown ] || { echo lockdown=absent; exit 0; }
	other=$(find /sys/kernel/debug/sched -type f -perm 644 | head -n 1)
	each other_before "$other"
	echo integrity > /sys/kernel/security/lockdown
	echo "lockdown=$(cat /sys/kernel/security/lockdown)"
	each other_after "$other"
	each measured $D/held $D/grace_periods $D/waiters $D/readers $D/tasks $D/cpus $D/stats \
		$D/hist/*
	each controls $C/enable $C/events $C/filter $C/threshold_us $C/stop $C/reset
	build/rcu-blame why > /tmp/why
	echo "why=$? $(wc -l < /tmp/why)"
	build/rcu-blame record -o /tmp/r.jsonl -d 1s
	echo "record=$? $(build/rcu-blame report /tmp/r.jsonl | grep -c "^normal grace periods")"
	echo 5 > $C/threshold_us
	echo 1 > $C/stop
	echo "comm==none" > $C/filter
	echo -sched_waking > $C/events
	echo 1 > $C/reset
	echo 0 > $C/enable
	set=$(cat $C/threshold_us $C/stop $C/filter $C/enable | tr "\n" " ")
	echo "set=$set$(grep -c + $C/events)"
	echo 1 > $C/enable
	echo confidentiality > /sys/kernel/security/lockdown
	build/rcu-blame why > /tmp/why
	echo "confidential_why=$? $(wc -l < /tmp/why)"
	build/rcu-blame record -o /tmp/r.jsonl -d 1s 2> /tmp/err
	echo "confidential_record=$? $(wc -l < /tmp/err) $(cat /tmp/err)"
	rmmod rcu_blame
	echo "unloaded=$?"'

# said KEY: what the guest has printed of that.
said()
{
	echo "$out" | sed -n "s/^$1=//p"
}

ktap_print_header
out=$("$LAB_VM" "$script")
status=$?
if [ "$(said lockdown)" = absent ]; then
	ktap_skip_all "needs CONFIG_SECURITY_LOCKDOWN_LSM, the stock kernel has it"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 12

echo "$out" | grep '^#'
check "the guest has come to the end" test $status = 0
check "the kernel is locked down: $(said lockdown)" \
	test "$(said lockdown)" = "none [integrity] confidentiality"
check "measured: readable: $(said measured)" test "$(said measured)" = 18/18
check "control files: readable: $(said controls)" test "$(said controls)" = 6/6
check "control files: set: $(said set)" test "$(said set)" = "5 1 comm==none 0 9"
check "rcu-blame tells the cause: $(said why)" test "$(said why | cut -d ' ' -f 1)" = 0
check "rcu-blame records: $(said record)" test "$(said record)" = "0 1"
check "confidentiality: it tells the cause: $(said confidential_why)" \
	test "$(said confidential_why | cut -d ' ' -f 1)" = 0
ktap_print_msg "$(said confidential_record)"
check "confidentiality: it says in a line that it cannot record" \
	sh -c "echo '$(said confidential_record)' | grep -q '^2 1 rcu-blame: .* lockdown'"
check "and it unloads" test "$(said unloaded)" = 0
check "control: a file of debugfs, mode 0644, before: $(said other_before)" \
	test "$(said other_before)" = 1/1
check "control: and locked down: $(said other_after)" test "$(said other_after)" = 0/1

ktap_finished
