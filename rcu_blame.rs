// SPDX-License-Identifier: GPL-2.0

//! Tasks that delay RCU grace periods, seen from the scheduler.
//!
//! On PREEMPT_RT a task of low priority that is preempted inside an RCU read-side critical section
//! holds up grace periods until RCU boosts it. The probes here are on the scheduler's own
//! tracepoints, and see at each context switch whether the task that leaves is inside a section
//! (`current->rcu_read_lock_nesting`), at each change of priority whether it is RCU that asks for
//! it, and how long it all takes. They may follow RCU-protected pointers there (the filter, the
//! numbers themselves, a task's cgroup), because they do so under a notrace guard.
//!
//! `Documentation/rcu_blame.rst` has the user's side: the files, the events, and what
//! each number means.
//!
//! # Parts
//!
//! ```text
//! debugfs   what is measured, to be read
//! held      what delays grace periods now; asked, stack: of a CPU, of a task
//! sysfs     what is set, to be read and written
//! control   what is attached, the filter as text     process context: one task changes it
//! ------------------------------------------------------------------------------
//! probes    what each event does to the numbers      in the tracepoints
//! absent    which readers are off their CPU          a timer reports those that stay away
//! filter    which tasks are looked at                read under the guard
//! tasks, counters, histogram, number                 the numbers, read under the guard
//! task      what is read of a task
//! trace     events of our own
//! ```
//!
//! # Rules for the probes
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
    RcuCell,
    ReadSide, //
};
use crate::tracepoint_glue::{
    args::Task,
    probe_state,
    PerCpu, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// The C side, as bindgen reads `rcu_blame/helpers.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
mod helpers {
    use kernel::{bindings::*, ffi};

    include!("rcu_blame/helpers_generated.rs");
}

/// The C side of `held`, as bindgen reads `rcu_blame/held.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
mod held_helpers {
    use kernel::{bindings::*, ffi};

    include!("rcu_blame/held_generated.rs");
}

/// Probes on functions of RCU's, as bindgen reads `rcu_blame/functions.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
mod function_helpers {
    use kernel::{bindings::*, ffi};

    include!("rcu_blame/functions_generated.rs");
}

// Spelled out, for those who take this file as source from elsewhere.
#[path = "rcu_blame/absent.rs"]
mod absent;
#[path = "rcu_blame/asked.rs"]
mod asked;
#[path = "rcu_blame/causes.rs"]
mod causes;
#[path = "rcu_blame/control.rs"]
mod control;
#[path = "rcu_blame/counters.rs"]
mod counters;
#[path = "rcu_blame/debugfs.rs"]
mod debugfs;
#[path = "rcu_blame/faults.rs"]
mod faults;
#[path = "rcu_blame/filter.rs"]
mod filter;
#[path = "rcu_blame/grace_periods.rs"]
mod grace_periods;
#[path = "rcu_blame/greatest.rs"]
mod greatest;
#[path = "rcu_blame/held.rs"]
mod held;
#[path = "rcu_blame/histogram.rs"]
mod histogram;
#[path = "rcu_blame/intervals.rs"]
mod intervals;
#[path = "rcu_blame/name.rs"]
mod name;
#[path = "rcu_blame/number.rs"]
mod number;
#[path = "rcu_blame/probes.rs"]
mod probes;
#[path = "rcu_blame/ring.rs"]
mod ring;
#[path = "rcu_blame/stack.rs"]
mod stack;
#[path = "rcu_blame/sysfs.rs"]
mod sysfs;
#[path = "rcu_blame/task.rs"]
mod task;
#[path = "rcu_blame/tasks.rs"]
mod tasks;
#[path = "rcu_blame/text.rs"]
mod text;
#[path = "rcu_blame/trace.rs"]
mod trace;
#[path = "rcu_blame/waiters.rs"]
mod waiters;

use self::{
    absent::Absent,
    counters::Cpu,
    filter::Filter,
    grace_periods::GpTracker,
    name::NameCell,
    number::Number,
    stack::StackCell,
    tasks::{
        Since,
        Tasks, //
    },
    waiters::Waiters, //
};
pub(crate) use control::{
    RcuBlame,
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
    /// The task that runs on a CPU.
    struct Current {
        cpu: u32,
        /// When it came.
        came: Number,
        /// Since when it has had the CPU, to which the kernel's stopper makes no difference: it
        /// comes every four seconds, for the detector of soft lockups.
        since: Number,
        /// The processor time that it had used before.
        user_ns: Number,
        system_ns: Number,
        /// With which it has entered the scheduler: an [`Entered`](task::Entered).
        entered: Number,
        /// The stack with which it came, if it is in a long section.
        section_stack: StackCell,
        /// The task that the stopper has taken the CPU from, when, and its processor time then.
        stopped: Number,
        stopped_name: NameCell,
        stopped_at: Number,
        stopped_user_ns: Number,
        stopped_system_ns: Number,
        /// The task that got the CPU back from the stopper, and since when it has had that.
        resumed: Number,
        resumed_since: Since,
    }
}

probe_state! {
    /// The state of all probes.
    struct Shared {
        rcu: Rcu,
        filter: RcuCell<Filter>,
        numbers: RcuCell<Numbers>,
        current: PerCpu<Current>,
        grace_periods: GpTracker,
        waiters: Waiters,
        accounts: control::Accounts,
        /// 0 for none.
        threshold_ns: Number,
        /// Whether to stop tracing where the threshold is exceeded.
        stop: Number,
        absent: Absent,
        tasks: usize,
    }
}

impl Shared {
    /// Forgets since when tasks have their CPUs, and which readers have none: nobody sees the next
    /// switch.
    fn forget_current(&self) {
        self.absent.forget();
        for current in self.current.iter() {
            current.came.set(0);
            current.since.set(0);
            current.stopped.set(0);
        }

        let guard = self.rcu.read_lock();

        for cpu in self.numbers.read(&guard).cpus.iter() {
            cpu.running.forget();
        }
    }

    /// Since when the task that has been switched out that often has had the CPU that it runs on,
    /// if the stopper had that meanwhile. Any context.
    fn had_since(&self, cpu: u32, task: &Task, switches: u64) -> Option<u64> {
        let current = self.current.iter().find(|current| current.cpu == cpu)?;

        task::key(task)
            .filter(|key| current.resumed.get() == *key)
            .and_then(|_| current.resumed_since.get(switches))
    }

    fn new(rcu: Rcu, filter: Filter, tasks: usize) -> Result<Arc<Self>> {
        Ok(Arc::new(
            Self {
                rcu,
                filter: RcuCell::new(filter, GFP_KERNEL)?,
                numbers: RcuCell::new(Numbers::new(tasks)?, GFP_KERNEL)?,
                current: PerCpu::new(|cpu| Current {
                    cpu,
                    came: Number::new(0),
                    since: Number::new(0),
                    user_ns: Number::new(0),
                    system_ns: Number::new(0),
                    entered: Number::new(0),
                    section_stack: StackCell::new(),
                    stopped: Number::new(0),
                    stopped_name: NameCell::new(),
                    stopped_at: Number::new(0),
                    stopped_user_ns: Number::new(0),
                    stopped_system_ns: Number::new(0),
                    resumed: Number::new(0),
                    resumed_since: Since::new(),
                })?,
                grace_periods: GpTracker::new()?,
                waiters: Waiters::new()?,
                accounts: control::accounts()?,
                threshold_ns: Number::new(0),
                stop: Number::new(0),
                absent: Absent::new()?,
                tasks,
            },
            GFP_KERNEL,
        )?)
    }
}
