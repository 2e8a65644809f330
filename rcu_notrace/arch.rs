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

/// How deep `task`, which is the current one, is in RCU read-side critical sections.
#[inline(always)]
pub(super) fn nesting(task: NonNull<bindings::task_struct>) -> i32 {
    // SAFETY: As in `special()`.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_lock_nesting).read_volatile() }
}
