// SPDX-License-Identifier: GPL-2.0

//! Counts what tasks of the name "rcu_notrace_it" do, in probes on tracepoints that others are
//! attached to as well. Unloading the module prints the counts.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    tracepoint_glue::{
        events::{
            sched_process_fork,
            sched_switch, //
        },
        probe_state,
        Args,
        Context,
        Counter,
        Probe,
        Registry,
        Set, //
    },
};
use kernel::{
    prelude::*,
    task::Task, //
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Module,
    name: "rcu_notrace_beside",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: probes beside others",
    license: "GPL v2",
}

probe_state! {
    struct Counts {
        rcu: Rcu,
        forks: Counter,
        switches: Counter,
    }
}

/// Whether that is one of those to be counted.
#[inline(always)]
fn is_counted(task: &Task) -> bool {
    // SAFETY: A task, and a string.
    unsafe { support::test_task_is(task.as_ptr(), c"rcu_notrace_it".as_char_ptr()) }
}

impl Probe<sched_process_fork> for Counts {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_process_fork>, args: Args<'_, sched_process_fork>) {
        let _guard = self.rcu.read_lock();

        if is_counted(args.parent) {
            self.forks.inc();
        }
    }
}

impl Probe<sched_switch> for Counts {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_switch>, args: Args<'_, sched_switch>) {
        let _guard = self.rcu.read_lock();

        if is_counted(args.prev) {
            self.switches.inc();
        }
    }
}

#[pin_data(PinnedDrop)]
struct Module {
    set: Set<Counts>,
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            set: registry.attach(
                Counts {
                    rcu: Rcu::new(),
                    forks: Counter::new()?,
                    switches: Counter::new()?,
                },
                |wanted| {
                    wanted.require::<sched_process_fork>()?;
                    wanted.require::<sched_switch>()
                },
            )?,
        }? Error)
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        pr_info!(
            "beside forks={} switches={}\n",
            self.set.forks.sum(),
            self.set.switches.sum()
        );
    }
}
