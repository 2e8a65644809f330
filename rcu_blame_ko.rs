// SPDX-License-Identifier: GPL-2.0

//! The crate root: owns the parts and wires them, nothing else.

use core::borrow::Borrow;
use kernel::prelude::*;
use rcu_blame::{
    RcuBlame,
    Settings, //
};

mod rcu_blame;
mod rcu_notrace;
mod tracepoint_glue;

module! {
    type: Module,
    name: "rcu_blame",
    authors: ["The rcu-notrace authors"],
    description: "Which tasks delay RCU grace periods, seen from the scheduler",
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
        gp_threshold_us: u32 {
            default: 100000,
            description: "Keep grace periods that are longer, with their causes (100000; 0: none)",
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
struct Module {
    #[pin]
    blame: RcuBlame,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let settings = Settings {
            enable: param(module_parameters::enable.value()),
            tasks: param(module_parameters::tasks.value()),
            threshold_us: param(module_parameters::threshold_us.value()),
            gp_threshold_us: param(module_parameters::gp_threshold_us.value()),
            stop: param(module_parameters::stop.value()),
        };

        try_pin_init!(Self {
            blame <- RcuBlame::new(settings),
        }? Error)
        .pin_chain(|_| {
            pr_info!("loaded\n");
            Ok(())
        })
    }
}
