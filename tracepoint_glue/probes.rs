// SPDX-License-Identifier: GPL-2.0

//! The probes of one set, and their registration with tracepoints as these are found and go.

use super::faults;
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    str::CStr, //
};

/// One probe, attached or waiting.
pub(super) struct Registered {
    /// Of the tracepoint; of no use for one of every.
    pub(super) name: &'static CStr,
    pub(super) func: *mut c_void,
    pub(super) required: bool,
    /// Whether `func` is a probe for a tracepoint of that name.
    pub(super) checked: bool,
    /// Came with [`every()`](super::Wanted::every), and goes with the tracepoint.
    pub(super) of_every: bool,
    /// Null while it waits.
    pub(super) tracepoint: *mut bindings::tracepoint,
}

/// The probes of one set.
pub(super) struct Probes {
    pub(super) list: KVec<Registered>,
    pub(super) every: Option<*mut c_void>,
    /// The data that probes are registered with: the set's state.
    pub(super) data: *mut c_void,
    /// Whether the set is still being attached, so that a failure is one of the whole.
    pub(super) attaching: bool,
    /// The first failure.
    pub(super) result: Result,
    /// Tracepoints that would not have a probe of [`every()`](super::Wanted::every).
    pub(super) refused: usize,
    /// Whether anything has ever been registered, so that there is something to wait for.
    pub(super) touched: bool,
    /// Whether the notifier is registered.
    pub(super) notified: bool,
}

// SAFETY: The pointers are to the set's own state, to code, and to tracepoints, which the kernel
// keeps for as long as the notifier has not told of their going. None is bound to a task.
unsafe impl Send for Probes {}

/// Says that `name` cannot be probed, and why.
pub(super) fn refused(name: &CStr, error: Error) -> Error {
    pr_err!("tracepoint {name}: cannot attach a probe: {error:?}\n");
    error
}

/// # Safety
///
/// `tracepoint` exists.
unsafe fn name<'a>(tracepoint: *mut bindings::tracepoint) -> &'a CStr {
    // SAFETY: By the requirement; a tracepoint has a name.
    unsafe { CStr::from_char_ptr((*tracepoint).name) }
}

impl Probes {
    /// Registers `func`.
    ///
    /// # Safety
    ///
    /// `tracepoint` exists, and `func` is a probe for it that takes `self.data`.
    unsafe fn register(
        &mut self,
        tracepoint: *mut bindings::tracepoint,
        func: *mut c_void,
    ) -> Result {
        faults::registration()?;
        self.touched = true;
        // `may_exist`, as a probe that does is an error here and not a bug of the kernel's.
        //
        // SAFETY: By the requirement.
        to_result(unsafe {
            bindings::tracepoint_probe_register_prio_may_exist(
                tracepoint,
                func,
                self.data,
                bindings::TRACEPOINT_DEFAULT_PRIO as c_int,
            )
        })
    }

    /// There is a tracepoint.
    ///
    /// # Safety
    ///
    /// It exists until [`gone()`](Self::gone). `data` is good for all of `list`.
    pub(super) unsafe fn found(&mut self, tracepoint: *mut bindings::tracepoint) {
        // SAFETY: By the requirement.
        let found = unsafe { name(tracepoint) };

        for i in 0..self.list.len() {
            let probe = &self.list[i];

            if self.result.is_err() {
                return;
            }
            if !probe.checked || !probe.tracepoint.is_null() || probe.name != found {
                continue;
            }
            // SAFETY: By the requirement; the function is for the tracepoint of this name, and has
            // been checked against it.
            match unsafe { self.register(tracepoint, probe.func) } {
                Ok(()) => self.list[i].tracepoint = tracepoint,
                Err(e) => self.fail(refused(found, e)),
            }
        }
        if let Some(func) = self.every {
            // SAFETY: By the requirement; the function is for any tracepoint.
            if let Err(e) = unsafe { self.found_any(tracepoint, func) } {
                if e == ENOMEM {
                    self.fail(refused(found, e));
                } else {
                    self.refused += 1;
                    pr_notice!("tracepoint {found}: left out: {e:?}\n");
                }
            }
        }
    }

    /// # Safety
    ///
    /// As of [`found()`](Self::found).
    unsafe fn found_any(
        &mut self,
        tracepoint: *mut bindings::tracepoint,
        func: *mut c_void,
    ) -> Result {
        if self.result.is_err() {
            return Ok(());
        }
        // First, so that what has been registered is listed.
        faults::allocation()?;
        self.list.reserve(1, GFP_KERNEL)?;
        // SAFETY: By the requirement.
        unsafe { self.register(tracepoint, func) }?;
        Ok(self.list.push(
            Registered {
                name: c"",
                func,
                required: false,
                checked: false,
                of_every: true,
                tracepoint,
            },
            GFP_KERNEL,
        )?)
    }

    fn fail(&mut self, error: Error) {
        if self.attaching {
            self.result = Err(error);
        }
    }

    /// A tracepoint goes.
    pub(super) fn gone(&mut self, tracepoint: *mut bindings::tracepoint) {
        for probe in self.list.iter_mut() {
            if probe.tracepoint == tracepoint {
                // SAFETY: It has been registered with just these, and the tracepoint still exists.
                unsafe { bindings::tracepoint_probe_unregister(tracepoint, probe.func, self.data) };
                probe.tracepoint = core::ptr::null_mut();
            }
        }
        self.list
            .retain(|probe| !probe.of_every || !probe.tracepoint.is_null());
    }

    pub(super) fn missing(&self) -> Option<&'static CStr> {
        self.list
            .iter()
            .find(|probe| probe.required && probe.tracepoint.is_null())
            .map(|probe| probe.name)
    }
}
