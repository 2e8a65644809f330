// SPDX-License-Identifier: GPL-2.0

//! A function that is called in every context, as long as this exists.
//!
//! For modules that have the C side, `contexts.c`, too.

use crate::support::{
    self,
    kthread::{
        should_stop,
        sleep_us,
        Kthread, //
    }, //
};
use kernel::{
    error::to_result,
    prelude::*, //
};

/// Calls of a function in hard interrupts, softirqs and NMIs, and under the rq lock.
pub(crate) struct Everywhere(Option<Kthread>);

impl Everywhere {
    /// Has `call` called from all contexts: on every CPU but the first, one after the other, every
    /// `every_us`; under the rq lock at every switch.
    ///
    /// # Safety
    ///
    /// `call` may be called in any context until this has been dropped. There is one of these.
    pub(crate) unsafe fn new(
        call: unsafe extern "C" fn(support::test_context),
        every_us: u32,
    ) -> Result<Self> {
        // SAFETY: By the requirement, until `test_contexts_stop()`.
        to_result(unsafe { support::test_contexts_start(Some(call)) })?;

        let mut everywhere = Self(None);

        everywhere.0 = Some(Kthread::run(0, true, c"rcu_notrace_irq", move || {
            let others = kernel::cpu::nr_cpu_ids() - 1;
            let mut n = 0;

            while others != 0 && !should_stop() {
                // SAFETY: Process context; the contexts have been started.
                unsafe { support::test_contexts_provoke(1 + n % others) };
                n = n.wrapping_add(1);
                sleep_us(every_us);
            }
            while !should_stop() {
                sleep_us(10_000);
            }
        })?);
        Ok(everywhere)
    }
}

impl Drop for Everywhere {
    fn drop(&mut self) {
        self.0 = None;
        // SAFETY: Started in `new()`, and nobody provokes any more.
        unsafe { support::test_contexts_stop() };
    }
}
