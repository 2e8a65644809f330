/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RCU read-side critical sections for code that traces: the C API of
 * rcu_notrace.ko.
 *
 * rcu_read_lock() can be traced, and rcu_read_unlock() fires tracepoints while it
 * still has something to report: a probe on those tracepoints that calls them
 * recurses until the stack overflows.  A section of this kind is a reader of the
 * same RCU - call_rcu(), kfree_rcu(), synchronize_rcu() and
 * synchronize_rcu_expedited() wait for it - and may be entered in such a probe.
 *
 * A client is built with -I on this folder, and with the Module.symvers of
 * rcu_notrace.ko in KBUILD_EXTRA_SYMBOLS.  The symbol keeps rcu_notrace.ko loaded
 * while the client is.  On a kernel that has these functions itself, as one with
 * the series in patches/ does, a client is built with -DRCU_NOTRACE_IN_KERNEL,
 * and needs no rcu_notrace.ko.
 *
 * Memory ordering: a compiler barrier at either end, as in __rcu_read_lock() and
 * __rcu_read_unlock() of CONFIG_PREEMPT_RCU.  No CPU barrier is missing.  The two
 * fields below are read on the CPU that runs the task, by the tick, by the
 * interrupt of an expedited grace period, and by a context switch away from the
 * task.  Each of them tells RCU under the lock of an rcu_node, which orders the
 * section against the updater: C1 in Documentation/contract.rst.
 */
#ifndef _RCU_NOTRACE_H
#define _RCU_NOTRACE_H

#ifdef RCU_NOTRACE_IN_KERNEL
#include <linux/rcupdate.h>
#else

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/sched.h>

#ifndef CONFIG_PREEMPT_RCU
#error "rcu_notrace is for kernels with CONFIG_PREEMPT_RCU"
#endif

/* The slow path of rcu_read_unlock_notrace(), which alone calls it. */
void rcu_notrace_unlock_special(void);

/**
 * rcu_read_lock_notrace() - enter a notrace RCU read-side critical section
 *
 * The same as rcu_read_lock(), but that lockdep does not see it: under
 * CONFIG_PROVE_RCU a section takes rcu_dereference_raw(), or
 * rcu_dereference_check() with another condition.  Sections nest, in one another
 * and in those of rcu_read_lock(), in any order.
 *
 * Context: Any in which RCU is watching, including NMIs, and with any lock held,
 * including that of a runqueue and that of an rcu_node.  Does not sleep.
 */
static __always_inline void rcu_read_lock_notrace(void)
{
#ifdef CONFIG_X86_64
	/* One instruction, which no checker of memory accesses sees. */
	asm volatile("incl %0" : "+m" (current->rcu_read_lock_nesting) : : "memory");
#else
	/* An interrupt between the load and the store leaves the value as it was. */
	WRITE_ONCE(current->rcu_read_lock_nesting,
		   READ_ONCE(current->rcu_read_lock_nesting) + 1);
	barrier(); /* The section comes after it. */
#endif
}

/**
 * rcu_read_unlock_notrace() - leave a notrace RCU read-side critical section
 *
 * If the task can be preempted, a quiescent state that RCU waits for is reported
 * before this returns.  Otherwise it is reported as soon as interrupts and
 * preemption are on.
 *
 * Context: The task, and the level of interrupt, softirq or NMI, that entered the
 * section; interrupts, preemption and bottom halves may have been turned off or on
 * since.  Does not sleep.
 */
static __always_inline void rcu_read_unlock_notrace(void)
{
#ifdef CONFIG_X86_64
	asm volatile("decl %0" : "+m" (current->rcu_read_lock_nesting) : : "memory");
#else
	barrier(); /* The section comes before it. */
	WRITE_ONCE(current->rcu_read_lock_nesting,
		   READ_ONCE(current->rcu_read_lock_nesting) - 1);
	barrier(); /* rcu_read_unlock_special is read after it: see below. */
#endif
	/*
	 * An interrupt between the decrement and this finds the task outside of the
	 * section, and reports by itself.  Inner sections get here as well: the slow
	 * path returns if rcu_read_lock_nesting is not zero.
	 */
#ifdef CONFIG_X86_64
	asm goto("cmpl $0, %0\n\t"
		 "jne %l[special]"
		 : : "m" (current->rcu_read_unlock_special.s) : "cc", "memory" : special);
	return;
special:
	rcu_notrace_unlock_special();
#else
	if (unlikely(READ_ONCE(current->rcu_read_unlock_special.s)))
		rcu_notrace_unlock_special();
#endif
}

DEFINE_LOCK_GUARD_0(rcu_notrace, rcu_read_lock_notrace(), rcu_read_unlock_notrace())

#endif /* !RCU_NOTRACE_IN_KERNEL */
#endif /* _RCU_NOTRACE_H */
