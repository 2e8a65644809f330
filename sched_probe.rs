// SPDX-License-Identifier: GPL-2.0

//! Who holds RCU up, seen from the scheduler.
//!
//! On PREEMPT_RT a task of low priority that is preempted inside an RCU read-side critical section
//! holds up grace periods until RCU boosts it. The probes here are on the scheduler's own
//! tracepoints, and see at each context switch whether the task that leaves is inside a section
//! (`current->rcu_read_lock_nesting`), at each change of priority whether it is RCU that asks for
//! it, and how long it all takes. They may follow RCU-protected pointers there (the filter, the
//! numbers themselves, a task's cgroup), because they do so under a notrace guard.
//!
//! `Documentation/sched_probe.rst` has the user's side: the files, the events, and what
//! each number means.
//!
//! # Parts
//!
//! ```text
//! debugfs   what is measured, to be read
//! sysfs     what is set, to be read and written
//! control   what is attached, the filter as text     process context: one task changes it
//! ------------------------------------------------------------------------------
//! probes    what each event does to the numbers      in the tracepoints
//! filter    which tasks are looked at                read under the guard
//! tasks, counters, histogram, number                 the numbers, read under the guard
//! task      what is read of a task
//! trace     events of our own
//! ```
//!
//! # What the probes may rely on
//!
//! The numbers and the filter are each behind an [`RcuCell`]: a new filter and a reset replace them
//! under the running probes. All memory is allocated in process context, of a size that is set when
//! the module is loaded. Numbers are words; those of a CPU are written by this CPU, pinned.
//!
//! `sched_switch` and `sched_pi_setprio` are hit with interrupts off and the rq lock of the task's
//! CPU: what belongs to a task's switches and to its priority is written by one at a time. The
//! other events are not as strict: a task that is about to sleep may be woken by itself, without a
//! lock, and by another CPU at the same time. They count, and a task's counts of them are
//! [shared](number::Number::add_shared); and they note beginnings, which are good for as long as
//! the task is not [switched out](tasks::Since).

use crate::rcu_notrace::{
    Rcu,
    RcuCell, //
};
use crate::tracepoint_glue::{
    probe_state,
    Accounting,
    PerCpu,
    RunNested, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

// Spelled out, for those who take this file as source from elsewhere.
#[path = "sched_probe/control.rs"]
mod control;
#[path = "sched_probe/counters.rs"]
mod counters;
#[path = "sched_probe/debugfs.rs"]
mod debugfs;
#[path = "sched_probe/filter.rs"]
mod filter;
#[path = "sched_probe/histogram.rs"]
mod histogram;
#[path = "sched_probe/number.rs"]
mod number;
#[path = "sched_probe/probes.rs"]
mod probes;
#[path = "sched_probe/sysfs.rs"]
mod sysfs;
#[path = "sched_probe/task.rs"]
mod task;
#[path = "sched_probe/tasks.rs"]
mod tasks;
#[path = "sched_probe/text.rs"]
mod text;
#[path = "sched_probe/trace.rs"]
mod trace;

use self::{
    counters::Cpu,
    filter::Filter,
    number::Number,
    tasks::Tasks, //
};
#[allow(unused_imports)] // Test modules do not print them.
pub(crate) use control::{
    GuardEvents,
    SchedProbe,
    Settings, //
};

probe_state! {
    /// All that is measured, from one reset to the next.
    struct Numbers {
        tasks: Tasks,
        cpus: PerCpu<Cpu>,
        since_ns: u64,
    }
}

impl Numbers {
    fn new(tasks: usize) -> Result<Self> {
        Ok(Self {
            tasks: Tasks::new(tasks)?,
            cpus: PerCpu::new(Cpu::new)?,
            since_ns: task::now_ns(),
        })
    }
}

probe_state! {
    /// What a CPU saw when it entered the scheduler, of the task that is about to leave.
    struct Entry {
        /// What RCU had noted of it: [`task::Section::special`].
        special: Number,
        /// 1 where it came to a list of readers in this call of the scheduler, or in an earlier one
        /// that had it go on: RCU asks for those, too (`rcu_sched_clock_irq()`).
        listed: Number,
    }
}

probe_state! {
    /// What the probes have.
    struct Shared {
        rcu: Rcu,
        filter: RcuCell<Filter>,
        numbers: RcuCell<Numbers>,
        entries: PerCpu<Entry>,
        /// By [`control::Event`].
        accounts: KVec<Accounting<RunNested>>,
        /// 0 for none.
        threshold_ns: Number,
        /// Whether to stop tracing where the threshold is exceeded.
        stop: Number,
        tasks: usize,
    }
}

impl Shared {
    fn new(rcu: Rcu, filter: Filter, tasks: usize) -> Result<Arc<Self>> {
        let mut accounts = KVec::with_capacity(control::EVENTS.len(), GFP_KERNEL)?;

        for _ in &control::EVENTS {
            accounts.push_within_capacity(Accounting::new()?)?;
        }
        Ok(Arc::new(
            Self {
                rcu,
                filter: RcuCell::new(filter, GFP_KERNEL)?,
                numbers: RcuCell::new(Numbers::new(tasks)?, GFP_KERNEL)?,
                entries: PerCpu::new(|_| Entry {
                    special: Number::new(0),
                    listed: Number::new(0),
                })?,
                accounts,
                threshold_ns: Number::new(0),
                stop: Number::new(0),
                tasks,
            },
            GFP_KERNEL,
        )?)
    }
}
