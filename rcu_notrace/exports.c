// SPDX-License-Identifier: GPL-2.0
/* The symbols of rcu_notrace.ko. */
#include <linux/export.h>

#include "helpers.h"

/* The guards: rcu_notrace.rs, and ../include/rcu_notrace.h for C. */
EXPORT_SYMBOL_GPL(rcu_notrace_unlock_special);
EXPORT_SYMBOL_GPL(rcu_notrace_sum);

/* The other read sides of rcu_notrace.rs, where they are not inline. */
EXPORT_SYMBOL_GPL(rcu_notrace_init_srcu_fast);
EXPORT_SYMBOL_GPL(rcu_notrace_srcu_read_lock);
EXPORT_SYMBOL_GPL(rcu_notrace_srcu_read_unlock);
EXPORT_SYMBOL_GPL(rcu_notrace_preempt_disable);
EXPORT_SYMBOL_GPL(rcu_notrace_preempt_enable);
EXPORT_SYMBOL_GPL(rcu_notrace_preempt_schedule);
EXPORT_SYMBOL_GPL(rcu_notrace_tasks_trace_lock);
EXPORT_SYMBOL_GPL(rcu_notrace_tasks_trace_unlock);
