/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C helpers of tracepoint_glue.rs.
 *
 * Functions that a probe may reach are neither traced nor probed; the others
 * are for process context.
 */
#ifndef _TRACEPOINT_GLUE_HELPERS_H
#define _TRACEPOINT_GLUE_HELPERS_H

#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

/* The context of a hit, from the outermost level to the innermost. */
enum tracepoint_glue_level {
	TRACEPOINT_GLUE_TASK,
	TRACEPOINT_GLUE_SOFTIRQ,
	TRACEPOINT_GLUE_HARDIRQ,
	TRACEPOINT_GLUE_NMI,
	TRACEPOINT_GLUE_NR_LEVELS,
};

/**
 * struct tracepoint_glue_hits - what has become of the hits on one CPU
 * @run: hits whose body was run, by enum tracepoint_glue_level
 * @dropped: those whose body was not
 * @active: whether a body is running at that level, on this CPU
 *
 * Each hit is counted once, by one instruction: there is no moment at which it
 * is in neither column, or in both.
 */
struct tracepoint_glue_hits {
	u64 run[TRACEPOINT_GLUE_NR_LEVELS];
	u64 dropped[TRACEPOINT_GLUE_NR_LEVELS];
	bool active[TRACEPOINT_GLUE_NR_LEVELS];
};

/* In a probe. */
bool tracepoint_glue_atomic(void);
void *tracepoint_glue_this_cpu(void __percpu *base);
void tracepoint_glue_inc(u64 __percpu *counter);
void tracepoint_glue_hit(struct tracepoint_glue_hits __percpu *hits);
int tracepoint_glue_enter(struct tracepoint_glue_hits __percpu *hits);
void tracepoint_glue_leave(struct tracepoint_glue_hits __percpu *hits, int level);

/* Process context. */
void __percpu *tracepoint_glue_alloc(size_t size, size_t align);
void tracepoint_glue_free(void __percpu *base);
void *tracepoint_glue_cpu(void __percpu *base, unsigned int cpu);
unsigned int tracepoint_glue_next_cpu(unsigned int cpu);
void tracepoint_glue_irq_work_init(struct irq_work *work, void (*fn)(struct irq_work *work));
void tracepoint_glue_synchronize(void);
bool tracepoint_glue_is_ours(const void *address);
struct module *tracepoint_glue_module(void *tp_module);
unsigned int tracepoint_glue_module_tracepoints(struct module *mod);
struct tracepoint *tracepoint_glue_module_tracepoint(struct module *mod, unsigned int i);

#endif /* _TRACEPOINT_GLUE_HELPERS_H */
