// SPDX-License-Identifier: GPL-2.0

//! The module itself, in a build in which a filter takes long enough to be read for another to take
//! its place meanwhile. Filters are poisoned when they are dropped, and the module counts the reads
//! of one that has been.
//!
//! `rcu_notrace_swap_now` is the same with an [`RcuCell`](rcu_notrace::RcuCell) that frees at once;
//! `rcu_notrace_miscount` has quick filters without poison, and makes mistakes in what it counts.

use kernel::prelude::*;
use rcu_blame::{
    RcuBlame,
    Settings, //
};

#[path = "../../rcu_blame.rs"]
mod rcu_blame;
#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Swap,
    name: "rcu_notrace_swap",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: filters that are replaced while they are read",
    license: "GPL v2",
}

#[pin_data]
struct Swap {
    #[pin]
    sched: RcuBlame,
}

impl kernel::InPlaceModule for Swap {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            sched <- RcuBlame::new(Settings {
                enable: 1,
                tasks: 4096,
                threshold_us: 0,
                gp_threshold_us: 100_000,
                stop: 0,
            }),
        }? Error)
    }
}
