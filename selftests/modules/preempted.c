// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of a preemption, for the benchmark "preempt". Loading the module measures
 * it on this CPU, and prints
 *
 *	preempted section= rounds= ns=
 *
 * with ns for each round: a kthread of no priority wakes one of SCHED_FIFO, is
 * preempted by that at once, and goes on when it sleeps again. That is one wake-up and
 * two context switches. With section=1 the kthread is in a section, which ends with
 * the round.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>

static bool section;
module_param(section, bool, 0444);
MODULE_PARM_DESC(section, "Whether the kthread is preempted in a section");

static unsigned int rounds = 1000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "How often");

static struct task_struct *urgent;
static unsigned int preemptions;
static u64 took_ns;
static DECLARE_COMPLETION(measured);

static int urgent_fn(void *unused)
{
	set_current_state(TASK_IDLE);
	while (!kthread_should_stop()) {
		schedule();
		preemptions++;
		set_current_state(TASK_IDLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void one_round(void)
{
	if (section)
		rcu_read_lock();
	wake_up_process(urgent);
	if (section)
		rcu_read_unlock();
}

static int preempted_fn(void *unused)
{
	unsigned int i;
	u64 began;

	for (i = 0; i < 100; i++)
		one_round();
	preemptions = 0;
	began = ktime_get_mono_fast_ns();
	for (i = 0; i < rounds; i++)
		one_round();
	took_ns = ktime_get_mono_fast_ns() - began;
	complete(&measured);
	return 0;
}

static int __init preempted_init(void)
{
	unsigned int cpu = raw_smp_processor_id();
	struct task_struct *task;

	if (!rounds)
		return -EINVAL;
	urgent = kthread_create_on_cpu(urgent_fn, NULL, cpu, "preempts/%u");
	if (IS_ERR(urgent))
		return PTR_ERR(urgent);
	sched_set_fifo(urgent);
	task = kthread_create_on_cpu(preempted_fn, NULL, cpu, "preempted/%u");
	if (IS_ERR(task)) {
		kthread_stop(urgent);
		return PTR_ERR(task);
	}
	wake_up_process(urgent);
	wake_up_process(task);
	wait_for_completion(&measured);
	pr_info("preempted section=%d rounds=%u ns=%llu\n", section, preemptions,
		took_ns / rounds);
	kthread_stop(urgent);
	return 0;
}
module_init(preempted_init);

static void __exit preempted_exit(void)
{
}
module_exit(preempted_exit);

MODULE_DESCRIPTION("Benchmark: the cost of a preemption");
MODULE_LICENSE("GPL");
