// SPDX-License-Identifier: GPL-2.0
/*
 * The probe of Documentation/tutorial.rst in C: counts how often a task is woken.
 * Which task, is in an RCU-protected filter.
 *
 * Loading takes "pid"; unloading prints the count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

/* tutorial: probe */
#include <rcu_notrace.h>

struct filter {
	pid_t pid;
	struct rcu_head rcu;
};

static struct filter __rcu *filter;
static DEFINE_PER_CPU(unsigned long, woken);

static void notrace hit(void *unused, struct task_struct *p)
{
	guard(rcu_notrace)();

	if (p->pid == rcu_dereference_raw(filter)->pid)
		this_cpu_inc(woken);
}
NOKPROBE_SYMBOL(hit);
/* tutorial: module */
static int replace_filter(pid_t pid)
{
	struct filter *new = kmalloc_obj(*new), *old;

	if (!new)
		return -ENOMEM;
	new->pid = pid;
	old = rcu_replace_pointer(filter, new, true);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static struct tracepoint *sched_wakeup;

static void find_sched_wakeup(struct tracepoint *tracepoint, void *unused)
{
	if (!strcmp(tracepoint->name, "sched_wakeup"))
		sched_wakeup = tracepoint;
}

static void detach(void)
{
	tracepoint_probe_unregister(sched_wakeup, hit, NULL);
	tracepoint_synchronize_unregister();
	kfree(rcu_access_pointer(filter));
}

static int pid = -1;
module_param(pid, int, 0400);
MODULE_PARM_DESC(pid, "Count the wakeups of this task");

static int __init tutorial_init(void)
{
	int err;

	for_each_kernel_tracepoint(find_sched_wakeup, NULL);
	if (!sched_wakeup)
		return -ENOENT;
	err = replace_filter(-1);
	if (err)
		return err;
	err = tracepoint_probe_register(sched_wakeup, hit, NULL);
	if (err) {
		kfree(rcu_access_pointer(filter));
		return err;
	}
	/* The probe is running by now; readers of the old filter may go on using it. */
	err = replace_filter(pid);
	if (err)
		detach();
	return err;
}
module_init(tutorial_init);

static void __exit tutorial_exit(void)
{
	unsigned long sum = 0;
	int cpu;

	detach();
	for_each_possible_cpu(cpu)
		sum += per_cpu(woken, cpu);
	pr_info("woken=%lu\n", sum);
}
module_exit(tutorial_exit);
/* tutorial: end */

MODULE_DESCRIPTION("Test of rcu_notrace: the tutorial's probe in C");
MODULE_LICENSE("GPL");
