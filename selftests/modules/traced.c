// SPDX-License-Identifier: GPL-2.0
/* Built with tracing sites, as nothing else here is: a control; see helpers.h. */
#include <linux/compiler.h>

#include "helpers.h"

noinline void test_traced(void)
{
	barrier();
}
