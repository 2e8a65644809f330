// SPDX-License-Identifier: GPL-2.0
/* The C side of the glue, in a test module; each has a copy. */
#include "../../tracepoint_glue/helpers.c"
