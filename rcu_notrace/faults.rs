// SPDX-License-Identifier: GPL-2.0

//! Mistakes on purpose: negative controls for the tests of the guards.
//!
//! A test module is built with one of them (`selftests/modules/Kbuild`), as mutants of the model
//! are. In all other builds these functions do nothing, and nothing of them is left.

use kernel::bindings;

/// The context of a drop, of which some builds overlook a part.
#[inline(always)]
pub(super) fn overlook(context: u32) -> u32 {
    use super::helpers::{
        RCU_NOTRACE_NO_IRQS,
        RCU_NOTRACE_NO_PREEMPT, //
    };

    let overlooked = cfg!(rcu_notrace_irqs_ignored) && context == RCU_NOTRACE_NO_IRQS
        || cfg!(rcu_notrace_preempt_ignored) && context == RCU_NOTRACE_NO_PREEMPT
        || cfg!(rcu_notrace_locks_ignored)
            && context == RCU_NOTRACE_NO_IRQS | RCU_NOTRACE_NO_PREEMPT;

    if overlooked {
        0
    } else {
        context
    }
}

/// In a drop in an NMI, which must not report.
#[inline(always)]
pub(super) fn report_in_nmi() {
    #[cfg(rcu_notrace_nmi_reports)]
    report();
}

/// In a handler, before it looks at the context that it has interrupted: whether it has reported.
#[inline(always)]
pub(super) fn has_reported() -> bool {
    #[cfg(rcu_notrace_any_context)]
    report();
    cfg!(rcu_notrace_any_context)
}

/// Whether a promise stands though it was kept.
#[inline(always)]
pub(super) fn never_withdraws() -> bool {
    cfg!(rcu_notrace_never_withdrawn)
}

/// Whether each drop queues the work, so that nothing bounds the recursion.
#[inline(always)]
pub(super) fn is_unbounded() -> bool {
    cfg!(rcu_notrace_unbounded)
}

/// Whether an [`RcuCell`](super::RcuCell) frees a value that readers still have.
#[inline(always)]
pub(super) fn frees_at_once() -> bool {
    cfg!(rcu_notrace_free_at_once)
}

#[allow(dead_code)]
#[inline(always)]
fn report() {
    // SAFETY: Nothing holds that it requires: this is the mistake.
    unsafe { bindings::rcu_momentary_eqs() };
}
