// SPDX-License-Identifier: GPL-2.0
/* The C side of a test module; each has a copy, as it has its own guards. */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kmemleak.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <uapi/linux/sched/types.h>

#ifdef RCU_NOTRACE_SUPPLIER
#include "../../rcu_notrace/helpers.c"
#endif
#include "helpers.h"
#include "../../include/rcu_notrace.h"

void test_rcu_read_lock(void)
{
	rcu_read_lock();
}

void test_rcu_read_unlock(void)
{
	rcu_read_unlock();
}

/* The guard of C clients, as a function of its own for each half. */
void test_c_read_lock(void)
{
	rcu_read_lock_notrace();
}
NOKPROBE_SYMBOL(test_c_read_lock);

void test_c_read_unlock(void)
{
	rcu_read_unlock_notrace();
}
NOKPROBE_SYMBOL(test_c_read_unlock);

void test_c_one_section(void)
{
	guard(rcu_notrace)();
	barrier();
}

void test_preempt_disable(void)
{
	preempt_disable();
}

void test_preempt_enable(void)
{
	preempt_enable();
}

void test_local_irq_disable(void)
{
	local_irq_disable();
}

void test_local_irq_enable(void)
{
	local_irq_enable();
}

u64 test_ktime_ns(void)
{
	return ktime_get_mono_fast_ns();
}

u64 test_cycles(void)
{
	return get_cycles();
}

bool test_cpu_online(unsigned int cpu)
{
	return cpu < nr_cpu_ids && cpu_online(cpu);
}

struct task_struct *test_kthread_run_on(int (*fn)(void *data), void *data, unsigned int cpu,
					bool fifo, const char *name)
{
	struct task_struct *task;

	/* It would run elsewhere. */
	if (cpu != TEST_ANY_CPU && !test_cpu_online(cpu))
		return ERR_PTR(-EINVAL);
	task = kthread_create(fn, data, "%s", name);
	if (IS_ERR(task))
		return task;
	if (cpu != TEST_ANY_CPU)
		kthread_bind(task, cpu);
	if (fifo)
		sched_set_fifo(task);
	/* kthread_stop() needs the task_struct, even of one that has returned. */
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

int test_set_cpu(struct task_struct *task, unsigned int cpu)
{
	return set_cpus_allowed_ptr(task, cpumask_of(cpu));
}

void test_set_fifo(struct task_struct *task, int priority)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = priority ? SCHED_FIFO : SCHED_NORMAL,
		.sched_priority = priority,
	};

	WARN_ON_ONCE(sched_setattr_nocheck(task, &attr));
}

#ifdef RCU_NOTRACE_SUPPLIER
int test_leave_promise(unsigned int cpu)
{
	struct rcu_notrace_cpu *rnc;

	if (cpu >= nr_cpu_ids || !cpu_possible(cpu) || cpu_online(cpu))
		return -EINVAL;
	rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);
	rnc->promised = true;
	hrtimer_start(&rnc->timer, ms_to_ktime(60 * MSEC_PER_SEC), HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

bool test_promise_stands(unsigned int cpu)
{
	struct rcu_notrace_cpu *rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);

	return rnc->promised || hrtimer_active(&rnc->timer);
}
#endif

static DEFINE_SPINLOCK(test_lock);

void test_spin_lock(void)
{
	spin_lock(&test_lock);
}

void test_spin_unlock(void)
{
	spin_unlock(&test_lock);
}

static DEFINE_PER_CPU(u64, test_hit_count);

void test_hit(void)
{
	this_cpu_inc(test_hit_count);
}

u64 test_hits(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(test_hit_count, cpu));
	return sum;
}

bool __kprobes test_pi_locked(struct task_struct *p)
{
	return raw_spin_is_locked(&p->pi_lock);
}

bool __kprobes test_task_is(struct task_struct *p, const char *comm)
{
	int i;

	for (i = 0; i < TASK_COMM_LEN && p->comm[i] == comm[i]; i++) {
		if (!comm[i])
			return true;
	}
	return false;
}

/* As kernel/rcu/rcu.h has it: not zero during a grace period. */
#define GP_STATE_BITS	2
#define GP_STATE_MASK	((1 << GP_STATE_BITS) - 1)

bool test_gp_under_way(void)
{
	unsigned long gp_seq;
	int flags;

	rcutorture_get_gp_data(&flags, &gp_seq);
	return gp_seq & GP_STATE_MASK;
}

unsigned long test_expedited_gps(void)
{
	return rcu_exp_batches_completed() >> GP_STATE_BITS;
}

void test_reschedule(void)
{
	preempt_disable();
	set_thread_flag(TIF_NEED_RESCHED);
	set_preempt_need_resched();
	preempt_enable();
}

void test_leaked(const void *p)
{
	kmemleak_not_leak(p);
}

bool test_is_ours(unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, ip);
	return strstr(name, "[rcu_notrace");
}

int test_kprobe(bool path)
{
	struct kprobe probe = {
		.symbol_name = path ? "rcu_notrace_report" : "rcu_notrace_init_cpus",
	};
	int ret = register_kprobe(&probe);

	if (!ret)
		unregister_kprobe(&probe);
	return ret;
}

static int test_cmp_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

void test_sort(u64 *values, size_t n)
{
	sort(values, n, sizeof(*values), test_cmp_u64, NULL);
}

void test_usleep(unsigned int us)
{
	usleep_range(us, us + us / 4 + 1);
}

/* Any context. */
void test_udelay(unsigned int us)
{
	udelay(us);
}

#define DEFINE_PAIRS(name, lock, unlock)			\
u64 test_pairs_##name(u32 n)					\
{								\
	unsigned long flags;					\
	u64 cycles;						\
								\
	local_irq_save(flags);					\
	cycles = get_cycles();					\
	for (; n; n--) {					\
		lock;						\
		barrier();					\
		unlock;						\
		barrier();					\
	}							\
	cycles = get_cycles() - cycles;				\
	local_irq_restore(flags);				\
	return cycles;						\
}

DEFINE_STATIC_SRCU(test_srcu);
DEFINE_STATIC_SRCU_FAST(test_fast);

DEFINE_PAIRS(empty, barrier(), barrier())
DEFINE_PAIRS(c_guard, rcu_read_lock_notrace(), rcu_read_unlock_notrace())
DEFINE_PAIRS(rcu, rcu_read_lock(), rcu_read_unlock())
DEFINE_PAIRS(srcu, int idx = srcu_read_lock(&test_srcu), srcu_read_unlock(&test_srcu, idx))
DEFINE_PAIRS(srcu_fast, struct srcu_ctr __percpu *ctr = srcu_read_lock_fast_notrace(&test_fast),
	     srcu_read_unlock_fast_notrace(&test_fast, ctr))
DEFINE_PAIRS(sched, preempt_disable_notrace(), preempt_enable_notrace())
DEFINE_PAIRS(tasks_trace, struct srcu_ctr __percpu *ctr = rcu_read_lock_tasks_trace(),
	     rcu_read_unlock_tasks_trace(ctr))
