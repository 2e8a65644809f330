/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C helpers of rcu_notrace.rs: macros and static inlines of the kernel, behind
 * functions that are neither traced nor probed.
 *
 * This header is what bindgen reads.  Names of the kernel's own types are
 * resolved from the kernel crate's bindings, never generated twice.
 */
#ifndef _RCU_NOTRACE_HELPERS_H
#define _RCU_NOTRACE_HELPERS_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/srcu.h>
#include <linux/types.h>

/* The events of rcu_notrace/events.rs, which does not compile with another number. */
#define RCU_NOTRACE_NR_EVENTS	10

/*
 * The first delay of the timer, in microseconds: longer than the way out of an
 * interrupt and into the scheduler, short for a report that waits for nothing
 * but to be made.
 */
#define RCU_NOTRACE_FIRST_DELAY_US	50

/**
 * struct rcu_notrace_cpu - the state of deferred reports on one CPU
 * @work: interrupts this CPU as soon as interrupts are on
 * @timer: interrupts it again where that was too early: preemption was off
 * @delay_us: of the next @timer, in microseconds
 * @promised: that what is pending will be reported; only while @work is pending,
 *	@timer is active, or a handler runs
 * @events: indexed by Event of rcu_notrace/events.rs
 */
struct rcu_notrace_cpu {
	struct irq_work work;
	struct hrtimer timer;
	u32 delay_us;
	bool promised;
	atomic_long_t events[RCU_NOTRACE_NR_EVENTS];
};

/* Context, as a set of bits.  Any; stable only as far as the context is. */
#define RCU_NOTRACE_IN_NMI		1
#define RCU_NOTRACE_IN_HARDIRQ		2
#define RCU_NOTRACE_NO_PREEMPT		4	/* preemption or bottom halves off */
#define RCU_NOTRACE_NO_IRQS		8

/* Of preempt_count(), and of what counts softirqs: in_nmi(), in_hardirq(), in_serving_softirq(). */
enum {
	RCU_NOTRACE_IN_INTERRUPT = NMI_MASK | HARDIRQ_MASK,
	RCU_NOTRACE_IN_SOFTIRQ = SOFTIRQ_OFFSET,
};

u32 rcu_notrace_context(void);
bool rcu_notrace_interrupted_preemptible(void);
bool rcu_notrace_preempted_on_exit(void);
void rcu_notrace_report(void);
void rcu_notrace_set_need_resched(void);
bool rcu_notrace_this_cpu_online(void);
struct rcu_notrace_cpu *rcu_notrace_this_cpu(void);
void rcu_notrace_count(u32 event);
void rcu_notrace_start_timer(struct rcu_notrace_cpu *rnc, u32 delay_us);

int rcu_notrace_init_cpus(void);
void rcu_notrace_sync_cpus(void);
u64 rcu_notrace_sum(u32 event);

/* For rcu_notrace/monitor.rs, in builds with RCU_NOTRACE_DEBUG=1. */
u32 rcu_notrace_promise(struct rcu_notrace_cpu *rnc);
unsigned long rcu_notrace_irq_save(void);
void rcu_notrace_irq_restore(unsigned long flags);
void rcu_notrace_step(u32 by, u32 from, u32 to, bool known);

/* Implemented in Rust, rcu_notrace/deferred.rs. */
void rcu_notrace_unlock_special(void);
void rcu_notrace_irq_work(struct rcu_notrace_cpu *rnc);
void rcu_notrace_timer(struct rcu_notrace_cpu *rnc);

/* The other read sides. */
int rcu_notrace_init_srcu_fast(struct srcu_struct *ssp);
struct srcu_ctr __percpu *rcu_notrace_srcu_read_lock(struct srcu_struct *ssp);
void rcu_notrace_srcu_read_unlock(struct srcu_struct *ssp, struct srcu_ctr __percpu *scp);
void rcu_notrace_preempt_disable(void);
void rcu_notrace_preempt_enable(void);
void rcu_notrace_preempt_schedule(void);
struct srcu_ctr __percpu *rcu_notrace_tasks_trace_lock(void);
void rcu_notrace_tasks_trace_unlock(struct srcu_ctr __percpu *scp);

#endif /* _RCU_NOTRACE_HELPERS_H */
