/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C helpers of rcu_blame/grace_periods.rs and rcu_blame/waiters.rs: probes on
 * functions of RCU's.
 */
#ifndef _RCU_BLAME_FUNCTIONS_H
#define _RCU_BLAME_FUNCTIONS_H

#include <linux/sched.h>
#include <linux/types.h>

enum rcu_blame_gp_event {
	/* A normal grace period may be about to begin, and is about to end. */
	RCU_BLAME_GP_INIT,
	RCU_BLAME_GP_CLEANUP,
	/* The same of an expedited one. */
	RCU_BLAME_GP_EXP_START,
	RCU_BLAME_GP_EXP_END,
	RCU_BLAME_NR_GP_EVENTS,
};

enum rcu_blame_wait {
	RCU_BLAME_WAIT_NORMAL,
	RCU_BLAME_WAIT_EXPEDITED,
	RCU_BLAME_WAIT_BARRIER,
	RCU_BLAME_NR_WAITS,
};

/*
 * Probes what it can of these; process context.  @context is passed on, until
 * rcu_blame_functions_unprobe() has returned, which sleeps for a grace period.
 */
void rcu_blame_functions_probe(const void *context);
void rcu_blame_functions_unprobe(void);
/* Waits that were not seen, because too many tasks waited at the same time. */
u64 rcu_blame_waits_missed(void);

/* The current task's; any context. */
u32 rcu_blame_own_stack(unsigned long stack[]);

/* Implemented in Rust.  Preemption is off. */
void rcu_blame_gp_event(const void *context, enum rcu_blame_gp_event event);
void rcu_blame_waited(const void *context, struct task_struct *task, enum rcu_blame_wait wait,
		      u64 begin_ns);

#endif /* _RCU_BLAME_FUNCTIONS_H */
