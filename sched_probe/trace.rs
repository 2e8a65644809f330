// SPDX-License-Identifier: GPL-2.0

//! Our own events, `rcu_notrace:*` in tracefs: see `shim/trace.h`.
//!
//! Where nobody has attached to one, it costs a call and a jump.

use crate::{
    shim::sched as shim,
    tracepoint_glue::args::Task, //
};

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),*) = $fire:ident;)*) => { $(
        $(#[$meta])*
        #[inline(always)]
        pub(super) fn $name(task: &Task, $($arg: $ty),*) {
            // SAFETY: The task exists; the event copies what it says.
            unsafe { shim::$fire(task.as_ptr(), $($arg),*) }
        }
    )* };
}

events! {
    /// Switched out inside a section.
    reader_preempted(nesting: i32, preempted: bool, first: bool, expedited: bool, cgroup: u64)
        = sched_probe_reader_preempted;
    /// Running again.
    reader_resumed(off_ns: u64, boosted: bool) = sched_probe_reader_resumed;
    /// Later than the threshold.
    reader_threshold(off_ns: u64, threshold_ns: u64) = sched_probe_reader_threshold;
    /// About to be boosted by RCU.
    reader_boosted(newprio: i32, after_ns: u64) = sched_probe_reader_boosted;
    /// About to lose that.
    reader_deboosted(newprio: i32, boosted_ns: u64) = sched_probe_reader_deboosted;
    /// Switched out with something to report, which that has reported.
    qs_deferred(blocked: bool, need_qs: bool, exp_hint: bool) = sched_probe_qs_deferred;
}
