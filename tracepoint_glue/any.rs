// SPDX-License-Identifier: GPL-2.0

//! A probe for any tracepoint, whatever its prototype.

use super::{
    context::Context,
    state::NoSleep, //
};
use crate::rcu_notrace::IGNORES_EXTRA_ARGUMENTS;
use kernel::{
    bindings,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};

/// Stands for the tracepoint in the [`Context`] of an [`AnyProbe`]: any, and so of unknown context.
pub(crate) enum Any {}

/// State with a probe that goes on any tracepoint, as it takes no arguments but the state.
pub(crate) trait AnyProbe: NoSleep + Send + Sync + 'static {
    /// Called at every hit of any of them.
    fn hit(&self, context: &Context<'_, Any>);
}

/// Whether a function may be called with more arguments than it has.
///
/// In C and Rust it may not; the ABI of the architecture may allow it. The kernel does the same: a
/// probe that it cannot unregister for want of memory it replaces by a function without arguments
/// (`kernel/tracepoint.c`, `tp_stub_func()`). With CONFIG_CFI a function can be called through a
/// pointer only as what it is declared; anything else panics the machine.
const SOUND: bool = IGNORES_EXTRA_ARGUMENTS && !cfg!(CONFIG_CFI);

/// The function to register for `P`, with a pointer to a `P` as data. `EOPNOTSUPP` if that is not
/// sound.
pub(super) fn probe<P: AnyProbe>() -> Result<*mut c_void> {
    if SOUND {
        Ok(any::<P> as *mut c_void)
    } else {
        // 7.2 has no name for it in Rust.
        Err(Error::from_errno(-(bindings::EOPNOTSUPP as c_int)))
    }
}

/// The function that the kernel calls.
///
/// # Safety
///
/// A tracepoint has been hit. `data` points to a `P`, which outlives the call.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn any<P: AnyProbe>(data: *mut c_void) {
    // SAFETY: By the requirement: whoever registers a probe waits for all calls before the state is
    // freed.
    let probe = unsafe { &*data.cast::<P>() };
    // SAFETY: A tracepoint has been hit, and this is its probe.
    let context = unsafe { Context::<'_, Any>::new() };

    probe.hit(&context);
}
