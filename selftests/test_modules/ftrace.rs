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
    support::kthread::{
        should_stop,
        Kthread, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    ffi::c_ulong,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    types::Opaque, //
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
#[path = "../../shim/mod.rs"]
mod shim;
mod support;

module! {
    type: Ftrace,
    name: "rcu_notrace_ftrace",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader in every traceable function",
    license: "GPL v2",
}

/// What the callback gets: the operations, which it can find itself from.
#[repr(C)]
struct Tracer {
    ops: Opaque<bindings::ftrace_ops>,
    rcu: Rcu,
}

// SAFETY: The operations are ftrace's while they are registered.
unsafe impl Send for Tracer {}
// SAFETY: As above.
unsafe impl Sync for Tracer {}

/// # Safety
///
/// `ops` is the first field of a [`Tracer`] that outlives the registration.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn callback(
    _ip: c_ulong,
    _parent_ip: c_ulong,
    ops: *mut bindings::ftrace_ops,
    _regs: *mut bindings::ftrace_regs,
) {
    // SAFETY: No requirements.
    if !unsafe { bindings::rcu_is_watching() } {
        return;
    }
    // SAFETY: By the requirement.
    let tracer = unsafe { &*ops.cast::<Tracer>() };
    let _guard = tracer.rcu.read_lock();

    // SAFETY: Any context.
    unsafe { support::test_hit() };
}

struct Ftrace {
    // Before what the callback uses.
    _updater: Kthread,
    tracer: KBox<Tracer>,
    grace_periods: Arc<Atomic<u64>>,
}

impl kernel::Module for Ftrace {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let grace_periods = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let counted = grace_periods.clone();
        let tracer = KBox::new(
            Tracer {
                ops: Opaque::zeroed(),
                rcu: Rcu::new()?,
            },
            GFP_KERNEL,
        )?;

        // SAFETY: Nobody else has them yet; they stay where they are until they are unregistered.
        to_result(unsafe {
            (*tracer.ops.get()).func = Some(callback);
            bindings::register_ftrace_function(tracer.ops.get())
        })?;

        let updater = Kthread::run(0, false, c"rcu_notrace_gp", move || {
            while !should_stop() {
                // SAFETY: Process context.
                unsafe { bindings::synchronize_rcu_expedited() };
                counted.add(1, Relaxed);
            }
        })
        .inspect_err(|_| {
            // SAFETY: Registered above.
            unsafe { bindings::unregister_ftrace_function(tracer.ops.get()) };
        })?;

        Ok(Self {
            _updater: updater,
            tracer,
            grace_periods,
        })
    }
}

impl Drop for Ftrace {
    fn drop(&mut self) {
        // SAFETY: Registered in `init()`; returns when no callback runs.
        unsafe { bindings::unregister_ftrace_function(self.tracer.ops.get()) };
        pr_info!(
            "ftrace hits={} grace_periods={} {}\n",
            // SAFETY: No requirements.
            unsafe { support::test_hits() },
            self.grace_periods.load(Relaxed),
            self.tracer.rcu.events()
        );
    }
}
