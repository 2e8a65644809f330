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
//! # Failures
//!
//! * Attaching fails half way: what has been attached is detached by the same function.
//! * `init` of the module fails later: dropping the [`Set`], or else the [`Registry`], detaches.
//! * The [`Set`] is leaked (`mem::forget()`, a cycle of references): the registry holds the set
//!   too. When it is dropped it detaches the set, and waits for what the probes have left behind
//!   ([`NoSleep::quiesce()`]). The memory stays allocated.
//! * The registry is leaked: it cannot be. It refuses to come to be anywhere but in the module's
//!   own memory, pinned. A pinned value is dropped before its memory goes (`core::pin`, "Drop
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
    attach::Core,
    faults,
    helpers,
    state::NoSleep,
    wanted::Wanted, //
};
use core::{
    marker::PhantomPinned,
    ops::Deref, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc, //
    },
};

/// The interface of all sets, whatever their state.
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
            if !unsafe { helpers::tracepoint_glue_is_ours(slot.cast()) } {
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
        let mut list = Wanted::new();

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

/// The part that a [`Set`] and the registry share.
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
