// SPDX-License-Identifier: GPL-2.0

//! The counters of each CPU.

use super::{
    histogram::Histogram,
    tasks::Running, //
};

/// Declares a struct of counters, and one of what they were when they were read.
macro_rules! counters {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident($read:ident) {
            $($(#[$field_meta:meta])* $field:ident,)*
        }
    ) => {
        $crate::tracepoint_glue::probe_state! {
            $(#[$meta])*
            $vis struct $name {
                $($(#[$field_meta])* $vis $field: $crate::rcu_blame::number::Number,)*
            }
        }

        #[doc = concat!("The values of a [`", stringify!($name), "`], read one by one.")]
        #[allow(dead_code)]
        #[derive(Clone, Copy, Default)]
        $vis struct $read {
            $($vis $field: u64,)*
        }

        // Not all of them are listed, or cleared.
        #[allow(dead_code)]
        impl $name {
            $vis fn new() -> Self {
                Self { $($field: $crate::rcu_blame::number::Number::new(0),)* }
            }

            $vis fn read(&self) -> $read {
                $read { $($field: self.$field.get(),)* }
            }

            $vis fn clear(&self) {
                $(self.$field.set(0);)*
            }
        }

        #[allow(dead_code)]
        impl $read {
            /// Names and values, in order.
            $vis fn list(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field),)*].into_iter()
            }

            $vis fn add(&mut self, other: &Self) {
                $(self.$field = self.$field.wrapping_add(other.$field);)*
            }
        }
    };
}
pub(super) use counters;

counters! {
    /// Of events of tasks that the filter admits. The names are keys of `stats`:
    /// Documentation/rcu_blame.rst says what they count.
    pub(super) struct Counts(Counted) {
        switched_out,
        switched_in,
        wakings,
        wakeups,
        wakeups_new,
        migrations,
        prio_changes,
        forks,
        execs,
        exits,
        reader_preempted,
        reader_lock_waits,
        reader_sections,
        reader_resumed,
        reader_off_ns,
        reader_boosted,
        reader_deboosted,
        reader_threshold,
        reader_unwatched,
        normal_gp_held,
        normal_gp_maybe_held,
        expedited_gp_held,
        expedited_gp_maybe_held,
        qs_deferred,
        lost,
    }
}

/// Declares the histograms, and their names, which are those of the files in `hist/` and of keys of
/// `stats`.
macro_rules! metrics {
    ($($(#[$meta:meta])* $metric:ident = $name:literal,)*) => {
        /// The histograms, all in nanoseconds.
        #[derive(Clone, Copy)]
        pub(super) enum Metric {
            $($(#[$meta])* $metric,)*
        }

        impl Metric {
            /// The names, in the order of the enum.
            pub(super) const NAMES: &'static [&'static kernel::str::CStr] = &[$($name,)*];
        }
    };
}

metrics! {
    /// A reader off its CPU.
    ReaderOff = c"reader_off",
    /// From there to its boost.
    BoostDelay = c"boost_delay",
    /// From a boost to the deboost.
    Boosted = c"boosted",
    /// Waking to running, of deadline tasks.
    WakeupDeadline = c"wakeup_deadline",
    /// The same of real-time tasks.
    WakeupRt = c"wakeup_rt",
    /// And of the others.
    WakeupFair = c"wakeup_fair",
    /// Normal, and expedited grace periods.
    GpNormal = c"gp_normal",
    GpExpedited = c"gp_expedited",
    /// Waits for them.
    SynchronizeRcu = c"synchronize_rcu",
    SynchronizeRcuExpedited = c"synchronize_rcu_expedited",
    RcuBarrier = c"rcu_barrier",
}

crate::tracepoint_glue::probe_state! {
    /// The counters and the histograms of one CPU.
    pub(super) struct Cpu {
        pub(super) id: u32,
        /// Of the tasks of the same numbers.
        pub(super) running: Running,
        pub(super) counts: Counts,
        pub(super) histograms: [Histogram; Metric::NAMES.len()],
    }
}

impl Cpu {
    pub(super) fn new(id: u32) -> Self {
        Self {
            id,
            running: Running::new(),
            counts: Counts::new(),
            histograms: core::array::from_fn(|_| Histogram::new()),
        }
    }

    /// Adds a value, on this CPU and with interrupts off.
    #[inline(always)]
    pub(super) fn record(&self, metric: Metric, value: u64) {
        if let Some(histogram) = self.histograms.get(metric as usize) {
            histogram.record(value);
        }
    }
}
