// SPDX-License-Identifier: GPL-2.0

//! A callback on every traceable function of the kernel.

use core::ops::Deref;
use kernel::{
    bindings,
    error::to_result,
    ffi::c_ulong,
    prelude::*,
    types::Opaque, //
};

/// State with a callback for the function tracer.
pub(crate) trait Traced: Send + Sync + 'static {
    /// Called at every function there is, wherever RCU is watching; nothing keeps it from being
    /// called by what it calls.
    fn hit(&self);
}

/// A callback that is registered, until this is dropped.
pub(crate) struct Tracer<T: Traced>(KBox<Inner<T>>);

/// What the callback gets: the operations, which it can find its state from.
#[repr(C)]
struct Inner<T> {
    ops: Opaque<bindings::ftrace_ops>,
    state: T,
}

// SAFETY: The operations are ftrace's while they are registered.
unsafe impl<T: Send> Send for Inner<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Inner<T> {}

impl<T: Traced> Tracer<T> {
    /// Has `state` called at every function. Process context; sleeps.
    pub(crate) fn new(state: T) -> Result<Self> {
        let inner = KBox::new(
            Inner {
                ops: Opaque::zeroed(),
                state,
            },
            GFP_KERNEL,
        )?;

        // SAFETY: Nobody else has them yet; they stay where they are until they are unregistered.
        to_result(unsafe {
            (*inner.ops.get()).func = Some(callback::<T>);
            bindings::register_ftrace_function(inner.ops.get())
        })?;
        Ok(Self(inner))
    }
}

impl<T: Traced> Deref for Tracer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.state
    }
}

impl<T: Traced> Drop for Tracer<T> {
    fn drop(&mut self) {
        // SAFETY: Registered in `new()`; returns when no callback runs.
        unsafe { bindings::unregister_ftrace_function(self.0.ops.get()) };
    }
}

/// # Safety
///
/// `ops` is that of a [`Tracer`] of a `T`, and is registered.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn callback<T: Traced>(
    _ip: c_ulong,
    _parent_ip: c_ulong,
    ops: *mut bindings::ftrace_ops,
    _regs: *mut bindings::ftrace_regs,
) {
    // SAFETY: No requirements.
    if !unsafe { bindings::rcu_is_watching() } {
        return;
    }
    // SAFETY: The first field of an `Inner` that outlives the registration.
    let inner = unsafe { &*ops.cast::<Inner<T>>() };

    inner.state.hit();
}
