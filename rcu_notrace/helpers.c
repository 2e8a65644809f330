// SPDX-License-Identifier: GPL-2.0
/*
 * The C side of rcu_notrace.rs: see helpers.h.
 *
 * Everything that a guard's drop can reach is __kprobes, which is notrace and
 * places the function where neither a kprobe nor an fprobe may go.
 */
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>
#include <linux/sched.h>
#include <linux/srcu.h>

#include "helpers.h"

static DEFINE_PER_CPU(struct rcu_notrace_cpu, rcu_notrace_cpus);

/*
 * The bits of preempt_count() that RCU looks at before it reports, and no
 * others: see rcu_read_unlock_special() and rcu_flavor_sched_clock_irq().
 */
#define NO_REPORT_MASK	(PREEMPT_MASK | SOFTIRQ_MASK)

u32 __kprobes rcu_notrace_context(void)
{
	u32 context = 0;

	if (in_nmi())
		context |= RCU_NOTRACE_IN_NMI;
	if (in_hardirq())
		context |= RCU_NOTRACE_IN_HARDIRQ;
	if (preempt_count() & NO_REPORT_MASK)
		context |= RCU_NOTRACE_NO_PREEMPT;
	if (raw_irqs_disabled())
		context |= RCU_NOTRACE_NO_IRQS;
	return context;
}

/* Asked by a hard interrupt handler, about the context that it interrupted. */
bool __kprobes rcu_notrace_interrupted_preemptible(void)
{
	return (preempt_count() & (NO_REPORT_MASK | HARDIRQ_MASK)) == HARDIRQ_OFFSET;
}

/*
 * Whether the way out of an interrupt preempts a preemptible context that is
 * told to reschedule: see irqentry_exit_cond_resched().
 */
bool __kprobes rcu_notrace_preempted_on_exit(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) || preempt_model_preemptible();
}

/*
 * Report what is pending for the current task, which must be preemptible and
 * outside of every RCU read-side critical section: a place where it could be
 * preempted, and a preemption there would report as well.
 *
 * rcu_momentary_eqs() claims a zero-length extended quiescent state for this
 * CPU and makes the deferred report of the current task, deboost included.  It
 * wants interrupts off, and they keep us on the CPU it speaks for.  It and
 * what it calls are notrace up to the point where ->rcu_read_unlock_special
 * has been cleared, so that no instrumentation fired from here finds anything
 * left to report.  The exception is the irq_disable event of kernels with
 * CONFIG_TRACE_IRQFLAGS; it fires with interrupts off already, where a drop
 * does no more than promise.
 *
 * A report may wake a task of higher priority, and a deboost gives up the
 * right to the CPU: preempt_enable_notrace() is where both take effect.
 */
void __kprobes rcu_notrace_report(void)
{
	unsigned long flags;

	preempt_disable_notrace();
	local_irq_save(flags);
	rcu_momentary_eqs();
	local_irq_restore(flags);
	preempt_enable_notrace();
}

/*
 * As set_need_resched_current(), less sched_set_need_resched_tp: that fires
 * before the flag is set, and a probe on it that drops a guard, or leaves
 * rcu_read_lock(), would be back here with nothing changed.
 */
void __kprobes rcu_notrace_set_need_resched(void)
{
	set_tsk_thread_flag(current, TIF_NEED_RESCHED);
	set_preempt_need_resched();
}

/* Interrupts or preemption off, here and below. */
bool __kprobes rcu_notrace_this_cpu_online(void)
{
	return cpu_online(raw_smp_processor_id());
}

struct rcu_notrace_cpu __kprobes *rcu_notrace_this_cpu(void)
{
	return raw_cpu_ptr(&rcu_notrace_cpus);
}

/*
 * Any context, NMI included: one instruction where that is what this_cpu_inc()
 * is, an atomic elsewhere, as in __srcu_read_lock_fast().
 */
void __kprobes rcu_notrace_count(u32 event)
{
	if (IS_ENABLED(CONFIG_ARCH_HAS_NMI_SAFE_THIS_CPU_OPS))
		this_cpu_inc(rcu_notrace_cpus.events[event].counter);
	else
		atomic_long_inc(raw_cpu_ptr(&rcu_notrace_cpus.events[event]));
}

/*
 * Hard interrupt context only.  Never from a drop: the probe that drops may
 * have been called with the timer base's lock held.
 */
void __kprobes rcu_notrace_start_timer(struct rcu_notrace_cpu *rnc, u32 delay_us)
{
	hrtimer_start(&rnc->timer, us_to_ktime(delay_us), HRTIMER_MODE_REL_PINNED_HARD);
}

static void __kprobes rcu_notrace_irq_work_fn(struct irq_work *work)
{
	rcu_notrace_irq_work(container_of(work, struct rcu_notrace_cpu, work));
}

static enum hrtimer_restart __kprobes rcu_notrace_timer_fn(struct hrtimer *timer)
{
	rcu_notrace_timer(container_of(timer, struct rcu_notrace_cpu, timer));
	/* If the timer is wanted again, the handler has started it. */
	return HRTIMER_NORESTART;
}

#ifdef RCU_NOTRACE_DEBUG
/* As in the list of rcu_notrace/monitor.rs, from the lowest bit on. */
u32 __kprobes rcu_notrace_promise(struct rcu_notrace_cpu *rnc)
{
	return rnc->promised | irq_work_is_pending(&rnc->work) << 1 |
	       hrtimer_is_queued(&rnc->timer) << 2;
}

unsigned long __kprobes rcu_notrace_irq_save(void)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	return flags;
}

void __kprobes rcu_notrace_irq_restore(unsigned long flags)
{
	raw_local_irq_restore(flags);
}

static struct {
	atomic_long_t taken, unknown;
	u32 by, from, to;	/* of the first that is unknown */
} rcu_notrace_steps;

/* In the words of the list. Not a hard one: it prints. */
static void rcu_notrace_warn_of_step(struct irq_work *work)
{
	static const char *const by[] = { "Queue", "Rely", "Work", "Timer" };
	char from[] = "----", to[] = "--";
	int i;

	for (i = 0; i < 4; i++)
		if (rcu_notrace_steps.from & BIT(i))
			from[i] = "pwti"[i];
	if (rcu_notrace_steps.to & BIT(0))
		to[0] = 'p';
	if (rcu_notrace_steps.to & BIT(2))
		to[1] = 't';
	WARN(1, KBUILD_MODNAME ": no such step in the model: %s %s %s\n",
	     by[rcu_notrace_steps.by], from, to);
}

static DEFINE_IRQ_WORK(rcu_notrace_step_work, rcu_notrace_warn_of_step);

/* Interrupts off. */
void __kprobes rcu_notrace_step(u32 by, u32 from, u32 to, bool known)
{
	atomic_long_inc(&rcu_notrace_steps.taken);
	if (known || atomic_long_fetch_inc(&rcu_notrace_steps.unknown))
		return;
	rcu_notrace_steps.by = by;
	rcu_notrace_steps.from = from;
	rcu_notrace_steps.to = to;
	irq_work_queue(&rcu_notrace_step_work);
}

/* Process context; may sleep. */
static void rcu_notrace_sync_steps(void)
{
	irq_work_sync(&rcu_notrace_step_work);
	pr_info(KBUILD_MODNAME ": %ld steps of promises, %ld not in the model\n",
		atomic_long_read(&rcu_notrace_steps.taken),
		atomic_long_read(&rcu_notrace_steps.unknown));
}
#else
static void rcu_notrace_sync_steps(void) { }
#endif

/*
 * The timer of a CPU that goes offline moves to another, and would withdraw there
 * what that CPU has promised since it came back.
 */
static int rcu_notrace_prepare_cpu(unsigned int cpu)
{
	struct rcu_notrace_cpu *rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);

	hrtimer_cancel(&rnc->timer);
	rnc->promised = false;
	return 0;
}

static int rcu_notrace_cpuhp_state;

int rcu_notrace_init_cpus(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct rcu_notrace_cpu *rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);

		/* Hard, or PREEMPT_RT would leave it to a kthread. */
		rnc->work = IRQ_WORK_INIT_HARD(rcu_notrace_irq_work_fn);
		hrtimer_setup(&rnc->timer, rcu_notrace_timer_fn, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
		rnc->delay_us = RCU_NOTRACE_FIRST_DELAY_US;
	}
	rcu_notrace_cpuhp_state =
		cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "rcu_notrace:prepare",
					  rcu_notrace_prepare_cpu, NULL);
	return min(rcu_notrace_cpuhp_state, 0);
}

/*
 * Process context; may sleep.  No drop may be under way or follow.
 *
 * The work first: it may start the timer, the timer never queues the work.
 * irq_work_sync() orders no loads after the one that sees the end of the work, and
 * hrtimer_cancel() looks for a timer without a lock.
 */
void rcu_notrace_sync_cpus(void)
{
	int cpu;

	cpuhp_remove_state_nocalls(rcu_notrace_cpuhp_state);
	for_each_possible_cpu(cpu) {
		struct rcu_notrace_cpu *rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);

		irq_work_sync(&rnc->work);
		smp_rmb(); /* The timer that the work has started is seen. */
		hrtimer_cancel(&rnc->timer);
		rnc->promised = false;
	}
	rcu_notrace_sync_steps();
}

u64 rcu_notrace_sum(u32 event)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct rcu_notrace_cpu *rnc = per_cpu_ptr(&rcu_notrace_cpus, cpu);

		sum += (unsigned long)atomic_long_read(&rnc->events[event]);
	}
	return sum;
}

int rcu_notrace_init_srcu_fast(struct srcu_struct *ssp)
{
	/* A function or a macro with a lock class key of its own. */
	return init_srcu_struct_fast(ssp);
}

struct srcu_ctr __percpu __kprobes *rcu_notrace_srcu_read_lock(struct srcu_struct *ssp)
{
	return srcu_read_lock_fast_notrace(ssp);
}

void __kprobes rcu_notrace_srcu_read_unlock(struct srcu_struct *ssp,
					    struct srcu_ctr __percpu *scp)
{
	srcu_read_unlock_fast_notrace(ssp, scp);
}

void __kprobes rcu_notrace_preempt_disable(void)
{
	preempt_disable_notrace();
}

void __kprobes rcu_notrace_preempt_enable(void)
{
	preempt_enable_notrace();
}

/* For a preemption count that has reached zero with a reschedule due. */
void __kprobes rcu_notrace_preempt_schedule(void)
{
#ifdef CONFIG_PREEMPTION
	__preempt_schedule_notrace();
#endif
}

/*
 * rcu_read_lock_tasks_trace() and its unlock, but for what they tell lockdep,
 * which traces.
 */
struct srcu_ctr __percpu __kprobes *rcu_notrace_tasks_trace_lock(void)
{
	struct srcu_ctr __percpu *scp = __srcu_read_lock_fast(&rcu_tasks_trace_srcu_struct);

	if (!IS_ENABLED(CONFIG_TASKS_TRACE_RCU_NO_MB))
		smp_mb(); /* As there: the section stays behind the lock. */
	return scp;
}

void __kprobes rcu_notrace_tasks_trace_unlock(struct srcu_ctr __percpu *scp)
{
	if (!IS_ENABLED(CONFIG_TASKS_TRACE_RCU_NO_MB))
		smp_mb(); /* As there: the section stays before the unlock. */
	__srcu_read_unlock_fast(&rcu_tasks_trace_srcu_struct, scp);
}
