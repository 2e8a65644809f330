// SPDX-License-Identifier: GPL-2.0

//! x86-64: five instructions for a pair, none of them locked.
//!
//! All x86-64 kernels have `this_cpu_inc()` that an NMI cannot split
//! (`ARCH_HAS_NMI_SAFE_THIS_CPU_OPS`), on which fast SRCU readers rest.

use crate::rcu_notrace::helpers;
use core::{
    arch::asm,
    mem::offset_of,
    ptr::{
        addr_of,
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
    sync::atomic::Atomic,
};

/// Whether a C function works as it should if it is called with more arguments than it has.
///
/// By the System V ABI it does: arguments are in registers, which a function is free to ignore, or
/// in memory that the caller releases.
pub(crate) const IGNORES_EXTRA_ARGUMENTS: bool = true;

/// The current task.
///
/// The same for as long as the calling code runs, whatever CPU it runs on: the compiler may keep
/// the value, as it may that of the kernel's own `this_cpu_read_const()`.
#[inline(always)]
pub(in super::super) fn current() -> NonNull<task_struct> {
    let task: *mut task_struct;

    // SAFETY: Reads the per-CPU variable that holds the current task.
    unsafe {
        asm!(
            "mov {task}, qword ptr gs:[rip + current_task]",
            task = out(reg) task,
            options(pure, nomem, nostack, preserves_flags),
        )
    };
    // SAFETY: There is always a current task.
    unsafe { NonNull::new_unchecked(task) }
}

/// Enters a section of `task`, which is the current one.
///
/// One instruction, so that an interrupt comes before or after it; a compiler barrier.
#[inline(always)]
pub(in super::super) fn enter(task: NonNull<task_struct>) {
    // SAFETY: `task` is the current task, to which the field belongs.
    unsafe {
        asm!(
            "inc dword ptr [{task} + {nesting}]",
            task = in(reg) task.as_ptr(),
            nesting = const offset_of!(task_struct, rcu_read_lock_nesting),
            options(nostack),
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
    // of the section, and reports itself. Whether this was the outermost section is for `pending`
    // to ask: seldom is there anything.
    //
    // The two fields are neighbours, but one access to both would not be cheaper: it waits for the
    // narrower store of the increment, and may cross a cache line. See Documentation/bench.rst.
    //
    // SAFETY: `task` is the current task, to which both fields belong.
    unsafe {
        asm!(
            "dec dword ptr [{task} + {nesting}]",
            "cmp dword ptr [{task} + {special}], 0",
            "jne {pending}",
            task = in(reg) task.as_ptr(),
            nesting = const offset_of!(task_struct, rcu_read_lock_nesting),
            special = const offset_of!(task_struct, rcu_read_unlock_special),
            pending = label { pending() },
            options(nostack),
        )
    };
}

/// `srcu_read_lock_fast_notrace()`, see `__srcu_read_lock_fast()` for the memory ordering.
///
/// # Safety
///
/// `ssp` is initialised, for fast readers only.
#[inline(always)]
pub(in super::super) unsafe fn srcu_read_lock(ssp: *mut srcu_struct) -> *mut srcu_ctr {
    // SAFETY: `ssp` is initialised, by the requirement of this function.
    let ctr = unsafe { addr_of!((*ssp).srcu_ctrp).read_volatile() };

    // SAFETY: `ctr` is relative to the per-CPU base, which is in GS.
    unsafe {
        asm!(
            "inc qword ptr gs:[{ctr} + {locks}]",
            ctr = in(reg) ctr,
            locks = const offset_of!(srcu_ctr, srcu_locks),
            options(nostack),
        )
    };
    ctr
}

/// `srcu_read_unlock_fast_notrace()`.
///
/// # Safety
///
/// `ctr` is from an [`srcu_read_lock()`] of the same domain that has not been paired yet.
#[inline(always)]
pub(in super::super) unsafe fn srcu_read_unlock(_ssp: *mut srcu_struct, ctr: *mut srcu_ctr) {
    // SAFETY: As above.
    unsafe {
        asm!(
            "inc qword ptr gs:[{ctr} + {unlocks}]",
            ctr = in(reg) ctr,
            unlocks = const offset_of!(srcu_ctr, srcu_unlocks),
            options(nostack),
        )
    };
}

/// The size of `__preempt_count`, which says what a decrement to zero is.
#[cfg(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS)]
macro_rules! preempt_count {
    ($op:literal) => {
        concat!($op, " qword ptr gs:[rip + __preempt_count]")
    };
}
#[cfg(not(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS))]
macro_rules! preempt_count {
    ($op:literal) => {
        concat!($op, " dword ptr gs:[rip + __preempt_count]")
    };
}

/// `preempt_disable_notrace()`.
#[inline(always)]
pub(in super::super) fn preempt_disable() {
    // SAFETY: Raises this CPU's own count.
    unsafe { asm!(preempt_count!("inc"), options(nostack)) };
}

/// `preempt_enable_notrace()`.
///
/// # Safety
///
/// Pairs with an earlier [`preempt_disable()`].
#[inline(always)]
pub(in super::super) unsafe fn preempt_enable() {
    // The need to reschedule is folded into the count, inverted: zero means can and must.
    //
    // SAFETY: Lowers this CPU's own count, which the caller has raised.
    unsafe {
        asm!(
            preempt_count!("dec"),
            "jz {resched}",
            resched = label {
                // SAFETY: Does no more than the kernel's own preempt_enable_notrace() here.
                unsafe { helpers::rcu_notrace_preempt_schedule() }
            },
            options(nostack),
        )
    };
}

/// Adds `n` to a number that no other CPU writes meanwhile: `this_cpu_add()`, on an address that is
/// known already. Any context: code that interrupts the caller, an NMI included, may add as well.
#[inline(always)]
pub(crate) fn add_local(number: &Atomic<u64>, n: u64) {
    // SAFETY: The pointer is good for as long as the reference is. The instruction writes this
    // word, the flags, and nothing else.
    unsafe {
        asm!(
            "add qword ptr [{number}], {n}",
            number = in(reg) number.as_ptr(),
            n = in(reg) n,
            options(nostack),
        )
    };
}

/// [`add_local()`] of 1.
#[inline(always)]
pub(crate) fn inc_local(number: &Atomic<u64>) {
    // SAFETY: As in `add_local()`.
    unsafe { asm!("inc qword ptr [{number}]", number = in(reg) number.as_ptr(), options(nostack)) };
}

/// Adds `n` to a number that any CPU may write meanwhile. Any context; no order.
#[inline(always)]
pub(crate) fn add_shared(number: &Atomic<u64>, n: u64) {
    // SAFETY: As in `add_local()`.
    unsafe {
        asm!(
            "lock add qword ptr [{number}], {n}",
            number = in(reg) number.as_ptr(),
            n = in(reg) n,
            options(nostack),
        )
    };
}

/// `smp_load_acquire()`: loads are not reordered with what follows them here.
#[inline(always)]
pub(crate) fn load_acquire(number: &Atomic<u64>) -> u64 {
    // SAFETY: The pointer is good for as long as the reference is. All write the word atomically.
    let value = unsafe { number.as_ptr().read_volatile() };

    compiler_fence(Ordering::Acquire);
    value
}

/// `raw_cpu_ptr()`: what a per-CPU pointer is on this CPU. Any context.
#[inline(always)]
pub(crate) fn per_cpu<T>(base: *mut T, _slow: impl FnOnce() -> *mut T) -> *mut T {
    let here: *mut T;

    // SAFETY: Reads the per-CPU variable that holds the offset of this CPU.
    unsafe {
        asm!(
            "add {here}, qword ptr gs:[rip + this_cpu_off]",
            here = inlateout(reg) base => here,
            options(nostack, readonly),
        )
    };
    here
}

/// Adds 1 to a per-CPU number, as `this_cpu_inc()`, if this is `in_task()`: not in an NMI, in an
/// interrupt, or in a softirq. Elsewhere `slow` is called. Any context.
///
/// # Safety
///
/// `number` is a per-CPU pointer to a number of each possible CPU.
#[inline(always)]
pub(crate) unsafe fn inc_in_task(number: *mut u64, slow: impl FnOnce()) {
    // In PREEMPT_RT a task counts its own softirqs.
    //
    // SAFETY: Reads this CPU's count and that of the current task; by the requirement `number` is
    // relative to the per-CPU base, which is in GS.
    #[cfg(CONFIG_PREEMPT_RT)]
    unsafe {
        asm!(
            "test dword ptr gs:[rip + __preempt_count], {interrupt}",
            "jnz {slow}",
            "test dword ptr [{task} + {softirqs}], {softirq}",
            "jnz {slow}",
            "inc qword ptr gs:[{number}]",
            number = in(reg) number,
            task = in(reg) current().as_ptr(),
            softirqs = const offset_of!(task_struct, softirq_disable_cnt),
            interrupt = const helpers::RCU_NOTRACE_IN_INTERRUPT,
            softirq = const helpers::RCU_NOTRACE_IN_SOFTIRQ,
            slow = label { slow() },
            options(nostack),
        )
    };
    // SAFETY: As above.
    #[cfg(not(CONFIG_PREEMPT_RT))]
    unsafe {
        asm!(
            "test dword ptr gs:[rip + __preempt_count], {any}",
            "jnz {slow}",
            "inc qword ptr gs:[{number}]",
            number = in(reg) number,
            any = const helpers::RCU_NOTRACE_IN_INTERRUPT | helpers::RCU_NOTRACE_IN_SOFTIRQ,
            slow = label { slow() },
            options(nostack),
        )
    };
}
