/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of the tests' own. */
#ifndef _RCU_NOTRACE_TEST_TRACEPOINTS_H
#define _RCU_NOTRACE_TEST_TRACEPOINTS_H

#include <linux/tracepoint.h>

/* Defined by rcu_notrace_source, which comes and goes. */
DECLARE_TRACE(rcu_notrace_source, TP_PROTO(unsigned int n), TP_ARGS(n));

/* Defined by rcu_notrace_account; a probe of it fires it again if @depth is not 0. */
DECLARE_TRACE(rcu_notrace_fire, TP_PROTO(unsigned int depth), TP_ARGS(depth));
void test_fire(unsigned int depth);
u64 test_fired(unsigned int depth);

#endif /* _RCU_NOTRACE_TEST_TRACEPOINTS_H */
