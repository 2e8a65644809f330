// SPDX-License-Identifier: GPL-2.0

//! Attaching, detaching, and who owns what meanwhile.
//!
//! # Teardown
//!
//! The order is the kernel's: unregister every probe, wait for both domains of readers under which
//! tracepoints call them (`tracepoint_srcu`, and Tasks Trace RCU for the faultable ones), wait for
//! what probes have left behind, free. [`Core::unregister()`] does the first for a set,
//! [`Core::wait()`] the second, once for any number of sets.
//! Only then does the state lose its last owner: the drop of an
//! [`IrqWork`](super::irq_work::IrqWork) in it is the third, the end of the drop the fourth.
//!
//! # Who can go wrong
//!
//! * Attaching fails half way: what has been attached is detached by the same function.
//! * `init` of the module fails later: dropping the [`Set`], or else the [`Registry`], detaches.
//! * The [`Set`] is leaked (`mem::forget()`, a cycle of references): the registry holds the set
//!   too. When it is dropped it detaches the set, and waits for what the probes have left behind
//!   ([`NoSleep::quiesce()`]). The memory stays allocated.
//! * The registry is leaked: it cannot be. It refuses to come to be anywhere but in the module's
//!   own memory, pinned. What is pinned is dropped before its memory goes (`core::pin`, "Drop
//!   guarantee"), and this memory goes when the module is unloaded. In a module that is to be a
//!   field of the type that implements `InPlaceModule`.
//!
//! # Lock order
//!
//! ```text
//! SETS                            attach, detach; never in a callback
//!   tracepoint_module_list_mutex  the kernel's: register_tracepoint_module_notifier(), callback
//!     Core::probes                of one set
//!       tracepoints_mutex         the kernel's: tracepoint_probe_register()
//!         ...                     and below it cpu_hotplug_lock, jump_label_mutex, text_mutex
//! ```
//!
//! So neither attach nor detach from a module notifier, nor with anything held that those take.

use super::{
    any::{
        self,
        AnyProbe, //
    },
    faults,
    state::NoSleep,
    Probe,
    Tracepoint, //
};
use crate::shim::tracepoint as shim;
use core::{
    marker::PhantomPinned,
    ops::Deref, //
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
    str::CStr,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    },
    types::Opaque, //
};

/// What all sets have in common, whatever their state.
trait Attached: Send + Sync {
    fn core(&self) -> &Core;

    /// As [`NoSleep::quiesce()`].
    fn quiesce(&self);
}

kernel::sync::global_lock! {
    // SAFETY: Initialised by the first `Registry`; whoever locks it has been given one, or a `Set`
    // that one has made.
    unsafe(uninit) static SETS: Mutex<KVec<Arc<dyn Attached>>> = KVec::new();
}

/// Whether there is a [`Registry`].
static TAKEN: Atomic<i32> = Atomic::new(0);
/// Whether `SETS` has been initialised; read and written by who has [`TAKEN`].
static INITIALISED: Atomic<i32> = Atomic::new(0);

/// The right to attach probes, in this module; while it exists, the sets that are attached.
///
/// A module has one, in the type that implements `InPlaceModule`.
///
/// # Invariants
///
/// Lies pinned in the module's own memory. `SETS` is initialised.
#[pin_data(PinnedDrop)]
pub(crate) struct Registry {
    // An address of its own takes a size.
    _byte: u8,
    #[pin]
    _pin: PhantomPinned,
}

impl Registry {
    /// Makes the module's registry.
    ///
    /// Process context. `EBUSY` if there is one, `EINVAL` where it is not in the module's memory.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        let init = |slot: *mut Self| {
            // SAFETY: Compares an address.
            if !unsafe { shim::tracepoint_glue_is_ours(slot.cast()) } {
                pr_err!("a tracepoint registry that is not part of the module itself\n");
                return Err(EINVAL);
            }
            if TAKEN.cmpxchg(0, 1, Acquire).is_err() {
                return Err(EBUSY);
            }
            if INITIALISED.load(Relaxed) == 0 {
                // SAFETY: Nobody has had a registry yet, and nobody else gets past the exchange.
                unsafe { SETS.init() };
                INITIALISED.store(1, Relaxed);
            }
            // INVARIANT: Just checked, and initialised; pinned, as this is a `PinInit`.
            //
            // SAFETY: `slot` is memory for a `Self`.
            unsafe {
                slot.write(Self {
                    _byte: 0,
                    _pin: PhantomPinned,
                })
            };
            Ok(())
        };

        // SAFETY: `slot` is initialised where `Ok` is returned, and untouched otherwise; it is not
        // moved.
        unsafe { pin_init::pin_init_from_closure(init) }
    }

    /// Attaches the probes of `state` to what `wanted` asks for: all of it, or nothing.
    ///
    /// Process context; sleeps, for a grace period at times. `ENOENT`: a tracepoint that is
    /// required is not there. `EEXIST`: one is asked for twice. `ENOMEM`; and what the kernel says
    /// when it refuses a probe. The kernel log has the tracepoint's name.
    pub(crate) fn attach<S, E>(
        &self,
        state: impl PinInit<S, E>,
        wanted: impl FnOnce(&mut Wanted<S>) -> Result,
    ) -> Result<Set<S>>
    where
        S: NoSleep + Send + Sync + 'static,
        Error: From<E>,
    {
        let mut list = Wanted {
            probes: KVec::new(),
            every: None,
            _state: core::marker::PhantomData,
        };

        wanted(&mut list)?;
        faults::allocation()?;

        let inner = Arc::<Inner<S>>::pin_init::<Error>(
            try_pin_init!(Inner {
                core <- Core::new(list.probes, list.every),
                state <- state,
            }? Error),
            GFP_KERNEL,
        )?;
        let mut sets = SETS.lock();

        faults::allocation()?;
        sets.push(inner.clone(), GFP_KERNEL)?;
        // From here on the set is detached when this is dropped, however far it got; but for the
        // lock, which that takes again.
        let data = (&raw const inner.state).cast_mut().cast();
        // SAFETY: `wanted` has listed probes of an `S`. The state is dropped with the last
        // reference to `inner`; `sets` has one for as long as the probes are attached.
        let attached = unsafe { inner.core.attach(data) };

        drop(sets);

        let set = Set(inner);

        attached.map(|()| set)
    }
}

#[pinned_drop]
impl PinnedDrop for Registry {
    /// Detaches what is left: sets that have been leaked, or are yet to be dropped.
    fn drop(self: Pin<&mut Self>) {
        let mut sets = SETS.lock();

        for set in sets.iter() {
            set.core().unregister();
        }
        Core::wait(sets.iter().map(|set| set.core()));
        // No probe runs any more: what they may have shared can come to rest.
        for set in sets.iter() {
            set.quiesce();
        }
        let sets_left = core::mem::take(&mut *sets);
        drop(sets);
        // The state of those that nobody else has.
        drop(sets_left);
        TAKEN.store(0, Release);
    }
}

/// What to attach the probes of an `S` to.
pub(crate) struct Wanted<S> {
    probes: KVec<Registered>,
    every: Option<*mut c_void>,
    _state: core::marker::PhantomData<fn(S)>,
}

impl<S> Wanted<S> {
    fn push<T: Tracepoint>(&mut self, func: *mut c_void, required: bool) -> Result {
        let name = T::NAME;
        let probe = Registered {
            name,
            func,
            required,
            checked: T::CHECKED,
            of_every: false,
            tracepoint: core::ptr::null_mut(),
        };

        if self.probes.iter().any(|p| p.name == name && p.func == func) {
            return Err(refused(name, EEXIST));
        }
        faults::allocation()?;
        Ok(self.probes.push(probe, GFP_KERNEL)?)
    }

    /// The tracepoint `T`, which has to be there now: `ENOENT`.
    ///
    /// If it is a module's, the probe follows it as below.
    pub(crate) fn require<T: Tracepoint>(&mut self) -> Result
    where
        S: Probe<T>,
    {
        self.push::<T>(T::probe::<S>(), true)
    }

    /// The tracepoint `T` when and while it is there: with the module that defines it, which is not
    /// kept from going.
    pub(crate) fn follow<T: Tracepoint>(&mut self) -> Result
    where
        S: Probe<T>,
    {
        self.push::<T>(T::probe::<S>(), false)
    }

    /// Every tracepoint there is, and those of modules as they come.
    ///
    /// `EOPNOTSUPP` where a probe of unknown prototype is not sound. A tracepoint that refuses is
    /// left out, and the kernel log says why.
    pub(crate) fn every(&mut self) -> Result
    where
        S: AnyProbe,
    {
        self.every = Some(any::probe::<S>()?);
        Ok(())
    }
}

/// One probe, attached or waiting.
struct Registered {
    /// Of the tracepoint; of no use for one of every.
    name: &'static CStr,
    func: *mut c_void,
    required: bool,
    /// Whether `func` is a probe for a tracepoint of that name.
    checked: bool,
    /// Came with [`Wanted::every()`], and goes with the tracepoint.
    of_every: bool,
    /// Null while it waits.
    tracepoint: *mut bindings::tracepoint,
}

/// The probes of one set.
struct Probes {
    list: KVec<Registered>,
    every: Option<*mut c_void>,
    /// What probes are registered with: the set's state.
    data: *mut c_void,
    /// Whether the set is still being attached, so that a failure is one of the whole.
    attaching: bool,
    /// The first failure.
    result: Result,
    /// Tracepoints that would not have a probe of [`Wanted::every()`].
    refused: usize,
    /// Whether anything has ever been registered, so that there is something to wait for.
    touched: bool,
    /// Whether the notifier is registered.
    notified: bool,
}

// SAFETY: The pointers are to the set's own state, to code, and to tracepoints, which the kernel
// keeps for as long as the notifier has not told of their going. None is bound to a task.
unsafe impl Send for Probes {}

/// Says that `name` cannot be probed, and why.
fn refused(name: &CStr, error: Error) -> Error {
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
    unsafe fn found(&mut self, tracepoint: *mut bindings::tracepoint) {
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
    fn gone(&mut self, tracepoint: *mut bindings::tracepoint) {
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

    fn missing(&self) -> Option<&'static CStr> {
        self.list
            .iter()
            .find(|probe| probe.required && probe.tracepoint.is_null())
            .map(|probe| probe.name)
    }
}

/// The probes of a set, and how it hears of modules.
///
/// # Invariants
///
/// A tracepoint in `probes` exists: it is built in, or of a module whose going `notifier` will be
/// told of.
#[pin_data]
struct Core {
    #[pin]
    notifier: Opaque<bindings::notifier_block>,
    #[pin]
    probes: Mutex<Probes>,
}

// SAFETY: The notifier block is written before it is registered, and by the kernel afterwards,
// under its own lock.
unsafe impl Send for Core {}
// SAFETY: As above.
unsafe impl Sync for Core {}

impl Core {
    fn new(list: KVec<Registered>, every: Option<*mut c_void>) -> impl PinInit<Self> {
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
    unsafe fn attach(&self, data: *mut c_void) -> Result {
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
    fn unregister(&self) {
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
    fn wait<'a>(cores: impl Iterator<Item = &'a Self>) {
        let touched = cores.fold(false, |touched, core| {
            core::mem::take(&mut core.probes.lock().touched) || touched
        });

        // `rcu_notrace_no_wait` is a negative control: a build in which the state goes too early.
        if touched && !cfg!(rcu_notrace_no_wait) {
            // SAFETY: Process context. Whoever was in a probe is out of it when this returns.
            unsafe { shim::tracepoint_glue_synchronize() };
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
            let module = shim::tracepoint_glue_module(data);

            for i in 0..shim::tracepoint_glue_module_tracepoints(module) {
                let tracepoint = shim::tracepoint_glue_module_tracepoint(module, i);

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

/// What a [`Set`] and the registry share.
#[pin_data]
struct Inner<S> {
    #[pin]
    core: Core,
    #[pin]
    state: S,
}

impl<S: NoSleep + Send + Sync> Attached for Inner<S> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn quiesce(&self) {
        self.state.quiesce();
    }
}

/// Probes that are attached, and their state, which can be read through this.
///
/// Dropping it detaches them and waits until none is running; then the state is dropped. Process
/// context; sleeps. Leaking it is safe: the probes stay, and with them the state, until the
/// [`Registry`] is dropped.
#[must_use = "dropping a set detaches it"]
pub(crate) struct Set<S: Send + Sync + 'static>(Arc<Inner<S>>);

impl<S: Send + Sync> Set<S> {
    /// How many tracepoints have a probe of this set by now. Process context.
    pub(crate) fn attached(&self) -> usize {
        let probes = self.0.core.probes.lock();

        probes
            .list
            .iter()
            .filter(|p| !p.tracepoint.is_null())
            .count()
    }

    /// Detaches all of `sets`, the last one first, and waits once for all of their probes.
    ///
    /// Process context; sleeps, for a grace period.
    pub(crate) fn detach(sets: &mut [Option<Self>]) {
        {
            let _sets = SETS.lock();

            for set in sets.iter().rev().flatten() {
                set.0.core.unregister();
            }
            Core::wait(sets.iter().flatten().map(|set| &set.0.core));
        }
        sets.fill_with(|| None);
    }

    /// How many would not have one. Process context.
    pub(crate) fn refused(&self) -> usize {
        self.0.core.probes.lock().refused
    }
}

impl<S: Send + Sync> Deref for Set<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0.state
    }
}

impl<S: Send + Sync> Drop for Set<S> {
    fn drop(&mut self) {
        let mut sets = SETS.lock();

        // Nothing to do where the registry or `detach()` has been before.
        self.0.core.unregister();
        Core::wait(core::iter::once(&self.0.core));
        sets.retain(|set| !core::ptr::eq(set.core(), &self.0.core));
    }
}
