// SPDX-License-Identifier: GPL-2.0

//! The probe of `Documentation/tutorial.rst`: counts how often a task is woken. Which task, is in
//! an RCU-protected filter.
//!
//! Loading takes `pid=`; unloading prints the count.

// An own module has these beside it as its source.
#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

mod support;

// tutorial: use
use crate::{
    rcu_notrace::{
        Rcu,
        RcuCell,
        ReadSide, //
    },
    tracepoint_glue::{
        events::sched_wakeup,
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
// tutorial: probe
probe_state! {
    /// Which task to look at.
    struct Filter {
        pid: i32,
    }
}

probe_state! {
    struct Wakeups {
        rcu: Rcu,
        filter: RcuCell<Filter>,
        woken: Counter,
    }
}

impl Probe<sched_wakeup> for Wakeups {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_wakeup>, args: Args<'_, sched_wakeup>) {
        let guard = self.rcu.read_lock();

        if args.p.pid() == self.filter.read(&guard).pid {
            self.woken.inc();
        }
    }
}
// tutorial: module
#[pin_data(PinnedDrop)]
struct Tutorial {
    wakeups: Set<Wakeups>,
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Tutorial {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            wakeups: {
                let state = Wakeups {
                    rcu: Rcu::new(),
                    filter: RcuCell::new(Filter { pid: -1 }, GFP_KERNEL)?,
                    woken: Counter::new()?,
                };
                let wakeups = registry.attach(state, |wanted| wanted.require::<sched_wakeup>())?;
                let pid = support::param(module_parameters::pid.value());

                // The probe is running by now; readers of the old filter may go on using it.
                wakeups.filter.replace(Filter { pid: pid as i32 }, GFP_KERNEL)?;
                wakeups
            },
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Tutorial {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("woken={}\n", self.wakeups.woken.sum());
    }
}
// tutorial: end

module! {
    type: Tutorial,
    name: "rcu_notrace_tutorial",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: the tutorial's probe",
    license: "GPL v2",
    params: {
        pid: u32 {
            default: 0,
            description: "Count the wakeups of this task",
        },
    },
}
