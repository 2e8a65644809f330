// SPDX-License-Identifier: GPL-2.0
/* The C side of the scheduler probe, for a test module that takes it as source. */
#include "../../shim/sched_probe.c"
