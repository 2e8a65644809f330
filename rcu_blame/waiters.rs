// SPDX-License-Identifier: GPL-2.0

//! Waiters: the tasks that wait for grace periods, for how long, and called by which function.
//!
//! Kretprobes on `synchronize_rcu()`, `synchronize_rcu_expedited()` and `rcu_barrier()` measure
//! each wait. Those that are longer than the threshold of [grace periods](super::grace_periods) are
//! kept in a ring with the stack of the caller; with causes of their own, if no slow grace period
//! was under way for most of the time, as none begins while the thread that drives them cannot run.

use super::{
    causes::Causes,
    counters::Metric,
    grace_periods::{
        kind,
        GpTracker, //
    },
    intervals::{
        Found,
        Span, //
    },
    name::Name,
    ring::Ring,
    stack::{
        Stack,
        Symbols, //
    },
    task,
    Shared, //
};
use crate::{
    rcu_blame::function_helpers as helpers,
    tracepoint_glue::args::Task, //
};
use kernel::{
    bindings,
    ffi::c_void,
    seq_file::SeqFile,
    seq_print, //
};

/// How many slow waits are kept.
const SLOW: usize = 64;

/// How many causes of each.
const CAUSES: usize = 4;

/// The functions, by `enum rcu_blame_wait`.
const FUNCTIONS: [(&str, Metric); helpers::RCU_BLAME_NR_WAITS as usize] = [
    ("synchronize_rcu", Metric::SynchronizeRcu),
    ("synchronize_rcu_expedited", Metric::SynchronizeRcuExpedited),
    ("rcu_barrier", Metric::RcuBarrier),
];

/// A wait that was slow.
#[derive(Clone, Copy, Default)]
pub(super) struct Wait {
    task: Name,
    function: u32,
    time: Span,
    stack: Stack,
    causes: Causes<CAUSES>,
}

/// The latest slow waits.
pub(super) type Waiters = Ring<Wait, SLOW>;

/// How many waits were not seen, because too many tasks waited at the same time.
pub(super) fn missed() -> u64 {
    // SAFETY: No requirements.
    unsafe { helpers::rcu_blame_waits_missed() }
}

impl Shared {
    fn waited(&self, task: &Task, function: u32, begin: u64) {
        let Some((_, metric)) = FUNCTIONS.get(function as usize) else {
            return;
        };
        let time = Span {
            begin,
            end: task::now_ns(),
        };
        let threshold_ns = self.grace_periods.threshold_ns();

        self.measured(*metric, time.ns());
        if threshold_ns != 0 && time.ns() > threshold_ns {
            let gps = &self.grace_periods;
            let stack = Stack::of_current();
            let found = match gps.slow_in(time) {
                Some((overlap, ..)) if overlap > time.ns() / 2 => Found::default(),
                _ => gps.intervals.find(time),
            };

            // The lock is held for the copies only.
            self.waiters.push(|wait| {
                wait.task = Name::of(task);
                wait.function = function;
                wait.time = time;
                wait.stack = stack;
                gps.intervals.copy(&found, &mut wait.causes);
            });
        }
    }
}

/// # Safety
///
/// `context` is that of `rcu_blame_functions_probe()`, which is a `Shared`; `task` is the current
/// one.
#[no_mangle]
#[link_section = ".kprobes.text"]
unsafe extern "C" fn rcu_blame_waited(
    context: *const c_void,
    task: *mut bindings::task_struct,
    function: u32,
    begin: u64,
) {
    // SAFETY: By the requirement; `Shared` is there until the functions are not probed any more.
    // `Task` is transparent.
    unsafe { (*context.cast::<Shared>()).waited(&*task.cast::<Task>(), function, begin) };
}

impl Wait {
    /// Shows it, with the slow grace period that it waited for: a line, and one for each cause.
    pub(super) fn show(&self, seq: &SeqFile, symbols: &mut Symbols, gps: &GpTracker) {
        seq_print!(
            seq,
            "wait function={}",
            FUNCTIONS.get(self.function as usize).map_or("?", |f| f.0)
        );
        self.task.show(seq, "");
        seq_print!(
            seq,
            " begin_ns={} duration_ns={}",
            self.time.begin,
            self.time.ns()
        );
        if let Some((_, expedited, number)) = gps.slow_in(self.time) {
            seq_print!(seq, " gp_type={} gp_seq={number}", kind(expedited));
        }
        symbols.show_interrupted(seq, &self.stack);
        seq_print!(seq, "\n");
        self.causes.show(self.time, seq, symbols);
    }
}
