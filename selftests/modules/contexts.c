// SPDX-License-Identifier: GPL-2.0
/* Contexts for a test to take guards in; see helpers.h. */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/smp.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>
#ifdef CONFIG_X86
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

#include "helpers.h"

static void (*test_context_fn)(enum test_context context);
static struct tracepoint *test_sched_switch;

static void test_softirq(struct tasklet_struct *tasklet)
{
	test_context_fn(TEST_SOFTIRQ);
}

static DECLARE_TASKLET(test_tasklet, test_softirq);

static void test_hardirq(struct irq_work *work)
{
	test_context_fn(TEST_HARDIRQ);
	tasklet_schedule(&test_tasklet);
}

static struct irq_work test_work = IRQ_WORK_INIT_HARD(test_hardirq);

/*
 * A way to the other CPU, and no more: an idle one runs it without interrupt,
 * where PREEMPT_RT does not allow a softirq to be raised.
 */
static void test_interrupt(void *info)
{
	irq_work_queue(&test_work);
}

static void test_rq_lock(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int prev_state)
{
	test_context_fn(TEST_RQ_LOCK);
}

static void test_find_sched_switch(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "sched_switch"))
		test_sched_switch = tp;
}

#ifdef CONFIG_X86
static atomic_t test_nmis_sent;

static int test_nmi(unsigned int type, struct pt_regs *regs)
{
	/* One of ours?  Others are for whoever sent them. */
	if (atomic_dec_if_positive(&test_nmis_sent) < 0)
		return NMI_DONE;
	test_context_fn(TEST_NMI);
	return NMI_HANDLED;
}

static void test_send_nmi(unsigned int cpu)
{
	/* Two that meet are one NMI: do not send the next before it has come. */
	if (!atomic_cmpxchg(&test_nmis_sent, 0, 1))
		apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
}
#endif

int test_contexts_start(void (*fn)(enum test_context context))
{
	int ret;

	test_context_fn = fn;
	for_each_kernel_tracepoint(test_find_sched_switch, NULL);
	if (!test_sched_switch)
		return -ENOENT;
	ret = tracepoint_probe_register(test_sched_switch, test_rq_lock, NULL);
	if (ret)
		return ret;
#ifdef CONFIG_X86
	ret = register_nmi_handler(NMI_LOCAL, test_nmi, 0, "rcu_notrace_test");
	if (ret)
		tracepoint_probe_unregister(test_sched_switch, test_rq_lock, NULL);
#endif
	return ret;
}

/* Process context, on another CPU; one of each there if it is online, but for the rq lock. */
void test_contexts_provoke(unsigned int cpu)
{
	cpus_read_lock();
	if (cpu_online(cpu)) {
		smp_call_function_single(cpu, test_interrupt, NULL, 1);
		irq_work_sync(&test_work);
#ifdef CONFIG_X86
		test_send_nmi(cpu);
#endif
	}
	cpus_read_unlock();
}

/* After the last test_contexts_provoke() has returned. */
void test_contexts_stop(void)
{
#ifdef CONFIG_X86
	unregister_nmi_handler(NMI_LOCAL, "rcu_notrace_test");
#endif
	tracepoint_probe_unregister(test_sched_switch, test_rq_lock, NULL);
	tracepoint_synchronize_unregister();
	tasklet_kill(&test_tasklet);
}
