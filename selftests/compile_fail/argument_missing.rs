// SPDX-License-Identifier: GPL-2.0
// expect: incorrect number of function parameters\|mismatched types

//! A tracepoint declared without its last argument.

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
        sched_switch(preempt: bool, prev: Task, next: Task, prev_state: TaskState);
    }

    #[cfg(mistake)]
    tracepoints! {
        in crate::tracepoint_glue::prototypes;
        sched_switch(preempt: bool, prev: Task, next: Task);
    }
}
