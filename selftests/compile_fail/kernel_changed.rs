// SPDX-License-Identifier: GPL-2.0
// expect: mismatched types

//! A kernel that declares the tracepoint in another way: as 5.18 did with sched_switch.

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
        in crate::changed;
        sched_switch(preempt: bool, prev: Task, next: Task, prev_state: TaskState);
    }
}

/// The bindings that bindgen would make of another kernel's header.
mod changed {
    use kernel::{bindings::*, ffi};

    unsafe extern "C" {
        pub fn __traceiter_sched_switch(
            data: *mut ffi::c_void,
            preempt: bool,
            prev_state: ffi::c_uint,
            prev: *mut task_struct,
            next: *mut task_struct,
        ) -> ffi::c_int;
    }
}
