// SPDX-License-Identifier: GPL-2.0

//! Takes a guard in a probe on `sched_set_need_resched_tp`, the tracepoint that RCU fires on its
//! way out of a section before it has reported anything; with `plain=1` an ordinary
//! `rcu_read_lock()`, which recurses there until the stack is gone.
//!
//! Unloading the module prints the number of hits.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    support::{
        controls::Plain,
        guards::Guards,
        param, //
    },
    tracepoint_glue::{
        events::sched_set_need_resched_tp,
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
    name: "rcu_notrace_probe",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader in a probe that RCU itself hits",
    license: "GPL v2",
    params: {
        plain: u32 {
            default: 0,
            description: "Use rcu_read_lock(), which is to panic",
        },
    },
}

probe_state! {
    struct Hits {
        rcu: Rcu,
        plain: bool,
        hits: Counter,
    }
}

impl Probe<sched_set_need_resched_tp> for Hits {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, sched_set_need_resched_tp>,
        _args: Args<'_, sched_set_need_resched_tp>,
    ) {
        if self.plain {
            let _guard = Plain.read_lock();

            self.hits.inc();
        } else {
            let _guard = self.rcu.read_lock();

            self.hits.inc();
        }
    }
}

#[pin_data(PinnedDrop)]
struct Module {
    set: Set<Hits>,
    #[pin]
    registry: Registry,
    guards: Guards,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            guards: Guards::new()?,
            registry <- Registry::new(),
            set: registry.attach(
                Hits {
                    rcu: Rcu::new(),
                    plain: param(module_parameters::plain.value()) != 0,
                    hits: Counter::new()?,
                },
                |wanted| wanted.require::<sched_set_need_resched_tp>(),
            )?,
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        pr_info!(
            "probe hits={} {}\n",
            self.set.hits.sum(),
            self.guards.events()
        );
    }
}
