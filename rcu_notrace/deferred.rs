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

use super::{
    arch,
    events::Event,
    faults,
    helpers,
    monitor::{
        By,
        OfDrop,
        OfHandler, //
    }, //
};
use kernel::{
    bindings,
    error::{
        to_result,
        Result, //
    }, //
};

/// The longest delay, one tick: from here on the tick does as much.
const LAST_DELAY_US: u32 = 1_000_000 / bindings::CONFIG_HZ;

/// The state of deferred reports, of each CPU. It is there while any guard is.
pub(crate) struct Supplier(());

impl Supplier {
    /// Sets up the state. Process context; may sleep. `ENOSPC` without a place among the callbacks
    /// for CPUs that come.
    ///
    /// # Safety
    ///
    /// Called once, by the `init` of the module.
    pub(crate) unsafe fn new() -> Result<Self> {
        // SAFETY: By the requirement nobody else has set it up, or uses it.
        to_result(unsafe { helpers::rcu_notrace_init_cpus() })?;
        Ok(Self(()))
    }
}

impl Drop for Supplier {
    /// Cancels reports that are still deferred, which are left to the tick, and waits for handlers
    /// that run. Process context; may sleep.
    fn drop(&mut self) {
        // SAFETY: Set up by `new()`. No guard is left.
        unsafe { helpers::rcu_notrace_sync_cpus() };
    }
}

/// Called by a drop, after it, if something is pending. Any context.
#[no_mangle]
#[cold]
#[inline(never)]
#[link_section = ".kprobes.text"]
extern "C" fn rcu_notrace_unlock_special() {
    // The drop of the outermost section will see to it.
    if arch::nesting(arch::current()) != 0 {
        count(Event::Nested);
        return;
    }

    // SAFETY: No requirements.
    let context = faults::overlook(unsafe { helpers::rcu_notrace_context() });

    if context & helpers::RCU_NOTRACE_IN_NMI != 0 {
        faults::report_in_nmi();
        // Nothing can have happened to a section that no interrupt can hit. The pending report
        // belongs to the context that the NMI interrupted, and will be seen to there.
        count(Event::Nmi);
    } else if context == 0 {
        count(Event::Reported);
        // SAFETY: The task is preemptible, and outside of all sections: this is its outermost drop.
        unsafe { helpers::rcu_notrace_report() };
    } else {
        count(if context & helpers::RCU_NOTRACE_IN_HARDIRQ != 0 {
            Event::HardIrq
        } else if context & helpers::RCU_NOTRACE_NO_IRQS != 0 {
            Event::IrqsOff
        } else {
            Event::PreemptOff
        });
        promise(context);
    }
}

/// Sees to it that what is pending is reported once interrupts and preemption are on.
///
/// Interrupts or preemption are off, so that this CPU stays this CPU, and it is not an NMI.
#[inline(always)]
fn promise(context: u32) {
    // Another drop may have promised, but its request may have been answered while this section was
    // open. If only preemption is in the way, now or once an interrupt has come, this request is
    // enough.
    //
    // SAFETY: By the requirement above.
    unsafe { helpers::rcu_notrace_set_need_resched() };

    // A CPU on its way out takes no more interrupts. The context switch that was just asked for
    // reports for the task, `rcutree_report_cpu_dead()` for the CPU.
    //
    // SAFETY: By the requirement above.
    if !unsafe { helpers::rcu_notrace_this_cpu_online() } {
        count(Event::Offline);
        return;
    }

    // SAFETY: By the requirement above.
    let rnc = unsafe { helpers::rcu_notrace_this_cpu() };
    let task = arch::current();
    // SAFETY: This CPU's state, by the requirement above.
    let step = unsafe { OfDrop::begin(rnc, context & helpers::RCU_NOTRACE_IN_HARDIRQ != 0) };

    // The promise is noted before the work is queued. Queueing fires `ipi_send_cpu`, and a drop in
    // a probe on that must find the promise given. A handler that interrupts this may withdraw it;
    // then it will run again, and find what there is to do.
    //
    // SAFETY: This CPU's state. Something is pending, and by the requirement above stays so.
    unsafe {
        if arch::news(task) || faults::is_unbounded() {
            (*rnc).delay_us = helpers::RCU_NOTRACE_FIRST_DELAY_US;
        } else if context != helpers::RCU_NOTRACE_NO_IRQS
            && (&raw const (*rnc).promised).read_volatile()
        {
            step.decide(By::Rely);
            return;
        } else {
            count(Event::Inherited);
        }
        step.decide(By::Queue);
        arch::record_promise(task);
        (&raw mut (*rnc).promised).write_volatile(true);
        bindings::irq_work_queue(&raw mut (*rnc).work);
    }
}

/// The handler of the irq_work.
#[no_mangle]
#[link_section = ".kprobes.text"]
extern "C" fn rcu_notrace_irq_work(rnc: *mut helpers::rcu_notrace_cpu) {
    count(Event::IrqWork);
    // SAFETY: This is the handler's beginning.
    let _step = unsafe { OfHandler::begin(rnc, By::Work) };

    keep_promise(rnc);
}

/// The handler of the timer.
#[no_mangle]
#[link_section = ".kprobes.text"]
extern "C" fn rcu_notrace_timer(rnc: *mut helpers::rcu_notrace_cpu) {
    count(Event::Timer);
    // SAFETY: This is the handler's beginning.
    let _step = unsafe { OfHandler::begin(rnc, By::Timer) };

    keep_promise(rnc);
}

/// The body of both handlers. Hard interrupt context; interrupts were on in what was interrupted.
#[inline(never)]
#[link_section = ".kprobes.text"]
fn keep_promise(rnc: *mut helpers::rcu_notrace_cpu) {
    let task = arch::current();

    // SAFETY: Interrupts are off, and the state is that of this CPU, or that of an offline one
    // whose timer has come here, and for which that CPU waits before it is back: nobody else
    // writes it.
    unsafe {
        if arch::special(task) == 0 || rnc != helpers::rcu_notrace_this_cpu() {
            // Reported in the meantime; or nothing is left of that CPU to be reported.
        } else if arch::nesting(task) > 0 {
            // The drop of the section that is open reports, or promises; the delay stays.
            (*rnc).promised = false;
            return;
        } else if faults::has_reported() {
            // A mistake, in the build of a negative control.
        } else if helpers::rcu_notrace_interrupted_preemptible() {
            if helpers::rcu_notrace_preempted_on_exit() {
                // The context switch on the way out of this interrupt reports.
                helpers::rcu_notrace_set_need_resched();
                (*rnc).promised = false;
                return;
            }
            // Nothing preempts here: preempt=none. RCU wants no extended quiescent state inside of
            // an interrupt handler: "C1 protection" in Documentation/contract.rst has the bound.
            bindings::rcu_momentary_eqs();
        } else {
            let delay_us = (*rnc).delay_us;

            helpers::rcu_notrace_set_need_resched();
            (*rnc).promised = true;
            (*rnc).delay_us = core::cmp::min(delay_us.wrapping_mul(2), LAST_DELAY_US);
            helpers::rcu_notrace_start_timer(rnc, delay_us);
            return;
        }
        (*rnc).promised = faults::never_withdraws();
        (*rnc).delay_us = helpers::RCU_NOTRACE_FIRST_DELAY_US;
    }
}

#[inline(always)]
fn count(event: Event) {
    // SAFETY: There is a counter of each.
    unsafe { helpers::rcu_notrace_count(event as u32) };
}
