// SPDX-License-Identifier: GPL-2.0

//! Probes on `sched_switch` that measure nothing, to be measured themselves: an empty one, or, with
//! `guard=1`, one that takes a guard and counts.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    support::param,
    tracepoint_glue::{
        events::sched_switch,
        probe_state,
        Args,
        Context,
        Counter,
        Probe,
        Registry,
        Set, //
    },
};
use kernel::prelude::*;

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Module,
    name: "rcu_notrace_empty",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a probe that does nothing",
    license: "GPL v2",
    params: {
        guard: u32 {
            default: 0,
            description: "Take a guard, and count",
        },
    },
}

probe_state! {
    struct Nothing {}
}

impl Probe<sched_switch> for Nothing {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_switch>, _args: Args<'_, sched_switch>) {}
}

probe_state! {
    struct Counted {
        rcu: Rcu,
        hits: Counter,
    }
}

impl Probe<sched_switch> for Counted {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_switch>, _args: Args<'_, sched_switch>) {
        let _guard = self.rcu.read_lock();

        self.hits.inc();
    }
}

enum Attached {
    #[expect(dead_code, reason = "dropped with the module")]
    Empty(Set<Nothing>),
    Guard(Set<Counted>),
}

#[pin_data(PinnedDrop)]
struct Module {
    attached: Attached,
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            attached: if param(module_parameters::guard.value()) == 0 {
                Attached::Empty(registry.attach(
                    Nothing {},
                    |wanted| wanted.require::<sched_switch>(),
                )?)
            } else {
                Attached::Guard(registry.attach(
                    Counted {
                        rcu: Rcu::new(),
                        hits: Counter::new()?,
                    },
                    |wanted| wanted.require::<sched_switch>(),
                )?)
            },
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        if let Attached::Guard(set) = &self.attached {
            pr_info!("empty hits={}\n", set.hits.sum());
        }
    }
}
