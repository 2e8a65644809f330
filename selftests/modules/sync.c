// SPDX-License-Identifier: GPL-2.0
/*
 * The time that tracepoint_synchronize_unregister() takes, in nanoseconds, for tests
 * that have another wait to compare with it: a read of the parameter "ns" waits once.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/tracepoint.h>

static int get(char *buffer, const struct kernel_param *kp)
{
	u64 began = ktime_get_ns();

	tracepoint_synchronize_unregister();
	return sysfs_emit(buffer, "%llu\n", ktime_get_ns() - began);
}

static const struct kernel_param_ops ops = {
	.get = get,
};

module_param_cb(ns, &ops, NULL, 0400);
MODULE_PARM_DESC(ns, "The time of one tracepoint_synchronize_unregister(), when it is read");

MODULE_DESCRIPTION("Test of rcu_notrace: the wait for probes");
MODULE_LICENSE("GPL");
