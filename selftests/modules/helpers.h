/* SPDX-License-Identifier: GPL-2.0 */
/* C helpers of the test modules. */
#ifndef _RCU_NOTRACE_TEST_HELPERS_H
#define _RCU_NOTRACE_TEST_HELPERS_H

#include <linux/sched.h>
#include <linux/types.h>

/* The control of every test: the kernel's own reader, inlined from C. */
void test_rcu_read_lock(void);
void test_rcu_read_unlock(void);

/* The guard of C clients. */
void test_c_read_lock(void);
void test_c_read_unlock(void);
/* Both, for the fastpath test to disassemble. */
void test_c_one_section(void);

/* Contexts, through the ordinary primitives. */
void test_preempt_disable(void);
void test_preempt_enable(void);
void test_local_irq_disable(void);
void test_local_irq_enable(void);

/*
 * Contexts other than a task's, brought about on a CPU: fn(context) is called
 * there from a hard interrupt, a softirq, an NMI, and, on any CPU, from
 * sched_switch, with the rq lock held.
 */
enum test_context {
	TEST_HARDIRQ,
	TEST_SOFTIRQ,
	TEST_NMI,
	TEST_RQ_LOCK,
	TEST_NR_CONTEXTS,
};

int test_contexts_start(void (*fn)(enum test_context context));
void test_contexts_provoke(unsigned int cpu);
void test_contexts_stop(void);

u64 test_ktime_ns(void);
u64 test_cycles(void);
bool test_cpu_online(unsigned int cpu);
#define TEST_ANY_CPU	0xffffffff
/* -EINVAL for a CPU that is not online. */
struct task_struct *test_kthread_run_on(int (*fn)(void *data), void *data, unsigned int cpu,
					bool fifo, const char *name);
/* The CPU that a task may run on, from now on; its priority: of SCHED_FIFO, 0 for none. */
int test_set_cpu(struct task_struct *task, unsigned int cpu);
void test_set_fifo(struct task_struct *task, int priority);
/*
 * In builds that supply their own guards: the state of a CPU that is offline as that
 * left it with a promise, and whether there is any of it.  -EINVAL for a CPU that
 * is not offline.
 */
int test_leave_promise(unsigned int cpu);
bool test_promise_stands(unsigned int cpu);
/* A lock, which sleeps on PREEMPT_RT. */
void test_spin_lock(void);
void test_spin_unlock(void);
/* Counts a hit on this CPU, and sums them; any context. */
void test_hit(void);
u64 test_hits(void);

/*
 * A timer of this CPU, and how many ns after it was due its interrupt came, which
 * has to be before the caller is switched out; 0 if it did not. Process context, one
 * caller at a time, bound to its CPU.
 */
void test_late_start(u32 delay_ns);
u64 test_late_stop(void);

/* Whether somebody holds p->pi_lock. */
bool test_pi_locked(struct task_struct *p);
/* Whether that is the task's name. */
bool test_task_is(struct task_struct *p, const char *comm);

/* RCU's own, exported for the torture tests, and declared in kernel/rcu/rcu.h. */
void rcutorture_get_gp_data(int *flags, unsigned long *gp_seq);
unsigned long rcu_exp_batches_completed(void);

/* Whether a normal grace period is under way; any context. */
bool test_gp_under_way(void);
/* How many expedited grace periods there were since the machine started; any context. */
unsigned long test_expedited_gps(void);

/* Has the scheduler preempt the caller, or let it go on where it finds nobody else. */
void test_reschedule(void);

/* Memory that is leaked on purpose, and what it points to, is not for kmemleak to find. */
void test_leaked(const void *p);

/* Whether the address is in the guards' module or a test module; process context. */
bool test_is_ours(unsigned long ip);
/* A function of this module that can be traced: a control. */
void test_traced(void);

/* The kernel's answer to a kprobe on a function of the guards' path, or another. */
int test_kprobe(bool path);

void test_sort(u64 *values, size_t n);
void test_usleep(unsigned int us);
void test_udelay(unsigned int us);

/* A million pairs each, interrupts off, written in C. */
u64 test_pairs_empty(u32 n);
u64 test_pairs_c_guard(u32 n);
u64 test_pairs_rcu(u32 n);
u64 test_pairs_srcu(u32 n);
u64 test_pairs_srcu_fast(u32 n);
u64 test_pairs_sched(u32 n);
u64 test_pairs_tasks_trace(u32 n);

#endif /* _RCU_NOTRACE_TEST_HELPERS_H */
