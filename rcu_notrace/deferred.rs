// SPDX-License-Identifier: GPL-2.0

//! Leaving a section with something to report.
//!
//! A section that was preempted, hit by an expedited grace period's interrupt, or older than the
//! grace period it holds up, has `current->rcu_read_unlock_special` set. RCU may be told only where
//! the task could be preempted. There, the drop reports. Elsewhere it asks for the reschedule that
//! reports when preemption comes back on. But when interrupts come back on nobody looks at that
//! request, so the drop also *promises* an interrupt, which comes as soon as they do, and reports,
//! or, while preemption is still off, asks for the reschedule again and comes again.
//!
//! ```text
//!                    drop, special set, nesting 0
//!                               |
//!        +----------+-----------+-----------------------------+
//!       NMI     preemptible                        irqs, preemption or BH off
//!        |          |                              set need_resched, by hand
//!     (nothing)  report()                                     |
//!                                     news, only irqs are off, or no promise?
//!                                           yes |             | no
//!                                               |         (nothing)
//!               +----------------------  irq_work queued
//!               |
//!     keep_promise(): handler, as soon as irqs are on
//!        special clear ............ reported in the meantime; promise kept
//!        in a section ............. its drop will report, or promise
//!        preemptible .............. set need_resched, by hand: the way out of
//!                                   the interrupt preempts, and that reports
//!        otherwise ................ set need_resched, by hand; timer --+
//!               ^                                                      |
//!               +------------ 50 us, 100 us, ... one tick -------------+
//! ```
//!
//! With preempt=none and voluntary the way out of an interrupt preempts nothing, and the handler
//! reports.
//!
//! # Why it ends
//!
//! Instrumentation of anything below may itself take a guard, and drop it with the report still
//! pending. That drop finds a promise standing, and does nothing more. An interrupt that came in
//! vain, as preemption was off, does not withdraw the promise: the timer takes it over, and the
//! delay doubles while the report is not made, so that a machine on which our interrupt takes
//! longer than the delay makes progress, too.
//!
//! That timer may be left over from a report that a context switch has made since, or from a
//! section that ended long before. So a promise is good only for what was pending when it was
//! given, which is recorded; the report clears the record. Two drops queue the work whatever
//! promise stands, and neither does so without end:
//!
//! * RCU has set a byte that is not recorded. It does that in an interrupt, or in a context switch
//!   inside of a section. Neither occurs in our own handlers and on the way out of them, where
//!   interrupts are off.
//! * Only interrupts are off. Then the irq_work interrupts a preemptible context, and the report
//!   follows. The work that comes in vain is that of a drop with preemption off.
//!
//! # Why nothing is lost
//!
//! `promised` stands only while the work is pending, the timer is active or a handler runs, and
//! each handler ends by starting the timer again, by leaving the report to somebody who will make
//! it, or by finding it made. `model/` checks both arguments, and refutes what has been left out of
//! them.

use super::arch;
use crate::shim::rcu as shim;
use kernel::bindings;

/// The longest delay, one tick: from here on the tick does as much.
const LAST_DELAY_US: u32 = 1_000_000 / bindings::CONFIG_HZ;

/// The context of a drop. Builds that overlook some of it are negative controls, as mutants of the
/// model are.
#[inline(always)]
fn context() -> u32 {
    const NO_IRQS: u32 = shim::RCU_NOTRACE_NO_IRQS;
    const NO_PREEMPT: u32 = shim::RCU_NOTRACE_NO_PREEMPT;
    // SAFETY: No requirements.
    let context = unsafe { shim::rcu_notrace_context() };
    let overlooked = cfg!(rcu_notrace_irqs_ignored) && context == NO_IRQS
        || cfg!(rcu_notrace_preempt_ignored) && context == NO_PREEMPT
        || cfg!(rcu_notrace_locks_ignored) && context == NO_IRQS | NO_PREEMPT;

    if overlooked {
        0
    } else {
        context
    }
}

/// Called by a drop, after it, if something is pending. Any context.
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
pub(super) fn pending_at_drop() {
    // The drop of the outermost section will see to it.
    if arch::nesting(arch::current()) != 0 {
        count(shim::RCU_NOTRACE_NESTED);
        return;
    }

    let context = context();

    if context & shim::RCU_NOTRACE_IN_NMI != 0 {
        if cfg!(rcu_notrace_nmi_reports) {
            // A negative control.
            //
            // SAFETY: None: this is the mistake.
            unsafe { bindings::rcu_momentary_eqs() };
        }
        // Nothing can have happened to a section that no interrupt can hit. What is pending is that
        // of whoever the NMI interrupted, and will be seen to there.
        count(shim::RCU_NOTRACE_NMI);
    } else if context == 0 {
        count(shim::RCU_NOTRACE_REPORTED);
        // SAFETY: The task is preemptible, and outside of all sections: this is its outermost drop.
        unsafe { shim::rcu_notrace_report() };
    } else {
        count(if context & shim::RCU_NOTRACE_IN_HARDIRQ != 0 {
            shim::RCU_NOTRACE_HARDIRQ
        } else if context & shim::RCU_NOTRACE_NO_IRQS != 0 {
            shim::RCU_NOTRACE_IRQS_OFF
        } else {
            shim::RCU_NOTRACE_PREEMPT_OFF
        });
        promise(context);
    }
}

/// Sees to it that what is pending is reported once interrupts and preemption are on.
///
/// Interrupts or preemption are off, so that this CPU stays this CPU, and it is not an NMI.
#[inline(always)]
fn promise(context: u32) {
    // Whoever else has promised: their request may have been answered while this section was open.
    // Where preemption is all that is in the way, now or once an interrupt has come, it is enough.
    //
    // SAFETY: By the requirement above.
    unsafe { shim::rcu_notrace_set_need_resched() };

    // A CPU on its way out takes no more interrupts. The context switch that was just asked for
    // reports for the task, `rcutree_report_cpu_dead()` for the CPU.
    //
    // SAFETY: By the requirement above.
    if !unsafe { shim::rcu_notrace_this_cpu_online() } {
        count(shim::RCU_NOTRACE_OFFLINE);
        return;
    }

    // SAFETY: By the requirement above.
    let rnc = unsafe { shim::rcu_notrace_this_cpu() };
    let task = arch::current();

    // The promise is noted before the work is queued. Queueing fires `ipi_send_cpu`, and a drop in
    // a probe on that must find the promise given. A handler that interrupts this may withdraw it;
    // then it will run again, and find what there is to do.
    //
    // `rcu_notrace_unbounded` is a negative control: a build in which nothing bounds the recursion.
    //
    // SAFETY: This CPU's state. Something is pending, and by the requirement above stays so.
    unsafe {
        if arch::news(task) || cfg!(rcu_notrace_unbounded) {
            (*rnc).delay_us = shim::RCU_NOTRACE_FIRST_DELAY_US;
        } else if context != shim::RCU_NOTRACE_NO_IRQS
            && (&raw const (*rnc).promised).read_volatile()
        {
            return;
        } else {
            count(shim::RCU_NOTRACE_INHERITED);
        }
        arch::record_promise(task);
        (&raw mut (*rnc).promised).write_volatile(true);
        bindings::irq_work_queue(&raw mut (*rnc).work);
    }
}

/// The body of both handlers. Hard interrupt context; interrupts were on in what was interrupted.
#[no_mangle]
#[link_section = ".kprobes.text"]
extern "C" fn rcu_notrace_keep_promise(
    rnc: *mut shim::rcu_notrace_cpu,
    event: shim::rcu_notrace_event,
) {
    let task = arch::current();

    count(event);

    // SAFETY: Interrupts are off, and the state is that of this CPU, or that of an offline one
    // whose timer has come here: nobody else writes it.
    unsafe {
        if arch::special(task) == 0 || rnc != shim::rcu_notrace_this_cpu() {
            // Reported in the meantime; or nothing is left of that CPU to be reported.
        } else if arch::nesting(task) > 0 {
            // The drop of the section that is open reports, or promises; the delay stays.
            (*rnc).promised = false;
            return;
        } else if cfg!(rcu_notrace_any_context) {
            // A negative control.
            bindings::rcu_momentary_eqs();
        } else if shim::rcu_notrace_interrupted_preemptible() {
            if shim::rcu_notrace_preempted_on_exit() {
                // The context switch on the way out of this interrupt reports.
                shim::rcu_notrace_set_need_resched();
                (*rnc).promised = false;
                return;
            }
            // Nothing preempts here: preempt=none. RCU wants no extended quiescent state inside of
            // an interrupt handler: "C1 protection" in Documentation/contract.rst has the bound.
            bindings::rcu_momentary_eqs();
        } else {
            let delay_us = (*rnc).delay_us;

            shim::rcu_notrace_set_need_resched();
            (*rnc).promised = true;
            (*rnc).delay_us = core::cmp::min(delay_us.wrapping_mul(2), LAST_DELAY_US);
            shim::rcu_notrace_start_timer(rnc, delay_us);
            return;
        }
        (*rnc).promised = false;
        (*rnc).delay_us = shim::RCU_NOTRACE_FIRST_DELAY_US;
    }
}

#[inline(always)]
fn count(event: shim::rcu_notrace_event) {
    // SAFETY: `event` is one of the enumeration.
    unsafe { shim::rcu_notrace_count(event) };
}
