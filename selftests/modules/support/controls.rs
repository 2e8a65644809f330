// SPDX-License-Identifier: GPL-2.0

//! The read sides that the guards are measured against, and that have to fail.

use crate::rcu_notrace::ReadSide;
use kernel::{
    bindings,
    types::NotThreadSafe, //
};

/// The kernel's own reader: `rcu_read_lock()`.
pub(crate) struct Plain;

/// A section of [`Plain`].
pub(crate) struct PlainGuard(NotThreadSafe);

impl ReadSide for Plain {
    type Guard<'a> = PlainGuard;

    #[inline(always)]
    fn read_lock(&self) -> PlainGuard {
        // SAFETY: No requirements.
        unsafe { super::test_rcu_read_lock() };
        PlainGuard(NotThreadSafe)
    }
}

impl Drop for PlainGuard {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: Taken in `read_lock()`.
        unsafe { super::test_rcu_read_unlock() };
    }
}

/// Ends a section whose guard has been leaked, as [`Naive`] would.
pub(crate) fn end_section() {
    add_nesting(-1);
}

/// The first idea of the discussion: an unlock that only decrements, and loses quiescent states.
pub(crate) struct Naive;

/// A section of [`Naive`].
pub(crate) struct NaiveGuard(NotThreadSafe);

#[inline(always)]
fn add_nesting(n: i32) {
    // SAFETY: The current task's own field.
    unsafe {
        let nesting = &raw mut (*bindings::get_current()).rcu_read_lock_nesting;

        nesting.write_volatile(nesting.read_volatile().wrapping_add(n));
    }
}

impl ReadSide for Naive {
    type Guard<'a> = NaiveGuard;

    #[inline(always)]
    fn read_lock(&self) -> NaiveGuard {
        add_nesting(1);
        NaiveGuard(NotThreadSafe)
    }
}

impl Drop for NaiveGuard {
    #[inline(always)]
    fn drop(&mut self) {
        add_nesting(-1);
    }
}
