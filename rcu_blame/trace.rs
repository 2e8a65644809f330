// SPDX-License-Identifier: GPL-2.0

//! Our own events, `rcu_blame:*` in tracefs: see `rcu_blame/trace.h`.
//!
//! If nobody has attached to an event, it costs a call and a jump.

use crate::{
    rcu_blame::helpers,
    tracepoint_glue::args::Task, //
};

/// A grace period that was longer than the threshold.
pub(super) fn gp_slow(expedited: bool, number: u64, duration_ns: u64) {
    // SAFETY: No requirements.
    unsafe { helpers::rcu_blame_gp_slow(expedited, number, duration_ns) }
}

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),*) = $fire:ident;)*) => { $(
        $(#[$meta])*
        #[inline(always)]
        pub(super) fn $name(task: &Task, $($arg: $ty),*) {
            // SAFETY: The task exists; the event copies what it says.
            unsafe { helpers::$fire(task.as_ptr(), $($arg),*) }
        }
    )* };
}

events! {
    /// Switched out inside a section.
    reader_preempted(nesting: i32, preempted: bool, first: bool, expedited: bool, cgroup: u64)
        = rcu_blame_reader_preempted;
    /// Running again.
    reader_resumed(off_ns: u64, boosted: bool) = rcu_blame_reader_resumed;
    /// Later than the threshold.
    reader_threshold(off_ns: u64, threshold_ns: u64) = rcu_blame_reader_threshold;
    /// About to be boosted by RCU.
    reader_boosted(newprio: i32, after_ns: u64) = rcu_blame_reader_boosted;
    /// About to lose that.
    reader_deboosted(newprio: i32, boosted_ns: u64) = rcu_blame_reader_deboosted;
    /// Switched out with something to report, which that has reported.
    qs_deferred(blocked: bool, need_qs: bool, exp_hint: bool) = rcu_blame_qs_deferred;
}
