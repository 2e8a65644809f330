// SPDX-License-Identifier: GPL-2.0

//! arm64: eight instructions for a pair in a loop, and one more for the current task.
//!
//! The count is a load, an addition and a store: an interrupt between them leaves it as it found
//! it, as `generic.rs` says. The kernel crate finds the current task by a call of C, twice in a
//! pair; here it is one instruction.
//!
//! Per-CPU data stays in C: its base is in `tpidr_el1`, or with a kernel at EL2 in
//! `tpidr_el2`, and the kernel chooses by patching its own code at boot
//! (`arch/arm64/include/asm/percpu.h`, `__my_cpu_offset()`).

use core::{
    arch::asm,
    mem::offset_of,
    ptr::NonNull, //
};
use kernel::{
    bindings::task_struct,
    sync::atomic::Atomic, //
};

pub(crate) use super::generic::{
    add_shared,
    inc_in_task,
    inc_local,
    load_acquire,
    per_cpu, //
};
pub(in super::super) use super::generic::{
    preempt_disable,
    preempt_enable,
    srcu_read_lock,
    srcu_read_unlock, //
};

/// Whether a C function works as it should if it is called with more arguments than it has.
///
/// By the AAPCS64 it does. The first eight arguments are in `x0` to `x7`, which a function is free
/// to overwrite and to ignore. All others are in memory that the caller reserves before the call
/// and releases after it: a function does not remove them from the stack.
pub(crate) const IGNORES_EXTRA_ARGUMENTS: bool = true;

/// The current task, which the kernel keeps in `sp_el0` (`arch/arm64/include/asm/current.h`).
///
/// The same for as long as the calling code runs, whatever CPU it runs on: the compiler may keep
/// the value, as it may that of the kernel's own `get_current()`.
#[inline(always)]
pub(in super::super) fn current() -> NonNull<task_struct> {
    let task: *mut task_struct;

    // SAFETY: Reads a register, which at the kernel's exception level holds the current task.
    unsafe {
        asm!(
            "mrs {task}, sp_el0",
            task = out(reg) task,
            options(pure, nomem, nostack, preserves_flags),
        )
    };
    // SAFETY: There is always a current task.
    unsafe { NonNull::new_unchecked(task) }
}

/// Enters a section of `task`, which is the current one; a compiler barrier.
#[inline(always)]
pub(in super::super) fn enter(task: NonNull<task_struct>) {
    // SAFETY: `task` is the current task, to which the field belongs.
    unsafe {
        asm!(
            "ldr {count:w}, [{task}, {nesting}]",
            "add {count:w}, {count:w}, 1",
            "str {count:w}, [{task}, {nesting}]",
            task = in(reg) task.as_ptr(),
            nesting = const offset_of!(task_struct, rcu_read_lock_nesting),
            count = out(reg) _,
            options(nostack, preserves_flags),
        )
    };
}

/// Leaves a section of `task`; calls `pending` if something is pending, outermost or not.
///
/// # Safety
///
/// `task` is the current task and in a section.
#[inline(always)]
pub(in super::super) unsafe fn leave(task: NonNull<task_struct>, pending: impl FnOnce()) {
    // The look comes after the decrement: what an interrupt between the two finds, it finds outside
    // of the section, and reports itself. A CPU sees its own accesses in the order of the program,
    // and its interrupts do.
    //
    // SAFETY: `task` is the current task, to which both fields belong.
    unsafe {
        asm!(
            "ldr {scratch:w}, [{task}, {nesting}]",
            "sub {scratch:w}, {scratch:w}, 1",
            "str {scratch:w}, [{task}, {nesting}]",
            "ldr {scratch:w}, [{task}, {special}]",
            "cbnz {scratch:w}, {pending}",
            task = in(reg) task.as_ptr(),
            nesting = const offset_of!(task_struct, rcu_read_lock_nesting),
            special = const offset_of!(task_struct, rcu_read_unlock_special),
            scratch = out(reg) _,
            pending = label { pending() },
            options(nostack, preserves_flags),
        )
    };
}

/// Adds `n` to a number that no other CPU writes meanwhile. Any context: code that interrupts the
/// caller, an NMI included, may add as well.
///
/// The return from an exception clears the monitor of exclusive accesses, so that the store fails
/// and the addition is made again if anything came between. It is the same in all versions of the
/// architecture; the atomics of the kernel crate are calls of C.
#[inline(always)]
pub(crate) fn add_local(number: &Atomic<u64>, n: u64) {
    // SAFETY: The pointer is good for as long as the reference is. The instructions write this
    // word, two registers that are theirs, and nothing else.
    unsafe {
        asm!(
            "2:",
            "ldxr {sum}, [{number}]",
            "add {sum}, {sum}, {n}",
            "stxr {failed:w}, {sum}, [{number}]",
            "cbnz {failed:w}, 2b",
            number = in(reg) number.as_ptr(),
            n = in(reg) n,
            sum = out(reg) _,
            failed = out(reg) _,
            options(nostack, preserves_flags),
        )
    };
}
