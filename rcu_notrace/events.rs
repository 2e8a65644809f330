// SPDX-License-Identifier: GPL-2.0

//! Counts of what drops found to do beyond the fast path.

use super::helpers;
use kernel::fmt;

const NR_EVENTS: usize = helpers::RCU_NOTRACE_NR_EVENTS as usize;

/// Declares the events, and their names.
macro_rules! events {
    ($($(#[$meta:meta])* $event:ident = $name:literal,)*) => {
        /// Drops that found something to report, and handlers; one counter each.
        #[derive(Clone, Copy)]
        pub(super) enum Event {
            $($(#[$meta])* $event,)*
        }

        /// The names, in the order of the enum.
        const NAMES: [&str; NR_EVENTS] = [$($name,)*];
    };
}

// Up to `Nested`: drops, by the context in which they were made. Then: consequences of deferred
// reports.
events! {
    /// Preemptible: reported before the drop returned.
    Reported = "reported",
    /// Task or softirq, interrupts off.
    IrqsOff = "irqs_off",
    /// Task or softirq, preemption or bottom halves off.
    PreemptOff = "preempt_off",
    /// Hard interrupt handler.
    HardIrq = "hardirq",
    /// NMI: left to the context that it interrupted.
    Nmi = "nmi",
    /// CPU going offline: left to RCU's hotplug code.
    Offline = "offline",
    /// Not the outermost: left to the drop of that.
    Nested = "nested",
    /// Promised again, with nothing new to report.
    Inherited = "inherited",
    /// Runs of the irq_work handler.
    IrqWork = "irq_work",
    /// Runs of the timer handler.
    Timer = "timer",
}

/// A count of each [`Event`], over all CPUs.
pub(crate) struct Events([u64; NR_EVENTS]);

impl Events {
    /// Those of all modules since `rcu_notrace.ko` was loaded. Any context.
    ///
    /// Not a snapshot: the sum of what each CPU has counted by the time it is read.
    pub(crate) fn now() -> Self {
        Self(core::array::from_fn(|event| {
            // SAFETY: `event` is below `RCU_NOTRACE_NR_EVENTS`.
            unsafe { helpers::rcu_notrace_sum(event as u32) }
        }))
    }

    /// Those since then.
    pub(crate) fn since(&self) -> Self {
        let mut events = Self::now();

        for (now, then) in events.0.iter_mut().zip(&self.0) {
            *now = now.wrapping_sub(*then);
        }
        events
    }

    /// Names and counts.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        NAMES.iter().copied().zip(self.0)
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.list() {
            write!(f, "{name} {count} ")?;
        }
        Ok(())
    }
}
