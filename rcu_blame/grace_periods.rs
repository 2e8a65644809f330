// SPDX-License-Identifier: GPL-2.0

//! Grace periods: when each begins and ends, and what the slow ones overlapped.
//!
//! Kprobes on functions of RCU's see each normal and each expedited grace period
//! (`rcu_blame/functions.c`). A grace period that was longer than a threshold is kept in a ring,
//! with the long [intervals](super::intervals) of readers, RCU's threads and CPUs that it
//! overlapped most.

use super::{
    causes::Causes,
    counters::Metric,
    intervals::{
        Intervals,
        Span, //
    },
    number::Number,
    ring::Ring,
    stack::Symbols,
    task,
    trace,
    Shared, //
};
use crate::{
    rcu_blame::function_helpers as helpers,
    rcu_notrace::{
        ReadSide,
        Sched, //
    },
    tracepoint_glue::probe_state,
};
use kernel::{
    ffi::c_void,
    prelude::*,
    seq_file::SeqFile,
    seq_print, //
};

/// How many slow grace periods are kept.
const SLOW: usize = 64;

/// How many causes of each.
const CAUSES: usize = 8;

/// Intervals of this fraction of the threshold, and longer ones, may be causes.
const FRACTION: u64 = 16;

/// A grace period that was slow.
#[derive(Clone, Copy, Default)]
pub(super) struct Slow {
    expedited: bool,
    number: u64,
    time: Span,
    causes: Causes<CAUSES>,
}

probe_state! {
    /// The grace periods under way, and the slow ones.
    pub(super) struct GpTracker {
        /// When the normal, and the expedited one under way began; 0: there is none.
        begun: [Number; 2],
        /// 0: none is slow.
        threshold_ns: Number,
        /// The clock of run queues, behind the monotonic one: when the last grace period began.
        pub(super) clock_offset: Number,
        pub(super) intervals: Intervals,
        pub(super) slow: Ring<Slow, SLOW>,
    }
}

impl GpTracker {
    /// Process context; `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            begun: [const { Number::new(0) }; 2],
            threshold_ns: Number::new(0),
            clock_offset: Number::new(clock_offset()),
            intervals: Intervals::new()?,
            slow: Ring::new()?,
        })
    }

    /// Forgets those under way: nobody sees their end. Nothing is probed.
    pub(super) fn forget(&self) {
        for begun in &self.begun {
            begun.set(0);
        }
    }

    /// For how long the one under way has been, if its beginning was seen.
    pub(super) fn under_way_for(&self, expedited: bool, now: u64) -> Option<u64> {
        let begun = self.begun.get(usize::from(expedited))?.get();

        (begun != 0).then(|| now.saturating_sub(begun))
    }

    pub(super) fn threshold_ns(&self) -> u64 {
        self.threshold_ns.get()
    }

    /// Grace periods, and waits for them, are slow from now on if they are longer. 0: none is.
    pub(super) fn set_threshold_ns(&self, threshold_ns: u64) {
        self.threshold_ns.set(threshold_ns);
        self.intervals.floor_ns.set(match threshold_ns {
            0 => u64::MAX,
            _ => threshold_ns / FRACTION,
        });
    }

    /// For how long the slow grace period that overlaps that time most does, its type and number.
    pub(super) fn slow_in(&self, time: Span) -> Option<(u64, bool, u64)> {
        self.slow.fold(None, |most, slow| {
            let overlap = slow.time.and(time).ns();

            if overlap > most.map_or(0, |(ns, _, _)| ns) {
                Some((overlap, slow.expedited, slow.number))
            } else {
                most
            }
        })
    }

    /// A grace period has ended.
    fn ended(&self, expedited: bool, time: Span) {
        let then = task::GracePeriods::now();
        let number = if expedited {
            then.expedited
        } else {
            then.normal
        } >> task::SEQ_SHIFT;
        let found = self.intervals.find(time);

        // The lock is held for the copies only.
        self.slow.push(|slow| {
            slow.expedited = expedited;
            slow.number = number;
            slow.time = time;
            self.intervals.copy(&found, &mut slow.causes);
        });
        trace::gp_slow(expedited, number, time.ns());
    }
}

/// The clock of run queues, behind the monotonic one.
fn clock_offset() -> u64 {
    task::now_ns().wrapping_sub(task::local_ns())
}

impl Shared {
    fn gp_event(&self, event: u32) {
        let gps = &self.grace_periods;
        let now = task::now_ns();
        let expedited = matches!(
            event,
            helpers::RCU_BLAME_GP_EXP_START | helpers::RCU_BLAME_GP_EXP_END
        );
        let Some(begun) = gps.begun.get(usize::from(expedited)) else {
            return;
        };

        match event {
            // If there is no reason for one, none begins, and the next one starts here again.
            helpers::RCU_BLAME_GP_INIT | helpers::RCU_BLAME_GP_EXP_START => {
                begun.set(now);
                gps.clock_offset.set(clock_offset());
            }
            _ => {
                let begin = begun.take();

                if begin == 0 {
                    return;
                }

                let time = Span { begin, end: now };
                let threshold_ns = gps.threshold_ns();
                let metric = if expedited {
                    Metric::GpExpedited
                } else {
                    Metric::GpNormal
                };

                self.measured(metric, time.ns());
                if threshold_ns != 0 && time.ns() > threshold_ns {
                    gps.ended(expedited, time);
                }
            }
        }
    }

    /// Adds a value to a histogram that no interrupt handler adds to.
    pub(super) fn measured(&self, metric: Metric, value: u64) {
        let pinned = Sched.read_lock();
        let guard = self.rcu.read_lock();

        self.numbers
            .read(&guard)
            .cpus
            .get(&pinned)
            .record(metric, value);
    }
}

/// # Safety
///
/// `context` is that of `rcu_blame_functions_probe()`, which is a `Shared`.
#[no_mangle]
#[link_section = ".kprobes.text"]
unsafe extern "C" fn rcu_blame_gp_event(context: *const c_void, event: u32) {
    // SAFETY: By the requirement; it is there until the functions are not probed any more.
    unsafe { &*context.cast::<Shared>() }.gp_event(event);
}

impl Slow {
    /// Shows it: a line, and one for each cause.
    pub(super) fn show(&self, seq: &SeqFile, symbols: &mut Symbols) {
        seq_print!(
            seq,
            "gp type={} seq={} begin_ns={} duration_ns={} causes={} unexplained_ns={}\n",
            kind(self.expedited),
            self.number,
            self.time.begin,
            self.time.ns(),
            self.causes.count(),
            self.causes.unexplained_ns(self.time)
        );
        self.causes.show(self.time, seq, symbols);
    }
}

/// The type of a grace period, as the files have it.
pub(super) fn kind(expedited: bool) -> &'static str {
    if expedited {
        "expedited"
    } else {
        "normal"
    }
}
