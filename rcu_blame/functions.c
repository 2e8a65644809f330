// SPDX-License-Identifier: GPL-2.0
/*
 * The C side of rcu_blame/grace_periods.rs and rcu_blame/waiters.rs.
 *
 * Kprobes, as no tracepoint of RCU's is there without CONFIG_RCU_TRACE.  At the
 * beginning of a function they are calls from its ftrace site where the kernel has
 * CONFIG_KPROBES_ON_FTRACE.  For the return from a function a kretprobe has a
 * fixed number of instances.  An fprobe would have the function-graph tracer
 * allocate a page for every task.
 */
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/timekeeping.h>

#include "functions.h"
#include "held.h"

/* How many tasks may wait in each of the functions, and be seen. */
#define WAITERS	64

static const void *context;

/*
 * An expedited grace period begins and ends in functions that the compiler puts
 * inline; the sequence number of polled ones is changed beside (rcu_exp_gp_seq_start(),
 * rcu_exp_gp_seq_end() in kernel/rcu/tree_exp.h), and by nobody else after boot.
 */
static const char *const gp_functions[RCU_BLAME_NR_GP_EVENTS] = {
	[RCU_BLAME_GP_INIT] = "rcu_gp_init",
	[RCU_BLAME_GP_CLEANUP] = "rcu_gp_cleanup",
	[RCU_BLAME_GP_EXP_START] = "rcu_poll_gp_seq_start_unlocked",
	[RCU_BLAME_GP_EXP_END] = "rcu_poll_gp_seq_end_unlocked",
};

static const char *const wait_functions[RCU_BLAME_NR_WAITS] = {
	[RCU_BLAME_WAIT_NORMAL] = "synchronize_rcu",
	[RCU_BLAME_WAIT_EXPEDITED] = "synchronize_rcu_expedited",
	[RCU_BLAME_WAIT_BARRIER] = "rcu_barrier",
};

static struct {
	struct kprobe probe;
	bool registered;
} gp_probes[RCU_BLAME_NR_GP_EVENTS];

static struct {
	struct kretprobe probe;
	bool registered;
} wait_probes[RCU_BLAME_NR_WAITS];

static int __kprobes gp_event(struct kprobe *probe, struct pt_regs *regs)
{
	const typeof(gp_probes[0]) *self = container_of(probe, typeof(*self), probe);

	rcu_blame_gp_event(context, self - gp_probes);
	return 0;
}

static int __kprobes wait_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(u64 *)instance->data = ktime_get_mono_fast_ns();
	return 0;
}

static int __kprobes wait_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const typeof(wait_probes[0]) *self =
		container_of(get_kretprobe(instance), typeof(*self), probe);

	rcu_blame_waited(context, current, self - wait_probes, *(u64 *)instance->data);
	return 0;
}

/* Of probes that are not registered any more. */
static u64 missed_before;

static bool seen(const char *function, int err)
{
	if (err)
		pr_notice("rcu_blame: %s() is not probed: error %d\n", function, err);
	return !err;
}

void rcu_blame_functions_probe(const void *new_context)
{
	int i;

	context = new_context;
	for (i = 0; i < RCU_BLAME_NR_GP_EVENTS; i++) {
		gp_probes[i].probe = (struct kprobe) {
			.symbol_name = gp_functions[i],
			.pre_handler = gp_event,
		};
		gp_probes[i].registered =
			seen(gp_functions[i], register_kprobe(&gp_probes[i].probe));
	}
	for (i = 0; i < RCU_BLAME_NR_WAITS; i++) {
		wait_probes[i].probe = (struct kretprobe) {
			.kp.symbol_name = wait_functions[i],
			.entry_handler = wait_begins,
			.handler = wait_ends,
			.data_size = sizeof(u64),
			.maxactive = WAITERS,
		};
		wait_probes[i].registered =
			seen(wait_functions[i], register_kretprobe(&wait_probes[i].probe));
	}
}

void rcu_blame_functions_unprobe(void)
{
	struct kprobe *probes[RCU_BLAME_NR_GP_EVENTS];
	struct kretprobe *returns[RCU_BLAME_NR_WAITS];
	int i, n = 0;

	for (i = 0; i < RCU_BLAME_NR_GP_EVENTS; i++)
		if (gp_probes[i].registered)
			probes[n++] = &gp_probes[i].probe;
	/* All with one wait. */
	unregister_kprobes(probes, n);
	for (i = 0, n = 0; i < RCU_BLAME_NR_WAITS; i++)
		if (wait_probes[i].registered)
			returns[n++] = &wait_probes[i].probe;
	unregister_kretprobes(returns, n);
	for (i = 0; i < RCU_BLAME_NR_GP_EVENTS; i++)
		gp_probes[i].registered = false;
	missed_before = rcu_blame_waits_missed();
	for (i = 0; i < RCU_BLAME_NR_WAITS; i++) {
		wait_probes[i].registered = false;
		wait_probes[i].probe.nmissed = 0;
	}
}

u64 rcu_blame_waits_missed(void)
{
	u64 missed = READ_ONCE(missed_before);
	int i;

	for (i = 0; i < RCU_BLAME_NR_WAITS; i++)
		missed += wait_probes[i].probe.nmissed;
	return missed;
}

u32 __kprobes rcu_blame_own_stack(unsigned long stack[])
{
	return stack_trace_save(stack, RCU_BLAME_FRAMES, 0);
}
