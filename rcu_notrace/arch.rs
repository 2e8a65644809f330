// SPDX-License-Identifier: GPL-2.0

//! The fast paths: what must be a given instruction, by architecture.
//!
//! Each architecture provides the same functions. `generic` is right everywhere; one of its own is
//! worth its keep where the compiler will not emit what the hardware can do in one instruction.

#[cfg(all(CONFIG_X86_64, not(rcu_notrace_generic)))]
#[path = "arch/x86_64.rs"]
mod imp;

#[cfg(not(all(CONFIG_X86_64, not(rcu_notrace_generic))))]
#[path = "arch/generic.rs"]
mod imp;

pub(super) use imp::*;

use core::ptr::{
    addr_of,
    addr_of_mut,
    NonNull, //
};
use kernel::bindings;

/// What is pending for `task`, which is the current one: not zero if its outermost
/// `rcu_read_unlock()` has something to do.
#[inline(always)]
pub(super) fn special(task: NonNull<bindings::task_struct>) -> u32 {
    // SAFETY: `task` is the current task, which exists. Only this task and interrupts that hit it
    // write the field, and `s` covers the whole union.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_unlock_special.s).read_volatile() }
}

/// Whether the report of what is pending for `task`, which is the current one, has been promised.
#[inline(always)]
pub(super) fn marked(task: NonNull<bindings::task_struct>) -> bool {
    // SAFETY: As in `special()`; all of the union is always initialised.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_unlock_special.b.need_mb).read_volatile() != 0 }
}

/// Marks it as promised, until it has been reported.
///
/// The mark is in `need_mb`, which RCU has no use for in this field: it was there for Tasks Trace
/// RCU, which had a field of the same type. A report clears all of `s`, and so the mark with the
/// rest.
///
/// # Safety
///
/// Something is pending for `task`, which is the current one, and cannot be reported meanwhile:
/// interrupts or preemption are off.
#[inline(always)]
pub(super) unsafe fn mark(task: NonNull<bindings::task_struct>) {
    // SAFETY: As in `special()`. A store of this byte alone; interrupts may write the others.
    unsafe { addr_of_mut!((*task.as_ptr()).rcu_read_unlock_special.b.need_mb).write_volatile(1) };
}

/// How deep `task`, which is the current one, is in RCU read-side critical sections.
#[inline(always)]
pub(super) fn nesting(task: NonNull<bindings::task_struct>) -> i32 {
    // SAFETY: As in `special()`.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_lock_nesting).read_volatile() }
}
