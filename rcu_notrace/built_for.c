// SPDX-License-Identifier: GPL-2.0
/* See built_for.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "built_for.h"

#ifdef RCU_NOTRACE_BUILT_FOR

MODULE_INFO(built_for, RCU_NOTRACE_BUILT_FOR);

int rcu_notrace_built_for_this(void)
{
	/* As in: #1 SMP PREEMPT_RT Debian 7.3.4-1~bpo13+1 (2026-11-15) */
	static const char word[] = " " RCU_NOTRACE_BUILT_FOR;
	const char *version = init_uts_ns.name.version;
	const char *found = strstr(version, word);

	if (found && (found[strlen(word)] == ' ' || !found[strlen(word)]))
		return 0;
	pr_err("built for %s, and this kernel is %s: build it anew\n", word + 1, version);
	return -EINVAL;
}

#else

int rcu_notrace_built_for_this(void)
{
	return 0;
}

#endif
