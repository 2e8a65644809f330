// SPDX-License-Identifier: GPL-2.0

//! Mistakes on purpose, and a poison: for tests of what is counted, and of filters.
//!
//! Test modules are built with them (`selftests/modules/Kbuild`). In other builds these functions
//! do nothing, and a [`Poison`] has no size.

use super::task::Special;

/// The arguments of a switch, of which builds with mistakes (`rcu_blame_miscount`) change those of
/// a reader: it has been asked for something, is seen for the first time, and is preempted.
#[inline(always)]
pub(super) fn switched_out(
    entered: Special,
    first: bool,
    running: bool,
    is_reader: bool,
) -> (Special, bool, bool) {
    if cfg!(rcu_blame_miscount) {
        (
            Special(entered.0 | 1),
            first || is_reader,
            running || is_reader,
        )
    } else {
        (entered, first, running)
    }
}

/// A time, to which builds with mistakes add 1 ms.
#[inline(always)]
pub(super) fn time_ns(ns: u64) -> u64 {
    if cfg!(rcu_blame_miscount) {
        ns + 1_000_000
    } else {
        ns
    }
}

/// Whether it is RCU that asks for a priority; to builds with mistakes it is whoever waits.
#[inline(always)]
pub(super) fn is_by_rcu(by_rcu: bool, has_waiter: bool) -> bool {
    by_rcu || cfg!(rcu_blame_miscount) && has_waiter
}

#[cfg(not(rcu_blame_poison))]
mod poison {
    /// A part of an object that is dropped while it may be read.
    pub(in super::super) struct Poison;

    impl Poison {
        pub(in super::super) const fn new() -> Self {
            Self
        }

        /// At the end of a read of the object.
        #[inline(always)]
        pub(in super::super) fn check(&self) {}
    }

    /// Keys and values for `stats`.
    pub(in super::super) fn counts() -> [(&'static str, u64); 0] {
        []
    }
}

#[cfg(rcu_blame_poison)]
mod poison {
    use crate::rcu_blame::task;
    use kernel::{
        processor::cpu_relax,
        sync::atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
    };

    const GOOD: u64 = 0x616c_6976_6521;
    const BAD: u64 = 0x6465_6164_2121;
    /// One read of so many takes until an object is dropped, which may be its own.
    const READS_TO_ONE: u64 = 64;
    /// Longer than it takes to replace an object.
    const READ_NS: u64 = 2_000_000;

    static READS: Atomic<u64> = Atomic::new(0);
    static DROPS: Atomic<u64> = Atomic::new(0);
    static READS_OF_DROPPED: Atomic<u64> = Atomic::new(0);

    /// A part of an object that notes that it has been dropped.
    pub(in super::super) struct Poison(Atomic<u64>);

    impl Poison {
        pub(in super::super) const fn new() -> Self {
            Self(Atomic::new(GOOD))
        }

        /// Has a read of the object take long, and counts it if the object is dropped by then.
        #[inline(always)]
        pub(in super::super) fn check(&self) {
            if READS.fetch_add(1, Relaxed) % READS_TO_ONE == 0 {
                let drops = DROPS.load(Acquire);
                let start = task::now_ns();

                while DROPS.load(Acquire) == drops && task::now_ns().wrapping_sub(start) < READ_NS {
                    // An emulator of one thread goes on with the CPU that drops.
                    cpu_relax();
                }
            }
            if self.0.load(Relaxed) != GOOD {
                READS_OF_DROPPED.add(1, Relaxed);
            }
        }
    }

    impl Drop for Poison {
        fn drop(&mut self) {
            self.0.store(BAD, Relaxed);
            // So that a read that has waited for it sees that.
            DROPS.fetch_add(1, Release);
        }
    }

    /// Keys and values for `stats`.
    pub(in super::super) fn counts() -> [(&'static str, u64); 1] {
        [("reads_of_dropped", READS_OF_DROPPED.load(Relaxed))]
    }
}

pub(super) use poison::{
    counts,
    Poison, //
};
