// SPDX-License-Identifier: GPL-2.0
// expect: expected `i32`, found `u64`\|mismatched types

//! A tracepoint declared with an argument of another type.

#![allow(dead_code, unused_imports)]

include!("root.rs");

mod declared {
    use crate::{
        tracepoint_glue::{args::*, tracepoints},
        *,
    };

    #[cfg(not(mistake))]
    tracepoints! {
        in crate::tracepoint_glue::prototypes;
        sched_migrate_task(p: Task, dest_cpu: CpuId);
    }

    #[cfg(mistake)]
    tracepoints! {
        in crate::tracepoint_glue::prototypes;
        sched_migrate_task(p: Task, dest_cpu: u64);
    }
}
