# SPDX-License-Identifier: GPL-2.0
#
# splat.awk: find the kernel's complaints in a console log. Prints the first
# one with its backtrace; exit status 0 if there is one, 1 if there is none.
#
#   -v ignore=REGEX   lines that match are no complaint
#   -v all=1          print all from the first one to the end of the log
#
# A complaint begins in a fixed way that the kernel's sources give. Patterns
# are anchored wherever they are, because the same words occur in messages
# that complain of nothing ("... and report a bug", "Spectre V2 : WARNING:
# ..."). A backtrace alone is none: SysRq prints them on request.

# The text of a line: without level, time, caller and line end.
function text(line) {
	sub(/\r$/, "", line)
	sub(/^<[0-9]+>/, "", line)
	sub(/^\[ *[0-9]+\.[0-9]+\] ?(\[ *[TC][0-9]+\] ?)?/, "", line)
	return line
}

function splat(t) {
	if (ignore != "" && t ~ ignore)
		return 0
	# BUG(), WARN(), Oops, panic.
	return t ~ /^-+\[ cut here \]-+/ ||
	       t ~ /(^|[^A-Za-z_])BUG: / || t ~ /kernel BUG at / ||
	       t ~ /^WARNING: / ||
	       t ~ /^(Oops|Internal error|general protection fault|invalid opcode|double fault|stack segment|traps: PANIC)[:, ]/ ||
	       t ~ /^(Unable to handle kernel|Kernel panic - not syncing|Fixing recursive fault)/ ||
	       t ~ /^(Insufficient stack space to handle exception!|SError Interrupt on CPU|Unhandled .* exception on CPU)/ ||
	       t ~ /^PANIC: / ||
	# Lockdep. "BUG: " and "WARNING: " above are most of it.
	       t ~ /^\[ BUG: / || t ~ /^INFO: (trying to register non-static key|possible recursive locking|lockdep is turned off)/ ||
	       t ~ /^DEBUG_LOCKS_WARN_ON/ ||
	# RCU: stalls, normal, self-detected, expedited, of SRCU and of tasks.
	       t ~ /^(rcu: )?INFO: rcu[a-z_]* (detected|self-detected)/ ||
	       t ~ /^INFO: rcu_tasks[a-z_]* detected stalls/ ||
	       t ~ /^rcu: .* kthread (starved|timer wakeup)/ ||
	       t ~ /^Voluntary context switch within RCU read-side/ ||
	# Tasks and CPUs that do not get on.
	       t ~ /^INFO: task .* blocked (in I\/O wait )?for more than/ ||
	       t ~ /^(NMI )?watchdog: (CPU[0-9]+: )?Watchdog detected hard LOCKUP/ ||
	       t ~ /^bad: scheduling from/ || t ~ /scheduling while atomic/ ||
	       t ~ /^NOHZ tick-stop error/ ||
	# Sanitizers and debug checks.
	       t ~ /^UBSAN: / || t ~ /^kmemleak: [0-9]+ new suspected/ ||
	       t ~ /^ODEBUG: (init|activate|deactivate|destroy|free|assert_init|selftest fail)/ || t ~ /^refcount_t: / ||
	       t ~ /^BUG [^ ]+ \(.*\): / ||
	       t ~ /^(list_add|list_del|slab-|rb_tree)[a-z_.]* ?corruption/ ||
	       t ~ /^(PM: )?unchecked MSR access error/ ||
	       t ~ /^rust_kernel: panicked at/ || t ~ /^unregister_netdevice: waiting/
}

# The report goes on until the kernel says so, or until something else is
# plainly at its place: 60 lines are enough to see where it came from.
#
# From "Power down" on nothing is looked at: the other CPUs are stopped wherever
# they are, and the kernel warns of what still looks for them. A log may have the
# next boot behind it.
text($0) ~ /^reboot: Power down/ { down = 1 }
text($0) ~ /^Linux version / { down = 0 }
!found && !down && splat(text($0)) {
	found = 1
	# Lockdep and KASAN draw a line above their headline.
	if (before ~ /^=+$/)
		print before
}
found && !ended {
	print
	if (all)
		next
	if (++lines >= 60 || text($0) ~ /^---\[ end (trace|Kernel panic)/)
		ended = 1
	else if (tail && --tail == 0)
		ended = 1
	else if (text($0) ~ /^ *<\/TASK>$/)
		tail = 1
}
{ before = text($0) }
END { exit !found }
