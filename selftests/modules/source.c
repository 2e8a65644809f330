// SPDX-License-Identifier: GPL-2.0
/*
 * A module with a tracepoint of its own, which it fires when it comes and when
 * it goes; and a look at all tracepoints.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <trace/events/sched.h>

#include "tracepoints.h"

DEFINE_TRACE(rcu_notrace_source_tp, TP_PROTO(unsigned int n), TP_ARGS(n));

static unsigned int hits = 100;
module_param(hits, uint, 0444);
MODULE_PARM_DESC(hits, "Hits at each of: init, init on each CPU, exit");

static unsigned int leak;
module_param(leak, uint, 0444);
MODULE_PARM_DESC(leak, "Bytes to allocate, and not free");

static void fire(void *info)
{
	unsigned int n;

	for (n = 0; n < hits; n++)
		trace_rcu_notrace_source_tp(n);
}

static int set_fire(const char *buffer, const struct kernel_param *kp)
{
	unsigned int times;
	int ret = kstrtouint(buffer, 0, &times);

	while (!ret && times--)
		fire(NULL);
	return ret;
}

static const struct kernel_param_ops fire_ops = { .set = set_fire };
module_param_cb(fire, &fire_ops, NULL, 0200);
MODULE_PARM_DESC(fire, "How often to hit, times hits, now");

/* As compute_energy() does where no CPU is meant. */
static int set_energy(const char *buffer, const struct kernel_param *kp)
{
	int cpu;
	int ret = kstrtoint(buffer, 0, &cpu);

	if (!ret)
		trace_sched_compute_energy_tp(current, cpu, 0, 0, 0);
	return ret;
}

static const struct kernel_param_ops energy_ops = { .set = set_energy };
module_param_cb(energy, &energy_ops, NULL, 0200);
MODULE_PARM_DESC(energy, "A CPU, or -1, to hit sched_compute_energy_tp with");

static void count_probed(struct tracepoint *tp, void *count)
{
	if (rcu_access_pointer(tp->funcs))
		++*(unsigned int *)count;
}

static int get_probed(char *buffer, const struct kernel_param *kp)
{
	unsigned int count = 0;

	for_each_kernel_tracepoint(count_probed, &count);
	return sysfs_emit(buffer, "%u\n", count);
}

static const struct kernel_param_ops probed_ops = { .get = get_probed };
module_param_cb(probed, &probed_ops, NULL, 0444);
MODULE_PARM_DESC(probed, "Built-in tracepoints that have a probe");

struct names {
	char *buffer;
	int len;
};

static void name_unprobed(struct tracepoint *tp, void *data)
{
	struct names *names = data;

	/* sched_ext has a header of its own. */
	if ((!strstarts(tp->name, "sched_") && !strstarts(tp->name, "pelt_")) ||
	    strstarts(tp->name, "sched_ext_") || rcu_access_pointer(tp->funcs))
		return;
	names->len += sysfs_emit_at(names->buffer, names->len, "%s ", tp->name);
}

static int get_unprobed(char *buffer, const struct kernel_param *kp)
{
	struct names names = { .buffer = buffer };

	for_each_kernel_tracepoint(name_unprobed, &names);
	return names.len + sysfs_emit_at(buffer, names.len, "\n");
}

static const struct kernel_param_ops unprobed_ops = { .get = get_unprobed };
module_param_cb(unprobed, &unprobed_ops, NULL, 0444);
MODULE_PARM_DESC(unprobed, "Tracepoints of the scheduler that have none");

static int __init source_init(void)
{
	if (leak && !kmalloc(leak, GFP_KERNEL))
		return -ENOMEM;
	fire(NULL);
	on_each_cpu(fire, NULL, 1);
	return 0;
}
module_init(source_init);

static void __exit source_exit(void)
{
	fire(NULL);
}
module_exit(source_exit);

MODULE_AUTHOR("The rcu-notrace authors");
MODULE_DESCRIPTION("Test of rcu_notrace: a module with a tracepoint");
MODULE_LICENSE("GPL");
