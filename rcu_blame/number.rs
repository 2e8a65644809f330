// SPDX-License-Identifier: GPL-2.0

//! Numbers that a probe can afford.
//!
//! To a module the kernel crate's atomics are functions of the kernel's, each a call away, and
//! those that add lock the bus. Most numbers of the probes are written by one at a time, and need
//! neither.

use crate::{
    rcu_notrace::{
        add_local,
        add_shared,
        inc_local, //
    },
    tracepoint_glue::NoSleep, //
};
use kernel::sync::atomic::{
    Atomic,
    Relaxed, //
};

/// A number that anybody reads, at any time.
pub(super) struct Number(Atomic<u64>);

// SAFETY: One instruction, or a few.
unsafe impl NoSleep for Number {}

impl Number {
    pub(super) const fn new(value: u64) -> Self {
        Self(Atomic::<u64>::new(value))
    }

    #[inline(always)]
    pub(super) fn get(&self) -> u64 {
        // In modules `load(Relaxed)` calls a function of C; this is the same load, inline.
        #[cfg(CONFIG_64BIT)]
        // SAFETY: `READ_ONCE()` of a word that is only written atomically.
        let value = unsafe { self.0.as_ptr().read_volatile() };
        #[cfg(not(CONFIG_64BIT))]
        let value = self.0.load(Relaxed);

        value
    }

    #[inline(always)]
    pub(super) fn set(&self, value: u64) {
        #[cfg(CONFIG_64BIT)]
        // SAFETY: `WRITE_ONCE()`; all others access it atomically, too.
        unsafe {
            self.0.as_ptr().write_volatile(value)
        };
        #[cfg(not(CONFIG_64BIT))]
        self.0.store(value, Relaxed);
    }

    /// Adds to what is written by one at a time: by this CPU only, pinned, or under a lock or what
    /// else puts one writer after the other.
    ///
    /// Code that interrupts the writer on its CPU, an NMI included, may add as well: it runs before
    /// the one instruction that this is, or after it. Two CPUs at once would lose counts, for which
    /// there is [`add_shared()`](Self::add_shared).
    #[inline(always)]
    pub(super) fn add(&self, n: u64) {
        add_local(&self.0, n);
    }

    /// Sets it to 0, and returns what it was. Any context, and any number of CPUs: one gets it.
    #[inline(always)]
    pub(super) fn take(&self) -> u64 {
        self.0.xchg(0, Relaxed)
    }

    /// [`add()`](Self::add) of 1.
    #[inline(always)]
    pub(super) fn count(&self) {
        inc_local(&self.0);
    }

    /// Adds to what is written by any number of CPUs at once. Any context.
    #[inline(always)]
    pub(super) fn add_shared(&self, n: u64) {
        add_shared(&self.0, n);
    }
}
