// SPDX-License-Identifier: GPL-2.0
/*
 * One mistake, the one that "what" names: the controls of a kernel that is to
 * notice such mistakes in the guards, the probes and their tests.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "The mistake: see planted[] in the source");

static DEFINE_RAW_SPINLOCK(planted_raw_lock);
static DEFINE_SPINLOCK(planted_lock);
static DEFINE_RAW_SPINLOCK(planted_a);
static DEFINE_RAW_SPINLOCK(planted_b);

/* A lock that sleeps on PREEMPT_RT, where a raw one is held: as in a probe. */
static int nesting(void)
{
	raw_spin_lock(&planted_raw_lock);
	spin_lock(&planted_lock);
	spin_unlock(&planted_lock);
	raw_spin_unlock(&planted_raw_lock);
	return 0;
}

/* Two locks, in either order; never at the same time, so that nobody hangs. */
static int order(void)
{
	raw_spin_lock(&planted_a);
	raw_spin_lock(&planted_b);
	raw_spin_unlock(&planted_b);
	raw_spin_unlock(&planted_a);
	raw_spin_lock(&planted_b);
	raw_spin_lock(&planted_a);
	raw_spin_unlock(&planted_a);
	raw_spin_unlock(&planted_b);
	return 0;
}

static int planted_value;
static int __rcu *planted_pointer = (int __rcu *)&planted_value;

/* An RCU-protected pointer, without a section. */
static int unprotected(void)
{
	return READ_ONCE(*rcu_dereference(planted_pointer));
}

/* This CPU's data, without staying on this CPU. */
static int migratable(void)
{
	return smp_processor_id() < 0;
}

static int sleeping(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
	return 0;
}

static struct timer_list planted_timer;

/* A timer that was never set up; nothing comes of it but the report. */
static int uninitialised(void)
{
	timer_delete(&planted_timer);
	return 0;
}

/*
 * Many: a pointer that is left behind, on a stack or in SLUB's arrays of free
 * objects, is a reference to kmemleak.  Of 16 it reported two, or none.
 */
static int leak(void)
{
	int i;

	for (i = 0; i < 256; i++) {
		u64 *leaked = kmalloc(1000, GFP_KERNEL);

		if (!leaked)
			return -ENOMEM;
		/* The only pointer to it is gone with the next round. */
		WRITE_ONCE(*leaked, i);
	}
	return 0;
}

/* A read of what has been freed. */
static int read_after_free(void)
{
	u64 *object = kmalloc(sizeof(*object), GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	READ_ONCE(*object);
	return 0;
}

/* A write to what has been freed, into a cache that looks at its poison. */
static int use_after_free(void)
{
	struct kmem_cache *cache = kmem_cache_create("rcu_notrace_planted", 64, 0,
						     SLAB_POISON | SLAB_CONSISTENCY_CHECKS, NULL);
	u64 *object;

	if (!cache)
		return -ENOMEM;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (object) {
		kmem_cache_free(cache, object);
		OPTIMIZER_HIDE_VAR(object);
		WRITE_ONCE(object[2], 0);
	}
	kmem_cache_shrink(cache);
	kmem_cache_destroy(cache);
	return 0;
}

static DECLARE_COMPLETION(preempted);

/*
 * A reader that is preempted in its section, for RCU to wait for, and a task
 * beside it to preempt it.  If @loses is set, the report at its end is lost.
 */
static int reader(void *loses)
{
	struct task_struct *task = current;

	__rcu_read_lock();
	while (!READ_ONCE(task->rcu_read_unlock_special.b.blocked))
		cpu_relax();
	if (loses) {
		WRITE_ONCE(task->rcu_read_lock_nesting, task->rcu_read_lock_nesting - 1);
		WRITE_ONCE(task->rcu_read_unlock_special.s, 0);
	} else {
		__rcu_read_unlock();
	}
	complete(&preempted);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

static int beside(void *unused)
{
	while (!kthread_should_stop())
		cpu_relax();
	return 0;
}

static void nothing(struct rcu_head *head)
{
}

static int run_reader(bool loses)
{
	static struct rcu_head head;
	struct task_struct *tasks[] = {
		kthread_create(reader, loses ? tasks : NULL, "planted_reader"),
		kthread_create(beside, NULL, "planted_beside"),
	};

	if (IS_ERR(tasks[0]) || IS_ERR(tasks[1]))
		return -ENOMEM;
	kthread_bind(tasks[0], 0);
	kthread_bind(tasks[1], 0);
	wake_up_process(tasks[0]);
	wake_up_process(tasks[1]);
	wait_for_completion(&preempted);
	kthread_stop(tasks[1]);
	/* A grace period, which takes longer than a stall if it was lost. */
	call_rcu_hurry(&head, nothing);
	if (loses)
		msleep(25 * MSEC_PER_SEC);
	else
		rcu_barrier();
	/* exit_rcu() finds what has been lost. */
	kthread_stop(tasks[0]);
	rcu_barrier();
	return 0;
}

static int lost(void)
{
	return run_reader(true);
}

static int kept(void)
{
	return run_reader(false);
}

static const struct {
	const char *what;
	int (*plant)(void);
} planted[] = {
	{ "nesting", nesting },
	{ "order", order },
	{ "unprotected", unprotected },
	{ "migratable", migratable },
	{ "sleeping", sleeping },
	{ "uninitialised", uninitialised },
	{ "leak", leak },
	{ "read_after_free", read_after_free },
	{ "use_after_free", use_after_free },
	{ "lost", lost },
	{ "kept", kept },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(planted); i++) {
		if (!strcmp(what, planted[i].what))
			return planted[i].plant();
	}
	return -EINVAL;
}
module_init(planted_init);

static void __exit planted_exit(void)
{
}
module_exit(planted_exit);

MODULE_AUTHOR("The rcu-notrace authors");
MODULE_DESCRIPTION("Test of rcu_notrace: mistakes that a debug kernel is to notice");
MODULE_LICENSE("GPL");
