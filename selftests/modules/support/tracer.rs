// SPDX-License-Identifier: GPL-2.0

//! A callback on every traceable function of the kernel, or on some.

use core::ops::Deref;
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_ulong, //
    },
    prelude::*,
    str::CStr,
    types::Opaque, //
};

/// State with a callback for the function tracer.
pub(crate) trait Traced: Send + Sync + 'static {
    /// Called at every function it is asked for, wherever RCU is watching; nothing keeps it from
    /// being called by what it calls.
    fn hit(&self);

    /// The same, for who wants to know which function it is: `ip` is in that.
    #[inline(always)]
    fn hit_at(&self, _ip: c_ulong) {
        self.hit();
    }
}

/// A callback that is registered, until this is dropped.
pub(crate) struct Tracer<T: Traced>(KBox<Inner<T>>);

/// The argument of the callback: the operations, from which it can find its state.
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
        Self::register(state, None)
    }

    /// Has `state` called at the functions that match `glob` only. Process context; sleeps.
    pub(crate) fn on(glob: &CStr, state: T) -> Result<Self> {
        Self::register(state, Some(glob))
    }

    fn register(state: T, glob: Option<&CStr>) -> Result<Self> {
        let inner = KBox::new(
            Inner {
                ops: Opaque::zeroed(),
                state,
            },
            GFP_KERNEL,
        )?;

        let ops = inner.ops.get();
        // SAFETY: Nobody else has the operations yet; they stay where they are until they are
        // unregistered.
        let registered = only(ops, glob).and_then(|()| unsafe {
            (*ops).func = Some(callback::<T>);
            to_result(bindings::register_ftrace_function(ops))
        });

        if let Err(e) = registered {
            // SAFETY: They are not registered.
            unsafe { bindings::ftrace_free_filter(ops) };
            return Err(e);
        }
        Ok(Self(inner))
    }
}

/// For operations that are not registered yet: just the functions that match.
fn only(ops: *mut bindings::ftrace_ops, glob: Option<&CStr>) -> Result {
    let Some(glob) = glob else {
        return Ok(());
    };
    let mut name = KVec::new();

    name.extend_from_slice(glob.to_bytes_with_nul(), GFP_KERNEL)?;
    // SAFETY: Our own operations, and a name that may be written to, of that length.
    to_result(unsafe {
        bindings::ftrace_set_filter(ops, name.as_mut_ptr(), glob.to_bytes().len() as c_int, 1)
    })
}

impl<T: Traced> Deref for Tracer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.state
    }
}

impl<T: Traced> Drop for Tracer<T> {
    fn drop(&mut self) {
        // SAFETY: Registered in `register()`; returns when no callback runs.
        unsafe { bindings::unregister_ftrace_function(self.0.ops.get()) };
        // SAFETY: They are not registered any more.
        unsafe { bindings::ftrace_free_filter(self.0.ops.get()) };
    }
}

/// # Safety
///
/// `ops` is that of a [`Tracer`] of a `T`, and is registered.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn callback<T: Traced>(
    ip: c_ulong,
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

    inner.state.hit_at(ip);
}
