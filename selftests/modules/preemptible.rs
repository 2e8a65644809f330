// SPDX-License-Identifier: GPL-2.0

//! Holds long sections in a probe on a tracepoint that is hit by a task which can be preempted.
//!
//! `side`: 0 takes the same time without a section, 1 is a guard, 2 RCU-sched, which turns
//! preemption off. Unloading the module prints the number of sections.

use crate::{
    rcu_notrace::{
        Rcu,
        ReadSide,
        Sched, //
    },
    support::{
        kthread::{
            should_stop,
            sleep_us,
            Kthread, //
        },
        param,
        tracepoints::test_fire, //
    },
    tracepoint_glue::{
        probe_state,
        tracepoints,
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
    name: "rcu_notrace_preemptible",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: long sections at a preemptible tracepoint",
    license: "GPL v2",
    params: {
        side: u32 {
            default: 1,
            description: "0 none, 1 guard, 2 RCU-sched",
        },
        section_us: u32 {
            default: 1000,
            description: "The length of a section",
        },
        cpu: u32 {
            default: 0,
            description: "The CPU of the task that hits the tracepoint",
        },
    },
}

tracepoints! {
    in crate::support::tracepoints;

    rcu_notrace_fire_tp(depth: u32);
}

probe_state! {
    struct Hold {
        rcu: Rcu,
        side: u32,
        section_us: u32,
        sections: Counter,
    }
}

impl Hold {
    #[inline(always)]
    fn busy(&self) {
        // SAFETY: No requirements.
        unsafe { support::test_udelay(self.section_us) };
    }
}

impl Probe<rcu_notrace_fire_tp> for Hold {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, rcu_notrace_fire_tp>,
        _args: Args<'_, rcu_notrace_fire_tp>,
    ) {
        match self.side {
            0 => self.busy(),
            1 => {
                let _guard = self.rcu.read_lock();

                self.busy();
            }
            _ => {
                let _guard = Sched.read_lock();

                self.busy();
            }
        }
        self.sections.inc();
    }
}

#[pin_data(PinnedDrop)]
struct Module {
    // Before what it hits.
    _thread: Kthread,
    set: Set<Hold>,
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            set: registry.attach(
                Hold {
                    rcu: Rcu::new(),
                    side: param(module_parameters::side.value()),
                    section_us: param(module_parameters::section_us.value()),
                    sections: Counter::new()?,
                },
                |wanted| wanted.require::<rcu_notrace_fire_tp>(),
            )?,
            _thread: Kthread::run(
                param(module_parameters::cpu.value()),
                false,
                c"rcu_notrace_hold",
                || {
                    while !should_stop() {
                        // SAFETY: No requirements.
                        unsafe { test_fire(0) };
                        sleep_us(100);
                    }
                },
            )?,
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("preemptible sections={}\n", self.set.sections.sum());
    }
}
