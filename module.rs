// SPDX-License-Identifier: GPL-2.0

//! The crate root: owns the parts and wires them, nothing else.

use core::borrow::Borrow;
use kernel::{
    error::to_result,
    prelude::*, //
};
use sched_probe::{
    GuardEvents,
    SchedProbe,
    Settings, //
};

mod rcu_notrace;
mod sched_probe;
mod shim;
mod tracepoint_glue;

module! {
    type: RcuNotrace,
    name: "rcu_notrace",
    authors: ["The rcu-notrace authors"],
    description: "Notrace RCU readers for tracing code, and a scheduler probe that uses them",
    license: "GPL v2",
    params: {
        enable: u32 {
            default: 1,
            description: "Attach to the scheduler's events when loaded (1)",
        },
        tasks: u32 {
            default: 4096,
            description: "How many tasks are told apart, a power of two (4096)",
        },
        threshold_us: u32 {
            default: 0,
            description: "Report readers that are off the CPU for longer (0: none)",
        },
        stop: u32 {
            default: 0,
            description: "And stop tracing then (0)",
        },
    },
}

/// The value of a module parameter: itself from 7.3 on, a reference to it before.
fn param(value: impl Borrow<u32>) -> u32 {
    *value.borrow()
}

#[pin_data]
struct RcuNotrace {
    // Dropped in this order: the sums are the last that is said.
    #[pin]
    sched: SchedProbe,
    guard_events: GuardEvents,
}

impl kernel::InPlaceModule for RcuNotrace {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let settings = Settings {
            enable: param(module_parameters::enable.value()),
            tasks: param(module_parameters::tasks.value()),
            threshold_us: param(module_parameters::threshold_us.value()),
            stop: param(module_parameters::stop.value()),
        };

        try_pin_init!(Self {
            _: {
                // SAFETY: Any context: it compares strings that stay as they are.
                to_result(unsafe { shim::built_for::rcu_notrace_built_for_this() })?;
            },
            sched <- SchedProbe::new(settings),
            guard_events: sched.guard_events(),
        }? Error)
        .pin_chain(|_| {
            pr_info!("loaded\n");
            Ok(())
        })
    }
}
