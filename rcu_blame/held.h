/* SPDX-License-Identifier: GPL-2.0 */
/*
 * C helpers of rcu_blame/held.rs: tasks, locks, stacks, and an interrupt that asks
 * a CPU what it is doing.  Process context, unless one says otherwise.
 */
#ifndef _RCU_BLAME_HELD_H
#define _RCU_BLAME_HELD_H

#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* How many return addresses of a stack are kept. */
#define RCU_BLAME_FRAMES	16

/* Its reference is the caller's.  @pid moves on to that of the task. */
struct task_struct *rcu_blame_next_task(int *pid);
/* Its reference is the caller's.  NULL: not blocked on such a lock, or not known. */
struct task_struct *rcu_blame_lock_owner(struct task_struct *task);

/* Any context. */
u32 rcu_blame_cpus(void);
u32 rcu_blame_task_cpu(const struct task_struct *task);

u32 rcu_blame_stack(struct task_struct *task, unsigned long stack[RCU_BLAME_FRAMES]);
void rcu_blame_show_allowed(struct seq_file *seq, const struct task_struct *task);
/* As sprint_symbol(), returns the length. */
u32 rcu_blame_symbol(unsigned long address, char text[]);
u32 rcu_blame_symbol_size(void);
/* Whether the current task has been killed; others get their turn, if need be. */
bool rcu_blame_give_way(void);

/**
 * struct rcu_blame_answer - what a CPU was doing when it was asked
 * @asked_ns: when it was asked
 * @answered_ns: when it answered; 0 if it has not
 * @preempt_count: of the interrupted code
 * @nesting: how deep in RCU read-side critical sections that was
 * @frames: how many there are in @stack
 * @stack: return addresses, from the interrupt on
 */
struct rcu_blame_answer {
	u64 asked_ns;
	u64 answered_ns;
	u32 preempt_count;
	s32 nesting;
	u32 frames;
	unsigned long stack[RCU_BLAME_FRAMES];
};

/* Whether RCU watches it: neither idle, nor in user mode on a nohz_full CPU. */
bool rcu_blame_is_watched(u32 cpu);
/* Returns false if there is no such CPU now.  One that has not answered is not asked again. */
bool rcu_blame_ask(u32 cpu);
/* Returns true if the CPU has answered. */
bool rcu_blame_answer_of(u32 cpu, struct rcu_blame_answer *answer);
/* One task at a time asks.  -EINTR: it has been killed. */
int rcu_blame_asking_begin(void);
void rcu_blame_asking_end(void);
/* Waits for CPUs that have not answered; nobody asks any more. */
void rcu_blame_asked_all(void);

#endif /* _RCU_BLAME_HELD_H */
