// SPDX-License-Identifier: GPL-2.0
/*
 * Causes of long grace periods, one at a time, for tests of what names them.
 *
 * Loading the module returns at once. When the process that loads it has ended,
 * kthreads bring about the cause on "cpu", for "ms" milliseconds or until the module
 * is unloaded, which waits for them; then the module stays, and does nothing more. The
 * log has
 *
 *	begun cause= cpu= pid= hog_pid= owner_pid= begun_ns=
 *	waited how= pid= asked_ns= ended_ns= wait_ns=
 *	ended cause= pid= left_ns= ended_ns=
 *
 * with pid that of the task that is to be named, 0 where there is none but the hog,
 * and times of ktime_get_mono_fast_ns(). The parameter "times" has them while they
 * come about, 0 for what is not there yet, and
 *
 *	now_ns		the clock, now
 *	prio, nesting	of the task, and the letters that RCU has for it in reports of
 *	special		a stall, b, q and e, or -
 *	entered_ns	the task entered its section
 *	came_ns		the task last came to its CPU
 *	seen_ns		the task last ran: it looks at the clock all the while
 *	left_ns		the task was about to leave its section
 *	hog_ns		the hog began
 *	hogged_ns	and was done
 *	gap_ns		the longest between two looks of the hog at the clock: the whole
 *			machine stood still
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/sched/types.h>

#include "helpers.h"

static char *cause = "none";
module_param(cause, charp, 0444);
MODULE_PARM_DESC(cause, "The cause: see causes[] in the source");

static unsigned int cpu = 1;
module_param(cpu, uint, 0444);
MODULE_PARM_DESC(cpu, "The CPU of the cause");

static unsigned int other_cpu;
module_param(other_cpu, uint, 0444);
MODULE_PARM_DESC(other_cpu, "That of the others");

static unsigned int ms = 1000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "How long the cause lasts");

static int prio = 50;
module_param(prio, int, 0444);
MODULE_PARM_DESC(prio, "The priority of the hog, SCHED_FIFO");

static unsigned int waiter;
module_param(waiter, uint, 0444);
MODULE_PARM_DESC(waiter, "A task waits for a grace period: 1, normal; 2, expedited");

static unsigned int ahead_ms;
module_param(ahead_ms, uint, 0444);
MODULE_PARM_DESC(ahead_ms, "It asks that long before the hog comes, not when the cause has begun");

static bool both;
module_param(both, bool, 0444);
MODULE_PARM_DESC(both, "A hog on other_cpu as well; the waiter is on a third one");

static bool outside;
module_param(outside, bool, 0444);
MODULE_PARM_DESC(outside, "A control: the reader is in no section, it only has the CPU");

static bool fixed;
module_param(fixed, bool, 0444);
MODULE_PARM_DESC(fixed, "The reader may run on both CPUs, but not migrate");

static unsigned int readers = 1;
module_param(readers, uint, 0444);
MODULE_PARM_DESC(readers, "How many readers there are on that CPU, each preempted by the next");

static bool idle;
module_param(idle, bool, 0444);
MODULE_PARM_DESC(idle, "The hog begins while no normal grace period is under way");

static unsigned int late_ms;
module_param(late_ms, uint, 0444);
MODULE_PARM_DESC(late_ms, "A reader on other_cpu, from the hog's beginning until that long after its end");

/* An RCU CPU stall takes 21 s, a soft lockup 20 s; an RCU stall can be suppressed. */
#define MAX_PREEMPT_OFF_MS	10000
/* A CPU that does not answer holds up whatever waits for all of them. */
#define MAX_IRQS_OFF_MS		5000
/* The times of a hog that lets others have its CPU. */
#define YIELD_AFTER_NS		(2 * NSEC_PER_MSEC)
#define YIELD_FOR_US		1000

/* An emulated CPU may stand still for so long that others are always in the way. */
#define MAX_TRIES	50

/* The bits of gp_seq that are 0 if no grace period is under way. */
#define RCU_SEQ_STATE		3

/* The CPU of the tasks that are not to be behind a hog. */
static unsigned int free_cpu;

static bool stopping;
/* When the cause comes to its end; 0 while it has not begun. */
static u64 until_ns;

/* The task that is to be named. */
static pid_t pid;
static bool inside;
static u64 entered_ns, came_ns, seen_ns, left_ns;
/* The task itself, until it is joined; what "times" has last seen of it. */
static DEFINE_MUTEX(named_lock);
static struct task_struct *named;
static int named_prio, named_nesting;
static const char *named_special = "-";
/* The owner of the lock. */
static pid_t owner_pid;
static bool owned;
/* The hog, and the one on the other CPU. */
static pid_t hog_pid;
static u64 hog_ns, hogged_ns, other_hog_ns, gap_ns;
static u64 begun_ns, asked_ns, waited_ns, ended_ns;

/* The kthreads that are not done. */
static atomic_t busy = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(all_done);

static DEFINE_SPINLOCK(cause_lock);

static bool over(u64 now)
{
	u64 until = READ_ONCE(until_ns);

	return READ_ONCE(stopping) || (until && now >= until);
}

/* How often the caller has been preempted. */
static unsigned long switches(void)
{
	return READ_ONCE(current->nivcsw);
}

/* Looks at the clock until it is over. Any context. */
static __always_inline void spin(void)
{
	unsigned long last = switches();
	u64 now;

	do {
		now = ktime_get_mono_fast_ns();
		WRITE_ONCE(seen_ns, now);
		if (switches() != last) {
			last = switches();
			WRITE_ONCE(came_ns, ktime_get_mono_fast_ns());
		}
		cpu_relax();
	} while (!over(now));
}

static void enter(void)
{
	u64 now = ktime_get_mono_fast_ns();

	WRITE_ONCE(named, current);
	WRITE_ONCE(pid, current->pid);
	WRITE_ONCE(entered_ns, now);
	WRITE_ONCE(came_ns, now);
	/* Pairs with that in wait_for(). */
	smp_store_release(&inside, true);
}

static void leave(void)
{
	WRITE_ONCE(left_ns, ktime_get_mono_fast_ns());
}

/*
 * The functions that a stack is to have. None of them is inlined, or ends in a call.
 */
static noinline void cause_reads(void)
{
	if (fixed)
		migrate_disable();
	rcu_read_lock();
	enter();
	spin();
	leave();
	rcu_read_unlock();
	if (fixed)
		migrate_enable();
	barrier();
}

/* How many of the readers that are not named are inside. */
static atomic_t others_inside = ATOMIC_INIT(0);

static void read_beside(void)
{
	rcu_read_lock();
	atomic_inc(&others_inside);
	while (!over(ktime_get_mono_fast_ns()))
		cpu_relax();
	rcu_read_unlock();
}

static void read_late(void)
{
	u64 until = READ_ONCE(until_ns) + late_ms * NSEC_PER_MSEC;

	rcu_read_lock();
	while (ktime_get_mono_fast_ns() < until && !READ_ONCE(stopping))
		cpu_relax();
	rcu_read_unlock();
}

static noinline void cause_reads_nothing(void)
{
	enter();
	spin();
	leave();
	barrier();
}

static noinline void cause_has_preemption_off(void)
{
	preempt_disable();
	enter();
	spin();
	leave();
	preempt_enable();
	barrier();
}

static noinline void cause_has_irqs_off(void)
{
	local_irq_disable();
	enter();
	spin();
	leave();
	local_irq_enable();
	barrier();
}

static noinline void cause_owns_lock(void)
{
	spin_lock(&cause_lock);
	WRITE_ONCE(owner_pid, current->pid);
	/* Pairs with that in wait_for(). */
	smp_store_release(&owned, true);
	while (!over(ktime_get_mono_fast_ns()))
		cpu_relax();
	spin_unlock(&cause_lock);
	barrier();
}

static noinline void cause_waits_for_lock(void)
{
	rcu_read_lock();
	WRITE_ONCE(seen_ns, ktime_get_mono_fast_ns());
	enter();
	spin_lock(&cause_lock);
	leave();
	spin_unlock(&cause_lock);
	rcu_read_unlock();
	barrier();
}

static noinline void cause_timer(struct timer_list *unused)
{
	enter();
	spin();
	leave();
	barrier();
}

static DEFINE_TIMER(cause_timer_list, cause_timer);

static noinline void cause_hogs(u64 *began)
{
	u64 last, now = ktime_get_mono_fast_ns();

	WRITE_ONCE(*began, now);
	while (!over(now)) {
		cpu_relax();
		last = now;
		now = ktime_get_mono_fast_ns();
		if (began == &hog_ns && now - last > gap_ns)
			WRITE_ONCE(gap_ns, now - last);
	}
}

static noinline void cause_hogs_and_yields(void)
{
	u64 now = ktime_get_mono_fast_ns();
	u64 began = now;

	WRITE_ONCE(hog_ns, now);
	while (!over(now)) {
		if (now - began < YIELD_AFTER_NS) {
			cpu_relax();
		} else {
			usleep_range(YIELD_FOR_US, 2 * YIELD_FOR_US);
			began = ktime_get_mono_fast_ns();
		}
		now = ktime_get_mono_fast_ns();
	}
}

/* Not with timeouts: those of twenty SCHED_FIFO tasks leave a slow CPU to no other. */
static int wait_to_be_joined(void)
{
	for (;;) {
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static int done(void)
{
	if (atomic_dec_and_test(&busy))
		wake_up(&all_done);
	return wait_to_be_joined();
}

static int reader_fn(void *unused)
{
	if (outside)
		cause_reads_nothing();
	else
		cause_reads();
	return done();
}

static int other_reader_fn(void *unused)
{
	read_beside();
	return done();
}

static int late_reader_fn(void *unused)
{
	read_late();
	return done();
}

static int preempt_off_fn(void *unused)
{
	cause_has_preemption_off();
	return done();
}

static int irqs_off_fn(void *unused)
{
	cause_has_irqs_off();
	return done();
}

static int owner_fn(void *unused)
{
	cause_owns_lock();
	return done();
}

static int blocked_fn(void *unused)
{
	cause_waits_for_lock();
	return done();
}

static bool gp_under_way(void)
{
	unsigned long seq = 0;
	int flags = 0;

	rcutorture_get_gp_data(&flags, &seq);
	return seq & RCU_SEQ_STATE;
}

/* The hog is all that there is of the cause. */
static bool hog_is_cause;

/* Whether a task on the CPU of the cause is in a section. */
static bool reader_is_there(void)
{
	struct task_struct *process, *task;
	bool found = false;

	guard(rcu)();
	for_each_process_thread(process, task) {
		if (task_cpu(task) == cpu && READ_ONCE(task->rcu_read_lock_nesting) > 0 &&
		    task != current)
			found = true;
	}
	return found;
}

/*
 * With rcu_preempt on the CPU of the caller, no grace period begins after this.  A reader
 * that a hog preempts by chance would be a cause beside it.
 */
static void wait_for_quiet(void)
{
	while ((idle && gp_under_way()) || (hog_is_cause && reader_is_there())) {
		if (READ_ONCE(stopping))
			break;
		usleep_range(1000, 2000);
	}
}

/* The reader that the hog is to preempt; NULL if there is none, or it may migrate. */
static struct task_struct *victim;

/* The hog takes its CPU from the victim itself, not from a thread that has just done so. */
static void take_from_victim(void)
{
#ifdef CONFIG_SCHED_INFO
	int tries = MAX_TRIES;

	while (victim && tries-- &&
	       victim->sched_info.last_queued != current->sched_info.last_arrival)
		usleep_range(1000, 2000);
#endif
}

static int hog_fn(void *began)
{
	if (began == &hog_ns) {
		wait_for_quiet();
		take_from_victim();
	}
	cause_hogs(began);
	if (began == &hog_ns)
		WRITE_ONCE(hogged_ns, ktime_get_mono_fast_ns());
	return done();
}

static int yielding_fn(void *unused)
{
	cause_hogs_and_yields();
	WRITE_ONCE(hogged_ns, ktime_get_mono_fast_ns());
	return done();
}

static int waiter_fn(void *unused)
{
	WRITE_ONCE(asked_ns, ktime_get_mono_fast_ns());
	if (waiter == 2)
		synchronize_rcu_expedited();
	else
		synchronize_rcu();
	WRITE_ONCE(waited_ns, ktime_get_mono_fast_ns());
	pr_info("waited how=%u pid=%d asked_ns=%llu ended_ns=%llu wait_ns=%llu\n", waiter,
		current->pid, asked_ns, waited_ns, waited_ns - asked_ns);
	return done();
}

/* Each but the first has a priority of its own, right below that of the hog. */
#define MAX_READERS	32

/* All kthreads. */
static struct task_struct *tasks[MAX_READERS + 5];
static int nr_tasks;

#define NOT_FIFO	0

/* A kthread could not be made. */
static bool failed;

/* A kthread that waits to be woken. */
static struct task_struct *create(int (*fn)(void *data), void *data, unsigned int on, int fifo,
				  const char *name)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = fifo ? SCHED_FIFO : SCHED_NORMAL,
		.sched_priority = fifo,
	};
	struct task_struct *task;

	task = kthread_create(fn, data, "%s", name);
	if (IS_ERR(task)) {
		failed = true;
		return NULL;
	}
	kthread_bind(task, on);
	WARN_ON_ONCE(sched_setattr_nocheck(task, &attr));
	/* It is joined also after it has returned. */
	get_task_struct(task);
	tasks[nr_tasks++] = task;
	return task;
}

static void wake(struct task_struct *task)
{
	atomic_inc(&busy);
	wake_up_process(task);
}

/* Whether the flag was set before the module is unloaded. */
static bool wait_for(bool *flag)
{
	/* Pairs with enter(), cause_owns_lock(). */
	while (!smp_load_acquire(flag)) {
		if (READ_ONCE(stopping))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

static bool wait_for_ns(u64 *ns)
{
	while (!READ_ONCE(*ns)) {
		if (READ_ONCE(stopping))
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

/* The parts of a cause. */
static const struct cause {
	const char *name;
	/* The kthread that comes first, its name and priority. */
	int (*fn)(void *data);
	const char *comm;
	int fifo;
	/* A kthread of priority "prio" that preempts it. */
	int (*hog)(void *data);
	/* How long at most; 0: any time. */
	unsigned int max_ms;
	bool only_rt;
	bool timer;
	bool lock;
	bool wide;
} causes[] = {
	{ "preempted", reader_fn, "cause_reader", .hog = hog_fn, .wide = true },
	{ "pinned", reader_fn, "cause_reader", .hog = hog_fn },
	{ "running", reader_fn, "cause_reader", .fifo = 99 },
	{ "normal", reader_fn, "cause_reader" },
	{ "softirq", .timer = true, .hog = hog_fn, .only_rt = true },
	{ "rcuc", .hog = hog_fn },
	{ "hog", .hog = hog_fn },
	{ "preempt_off", preempt_off_fn, "cause_loop", .max_ms = MAX_PREEMPT_OFF_MS },
	{ "irqs_off", irqs_off_fn, "cause_loop", .max_ms = MAX_IRQS_OFF_MS },
	{ "lock", owner_fn, "cause_owner", .hog = hog_fn, .only_rt = true, .lock = true },
	{ "none", .hog = yielding_fn },
};

static const struct cause *chosen;

/* The kthreads of the cause; NULL for what it does not have. */
static struct task_struct *first, *others[MAX_READERS], *hog, *other_hog, *blocked, *late, *waiting;

/* All of them before any runs: kthreadd, which makes them, may be behind the hog then. */
static bool create_tasks(void)
{
	const struct cause *c = chosen;
	unsigned int i;

	if (c->fn)
		first = create(c->fn, NULL, cpu, c->fifo, c->comm);
	for (i = 1; i < readers; i++)
		others[i] = create(other_reader_fn, NULL, cpu, prio - readers + i, "cause_reader");
	if (c->hog && both)
		other_hog = create(c->hog, &other_hog_ns, other_cpu, prio, "cause_hog2");
	if (c->hog)
		hog = create(c->hog, &hog_ns, cpu, prio, "cause_hog");
	if (c->lock)
		blocked = create(blocked_fn, NULL, other_cpu, NOT_FIFO, "cause_reader");
	if (late_ms)
		late = create(late_reader_fn, NULL, other_cpu, NOT_FIFO, "cause_late");
	/* It reads its clock as soon as it is woken, whatever else there is to run. */
	if (waiter)
		waiting = create(waiter_fn, NULL, free_cpu, MAX_RT_PRIO - 1, "cause_waiter");
	return !failed;
}

/*
 * The readers that are not named, one after the other in its section. RCU may boost one
 * meanwhile, to a lower priority than that of the next.
 */
static bool start_others(void)
{
	unsigned int i;

	for (i = 1; i < readers; i++) {
		wake(others[i]);
		while (atomic_read(&others_inside) != i) {
			if (READ_ONCE(stopping))
				return false;
			usleep_range(1000, 2000);
		}
	}
	return true;
}

static void start_waiter(void)
{
	if (waiting)
		wake(waiting);
}

/* The cause, up to the beginning. */
static bool begin(void)
{
	const struct cause *c = chosen;
	cpumask_var_t mask;

	if (c->timer) {
		cause_timer_list.expires = jiffies + 1;
		add_timer_on(&cause_timer_list, cpu);
		if (!wait_for(&inside))
			return false;
	}
	if (first) {
		wake(first);
		if (!wait_for(c->lock ? &owned : &inside))
			return false;
		if ((c->wide || fixed) && zalloc_cpumask_var(&mask, GFP_KERNEL)) {
			cpumask_set_cpu(cpu, mask);
			cpumask_set_cpu(other_cpu, mask);
			WARN_ON_ONCE(set_cpus_allowed_ptr(first, mask));
			free_cpumask_var(mask);
		}
	}
	if (!start_others())
		return false;
	if (ahead_ms) {
		start_waiter();
		usleep_range(ahead_ms * USEC_PER_MSEC, ahead_ms * USEC_PER_MSEC + 1000);
	}
	WRITE_ONCE(until_ns, ktime_get_mono_fast_ns() + ms * NSEC_PER_MSEC);
	if (other_hog) {
		wake(other_hog);
		if (!wait_for_ns(&other_hog_ns))
			return false;
	}
	if (hog) {
		if (readers == 1 && !c->wide)
			victim = first;
		WRITE_ONCE(hog_pid, hog->pid);
		wake(hog);
		if (!wait_for_ns(&hog_ns))
			return false;
	}
	if (late)
		wake(late);
	if (blocked) {
		wake(blocked);
		if (!wait_for(&inside))
			return false;
	}
	return true;
}

/* The process that loads the module. */
static struct task_struct *loader;

/*
 * The loader changes the protection of the module's memory, and its work item frees
 * the memory of the initialization: both wait for all CPUs, with preemption off. A
 * cause that has its interrupts off is not to hold up the CPU of the others by that.
 */
static void wait_for_loader(void)
{
	while (!READ_ONCE(loader->exit_state) && !READ_ONCE(stopping))
		usleep_range(1000, 2000);
	put_task_struct(loader);
	__flush_workqueue(system_percpu_wq);
}

static int main_fn(void *unused)
{
	wait_for_loader();
	if (create_tasks() && begin()) {
		WRITE_ONCE(begun_ns, ktime_get_mono_fast_ns());
		pr_info("begun cause=%s cpu=%u pid=%d hog_pid=%d owner_pid=%d begun_ns=%llu\n",
			cause, cpu, pid, hog_pid, owner_pid, begun_ns);
		if (!ahead_ms)
			start_waiter();
	} else {
		pr_info("not begun cause=%s\n", cause);
		WRITE_ONCE(stopping, true);
	}
	/* To poll takes a slow CPU from the other tasks on it. */
	wait_event_idle(all_done, !atomic_read(&busy));
	/* It waits for one that runs, and boosts that. */
	timer_delete_sync(&cause_timer_list);
	WRITE_ONCE(ended_ns, ktime_get_mono_fast_ns());
	pr_info("ended cause=%s pid=%d left_ns=%llu ended_ns=%llu\n", cause, pid, left_ns,
		ended_ns);
	scoped_guard(mutex, &named_lock)
		WRITE_ONCE(named, NULL);
	while (nr_tasks) {
		nr_tasks--;
		kthread_stop_put(tasks[nr_tasks]);
	}
	return wait_to_be_joined();
}

/* The state of the task, as RCU and the scheduler have it. */
static void look_at_named(void)
{
	/* By bit: blocked, need_qs, exp_hint. */
	static const char * const letters[] = { "-", "b", "q", "bq", "e", "be", "qe", "bqe" };
	struct task_struct *task = READ_ONCE(named);
	union rcu_special special;

	lockdep_assert_held(&named_lock);
	if (!task)
		return;
	special.s = READ_ONCE(task->rcu_read_unlock_special.s);
	named_special = letters[special.b.blocked | special.b.need_qs << 1 |
				special.b.exp_hint << 2];
	named_nesting = READ_ONCE(task->rcu_read_lock_nesting);
	named_prio = READ_ONCE(task->prio);
}

static int times_get(char *buffer, const struct kernel_param *kp)
{
	guard(mutex)(&named_lock);
	look_at_named();
	return sysfs_emit(buffer,
			  "now_ns=%llu pid=%d hog_pid=%d owner_pid=%d prio=%d nesting=%d special=%s begun_ns=%llu entered_ns=%llu came_ns=%llu seen_ns=%llu left_ns=%llu hog_ns=%llu hogged_ns=%llu gap_ns=%llu asked_ns=%llu waited_ns=%llu ended_ns=%llu\n",
			  ktime_get_mono_fast_ns(), READ_ONCE(pid), READ_ONCE(hog_pid),
			  READ_ONCE(owner_pid), named_prio, named_nesting,
			  named_special, READ_ONCE(begun_ns), READ_ONCE(entered_ns),
			  READ_ONCE(came_ns), READ_ONCE(seen_ns), READ_ONCE(left_ns),
			  READ_ONCE(hog_ns), READ_ONCE(hogged_ns), READ_ONCE(gap_ns),
			  READ_ONCE(asked_ns), READ_ONCE(waited_ns), READ_ONCE(ended_ns));
}

static const struct kernel_param_ops times_ops = {
	.get = times_get,
};

module_param_cb(times, &times_ops, NULL, 0400);
MODULE_PARM_DESC(times, "The time now, and when the task last ran, the hog began, the task left");

static struct task_struct *main_task;

static int __init cause_init(void)
{
	/*
	 * Timers for a SCHED_FIFO task expire in the interrupt.  All others need ktimers,
	 * and RCU's rcub, of the same priority, spins for as long as a reader runs that it
	 * has boosted.
	 */
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_FIFO,
		.sched_priority = MAX_RT_PRIO - 1,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(causes) && !chosen; i++) {
		if (!strcmp(cause, causes[i].name))
			chosen = &causes[i];
	}
	if (!chosen || cpu == other_cpu || prio < 1 || prio > 99 ||
	    readers < 1 || readers > MAX_READERS || readers >= prio)
		return -EINVAL;
	if (cpu >= nr_cpu_ids || !cpu_online(cpu) ||
	    other_cpu >= nr_cpu_ids || !cpu_online(other_cpu))
		return -EINVAL;
	free_cpu = other_cpu;
	if (both) {
		for_each_online_cpu(free_cpu) {
			if (free_cpu != cpu && free_cpu != other_cpu)
				break;
		}
		if (free_cpu >= nr_cpu_ids)
			return -EINVAL;
	}
	if (chosen->only_rt && !IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	hog_is_cause = chosen->hog && !chosen->fn && !chosen->timer;
	if (chosen->max_ms)
		ms = min(ms, chosen->max_ms);

	main_task = kthread_create(main_fn, NULL, "cause_main");
	if (IS_ERR(main_task))
		return PTR_ERR(main_task);
	kthread_bind(main_task, free_cpu);
	WARN_ON_ONCE(sched_setattr_nocheck(main_task, &attr));
	loader = get_task_struct(current);
	wake_up_process(main_task);
	return 0;
}
module_init(cause_init);

static void __exit cause_exit(void)
{
	WRITE_ONCE(stopping, true);
	kthread_stop(main_task);
}
module_exit(cause_exit);

MODULE_DESCRIPTION("Test of rcu_blame: causes of long grace periods");
MODULE_LICENSE("GPL");
