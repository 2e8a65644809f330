// SPDX-License-Identifier: GPL-2.0

//! Types that the state of a probe may be made of.

use super::{
    accounting::Accounting,
    percpu::{
        Counter,
        PerCpu, //
    },
};
use crate::rcu_notrace::{
    Rcu,
    RcuCell,
    Sched,
    SrcuFast,
    TasksTrace, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            AtomicType, //
        },
        Arc, //
    },
};

/// Data that gives no way to a lock that sleeps.
///
/// A probe may hold the rq lock, or be in an NMI; `Mutex` sleeps anywhere and `SpinLock` on
/// PREEMPT_RT, where it is an rtmutex. The state of a probe is of this kind, by the bounds of
/// [`Probe`](super::Probe), so a lock in it does not compile:
///
/// * implemented for what a probe needs: plain data, atomics, per-CPU data, counters, notrace read
///   sides and what they protect, and containers of these, which can only be read through `&self`;
/// * implemented by [`probe_state!`](super::probe_state) for a struct all of whose fields are of
///   this kind.
///
/// It covers what a probe is handed, not what it looks for: a lock in a `static`, and a function
/// that sleeps for other reasons, are open to a probe as they are to any kernel code. The arguments
/// of a tracepoint are the kernel's own (`&Task` and so on); their safe methods take no sleeping
/// locks.
///
/// It also knows what a probe can leave behind that is code of this module: a queued irq_work, a
/// callback of RCU's. [`quiesce()`](Self::quiesce) waits for it, for a state that will not be
/// dropped because somebody has leaked it.
///
/// # Safety
///
/// No safe method that takes `&Self` takes a sleeping lock, unless it is documented to be for
/// process context only. When `quiesce()` has returned, nothing that a safe method has set off will
/// run code of this module, provided that none is called meanwhile or later.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a probe's state: it may sleep",
    note = "`Mutex` and, on PREEMPT_RT, `SpinLock` sleep; see `NoSleep` for what does not"
)]
pub(crate) unsafe trait NoSleep {
    /// Whether there is nothing to wait for, ever.
    const INERT: bool = true;

    /// Waits for what probes have left behind. Process context; sleeps. No probe is running any
    /// more.
    fn quiesce(&self) {}
}

macro_rules! plain {
    ($($ty:ty),* $(,)?) => { $(
        // SAFETY: Holds no lock, and sets nothing off.
        unsafe impl NoSleep for $ty {}
    )* };
}

plain!((), bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
// Their safe methods take no lock at all, but for those that wait for readers. Readers set nothing
// off.
plain!(Counter, Rcu, SrcuFast, Sched, TasksTrace);

// SAFETY: One instruction, or a few.
unsafe impl<T: AtomicType> NoSleep for Atomic<T> {}
// SAFETY: Counters and flags.
unsafe impl<P: 'static> NoSleep for Accounting<P> {}

// SAFETY: Reading is one load; replacing is documented to be for process context. `quiesce()` waits
// until replaced values are dropped. The current value leaves nothing behind: checked below.
unsafe impl<T: NoSleep + Send + Sync + 'static> NoSleep for RcuCell<T> {
    const INERT: bool = false;

    fn quiesce(&self) {
        const { assert!(T::INERT, "dropped by RCU, which waits for nothing") };
        Self::wait_for_callbacks();
    }
}

macro_rules! containers {
    ($([$($param:tt)*] $ty:ty, $inert:expr, |$this:ident| $each:expr;)*) => { $(
        // SAFETY: As what it holds, for those who have `&self` only; that is all that is waited
        // for.
        unsafe impl<$($param)*> NoSleep for $ty {
            const INERT: bool = $inert;

            fn quiesce(&self) {
                let $this = self;
                $each;
            }
        }
    )* };
}

containers! {
    [T: NoSleep] Option<T>, T::INERT, |this| this.iter().for_each(T::quiesce);
    [T: NoSleep] KBox<T>, T::INERT, |this| (**this).quiesce();
    [T: NoSleep] KVec<T>, T::INERT, |this| this.iter().for_each(T::quiesce);
    [T: NoSleep] Arc<T>, T::INERT, |this| (**this).quiesce();
    [T: NoSleep] &'static T, T::INERT, |this| (**this).quiesce();
    [T: NoSleep, const N: usize] [T; N], T::INERT, |this| this.iter().for_each(T::quiesce);
    [A: NoSleep, B: NoSleep] (A, B), A::INERT && B::INERT, |this| {
        this.0.quiesce();
        this.1.quiesce()
    };
    [T: NoSleep + Send + Sync] PerCpu<T>, T::INERT, |this| this.iter().for_each(T::quiesce);
}

/// Declares a struct that can be the state of a probe: [`NoSleep`], if all of its fields are.
macro_rules! probe_state {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $ty,)*
        }

        // SAFETY: As its fields.
        unsafe impl $crate::tracepoint_glue::NoSleep for $name
        where
            $($ty: $crate::tracepoint_glue::NoSleep,)*
        {
            const INERT: bool =
                true $(&& <$ty as $crate::tracepoint_glue::NoSleep>::INERT)*;

            fn quiesce(&self) {
                $($crate::tracepoint_glue::NoSleep::quiesce(&self.$field);)*
            }
        }
    };
}
pub(crate) use probe_state;
