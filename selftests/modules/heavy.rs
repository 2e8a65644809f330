// SPDX-License-Identifier: GPL-2.0

//! A callback that takes long, at a tracepoint where the traced task may be preempted
//! (`sched_process_wait`): under a guard it still may; under RCU-sched, with `side=1`, it may not.
//!
//! Unloading the module prints how often it was called.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide,
        Sched, //
    },
    support::{
        busy_us,
        guards::Guards,
        param, //
    },
    tracepoint_glue::{
        events::sched_process_wait,
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
    name: "rcu_notrace_heavy",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a callback that takes long",
    license: "GPL v2",
    params: {
        side: u32 {
            default: 0,
            description: "0: a guard; 1: RCU-sched",
        },
        us: u32 {
            default: 1000,
            description: "How long it takes, in microseconds",
        },
    },
}

probe_state! {
    struct Heavy {
        rcu: Rcu,
        sched: bool,
        us: u32,
        hits: Counter,
    }
}

impl Probe<sched_process_wait> for Heavy {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_process_wait>, _args: Args<'_, sched_process_wait>) {
        self.hits.inc();
        if self.sched {
            let _guard = Sched.read_lock();

            busy_us(self.us);
        } else {
            let _guard = self.rcu.read_lock();

            busy_us(self.us);
        }
    }
}

#[pin_data(PinnedDrop)]
struct Module {
    set: Set<Heavy>,
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
                Heavy {
                    rcu: Rcu::new(),
                    sched: param(module_parameters::side.value()) != 0,
                    us: param(module_parameters::us.value()),
                    hits: Counter::new()?,
                },
                |wanted| wanted.require::<sched_process_wait>(),
            )?,
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        pr_info!(
            "heavy hits={} {}\n",
            self.set.hits.sum(),
            self.guards.events()
        );
    }
}
