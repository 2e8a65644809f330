// SPDX-License-Identifier: GPL-2.0

//! RCU read-side critical sections for code that traces.
//!
//! `rcu_read_lock()` can be traced, and leaving it can trace: `rcu_read_unlock_special()` fires
//! `sched_set_need_resched_tp` while there is still something to report, so that a probe which is
//! itself an RCU reader recurses until the stack is gone. [`Rcu`] is a reader of the same RCU (what
//! `call_rcu()`, `kfree_rcu()` and `synchronize_rcu{,_expedited}()` wait for) that may be used by
//! whatever runs in that place.
//!
//! # The read sides
//!
//! All are written to one trait, [`ReadSide`], so that a probe is written once. The table says how
//! each keeps the clauses of `Documentation/contract.rst`:
//!
//! | | [`Rcu`] | [`SrcuFast`] | [`Sched`] | [`TasksTrace`] |
//! | --- | --- | --- | --- | --- |
//! | C1 waited for by | `call_rcu()` etc. | its own domain | `call_rcu()` etc. | Tasks Trace RCU |
//! | C2 notrace | yes | yes, without `CONFIG_PROVE_RCU` | yes | yes |
//! | C3 bounded recursion | yes | calls nothing | resched only | calls nothing |
//! | C4 prompt quiescent state | yes | no such thing | at the drop | no such thing |
//! | C5 prompt deboost | yes | is never boosted | is never preempted | is never boosted |
//! | C6 preemptible | yes | yes | **no** | yes |
//! | C7 never lost, never stolen | yes | touches nothing | touches nothing | touches nothing |
//! | C8 anywhere | yes | where RCU is watching | yes | where RCU is watching |
//!
//! # Fast path
//!
//! A section is entered by one increment of `current->rcu_read_lock_nesting`, and left by its
//! decrement and a look at `current->rcu_read_unlock_special`; whether that was the outermost level
//! is asked only where something is pending, which is seldom. Both fields belong to the current
//! task and are otherwise written by it alone, or by an interrupt that hit it
//! ([`include/linux/sched.h`]; `rcu_note_context_switch()`, `rcu_exp_handler()` and
//! `rcu_flavor_sched_clock_irq()`). This is what `__rcu_read_lock()` and `__rcu_read_unlock()` do
//! in `kernel/rcu/tree_plugin.h`, and the memory ordering is theirs: none here beyond a compiler
//! barrier, because everything that acts on these fields runs on this CPU, or is told of them by a
//! context switch or an interrupt that this CPU took, under the `rcu_node` lock. (`model/` and
//! `Documentation/contract.rst` have the long form.)
//!
//! The way out when there *is* something to report differs: `rcu_notrace/deferred.rs`, in
//! `rcu_notrace.ko`.
//!
//! # Ownership
//!
//! `rcu_read_unlock_special` may have been set during the section that ends, or by an earlier one
//! whose report is still deferred: instrumentation of that report takes guards, too. A guard
//! remembers nothing of this when it is taken. The drop that defers a report records which bytes
//! of `rcu_read_unlock_special` are set, in the same word of the task, and the report that clears
//! the bytes clears the record. A byte that is set and not recorded is news, and the drop defers
//! its report by an interrupt at once. If there is no news, the drop relies on the interrupt that
//! is on its way, and asks for one if there is none.
//!
//! [`include/linux/sched.h`]: srctree/include/linux/sched.h

// Test modules take this file as source, each for the part it tests.
#![allow(dead_code)]

use core::marker::PhantomData;
use kernel::{
    bindings,
    sync::rcu,
    types::NotThreadSafe, //
};

#[cfg(not(CONFIG_PREEMPT_RCU))]
compile_error!("the notrace RCU reader is for CONFIG_PREEMPT_RCU kernels");

/// The C side, as bindgen reads `rcu_notrace/helpers.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
mod helpers {
    use kernel::{bindings::*, ffi};

    include!("rcu_notrace/helpers_generated.rs");
}

// Spelled out, for those who take this file as source from elsewhere.
#[path = "rcu_notrace/arch.rs"]
mod arch;
#[path = "rcu_notrace/cell.rs"]
mod cell;
#[cfg(rcu_notrace_supplier)]
#[path = "rcu_notrace/deferred.rs"]
mod deferred;
#[path = "rcu_notrace/events.rs"]
mod events;
#[path = "rcu_notrace/faults.rs"]
mod faults;
#[path = "rcu_notrace/flavours.rs"]
mod flavours;
#[cfg(rcu_notrace_supplier)]
#[path = "rcu_notrace/monitor.rs"]
mod monitor;

#[allow(unused_imports)]
pub(crate) use arch::{
    add_local,
    add_shared,
    inc_in_task,
    inc_local,
    load_acquire,
    per_cpu,
    IGNORES_EXTRA_ARGUMENTS, //
};
#[allow(unused_imports)]
pub(crate) use cell::{
    RcuCell,
    Replaced, //
};
#[cfg(rcu_notrace_supplier)]
pub(crate) use deferred::Supplier;
#[allow(unused_imports)]
pub(crate) use events::Events;
#[allow(unused_imports)]
pub(crate) use flavours::{
    Sched,
    SchedGuard,
    SrcuFast,
    SrcuFastGuard,
    TasksTrace,
    TasksTraceGuard, //
};

/// The current task: what a `struct task_struct` of C is a pointer to. Any context.
#[inline(always)]
pub(crate) fn current() -> *mut bindings::task_struct {
    arch::current().as_ptr()
}

/// A way to be a reader.
///
/// All read sides have this in common: [`read_lock()`] calls nothing that can be traced, may be
/// called wherever RCU is watching (task, softirq, hardirq and NMI context, with any lock held),
/// and nests in any order with itself and the others. Guards are dropped by the task, on the level
/// of context, that took them: they are not [`Send`].
///
/// Leaking a guard (`mem::forget`) leaves the section open: no grace period will end before the
/// task does, as the kernel closes what an exiting task has left open (`exit_rcu()`). From then on
/// a leaked guard is evidence of nothing, as a leaked `rcu::Guard` of the kernel's is; who leaks
/// one has to see to it that it is not used. Modules built with `RCU_NOTRACE_DEBUG=1` count the
/// guards of [`Rcu`] and warn, when it is dropped, of those that were leaked.
///
/// [`read_lock()`]: ReadSide::read_lock
pub(crate) trait ReadSide {
    /// Evidence of an open section; dropping it closes the section.
    type Guard<'a>
    where
        Self: 'a;

    /// Opens a section.
    fn read_lock(&self) -> Self::Guard<'_>;
}

/// A guard that holds off RCU's normal and expedited grace periods: `call_rcu()`, `kfree_rcu()`,
/// `synchronize_rcu()`, `synchronize_rcu_expedited()`.
///
/// # Safety
///
/// No such grace period that begins after a value of this type has come to be may end before the
/// value is gone.
pub(crate) unsafe trait RcuReader {}

// SAFETY: By its invariant the RCU read-side lock is held while a `rcu::Guard` exists.
unsafe impl RcuReader for rcu::Guard {}

/// A handle to notrace RCU, by which a module opens read-side critical sections.
///
/// It has no state: the state of deferred reports is that of `rcu_notrace.ko`, which stays loaded
/// while a module that uses its symbols does.
pub(crate) struct Rcu(());

impl Rcu {
    /// Any context.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

#[cfg(rcu_notrace_debug)]
impl Drop for Rcu {
    fn drop(&mut self) {
        debug::warn_of_leaks();
    }
}

impl ReadSide for Rcu {
    type Guard<'a> = Guard<'a>;

    #[inline(always)]
    fn read_lock(&self) -> Guard<'_> {
        arch::enter(arch::current());
        #[cfg(rcu_notrace_debug)]
        debug::taken();
        // INVARIANT: The section was entered just now, by this task.
        Guard {
            _rcu: PhantomData,
            _not_send: NotThreadSafe,
        }
    }
}

/// Evidence of a notrace RCU read-side critical section of the current task.
///
/// # Invariants
///
/// `current->rcu_read_lock_nesting` includes this section, which the current task opened.
#[must_use = "if unused, the section ends where it begins"]
pub(crate) struct Guard<'a> {
    _rcu: PhantomData<&'a Rcu>,
    _not_send: NotThreadSafe,
}

impl Guard<'_> {
    /// For in-tree interfaces that ask for proof of `rcu_read_lock()`.
    #[inline(always)]
    pub(crate) fn as_rcu(&self) -> &rcu::Guard {
        // SAFETY: `rcu::Guard` has no size, so that any aligned pointer that is not null is good
        // for a reference. Its invariant, that the read-side lock is held, is ours, and lasts as
        // long as the borrow of `self`. A reference cannot be dropped.
        unsafe { core::ptr::NonNull::<rcu::Guard>::dangling().as_ref() }
    }
}

const _: () = assert!(core::mem::size_of::<rcu::Guard>() == 0);

impl AsRef<rcu::Guard> for Guard<'_> {
    #[inline(always)]
    fn as_ref(&self) -> &rcu::Guard {
        self.as_rcu()
    }
}

// SAFETY: By its invariant, while a guard exists the task that owns it is inside an RCU read-side
// critical section as RCU itself counts them.
unsafe impl RcuReader for Guard<'_> {}

impl Drop for Guard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(rcu_notrace_debug)]
        debug::dropped();
        // SAFETY: By the type invariant the current task is in the section that this leaves, and
        // has left it when the function is called.
        unsafe { arch::leave(arch::current(), || helpers::rcu_notrace_unlock_special()) };
    }
}

/// The number of open guards, which builds with `RCU_NOTRACE_DEBUG=1` count.
#[cfg(rcu_notrace_debug)]
mod debug {
    use kernel::sync::atomic::{Atomic, Relaxed};

    static OPEN: Atomic<i64> = Atomic::new(0);

    #[inline(always)]
    pub(super) fn taken() {
        OPEN.add(1, Relaxed);
    }

    #[inline(always)]
    pub(super) fn dropped() {
        OPEN.add(-1, Relaxed);
    }

    pub(super) fn warn_of_leaks() {
        let open = OPEN.load(Relaxed);

        if kernel::warn_on!(open != 0) {
            kernel::pr_warn!("{open} guards have been leaked\n");
        }
    }
}
