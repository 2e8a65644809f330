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
//!                                   no mark beside it, or no promise stands?
//!                                           yes |             | no
//!                                               |         (nothing)
//!               +----------------------  irq_work queued
//!               |
//!     keep_promise(): handler, as soon as irqs are on
//!        special clear ............ reported in the meantime; promise kept
//!        in a section ............. its drop will report, or promise
//!        preemptible .............. report, from the handler, as the tick does
//!        otherwise ................ set need_resched, by hand; timer --+
//!               ^                                                      |
//!               +------------ 50 us, 100 us, ... one tick -------------+
//! ```
//!
//! # Why it ends
//!
//! Instrumentation of anything below may itself take a guard, and drop it with the report still
//! pending. It finds a promise standing, and does nothing more. What stands is not withdrawn by an
//! interrupt that came in vain, as preemption was off: the timer takes it over, and its delay
//! doubles while the report is not made, so that a machine on which our interrupt takes longer than
//! the delay gets out of it too.
//!
//! That timer may be left over from a report that a context switch has made since. So a promise is
//! good only for what it was given for, and marks that: the report takes the mark with it. What is
//! pending without the mark has the work queued whatever stands. That cannot happen without end, as
//! each time something has come from outside, which with interrupts off, as in our own handlers and
//! on the way out of them, cannot be.
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

/// Called by a drop, after it, if something is pending. Any context.
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
pub(super) fn pending_at_drop() {
    // An inner section: the drop of the outermost will see to it.
    if arch::nesting(arch::current()) != 0 {
        return;
    }

    // SAFETY: These have no requirements.
    let context = unsafe { shim::rcu_notrace_context() };

    if context & shim::RCU_NOTRACE_IN_NMI != 0 {
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
        promise();
    }
}

/// Sees to it that what is pending is reported once interrupts and preemption are on.
///
/// Interrupts or preemption are off, so that this CPU stays this CPU, and it is not an NMI.
#[inline(always)]
fn promise() {
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
        if !arch::marked(task) || cfg!(rcu_notrace_unbounded) {
            (*rnc).delay_us = shim::RCU_NOTRACE_FIRST_DELAY_US;
        } else if (&raw const (*rnc).promised).read_volatile() {
            return;
        } else {
            count(shim::RCU_NOTRACE_INHERITED);
        }
        arch::mark(task);
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
            // Another section has begun, and inherited it. Its drop reports, or promises; the delay
            // stays what it has become.
            (*rnc).promised = false;
            return;
        } else if shim::rcu_notrace_interrupted_preemptible() {
            // What was interrupted is a quiescent state, and we hold nothing that RCU protects.
            // `rcu_flavor_sched_clock_irq()` reports here, and so does `rcu_exp_handler()`.
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
