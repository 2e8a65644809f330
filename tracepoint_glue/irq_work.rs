// SPDX-License-Identifier: GPL-2.0

//! Work that a probe defers from the middle of the scheduler to a hard interrupt.

use super::{
    helpers,
    state::NoSleep, //
};
use core::ops::Deref;
use kernel::{
    bindings,
    container_of,
    prelude::*,
    types::Opaque, //
};

/// The work to do in a hard interrupt, soon.
pub(crate) trait Handler: NoSleep + Send + Sync + 'static {
    /// Called in a hard interrupt, on the CPU that queued it.
    fn run(&self);
}

/// A hard irq_work that calls a [`Handler`], which it owns.
///
/// As part of a probe's state it is dropped after the wait for all probes, so that nobody queues it
/// any more, and the drop waits for the last run of the handler before anything the handler uses is
/// dropped. That is the order of teardown.
///
/// # Invariants
///
/// `work` is initialised, with [`Self::handle()`].
#[pin_data(PinnedDrop)]
pub(crate) struct IrqWork<H: Handler> {
    #[pin]
    work: Opaque<bindings::irq_work>,
    handler: H,
}

impl<H: Handler> IrqWork<H> {
    /// Makes one. Any context.
    pub(crate) fn new(handler: H) -> impl PinInit<Self> {
        pin_init!(Self {
            // INVARIANT: Initialised here.
            //
            // SAFETY: `work` is memory for an `irq_work`, which stays where it is.
            work <- Opaque::ffi_init(|work| unsafe {
                helpers::tracepoint_glue_irq_work_init(work, Some(Self::handle))
            }),
            handler,
        })
    }

    /// Has the handler run on this CPU as soon as interrupts are on; false if that is under way.
    ///
    /// Any context, NMI included. Fires `ipi_send_cpu`: a probe on that must not queue without end,
    /// and does not, as the work is pending by then.
    #[inline(always)]
    pub(crate) fn queue(&self) -> bool {
        // SAFETY: Initialised, by the type invariant.
        unsafe { bindings::irq_work_queue(self.work.get()) }
    }

    /// # Safety
    ///
    /// `work` is that of a `Self`.
    #[link_section = ".kprobes.text"]
    unsafe extern "C" fn handle(work: *mut bindings::irq_work) {
        // SAFETY: By the requirement; it is not dropped before this has returned.
        let this = unsafe { &*container_of!(Opaque::cast_from(work), Self, work) };

        this.handler.run();
    }
}

impl<H: Handler> Deref for IrqWork<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.handler
    }
}

#[pinned_drop]
impl<H: Handler> PinnedDrop for IrqWork<H> {
    /// Waits for the handler. Process context; may sleep.
    fn drop(self: Pin<&mut Self>) {
        // Queueing borrows `self`: the work will not be queued again.
        self.quiesce();
    }
}

// SAFETY: An irq_work may be queued and waited for by anybody, and the handler is `Send`.
unsafe impl<H: Handler> Send for IrqWork<H> {}
// SAFETY: As above, and the handler is `Sync`.
unsafe impl<H: Handler> Sync for IrqWork<H> {}
// SAFETY: Queueing takes no lock, and the handler has none. The last run of the handler is waited
// for, and then what that has left behind.
unsafe impl<H: Handler> NoSleep for IrqWork<H> {
    const INERT: bool = false;

    fn quiesce(&self) {
        // SAFETY: Initialised, by the type invariant. Process context.
        unsafe { bindings::irq_work_sync(self.work.get()) };
        self.handler.quiesce();
    }
}
