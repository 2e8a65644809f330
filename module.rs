// SPDX-License-Identifier: GPL-2.0

//! The crate root: owns the parts and wires them, nothing else.

use kernel::prelude::*;

mod rcu_notrace;
mod shim;

module! {
    type: RcuNotrace,
    name: "rcu_notrace",
    authors: ["The rcu-notrace authors"],
    description: "Notrace RCU readers for tracing code, and a scheduler probe that uses them",
    license: "GPL v2",
}

struct RcuNotrace {
    rcu: rcu_notrace::Rcu,
}

impl kernel::Module for RcuNotrace {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let rcu = rcu_notrace::Rcu::new()?;

        pr_info!("loaded\n");
        Ok(Self { rcu })
    }
}

impl Drop for RcuNotrace {
    fn drop(&mut self) {
        pr_info!("unloading; {}\n", self.rcu.events());
    }
}
