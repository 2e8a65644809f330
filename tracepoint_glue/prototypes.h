/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints that events.rs names, as this kernel declares
 * them.  bindgen takes from here the declarations of __traceiter_*(), which
 * carry the prototypes of the probes (include/linux/tracepoint.h,
 * __DECLARE_TRACE_COMMON()), and the types that the kernel crate's bindings
 * lack; nothing here is ever called.
 *
 * This is also where kernel versions differ, and nowhere else: a prototype that
 * has changed gets a type of our own here, by version, and events.rs uses that.
 * There is none so far: from 7.2 to 7.3 those that events.rs names are the same.
 */
#ifndef _TRACEPOINT_GLUE_PROTOTYPES_H
#define _TRACEPOINT_GLUE_PROTOTYPES_H

/* For <trace/events/irq.h>, which uses struct tasklet_struct undeclared. */
#include <linux/interrupt.h>

#include <trace/events/sched.h>
#include <trace/events/irq.h>
#include <trace/events/ipi.h>
#include <trace/events/rcu.h>
#include <trace/events/workqueue.h>

#endif /* _TRACEPOINT_GLUE_PROTOTYPES_H */
