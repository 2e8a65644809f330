// SPDX-License-Identifier: GPL-2.0

//! Code that the test modules share.

#![allow(dead_code)]

#[cfg(rcu_notrace_c)]
pub(crate) mod c_api;
pub(crate) mod controls;
pub(crate) mod guards;
pub(crate) mod kthread;
pub(crate) mod pipe;
pub(crate) mod stats;
pub(crate) mod tracer;

#[allow(
    clippy::all,
    missing_docs,
    non_camel_case_types,
    improper_ctypes,
    unreachable_pub
)]
mod generated {
    use kernel::{bindings::*, ffi};

    include!("../helpers_generated.rs");
}
pub(crate) use generated::*;

/// The tests' own tracepoints.
#[allow(clippy::all, missing_docs, improper_ctypes, unreachable_pub)]
pub(crate) mod tracepoints {
    use kernel::{bindings::*, ffi};

    include!("../tracepoints_generated.rs");
}

use core::borrow::Borrow;
use kernel::{
    bindings,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// The value of a module parameter: itself from 7.3 on, a reference to it before.
pub(crate) fn param(value: impl Borrow<u32>) -> u32 {
    *value.borrow()
}

/// The current task.
pub(crate) fn current() -> *mut bindings::task_struct {
    // SAFETY: No requirements.
    unsafe { bindings::get_current() }
}

/// Whether this is RCU's boosting thread.
#[inline(always)]
pub(crate) fn in_rcub() -> bool {
    // SAFETY: The current task's own field; that another task may write to it makes no difference.
    let comm = unsafe { (&raw const (*current()).comm).read_volatile() };

    matches!(comm, [b'r', b'c', b'u', b'b', b'/', ..])
}

/// RCU's boosting thread, once this module was called in it: one for each leaf `rcu_node`, so one
/// on a machine of 16 CPUs.
static RCUB: Atomic<*mut bindings::task_struct> = Atomic::new(core::ptr::null_mut());

/// Whether a section that is preempted here may unlock `boost_mtx` in place of who is about to, on
/// a kernel that looks, and then turns lockdep off (Documentation/kernel-bugs.rst): in RCU's
/// boosting thread, or a task that owns the mutex.
///
/// The thread makes a task the owner some time before it waits for the mutex, which boosts it, and
/// no field of the task says so. So any task may be the owner unless the thread waits for work.
/// Before it makes anybody the owner it comes by a tracepoint (`rcu_utilization`), and by functions
/// with `rcu` in their names: by then it is known here.
#[inline(always)]
pub(crate) fn near_checked_boost_mtx() -> bool {
    if !cfg!(CONFIG_DEBUG_RT_MUTEXES) {
        return false;
    }
    let task = current();

    if in_rcub() {
        RCUB.store(task, Relaxed);
        return true;
    }
    let rcub = RCUB.load(Relaxed);

    // SAFETY: The current task's own fields; and that of a thread that never ends.
    unsafe {
        (&raw const (*task).prio).read_volatile() < (&raw const (*task).normal_prio).read_volatile()
            || !rcub.is_null()
                && (&raw const (*rcub).__state).read_volatile() != bindings::TASK_INTERRUPTIBLE
    }
}

/// Whether something is left to report for the current task.
#[inline(always)]
pub(crate) fn pending() -> bool {
    // SAFETY: The current task's own field.
    unsafe { (&raw const (*current()).rcu_read_unlock_special.s).read_volatile() != 0 }
}

/// Whether the current task runs at a real-time priority; if it has none of its own, boosted.
#[inline(always)]
pub(crate) fn boosted() -> bool {
    // SAFETY: The current task's own field.
    unsafe { (&raw const (*current()).prio).read_volatile() < 100 }
}

/// Keeps the CPU busy for a time, as far as it is not taken away. Any context.
///
/// Without `cpu_relax()`, for which an emulator leaves the guest each time.
#[inline(always)]
pub(crate) fn busy_us(us: u32) {
    let start = now_ns();

    while now_ns().wrapping_sub(start) < u64::from(us) * 1000 {}
}

/// Monotonic time in nanoseconds, from a clock that nothing traces. Any context.
#[inline(always)]
pub(crate) fn now_ns() -> u64 {
    // SAFETY: No requirements.
    unsafe { test_ktime_ns() }
}
