// SPDX-License-Identifier: GPL-2.0
/* The C side of rcu_blame/held.rs: see held.h. */
#include <linux/context_tracking_state.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/preempt.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/rtmutex.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/timekeeping.h>

#include "held.h"

struct task_struct *rcu_blame_next_task(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	/* A section for each number: one for all would delay grace periods itself. */
	for (; !task; ++*nr) {
		guard(rcu)();
		pid = find_ge_pid(*nr, &init_pid_ns);
		if (!pid)
			return NULL;
		*nr = pid_nr(pid);
		task = pid_task(pid, PIDTYPE_PID);
		if (task) {
			get_task_struct(task);
			break;
		}
	}
	return task;
}

u32 rcu_blame_cpus(void)
{
	return nr_cpu_ids;
}

#ifdef CONFIG_RT_MUTEXES
/*
 * The beginning of struct rt_mutex_waiter (kernel/locking/rtmutex_common.h), which
 * is on the stack of the task that waits.  If a kernel has another one @task is not
 * that task, but for a chance in 2^64, and the owner is not known.
 */
struct waiter {
	struct {
		struct rb_node entry;
		int prio;
		u64 deadline;
	} tree, pi_tree;
	struct task_struct *task;
	struct rt_mutex_base *lock;
};

struct task_struct *rcu_blame_lock_owner(struct task_struct *task)
{
	struct task_struct *owner = NULL;
	const struct waiter *waiter;

	/* A task that is blocked is so until this is released. */
	guard(raw_spinlock_irqsave)(&task->pi_lock);
	waiter = (const struct waiter *)task->pi_blocked_on;
	if (!waiter || waiter->task != task)
		return NULL;
	/* These locks are taken in the other order: no waiting. */
	if (!raw_spin_trylock(&waiter->lock->wait_lock))
		return NULL;
	owner = rt_mutex_owner(waiter->lock);
	if (owner)
		get_task_struct(owner);
	raw_spin_unlock(&waiter->lock->wait_lock);
	return owner;
}
#else
struct task_struct *rcu_blame_lock_owner(struct task_struct *task)
{
	return NULL;
}
#endif

u32 rcu_blame_task_cpu(const struct task_struct *task)
{
	return task_cpu(task);
}

u32 __kprobes rcu_blame_stack(struct task_struct *task, unsigned long stack[RCU_BLAME_FRAMES])
{
	return stack_trace_save_tsk(task, stack, RCU_BLAME_FRAMES, 0);
}

void rcu_blame_show_allowed(struct seq_file *seq, const struct task_struct *task)
{
	seq_printf(seq, "%*pbl", cpumask_pr_args(&task->cpus_mask));
}

u32 rcu_blame_symbol_size(void)
{
	return KSYM_SYMBOL_LEN;
}

u32 rcu_blame_symbol(unsigned long address, char text[])
{
	return sprint_symbol(text, address);
}

bool rcu_blame_give_way(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}

/* Of the CPU that is asked: written by it, from the interrupt, while @is_asked. */
struct asked {
	call_single_data_t csd;
	bool is_asked;
	struct rcu_blame_answer answer;
};

static DEFINE_PER_CPU(struct asked, asked);

static void answer(void *data)
{
	struct asked *self = data;

	/* Of the interrupted code: without the interrupt itself. */
	self->answer.preempt_count = preempt_count() & (PREEMPT_MASK | SOFTIRQ_MASK);
	self->answer.nesting = current->rcu_read_lock_nesting;
	self->answer.frames = stack_trace_save(self->answer.stack, RCU_BLAME_FRAMES, 1);
	self->answer.answered_ns = ktime_get_mono_fast_ns();
	/* Pairs with the acquire in is_answered(). */
	smp_store_release(&self->is_asked, false);
}

static bool is_answered(const struct asked *self)
{
	/* Pairs with the release in answer(). */
	return !smp_load_acquire(&self->is_asked);
}

bool rcu_blame_is_watched(u32 cpu)
{
	return ct_rcu_watching_cpu(cpu);
}

bool rcu_blame_ask(u32 cpu)
{
	struct asked *self = per_cpu_ptr(&asked, cpu);
	bool sent;

	if (!is_answered(self))
		return true;
	self->answer.asked_ns = ktime_get_mono_fast_ns();
	self->answer.answered_ns = 0;
	INIT_CSD(&self->csd, answer, self);
	WRITE_ONCE(self->is_asked, true);
	/* Preemption off, so that the CPU does not go meanwhile. */
	preempt_disable();
	sent = !smp_call_function_single_async(cpu, &self->csd);
	preempt_enable();
	if (!sent)
		WRITE_ONCE(self->is_asked, false);
	return sent;
}

bool rcu_blame_answer_of(u32 cpu, struct rcu_blame_answer *answer)
{
	const struct asked *self = per_cpu_ptr(&asked, cpu);

	if (is_answered(self)) {
		*answer = self->answer;
		return true;
	}
	answer->asked_ns = self->answer.asked_ns;
	answer->answered_ns = 0;
	answer->frames = 0;
	return false;
}

/* Held for as long as a CPU is given to answer: milliseconds. */
static DEFINE_MUTEX(asking);

int rcu_blame_asking_begin(void)
{
	return mutex_lock_killable(&asking);
}

void rcu_blame_asking_end(void)
{
	mutex_unlock(&asking);
}

void rcu_blame_asked_all(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		while (!is_answered(per_cpu_ptr(&asked, cpu)))
			msleep(20);
}
