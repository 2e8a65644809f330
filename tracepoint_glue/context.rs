// SPDX-License-Identifier: GPL-2.0

//! Tokens that prove the context of a probe.

use crate::rcu_notrace::{
    ReadSide,
    Sched,
    SchedGuard, //
};
use core::marker::PhantomData;
use kernel::types::NotThreadSafe;

/// Evidence of being called by the tracepoint `T`.
///
/// Nothing more is known of a probe: it is preemptible and migratable if the place that is traced
/// is. For a [`Pinned`] token either that place is known to be atomic ([`AtomicSite`]), and this is
/// one, or [`pin()`](Self::pin) makes one.
///
/// # Invariants
///
/// The code that has this runs in a probe of `T`, and has not returned from it.
pub(crate) struct Context<'a, T> {
    _call: PhantomData<&'a ()>,
    _tracepoint: PhantomData<T>,
    _not_send: NotThreadSafe,
}

impl<T> Context<'_, T> {
    /// A new token.
    ///
    /// # Safety
    ///
    /// The caller is a probe of `T`, which the kernel has called, and drops it before it returns.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        // INVARIANT: By the requirement.
        Self {
            _call: PhantomData,
            _tracepoint: PhantomData,
            _not_send: NotThreadSafe,
        }
    }

    /// Turns preemption off, for as long as the guard lives. Any context.
    ///
    /// This is [`Sched`]'s read side: it costs two instructions, is neither traced nor traceable,
    /// and adds its length to everybody's latency.
    #[inline(always)]
    pub(crate) fn pin(&self) -> SchedGuard<'_> {
        Sched.read_lock()
    }
}

/// Evidence that the code that has this is neither preempted nor migrated.
///
/// # Safety
///
/// While a value exists and is borrowed, preemption or interrupts are off for whoever borrows it.
pub(crate) unsafe trait Pinned {}

// SAFETY: By its invariant preemption is off.
unsafe impl Pinned for SchedGuard<'_> {}

// SAFETY: The borrower runs in a probe of `T`, and by the requirement of `AtomicSite` preemption or
// interrupts are off there.
unsafe impl<T: AtomicSite> Pinned for Context<'_, T> {}

/// A tracepoint that is only hit with preemption or interrupts off.
///
/// # Safety
///
/// So it is at every place in every supported kernel where the tracepoint is fired.
#[diagnostic::on_unimplemented(
    message = "a probe of `{Self}` does not pin: it may be preempted and migrated",
    note = "use `context.pin()`, or declare the tracepoint `atomic` if the traced place is"
)]
pub(crate) unsafe trait AtomicSite {}
