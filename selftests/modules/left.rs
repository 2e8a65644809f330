// SPDX-License-Identifier: GPL-2.0

//! Leaves a promise behind, with a timer that has moved to another CPU, as a CPU does that goes
//! offline. Unloading the module prints whether either is still there.

use crate::support::{
    guards::Guards,
    param, //
};
use kernel::{
    error::to_result,
    prelude::*, //
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Left,
    name: "rcu_notrace_left",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a promise of a CPU that is offline",
    license: "GPL v2",
    params: {
        cpu: u32 {
            default: 1,
            description: "The CPU, which is offline",
        },
    },
}

struct Left {
    _guards: Guards,
}

impl kernel::Module for Left {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let guards = Guards::new()?;

        // SAFETY: No requirements: it refuses a CPU that is online.
        to_result(unsafe { support::test_leave_promise(param(module_parameters::cpu.value())) })?;
        Ok(Self { _guards: guards })
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        // SAFETY: `init` has refused a CPU that is not possible.
        let stands = unsafe { support::test_promise_stands(param(module_parameters::cpu.value())) };

        pr_info!("left stands={}\n", u32::from(stands));
    }
}
