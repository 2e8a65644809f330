// SPDX-License-Identifier: GPL-2.0

//! The guard of `include/rcu_notrace.h`, as a read side: what a client in C takes.

use crate::rcu_notrace::ReadSide;
use core::marker::PhantomData;
use kernel::types::NotThreadSafe;

/// Stands in for `rcu_notrace::Rcu`.
pub(crate) struct Rcu;

/// A section that C code has entered.
pub(crate) struct Guard<'a> {
    _rcu: PhantomData<&'a Rcu>,
    _not_send: NotThreadSafe,
}

impl Rcu {
    pub(crate) const fn new() -> Self {
        Self
    }
}

impl ReadSide for Rcu {
    type Guard<'a> = Guard<'a>;

    #[inline(always)]
    fn read_lock(&self) -> Guard<'_> {
        // SAFETY: No requirements.
        unsafe { super::test_c_read_lock() };
        Guard {
            _rcu: PhantomData,
            _not_send: NotThreadSafe,
        }
    }
}

impl Drop for Guard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: Entered in `read_lock()`, by this task.
        unsafe { super::test_c_read_unlock() };
    }
}
