// SPDX-License-Identifier: GPL-2.0

//! Per-CPU data.

use super::{
    context::Pinned,
    faults,
    helpers, //
};
use crate::rcu_notrace::per_cpu;
use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    mem::{
        align_of,
        size_of, //
    },
    ptr::NonNull,
};
use kernel::{
    ffi::c_void,
    prelude::*, //
};

/// The possible CPUs.
fn possible_cpus() -> impl Iterator<Item = u32> {
    let mut next = 0;

    core::iter::from_fn(move || {
        // SAFETY: No requirements.
        let cpu = unsafe { helpers::tracepoint_glue_next_cpu(next) };

        next = cpu.wrapping_add(1);
        (cpu < kernel::cpu::nr_cpu_ids()).then_some(cpu)
    })
}

/// A `T` for each possible CPU.
///
/// The one of this CPU is reached with a [`Pinned`] token only, which keeps the reference from
/// being used on another. It is shared nevertheless: with interrupts on this CPU, and with whoever
/// reads them all. Hence `Sync`.
///
/// # Invariants
///
/// `base` is from `tracepoint_glue_alloc()`, and the `T` of each possible CPU is initialised.
pub(crate) struct PerCpu<T: Send + Sync> {
    base: NonNull<c_void>,
    _owns: PhantomData<T>,
}

// SAFETY: It owns values that are `Send`, and gives out shared references to those that are `Sync`.
unsafe impl<T: Send + Sync> Send for PerCpu<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for PerCpu<T> {}

impl<T: Send + Sync> PerCpu<T> {
    /// Makes one of what `init` returns for each possible CPU. Process context; `ENOMEM`.
    pub(crate) fn new(mut init: impl FnMut(u32) -> T) -> Result<Self> {
        faults::allocation()?;
        // SAFETY: Process context.
        let base = unsafe { helpers::tracepoint_glue_alloc(size_of::<T>(), align_of::<T>()) };
        let base = NonNull::new(base).ok_or(ENOMEM)?;

        for cpu in possible_cpus() {
            // SAFETY: A possible CPU's part of the allocation, which is big enough for a `T`.
            unsafe {
                helpers::tracepoint_glue_cpu(base.as_ptr(), cpu)
                    .cast::<T>()
                    .write(init(cpu))
            };
        }
        // INVARIANT: All are initialised.
        Ok(Self {
            base,
            _owns: PhantomData,
        })
    }

    /// This CPU's. Any context.
    #[inline(always)]
    pub(crate) fn get<'a>(&'a self, _pinned: &'a impl Pinned) -> &'a T {
        let base = self.base.as_ptr();
        // SAFETY: From `tracepoint_glue_alloc()`.
        let here = per_cpu(base, || unsafe { helpers::tracepoint_glue_this_cpu(base) });

        // SAFETY: By the type invariant it is initialised. The token keeps the caller on this CPU.
        unsafe { &*here.cast::<T>() }
    }

    /// That of every possible CPU. Any context.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        possible_cpus().map(|cpu| {
            // SAFETY: By the type invariant.
            unsafe { &*helpers::tracepoint_glue_cpu(self.base.as_ptr(), cpu).cast::<T>() }
        })
    }

    /// The allocation, in the form in which `this_cpu_*()` take it.
    #[inline(always)]
    pub(super) fn base(&self) -> *mut T {
        self.base.as_ptr().cast()
    }
}

impl<T: Send + Sync> Drop for PerCpu<T> {
    fn drop(&mut self) {
        for cpu in possible_cpus() {
            // SAFETY: By the type invariant; nobody has a reference to it any more.
            unsafe {
                helpers::tracepoint_glue_cpu(self.base.as_ptr(), cpu)
                    .cast::<T>()
                    .drop_in_place()
            };
        }
        // SAFETY: From `tracepoint_glue_alloc()`.
        unsafe { helpers::tracepoint_glue_free(self.base.as_ptr()) };
    }
}

/// Data that `this_cpu_*()` on the C side writes, while others read words of it.
///
/// # Invariants
///
/// Written only by the CPU that it belongs to.
#[repr(transparent)]
pub(super) struct CpuWords<T>(UnsafeCell<T>);

// SAFETY: By the type invariant nobody writes but one CPU, in single instructions; all that is
// given out is a pointer.
unsafe impl<T: Send> Sync for CpuWords<T> {}

impl<T> CpuWords<T> {
    pub(super) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub(super) fn get(&self) -> *mut T {
        self.0.get()
    }
}

/// A count of events, kept per CPU.
///
/// Exact whatever interrupts it, and whether or not the caller can migrate: an increment is
/// `this_cpu_inc()`, on whichever CPU that is.
pub(crate) struct Counter(PerCpu<CpuWords<u64>>);

impl Counter {
    /// Makes a count of 0. Process context; `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(PerCpu::new(|_| CpuWords::new(0))?))
    }

    /// Counts. Any context, NMI included.
    #[inline(always)]
    pub(crate) fn inc(&self) {
        // SAFETY: From `tracepoint_glue_alloc()`, of this type.
        unsafe { helpers::tracepoint_glue_inc(self.0.base().cast()) };
    }

    /// The sum over all CPUs: at least what had been counted when this was called. Any context.
    pub(crate) fn sum(&self) -> u64 {
        self.0
            .iter()
            // SAFETY: An aligned `u64`, that other CPUs may be incrementing.
            .map(|count| unsafe { count.get().read_volatile() })
            .fold(0, u64::wrapping_add)
    }
}
