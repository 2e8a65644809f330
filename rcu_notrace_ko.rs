// SPDX-License-Identifier: GPL-2.0

//! The crate root of `rcu_notrace.ko`, which supplies the guards and attaches to nothing.

use kernel::{
    error::to_result,
    prelude::*, //
};
use rcu_notrace::{
    Events,
    Supplier, //
};

mod rcu_notrace;

/// The kernel that the module was built for, as bindgen reads `rcu_notrace/built_for.h`.
#[allow(clippy::all, unsafe_op_in_unsafe_fn, warnings)]
mod built_for {
    use kernel::ffi;

    include!("rcu_notrace/built_for_generated.rs");
}

module! {
    type: Module,
    name: "rcu_notrace",
    authors: ["The rcu-notrace authors"],
    description: "Notrace RCU read-side guards for tracing code",
    license: "GPL v2",
}

struct Module {
    // Dropped in this order: the sums are the last that is said.
    _supplier: Supplier,
    _sums: Sums,
}

/// Prints how often guards have left the fast path when it is dropped.
struct Sums;

impl Drop for Sums {
    fn drop(&mut self) {
        pr_info!("unloading; {}\n", Events::now());
    }
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: Any context: it compares strings that stay as they are.
        to_result(unsafe { built_for::rcu_notrace_built_for_this() })?;

        // SAFETY: Once, in `init`.
        let supplier = unsafe { Supplier::new() }?;

        pr_info!("loaded\n");
        Ok(Self {
            _supplier: supplier,
            _sums: Sums,
        })
    }
}
