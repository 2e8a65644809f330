// SPDX-License-Identifier: GPL-2.0

//! The other read sides: what each of them gives up, and what for.

use super::{
    arch,
    helpers,
    RcuReader,
    ReadSide, //
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::{
        NotThreadSafe,
        Opaque, //
    },
};

/// An SRCU domain of its own, with fast notrace readers.
///
/// The cheapest reader that may sleep. A grace period is this domain's alone: nothing that is freed
/// through `call_rcu()` is protected, readers are neither boosted nor warned of when they stall.
///
/// C2 holds but for `CONFIG_PROVE_RCU`, where taking the guard calls
/// `__srcu_check_read_flavor()`, which can be traced, and is therefore left out on x86-64.
///
/// # Invariants
///
/// `inner` is initialised for fast readers, and all its readers are.
#[pin_data(PinnedDrop)]
pub(crate) struct SrcuFast {
    #[pin]
    inner: Opaque<bindings::srcu_struct>,
}

impl SrcuFast {
    /// Makes a domain. Process context; fails with `ENOMEM`.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            // INVARIANT: Initialised here for fast readers; there is no way to be another one.
            inner <- Opaque::try_ffi_init(|ssp| {
                // SAFETY: `ssp` is memory for an `srcu_struct`, and stays where it is.
                to_result(unsafe { helpers::rcu_notrace_init_srcu_fast(ssp) })
            }),
        })
    }

    /// Waits for all sections that are open now. Process context; sleeps.
    pub(crate) fn synchronize(&self) {
        // SAFETY: Initialised, by the type invariant.
        unsafe { bindings::synchronize_srcu(self.inner.get()) };
    }
}

#[pinned_drop]
impl PinnedDrop for SrcuFast {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: Initialised, by the type invariant. Guards borrow `self`, so no section is open.
        unsafe {
            bindings::srcu_barrier(self.inner.get());
            bindings::cleanup_srcu_struct(self.inner.get());
        }
    }
}

// SAFETY: An `srcu_struct` is for any number of tasks to share.
unsafe impl Send for SrcuFast {}
// SAFETY: As above.
unsafe impl Sync for SrcuFast {}

impl ReadSide for SrcuFast {
    type Guard<'a> = SrcuFastGuard<'a>;

    #[inline(always)]
    fn read_lock(&self) -> SrcuFastGuard<'_> {
        SrcuFastGuard {
            // SAFETY: By the type invariant.
            ctr: unsafe { arch::srcu_read_lock(self.inner.get()) },
            domain: self,
            _not_send: NotThreadSafe,
        }
    }
}

/// A section of an [`SrcuFast`]; dropped by the task that took it, on any CPU.
///
/// # Invariants
///
/// `ctr` is from a lock of `domain`, and has not been unlocked.
#[must_use = "if unused, the section ends where it begins"]
pub(crate) struct SrcuFastGuard<'a> {
    ctr: *mut bindings::srcu_ctr,
    domain: &'a SrcuFast,
    _not_send: NotThreadSafe,
}

impl Drop for SrcuFastGuard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { arch::srcu_read_unlock(self.domain.inner.get(), self.ctr) };
    }
}

/// RCU-sched: `rcu_read_lock_sched_notrace()`, preemption off for the length of the section.
///
/// Holds off the same grace periods as [`super::Rcu`]. Everything but C6 holds, and that is the
/// price: on PREEMPT_RT the length of the section is added to everybody's latency. The drop enters
/// the scheduler if a reschedule has become due, and what the scheduler fires may be traced.
pub(crate) struct Sched;

impl ReadSide for Sched {
    type Guard<'a> = SchedGuard<'a>;

    #[inline(always)]
    fn read_lock(&self) -> SchedGuard<'_> {
        arch::preempt_disable();
        SchedGuard(PhantomData, NotThreadSafe)
    }
}

/// A section of [`Sched`]; pins the task to its CPU.
///
/// # Invariants
///
/// Preemption is off, once on account of this.
#[must_use = "if unused, the section ends where it begins"]
pub(crate) struct SchedGuard<'a>(PhantomData<&'a Sched>, NotThreadSafe);

// SAFETY: A region with preemption off holds off the grace periods of RCU, normal and expedited,
// since its flavours became one (`synchronize_rcu()`, kernel/rcu/tree.c).
unsafe impl RcuReader for SchedGuard<'_> {}

impl Drop for SchedGuard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { arch::preempt_enable() };
    }
}

/// Tasks Trace RCU: what faultable tracepoints and sleepable BPF programs run under.
///
/// Readers may sleep and fault; `call_rcu_tasks_trace()` and `synchronize_rcu_tasks_trace()` wait
/// for them, nothing else does. Lockdep is not told of them.
pub(crate) struct TasksTrace;

impl ReadSide for TasksTrace {
    type Guard<'a> = TasksTraceGuard<'a>;

    #[inline(always)]
    fn read_lock(&self) -> TasksTraceGuard<'_> {
        TasksTraceGuard {
            // SAFETY: No requirements.
            ctr: unsafe { helpers::rcu_notrace_tasks_trace_lock() },
            _domain: PhantomData,
            _not_send: NotThreadSafe,
        }
    }
}

/// A section of [`TasksTrace`]; dropped by the task that took it, on any CPU.
///
/// # Invariants
///
/// `ctr` is from `rcu_notrace_tasks_trace_lock()`, and has not been unlocked.
#[must_use = "if unused, the section ends where it begins"]
pub(crate) struct TasksTraceGuard<'a> {
    ctr: *mut bindings::srcu_ctr,
    _domain: PhantomData<&'a TasksTrace>,
    _not_send: NotThreadSafe,
}

impl Drop for TasksTraceGuard<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { helpers::rcu_notrace_tasks_trace_unlock(self.ctr) };
    }
}
