// SPDX-License-Identifier: GPL-2.0

//! Takes a guard in a function-tracer callback on every traceable function of the kernel, RCU's own
//! and the scheduler's included, while expedited grace periods are asked for without a pause.
//!
//! The callback has no recursion protection, neither its own nor ftrace's: what is called on the
//! way out of its guard is traced by it again. That this ends is the guards' business.
//!
//! Unloading the module prints hits, grace periods, and what drops found to do. Built with `--cfg
//! rcu_notrace_unbounded` (`rcu_notrace_unbounded.ko`), where every drop that finds a report
//! pending queues an interrupt, the machine is expected not to come back.

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    support::{
        guards::Guards,
        kthread::{
            should_stop,
            Kthread, //
        },
        tracer::{
            Traced,
            Tracer, //
        },
    },
};
use kernel::{
    bindings,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;

module! {
    type: Ftrace,
    name: "rcu_notrace_ftrace",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader in every traceable function",
    license: "GPL v2",
}

struct Hits {
    rcu: Rcu,
}

impl Traced for Hits {
    #[inline(always)]
    fn hit(&self) {
        if support::near_checked_boost_mtx() {
            return;
        }
        let _guard = self.rcu.read_lock();

        // SAFETY: Any context.
        unsafe { support::test_hit() };
    }
}

struct Ftrace {
    _updater: Kthread,
    _tracer: Tracer<Hits>,
    grace_periods: Arc<Atomic<u64>>,
    guards: Guards,
}

impl kernel::Module for Ftrace {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let guards = Guards::new()?;
        let grace_periods = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let counted = grace_periods.clone();
        let tracer = Tracer::new(Hits { rcu: Rcu::new() })?;
        let updater = Kthread::run(0, false, c"rcu_notrace_gp", move || {
            while !should_stop() {
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu_expedited() };
                counted.add(1, Relaxed);
            }
        })?;

        Ok(Self {
            _updater: updater,
            _tracer: tracer,
            grace_periods,
            guards,
        })
    }
}

impl Drop for Ftrace {
    fn drop(&mut self) {
        pr_info!(
            "ftrace hits={} grace_periods={} {}\n",
            // SAFETY: No requirements.
            unsafe { support::test_hits() },
            self.grace_periods.load(Relaxed),
            self.guards.events()
        );
    }
}
