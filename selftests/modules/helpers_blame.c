// SPDX-License-Identifier: GPL-2.0
/* The C side of the scheduler probe, for a test module that takes it as source. */
#include "../../rcu_blame/helpers.c"
#include "../../rcu_blame/held.c"
#include "../../rcu_blame/functions.c"
