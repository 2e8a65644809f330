// SPDX-License-Identifier: GPL-2.0
/* A tracepoint to be hit a known number of times; see tracepoints.h. */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "tracepoints.h"

DEFINE_TRACE(rcu_notrace_fire_tp, TP_PROTO(unsigned int depth), TP_ARGS(depth));

static DEFINE_PER_CPU(u64 [2], fired);

/* Any context. */
void test_fire(unsigned int depth)
{
	this_cpu_inc(fired[min(depth, 1U)]);
	trace_rcu_notrace_fire_tp(depth);
}

/* How often with that depth. */
u64 test_fired(unsigned int depth)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(fired, cpu)[min(depth, 1U)]);
	return sum;
}
