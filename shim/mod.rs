// SPDX-License-Identifier: GPL-2.0

//! Rust bindings of the C side, as bindgen makes them from the headers beside this file.

#![allow(
    clippy::all,
    dead_code,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    unsafe_op_in_unsafe_fn
)]

/// `built_for.h`: the kernel that the module was built for.
pub(crate) mod built_for {
    use kernel::ffi;

    include!("built_for_generated.rs");
}

/// `rcu_notrace.h`: the guards' primitives.
pub(crate) mod rcu {
    use kernel::{bindings::*, ffi};

    include!("rcu_notrace_generated.rs");
}

/// `tracepoint_glue.h`: registration, per-CPU data, accounting.
pub(crate) mod tracepoint {
    use kernel::{bindings::*, ffi};

    include!("tracepoint_glue_generated.rs");
}

/// `tracepoint_events.h`: the prototypes of the kernel's tracepoints.
pub(crate) mod events {
    use kernel::{bindings::*, ffi};

    include!("tracepoint_events_generated.rs");
}

/// `sched_probe.h`: files, trace events, what RCU and the cgroups keep to themselves.
pub(crate) mod sched {
    use kernel::{bindings::*, ffi};

    include!("sched_probe_generated.rs");
}
