// SPDX-License-Identifier: GPL-2.0
/* The C side of tracepoint_glue.rs: see helpers.h. */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/tracepoint.h>

#include "helpers.h"

/* Whether the calling code can neither be preempted nor migrated. */
bool __kprobes tracepoint_glue_atomic(void)
{
	return preempt_count() || raw_irqs_disabled();
}

/* For callers that stay on the CPU. */
void __kprobes *tracepoint_glue_this_cpu(void __percpu *base)
{
	return raw_cpu_ptr(base);
}

void __kprobes tracepoint_glue_inc(u64 __percpu *counter)
{
	this_cpu_inc(*counter);
}

/*
 * The way into an interrupt can be traced before preempt_count() tells of it.
 * A hit there counts for the level below.
 */
static __always_inline enum tracepoint_glue_level level_now(void)
{
	if (in_nmi())
		return TRACEPOINT_GLUE_NMI;
	if (in_hardirq())
		return TRACEPOINT_GLUE_HARDIRQ;
	if (in_serving_softirq())
		return TRACEPOINT_GLUE_SOFTIRQ;
	return TRACEPOINT_GLUE_TASK;
}

/*
 * A hit whose body runs whatever it is nested in.  Preemptible or not:
 * whichever CPU counts it, it is counted once.
 */
void __kprobes tracepoint_glue_hit(struct tracepoint_glue_hits __percpu *hits)
{
	this_cpu_inc(hits->run[level_now()]);
}

/*
 * A hit whose body runs unless it is nested in one of its own level: the level,
 * for tracepoint_glue_leave(), or -1.
 *
 * Preemption is off from here to there.  Another hit on this CPU in the
 * meantime is nested: in the body, at its level, or in what interrupts it, at a
 * higher one, which has left its own flag clear again by the time it returns.
 * So each flag is only ever written by one of those at a time, and a plain read
 * and write will do.  (On PREEMPT_RT a softirq can be preempted, by another
 * softirq as well; not with preemption off.)
 */
int __kprobes tracepoint_glue_enter(struct tracepoint_glue_hits __percpu *hits)
{
	struct tracepoint_glue_hits *here = raw_cpu_ptr(hits);
	enum tracepoint_glue_level level = level_now();

	if (READ_ONCE(here->active[level])) {
		this_cpu_inc(hits->dropped[level]);
		return -1;
	}
	WRITE_ONCE(here->active[level], true);
	this_cpu_inc(hits->run[level]);
	barrier();
	return level;
}

void __kprobes tracepoint_glue_leave(struct tracepoint_glue_hits __percpu *hits, int level)
{
	barrier();
	WRITE_ONCE(raw_cpu_ptr(hits)->active[level], false);
}

/* Zeroed. */
void __percpu *tracepoint_glue_alloc(size_t size, size_t align)
{
	return __alloc_percpu(size, align);
}

void tracepoint_glue_free(void __percpu *base)
{
	free_percpu(base);
}

void *tracepoint_glue_cpu(void __percpu *base, unsigned int cpu)
{
	return per_cpu_ptr(base, cpu);
}

/* The first possible CPU from @cpu on; nr_cpu_ids or more if there is none. */
unsigned int tracepoint_glue_next_cpu(unsigned int cpu)
{
	return cpumask_next((int)cpu - 1, cpu_possible_mask);
}

/* Hard, or PREEMPT_RT would leave it to a kthread, and waking that to us. */
void tracepoint_glue_irq_work_init(struct irq_work *work, void (*fn)(struct irq_work *work))
{
	*work = IRQ_WORK_INIT_HARD(fn);
}

/* Both domains: a faultable tracepoint calls its probes under Tasks Trace RCU. */
void tracepoint_glue_synchronize(void)
{
	tracepoint_synchronize_unregister();
}

/* Whether @address is part of this module, and goes away with it. */
bool tracepoint_glue_is_ours(const void *address)
{
#ifdef MODULE
	return within_module_core((unsigned long)address, THIS_MODULE);
#else
	return true;
#endif
}

struct module *tracepoint_glue_module(void *tp_module)
{
	return ((struct tp_module *)tp_module)->mod;
}

unsigned int tracepoint_glue_module_tracepoints(struct module *mod)
{
	return mod->num_tracepoints;
}

struct tracepoint *tracepoint_glue_module_tracepoint(struct module *mod, unsigned int i)
{
	return tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);
}
