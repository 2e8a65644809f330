// SPDX-License-Identifier: GPL-2.0

//! The guards of a test module, their supplier, and its counts.

use crate::rcu_notrace::Events;
#[cfg(rcu_notrace_supplier)]
use crate::rcu_notrace::Supplier;
use kernel::error::Result;

/// The guard that is tested: that of Rust clients, or of C clients (`--cfg rcu_notrace_c`).
#[cfg(rcu_notrace_c)]
#[allow(unused_imports)]
pub(crate) use super::c_api::{
    Guard,
    Rcu, //
};
#[cfg(not(rcu_notrace_c))]
#[allow(unused_imports)]
pub(crate) use crate::rcu_notrace::{
    Guard,
    Rcu, //
};

/// Counts from here on; in a build that supplies its own guards, the supplier. To be dropped last.
pub(crate) struct Guards {
    before: Events,
    #[cfg(rcu_notrace_supplier)]
    _supplier: Supplier,
}

impl Guards {
    /// Process context. A test module has one.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            before: Events::now(),
            #[cfg(rcu_notrace_supplier)]
            // SAFETY: Builds that supply their own guards make this in `init`, once.
            _supplier: unsafe { Supplier::new() }?,
        })
    }

    /// The counts of all modules since.
    pub(crate) fn events(&self) -> Events {
        self.before.since()
    }
}
