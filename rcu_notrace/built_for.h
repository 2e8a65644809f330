/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel that the module was built for, where that is known: with the same
 * release, and so the same vermagic, a distribution has several versions, whose
 * structs need not be the same.
 */
#ifndef _RCU_NOTRACE_BUILT_FOR_H
#define _RCU_NOTRACE_BUILT_FOR_H

/* 0 if it is the one that runs, or is not known, or -EINVAL and a line in the log. */
int rcu_notrace_built_for_this(void);

#endif /* _RCU_NOTRACE_BUILT_FOR_H */
