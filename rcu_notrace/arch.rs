// SPDX-License-Identifier: GPL-2.0

//! The fast paths: what must be a given instruction, by architecture.
//!
//! Each architecture provides the same functions. `generic` is right everywhere; one of its own is
//! worth its keep where the compiler will not emit what the hardware can do in one instruction.
//! Clients of the guards take [`add_local()`] and [`IGNORES_EXTRA_ARGUMENTS`] from here: no other
//! Rust file of the project asks for the architecture.

#[path = "arch/generic.rs"]
mod generic;

#[cfg(all(CONFIG_X86_64, not(rcu_notrace_generic)))]
#[path = "arch/x86_64.rs"]
mod imp;

#[cfg(all(CONFIG_ARM64, not(rcu_notrace_generic)))]
#[path = "arch/arm64.rs"]
mod imp;

#[cfg(any(rcu_notrace_generic, not(any(CONFIG_X86_64, CONFIG_ARM64))))]
use generic as imp;

pub(crate) use imp::*;

use core::{
    mem::offset_of,
    ptr::{
        addr_of,
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    bindings,
    bindings::rcu_special__bindgen_ty_1 as rcu_special, //
};

/// The `rcu_read_unlock_special` of `task`, which is the current one: not zero if its outermost
/// `rcu_read_unlock()` has something to do.
#[inline(always)]
pub(super) fn special(task: NonNull<bindings::task_struct>) -> u32 {
    // SAFETY: `task` is the current task, which exists. Only this task and interrupts that hit it
    // write the field, and `s` covers the whole union.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_unlock_special.s).read_volatile() }
}

/// One bit for each byte of `rcu_read_unlock_special` that RCU has set.
#[inline(always)]
fn reasons(special: u32) -> u8 {
    let bit = |offset: usize, bit: u8| u8::from((special >> shift(offset)) as u8 != 0) << bit;

    bit(offset_of!(rcu_special, blocked), 0)
        | bit(offset_of!(rcu_special, need_qs), 1)
        | bit(offset_of!(rcu_special, exp_hint), 2)
}

/// The position of a byte of the union in `s`.
const fn shift(offset: usize) -> u32 {
    let byte = if cfg!(target_endian = "little") {
        offset
    } else {
        3 - offset
    };

    byte as u32 * u8::BITS
}

/// Whether RCU has asked `task`, which is the current one, for something since a report was last
/// promised.
#[inline(always)]
pub(super) fn news(task: NonNull<bindings::task_struct>) -> bool {
    let special = special(task);
    let promised = (special >> shift(offset_of!(rcu_special, need_mb))) as u8;

    reasons(special) & !promised != 0
}

/// Records that the report of all that is pending has been promised, until it has been made.
///
/// The record is in `need_mb`, which RCU does not use in this field: Tasks Trace RCU had a field of
/// the same type, and used it there. A report clears all of `s`, and so the record with the rest.
///
/// # Safety
///
/// Something is pending for `task`, which is the current one, and cannot be reported meanwhile:
/// interrupts or preemption are off.
#[inline(always)]
pub(super) unsafe fn record_promise(task: NonNull<bindings::task_struct>) {
    let reasons = reasons(special(task));

    // SAFETY: As in `special()`. A store of this byte alone; interrupts may write the others.
    unsafe {
        addr_of_mut!((*task.as_ptr()).rcu_read_unlock_special.b.need_mb).write_volatile(reasons)
    };
}

/// How deep `task`, which is the current one, is in RCU read-side critical sections.
#[inline(always)]
pub(super) fn nesting(task: NonNull<bindings::task_struct>) -> i32 {
    // SAFETY: As in `special()`.
    unsafe { addr_of!((*task.as_ptr()).rcu_read_lock_nesting).read_volatile() }
}
