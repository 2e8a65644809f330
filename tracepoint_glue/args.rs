// SPDX-License-Identifier: GPL-2.0

//! The arguments of tracepoints: as the kernel passes them, and as a probe sees them.

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    cpumask::Cpumask,
    ffi,
    str::CStr, //
};

pub(crate) use kernel::{
    cpu::CpuId,
    task::Task, //
};

/// The type of an argument, in a [`tracepoints!`](super::tracepoints) line.
///
/// # Safety
///
/// `Raw` is what the kernel's declarations say of such an argument, as bindgen renders it. `wrap()`
/// is good for any value of it that a tracepoint whose line says this type is hit with.
pub(crate) unsafe trait Arg {
    /// The type that the kernel passes.
    type Raw: Copy;

    /// The type that the probe sees, for the length of the call.
    type Safe<'a>;

    /// Turns one into the other.
    ///
    /// # Safety
    ///
    /// `raw` was passed by a tracepoint as an argument of this type, and the call lasts for `'a`.
    unsafe fn wrap<'a>(raw: Self::Raw) -> Self::Safe<'a>;
}

macro_rules! numbers {
    ($($ty:ty),*) => { $(
        // SAFETY: A number is a number.
        unsafe impl Arg for $ty {
            type Raw = $ty;
            type Safe<'a> = $ty;

            #[inline(always)]
            unsafe fn wrap<'a>(raw: $ty) -> Self::Safe<'a> {
                raw
            }
        }
    )* };
}
// `usize` is the kernel's `unsigned long`.
numbers!(bool, i32, u8, u32, u64, usize);

// SAFETY: A task that is traced exists: whoever fires the tracepoint has a reference, holds a lock
// that keeps it, or runs in it. A pointer of this type is not null.
unsafe impl Arg for Task {
    type Raw = *mut bindings::task_struct;
    type Safe<'a> = &'a Task;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: Self::Raw) -> Self::Safe<'a> {
        // SAFETY: The task exists for the length of the call, and `Task` is transparent.
        unsafe { &*raw.cast::<Task>() }
    }
}

// SAFETY: As `Task`, or null.
unsafe impl Arg for Option<Task> {
    type Raw = *mut bindings::task_struct;
    type Safe<'a> = Option<&'a Task>;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: Self::Raw) -> Self::Safe<'a> {
        // SAFETY: Null, or a task that exists for the length of the call; `Task` is transparent.
        unsafe { raw.cast::<Task>().as_ref() }
    }
}

// SAFETY: A possible CPU.
unsafe impl Arg for CpuId {
    type Raw = ffi::c_int;
    type Safe<'a> = CpuId;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: ffi::c_int) -> Self::Safe<'a> {
        // SAFETY: A possible CPU.
        unsafe { CpuId::from_i32_unchecked(raw) }
    }
}

/// A [`CpuId`] that the kernel passes as an `unsigned int`.
pub(crate) struct UnsignedCpuId;

// SAFETY: A possible CPU.
unsafe impl Arg for UnsignedCpuId {
    type Raw = ffi::c_uint;
    type Safe<'a> = CpuId;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: ffi::c_uint) -> Self::Safe<'a> {
        // SAFETY: A possible CPU.
        unsafe { CpuId::from_u32_unchecked(raw) }
    }
}

// SAFETY: A possible CPU, or -1 for none.
unsafe impl Arg for Option<CpuId> {
    type Raw = ffi::c_int;
    type Safe<'a> = Option<CpuId>;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: ffi::c_int) -> Self::Safe<'a> {
        if raw < 0 {
            None
        } else {
            // SAFETY: A possible CPU.
            Some(unsafe { CpuId::from_i32_unchecked(raw) })
        }
    }
}

// SAFETY: A mask that exists for the length of the call.
unsafe impl Arg for Cpumask {
    type Raw = *const bindings::cpumask;
    type Safe<'a> = &'a Cpumask;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: Self::Raw) -> Self::Safe<'a> {
        // SAFETY: It exists for the length of the call, and `Cpumask` is transparent. Others may
        // write bits of it meanwhile, as with any mask of the kernel's; they do so atomically.
        unsafe { Cpumask::from_raw(raw) }
    }
}

/// An object of the kernel's for which there is no safe type: its identity, no more.
///
/// # Invariants
///
/// The pointer, if it is not null, is good for the lifetime.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object<'a, T>(*const T, PhantomData<&'a ()>);

impl<T> Object<'_, T> {
    /// To look into it: what that takes is in the kernel's source.
    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *const T {
        self.0
    }
}

// SAFETY: Nothing is claimed of the object but that it is there, or null.
unsafe impl<T: 'static> Arg for *mut T {
    type Raw = *mut T;
    type Safe<'a> = Object<'a, T>;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: *mut T) -> Self::Safe<'a> {
        // INVARIANT: By the requirement.
        Object(raw, PhantomData)
    }
}

/// A pointer to an object of the kernel's that may have been freed: as an address.
pub(crate) struct Gone<T>(PhantomData<T>);

// SAFETY: An address is a number.
unsafe impl<T> Arg for Gone<T> {
    type Raw = *mut T;
    type Safe<'a> = usize;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: *mut T) -> Self::Safe<'a> {
        raw as usize
    }
}

/// A pointer to a function of the kernel's, of the type `F`: as an address.
pub(crate) struct Function<F>(PhantomData<F>);

// SAFETY: All function pointers are of the size of an address.
unsafe impl<F> Arg for Function<Option<F>>
where
    Option<F>: Copy,
{
    type Raw = Option<F>;
    type Safe<'a> = usize;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: Option<F>) -> Self::Safe<'a> {
        const { assert!(size_of::<Option<F>>() == size_of::<usize>()) };
        // SAFETY: `F` is a function pointer, for which `None` is null.
        unsafe { core::mem::transmute_copy(&raw) }
    }
}

/// A string.
///
/// # Invariants
///
/// The pointer is to a terminated string, for the lifetime.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(NonNull<ffi::c_char>, PhantomData<&'a CStr>);

impl<'a> Text<'a> {
    /// The string; takes time to find its end.
    pub(crate) fn as_c_str(&self) -> &'a CStr {
        // SAFETY: By the type invariant.
        unsafe { <CStr as kernel::str::CStrExt>::from_char_ptr(self.0.as_ptr()) }
    }
}

// SAFETY: A string that exists for the length of the call.
unsafe impl Arg for Text<'static> {
    type Raw = *const ffi::c_char;
    type Safe<'a> = Text<'a>;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: *const ffi::c_char) -> Self::Safe<'a> {
        // SAFETY: A string is not null.
        let start = unsafe { NonNull::new_unchecked(raw.cast_mut()) };

        // INVARIANT: By the requirement.
        Text(start, PhantomData)
    }
}

/// The state of a task when it was switched out: its `__state`, with the bits of
/// `include/linux/sched.h`. 0 if it was preempted, or yielded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaskState(pub(crate) u32);

impl TaskState {
    /// Whether the task still wanted to run.
    #[inline(always)]
    pub(crate) fn is_running(self) -> bool {
        self.0 == 0
    }
}

// SAFETY: A number.
unsafe impl Arg for TaskState {
    type Raw = ffi::c_uint;
    type Safe<'a> = TaskState;

    #[inline(always)]
    unsafe fn wrap<'a>(raw: ffi::c_uint) -> Self::Safe<'a> {
        TaskState(raw)
    }
}

macro_rules! enums {
    ($(
        $(#[$meta:meta])*
        $name:ident: $raw:ty { $($(#[$variant_meta:meta])* $variant:ident = $value:expr,)* }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// One that this was written without knowledge of.
            Other($raw),
        }

        // SAFETY: Any number is one of these, or another.
        unsafe impl Arg for $name {
            type Raw = $raw;
            type Safe<'a> = $name;

            #[inline(always)]
            unsafe fn wrap<'a>(raw: $raw) -> Self::Safe<'a> {
                $(if raw == ($value) as $raw {
                    return Self::$variant;
                })*
                Self::Other(raw)
            }
        }
    )* };
}

enums! {
    /// Which flag asks for a reschedule.
    Resched: ffi::c_int {
        /// `TIF_NEED_RESCHED`: as soon as possible.
        Now = bindings::TIF_NEED_RESCHED,
        /// `TIF_NEED_RESCHED_LAZY`: on the way to user space, or at the next tick.
        Lazy = bindings::TIF_NEED_RESCHED_LAZY,
    }

    /// The number of a softirq: `include/linux/interrupt.h`.
    Softirq: ffi::c_uint {
        /// High-priority tasklets.
        Hi = bindings::HI_SOFTIRQ,
        /// Timers.
        Timer = bindings::TIMER_SOFTIRQ,
        /// Network, out.
        NetTx = bindings::NET_TX_SOFTIRQ,
        /// Network, in.
        NetRx = bindings::NET_RX_SOFTIRQ,
        /// Completion of block requests.
        Block = bindings::BLOCK_SOFTIRQ,
        /// Polling instead of interrupts.
        IrqPoll = bindings::IRQ_POLL_SOFTIRQ,
        /// Tasklets.
        Tasklet = bindings::TASKLET_SOFTIRQ,
        /// Load balancing.
        Sched = bindings::SCHED_SOFTIRQ,
        /// High-resolution timers.
        HrTimer = bindings::HRTIMER_SOFTIRQ,
        /// RCU callbacks.
        Rcu = bindings::RCU_SOFTIRQ,
    }

    /// Whose bandwidth a deadline entity stands for: `include/trace/events/sched.h`.
    Deadline: u8 {
        /// None of the below.
        Unknown = 0,
        /// A SCHED_DEADLINE task.
        Task = 1,
        /// The server of the fair class.
        FairServer = 2,
        /// The server of sched_ext.
        ExtServer = 3,
    }
}
