// SPDX-License-Identifier: GPL-2.0
/*
 * A client in C: a probe on a tracepoint that rcu_read_unlock() fires while it still
 * has something to report. It follows a pointer that RCU protects, and counts the
 * threads of the kernel that are asked to reschedule.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <trace/events/sched.h>

#include <rcu_notrace.h>

static bool plain;
module_param(plain, bool, 0400);
MODULE_PARM_DESC(plain, "Take rcu_read_lock() instead, which is to panic");

static DEFINE_PER_CPU(unsigned long, hits);
static DEFINE_PER_CPU(unsigned long, kthreads);

static __always_inline void count(struct task_struct *task)
{
	this_cpu_inc(hits);
	if (rcu_dereference_raw(task->real_parent)->pid == 2)
		this_cpu_inc(kthreads);
}

static void notrace probe(void *data, struct task_struct *task, int cpu, int tif)
{
	if (plain) {
		scoped_guard(rcu)
			count(task);
	} else {
		scoped_guard(rcu_notrace)
			count(task);
	}
}
NOKPROBE_SYMBOL(probe);

static int __init client_init(void)
{
	return register_trace_sched_set_need_resched_tp(probe, NULL);
}
module_init(client_init);

static void __exit client_exit(void)
{
	unsigned long hits_sum = 0, kthreads_sum = 0;
	int cpu;

	unregister_trace_sched_set_need_resched_tp(probe, NULL);
	tracepoint_synchronize_unregister();
	for_each_possible_cpu(cpu) {
		hits_sum += per_cpu(hits, cpu);
		kthreads_sum += per_cpu(kthreads, cpu);
	}
	pr_info("client hits=%lu kthreads=%lu\n", hits_sum, kthreads_sum);
}
module_exit(client_exit);

MODULE_DESCRIPTION("Test of rcu_notrace: a client in C");
MODULE_LICENSE("GPL");
