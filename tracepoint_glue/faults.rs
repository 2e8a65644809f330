// SPDX-License-Identifier: GPL-2.0

//! Failures on request, for tests: stock kernels have no fault injection.
//!
//! In builds for tests (`rcu_notrace_faults`) each allocation and each registration that the glue
//! makes can be made to fail. In others nothing of this is left, nor of the mistake that is a
//! negative control (`rcu_notrace_no_wait`).

use kernel::prelude::*;

/// Before an allocation.
#[inline(always)]
pub(crate) fn allocation() -> Result {
    point(ENOMEM)
}

/// Before a registration with the kernel. `ENODEV` comes from nowhere else here.
#[inline(always)]
pub(crate) fn registration() -> Result {
    point(ENODEV)
}

/// Whether the state of a set is dropped while its probes may run.
#[inline(always)]
pub(super) fn skips_wait() -> bool {
    cfg!(rcu_notrace_no_wait)
}

#[cfg(not(rcu_notrace_faults))]
#[inline(always)]
fn point(_failure: Error) -> Result {
    Ok(())
}

#[cfg(rcu_notrace_faults)]
mod imp {
    use kernel::{
        prelude::*,
        sync::atomic::{
            Atomic,
            Relaxed, //
        },
    };

    /// How many points are to be passed before the one that fails; negative: none fails.
    static PASS: Atomic<i64> = Atomic::new(-1);

    /// Makes the `nth` point from now on fail, counted from 1; 0: none.
    pub(crate) fn fail(nth: u32) {
        PASS.store(i64::from(nth) - 1, Relaxed);
    }

    pub(super) fn point(failure: Error) -> Result {
        let pass = PASS.load(Relaxed);

        if pass >= 0 {
            PASS.store(pass - 1, Relaxed);
        }
        if pass == 0 {
            Err(failure)
        } else {
            Ok(())
        }
    }
}
#[cfg(rcu_notrace_faults)]
pub(crate) use imp::fail;
#[cfg(rcu_notrace_faults)]
use imp::point;
