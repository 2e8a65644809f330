// SPDX-License-Identifier: GPL-2.0

// The beginning of every case: the glue, as a module would have it.

use crate::{
    rcu_notrace::*,
    tracepoint_glue::{events::*, *},
};
use kernel::prelude::*;

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

const __LOG_PREFIX: &[u8] = b"compile_fail\0";
