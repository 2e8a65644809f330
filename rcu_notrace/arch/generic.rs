// SPDX-License-Identifier: GPL-2.0

//! Any architecture: plain loads and stores.
//!
//! An interrupt between the load and the store of an increment leaves the count as it found it, so
//! that, as in `rcu_preempt_read_enter()`, none of this needs to be one instruction.

use crate::rcu_notrace::helpers;
use core::{
    ptr::{
        addr_of_mut,
        NonNull, //
    },
    sync::atomic::{
        compiler_fence,
        Ordering, //
    },
};
use kernel::{
    bindings::{
        srcu_ctr,
        srcu_struct,
        task_struct, //
    },
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed, //
    },
};

/// Whether a C function works as it should if it is called with more arguments than it has.
pub(crate) const IGNORES_EXTRA_ARGUMENTS: bool = false;

/// The current task.
#[inline(always)]
pub(in super::super) fn current() -> NonNull<task_struct> {
    // SAFETY: There is always a current task.
    unsafe { NonNull::new_unchecked(kernel::bindings::get_current()) }
}

/// Adds `n` to the depth of nesting of `task`, which is the current one.
#[inline(always)]
fn add_nesting(task: NonNull<task_struct>, n: i32) -> i32 {
    // SAFETY: `task` is the current task, to which the field belongs.
    let field = unsafe { addr_of_mut!((*task.as_ptr()).rcu_read_lock_nesting) };
    // SAFETY: As above.
    let nesting = unsafe { field.read_volatile() }.wrapping_add(n);

    // SAFETY: As above.
    unsafe { field.write_volatile(nesting) };
    nesting
}

/// Enters a section of `task`, which is the current one; a compiler barrier.
#[inline(always)]
pub(in super::super) fn enter(task: NonNull<task_struct>) {
    add_nesting(task, 1);
    compiler_fence(Ordering::SeqCst);
}

/// Leaves a section of `task`; calls `pending` if something is pending, outermost or not.
///
/// # Safety
///
/// `task` is the current task and in a section.
#[inline(always)]
pub(in super::super) unsafe fn leave(task: NonNull<task_struct>, pending: impl FnOnce()) {
    compiler_fence(Ordering::SeqCst);
    // The look comes after the decrement: what an interrupt between the two finds, it finds outside
    // of the section, and reports itself.
    add_nesting(task, -1);
    if super::special(task) != 0 {
        pending();
    }
}

/// `preempt_disable_notrace()`.
#[inline(always)]
pub(in super::super) fn preempt_disable() {
    // SAFETY: No requirements.
    unsafe { helpers::rcu_notrace_preempt_disable() };
}

/// `preempt_enable_notrace()`.
///
/// # Safety
///
/// Pairs with an earlier [`preempt_disable()`].
#[inline(always)]
pub(in super::super) unsafe fn preempt_enable() {
    // SAFETY: By the requirement of this function.
    unsafe { helpers::rcu_notrace_preempt_enable() };
}

/// `srcu_read_lock_fast_notrace()`.
///
/// # Safety
///
/// `ssp` is initialised, for fast readers only.
#[inline(always)]
pub(in super::super) unsafe fn srcu_read_lock(ssp: *mut srcu_struct) -> *mut srcu_ctr {
    // SAFETY: By the requirement of this function.
    unsafe { helpers::rcu_notrace_srcu_read_lock(ssp) }
}

/// `srcu_read_unlock_fast_notrace()`.
///
/// # Safety
///
/// `ctr` is from an [`srcu_read_lock()`] of `ssp` that has not been paired yet.
#[inline(always)]
pub(in super::super) unsafe fn srcu_read_unlock(ssp: *mut srcu_struct, ctr: *mut srcu_ctr) {
    // SAFETY: By the requirement of this function.
    unsafe { helpers::rcu_notrace_srcu_read_unlock(ssp, ctr) };
}

/// Adds `n` to a number that no other CPU writes meanwhile. Any context: code that interrupts the
/// caller, an NMI included, may add as well, so that a load and a store would not do.
#[inline(always)]
pub(crate) fn add_local(number: &Atomic<u64>, n: u64) {
    number.add(n, Relaxed);
}

/// [`add_local()`] of 1.
#[inline(always)]
pub(crate) fn inc_local(number: &Atomic<u64>) {
    super::add_local(number, 1);
}

/// Adds `n` to a number that any CPU may write meanwhile. Any context; no order.
#[inline(always)]
pub(crate) fn add_shared(number: &Atomic<u64>, n: u64) {
    number.add(n, Relaxed);
}

/// `smp_load_acquire()`.
#[inline(always)]
pub(crate) fn load_acquire(number: &Atomic<u64>) -> u64 {
    number.load(Acquire)
}

/// Adds 1 to a per-CPU number by `slow`, a call of C. An architecture of its own does it itself if
/// this is `in_task()`. Any context.
///
/// # Safety
///
/// `number` is a per-CPU pointer to a number of each possible CPU.
#[inline(always)]
pub(crate) unsafe fn inc_in_task(_number: *mut u64, slow: impl FnOnce()) {
    slow();
}

/// `raw_cpu_ptr()`: what a per-CPU pointer is on this CPU. `slow` finds that out by a call of C.
/// Any context.
#[inline(always)]
pub(crate) fn per_cpu<T>(_base: *mut T, slow: impl FnOnce() -> *mut T) -> *mut T {
    slow()
}
