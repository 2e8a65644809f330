// SPDX-License-Identifier: GPL-2.0

//! Attaching the probes of a set to the tracepoints of the kernel and of modules, and detaching.

use super::{
    faults, helpers,
    probes::{
        refused,
        Probes,
        Registered, //
    },
};
use kernel::{
    bindings,
    container_of,
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    new_mutex,
    prelude::*,
    sync::Mutex,
    types::Opaque, //
};

/// The probes of a set, and how it hears of modules.
///
/// # Invariants
///
/// A tracepoint in `probes` exists: it is built in, or of a module whose going `notifier` will be
/// told of.
#[pin_data]
pub(super) struct Core {
    #[pin]
    notifier: Opaque<bindings::notifier_block>,
    #[pin]
    pub(super) probes: Mutex<Probes>,
}

// SAFETY: The notifier block is written before it is registered, and by the kernel afterwards,
// under its own lock.
unsafe impl Send for Core {}
// SAFETY: As above.
unsafe impl Sync for Core {}

impl Core {
    pub(super) fn new(list: KVec<Registered>, every: Option<*mut c_void>) -> impl PinInit<Self> {
        pin_init!(Self {
            notifier <- Opaque::ffi_init(|notifier: *mut bindings::notifier_block| {
                // SAFETY: `notifier` is memory for a notifier block.
                unsafe {
                    notifier.write(bindings::notifier_block {
                        notifier_call: Some(Self::notify),
                        ..Default::default()
                    })
                }
            }),
            probes <- new_mutex!(
                Probes {
                    list,
                    every,
                    data: core::ptr::null_mut(),
                    attaching: true,
                    result: Ok(()),
                    refused: 0,
                    touched: false,
                    notified: false,
                },
                "tracepoint_glue::Core::probes"
            ),
        })
    }

    /// Registers the probes with `data`.
    ///
    /// # Safety
    ///
    /// Called once, with `SETS` held. `data` is what the probes take, and stays so until
    /// `unregister()` and `wait()` have returned; these are called before `self` is dropped,
    /// whatever this returns.
    pub(super) unsafe fn attach(&self, data: *mut c_void) -> Result {
        /// # Safety
        ///
        /// The tracepoint is built in; `probes` is a `Probes`, of which there is no other user.
        unsafe extern "C" fn found(tracepoint: *mut bindings::tracepoint, probes: *mut c_void) {
            // SAFETY: By the requirement.
            unsafe { (*probes.cast::<Probes>()).found(tracepoint) };
        }

        {
            let mut probes = self.probes.lock();

            probes.data = data;
            // SAFETY: `found()` takes a `Probes`, of which there is no other user meanwhile.
            unsafe { bindings::for_each_kernel_tracepoint(Some(found), (&raw mut *probes).cast()) };
            probes.result?;
        }

        // Tells of the modules that are there, before it returns, and from then on of those that
        // come and go, missing none between.
        faults::registration()?;
        // SAFETY: The notifier block is initialised, and stays until it is unregistered.
        to_result(unsafe { bindings::register_tracepoint_module_notifier(self.notifier.get()) })?;

        let mut probes = self.probes.lock();

        probes.notified = true;
        probes.attaching = false;
        probes.result?;
        match probes.missing() {
            Some(name) => Err(refused(name, ENOENT)),
            None => Ok(()),
        }
    }

    /// Unregisters the probes, some of which may still be running. A second call does nothing.
    ///
    /// Process context, with `SETS` held; sleeps.
    pub(super) fn unregister(&self) {
        if core::mem::take(&mut self.probes.lock().notified) {
            // Tells of the going of all modules that are there, and then of nothing.
            //
            // SAFETY: It is registered. No lock is held that the callback takes.
            unsafe { bindings::unregister_tracepoint_module_notifier(self.notifier.get()) };
        }

        let mut probes = self.probes.lock();

        // Only the built-in ones are left.
        for i in 0..probes.list.len() {
            let Registered {
                tracepoint, func, ..
            } = probes.list[i];

            if !tracepoint.is_null() {
                // SAFETY: It has been registered with just these, and exists.
                unsafe { bindings::tracepoint_probe_unregister(tracepoint, func, probes.data) };
                probes.list[i].tracepoint = core::ptr::null_mut();
            }
        }
    }

    /// Waits for running probes of `cores`, which have been unregistered: once for all of them, and
    /// not at all if there has never been one. A second call does nothing.
    ///
    /// Process context, with `SETS` held; sleeps, for a grace period.
    pub(super) fn wait<'a>(cores: impl Iterator<Item = &'a Self>) {
        let touched = cores.fold(false, |touched, core| {
            core::mem::take(&mut core.probes.lock().touched) || touched
        });

        if touched && !faults::skips_wait() {
            // SAFETY: Process context. No probe that was called before runs when this returns.
            unsafe { helpers::tracepoint_glue_synchronize() };
        }
    }

    /// Told of modules with tracepoints; `tracepoint_module_list_mutex` is held.
    ///
    /// A probe is registered before the module's `init` can hit it, and unregistered after its
    /// `exit`: no hit is missed. It takes no reference to the module.
    ///
    /// # Safety
    ///
    /// `notifier` is that of a `Core`, and registered; `data` a `struct tp_module`.
    unsafe extern "C" fn notify(
        notifier: *mut bindings::notifier_block,
        event: c_ulong,
        data: *mut c_void,
    ) -> c_int {
        // SAFETY: By the requirement. As it is registered the core is there.
        let core = unsafe { &*container_of!(Opaque::cast_from(notifier), Self, notifier) };
        let mut probes = core.probes.lock();

        // SAFETY: Called with a module, whose tracepoints exist until the callback for its going
        // has returned.
        unsafe {
            let module = helpers::tracepoint_glue_module(data);

            for i in 0..helpers::tracepoint_glue_module_tracepoints(module) {
                let tracepoint = helpers::tracepoint_glue_module_tracepoint(module, i);

                if event == bindings::module_state_MODULE_STATE_COMING as c_ulong {
                    probes.found(tracepoint);
                } else if event == bindings::module_state_MODULE_STATE_GOING as c_ulong {
                    probes.gone(tracepoint);
                }
            }
        }
        bindings::NOTIFY_OK as c_int
    }
}
