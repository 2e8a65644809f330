// SPDX-License-Identifier: GPL-2.0

//! The steps of a promise, each looked up among those of the model as it is taken.
//!
//! For builds with `RCU_NOTRACE_DEBUG=1`. In all others these functions do nothing, and nothing of
//! them is left.
//!
//! A drop or a handler finds a promise in some state, and leaves it in another. `model/run` prints
//! which of these steps its searches come upon, and compares them with the list below. The first
//! step that is not there is warned of, in an irq_work that may print. All are counted, and the
//! sums are printed when the module is unloaded.
//!
//! Interrupts are off here while a drop looks at the state and acts upon it, as they are in a
//! handler. In the model, and in other builds, they may come in between: it has more steps than can
//! be taken here, and none less.

use super::helpers;

/// The one that takes a step.
#[allow(dead_code)]
#[derive(Clone, Copy)]
pub(super) enum By {
    /// A drop that queues the irq_work.
    Queue,
    /// A drop that relies on the promise as it stands.
    Rely,
    /// The handler of the irq_work.
    Work,
    /// The handler of the timer.
    Timer,
}

#[cfg(not(rcu_notrace_debug))]
mod steps {
    use super::{
        helpers,
        By, //
    };

    pub(crate) struct OfDrop;
    pub(crate) struct OfHandler;

    impl OfDrop {
        /// # Safety
        ///
        /// As in a build with steps.
        #[inline(always)]
        pub(crate) unsafe fn begin(_: *mut helpers::rcu_notrace_cpu, _in_hardirq: bool) -> Self {
            Self
        }

        #[inline(always)]
        pub(crate) fn decide(&self, _: By) {}
    }

    impl OfHandler {
        /// # Safety
        ///
        /// As in a build with steps.
        #[inline(always)]
        pub(crate) unsafe fn begin(_: *mut helpers::rcu_notrace_cpu, _: By) -> Self {
            Self
        }
    }
}

#[cfg(rcu_notrace_debug)]
mod steps {
    use super::{
        helpers,
        By, //
    };

    /// The steps of the model, as its searches print them: by whom, and the state that is found,
    /// `p` for a promise that stands, `w` for an irq_work that is pending, `t` for a timer that is
    /// queued, `i` for a drop in a hard interrupt handler. A handler leaves the irq_work alone, and
    /// there is what becomes of the rest.
    const STEPS: &[&str] = &[
        "Queue ----",
        "Queue ---i",
        "Queue --t-",
        "Queue --ti",
        "Queue -w--",
        "Queue -w-i",
        "Queue -wt-",
        "Queue -wti",
        "Queue p--i",
        "Queue p-t-",
        "Queue p-ti",
        "Queue pw--",
        "Queue pw-i",
        "Queue pwt-",
        "Queue pwti",
        "Rely p--i",
        "Rely p-t-",
        "Rely p-ti",
        "Rely pw--",
        "Rely pw-i",
        "Rely pwt-",
        "Rely pwti",
        "Timer ---- --",
        "Timer ---- pt",
        "Timer -w-- --",
        "Timer -w-- pt",
        "Timer p--- --",
        "Timer p--- pt",
        "Timer pw-- --",
        "Timer pw-- pt",
        "Work ---- --",
        "Work ---- pt",
        "Work --t- -t",
        "Work --t- pt",
        "Work p--- --",
        "Work p--- pt",
        "Work p-t- -t",
        "Work p-t- pt",
        "Work pw-- --",
        "Work pw-- pt",
        "Work pwt- -t",
        "Work pwt- pt",
    ];

    /// The bits of a state: see `rcu_notrace_promise()` in `rcu_notrace/helpers.c`.
    const PROMISED: u32 = 1;
    const TIMER: u32 = 4;
    const IN_HARDIRQ: u32 = 8;
    const STATES: usize = 16;

    const fn bit(letter: u8) -> u32 {
        match letter {
            b'p' => PROMISED,
            b'w' => 2,
            b't' => TIMER,
            b'i' => IN_HARDIRQ,
            b'-' => 0,
            _ => panic!(),
        }
    }

    /// By whom and from which state, the set of states to which.
    const KNOWN: [[u16; STATES]; 4] = {
        let mut known = [[0; STATES]; 4];
        let mut i = 0;

        while i < STEPS.len() {
            let step = STEPS[i].as_bytes();
            let by = match step[0] {
                b'Q' => By::Queue,
                b'R' => By::Rely,
                b'W' => By::Work,
                _ => By::Timer,
            };
            let mut states = [0; 2];
            let mut nr = 0;
            let mut at = 0;

            while at < step.len() {
                if step[at] == b' ' {
                    nr += 1;
                } else if nr > 0 {
                    states[nr - 1] |= bit(step[at]);
                }
                at += 1;
            }
            known[by as usize][states[0] as usize] |= 1 << states[1];
            i += 1;
        }
        known
    };

    #[inline(always)]
    fn take(by: By, from: u32, to: u32) {
        let known = KNOWN[by as usize][from as usize % STATES] >> (to as usize % STATES) & 1 != 0;

        // SAFETY: Interrupts are off.
        unsafe { helpers::rcu_notrace_step(by as u32, from, to, known) };
    }

    /// A drop that promises; interrupts are off until it goes.
    pub(crate) struct OfDrop {
        from: u32,
        flags: kernel::ffi::c_ulong,
    }

    impl OfDrop {
        /// # Safety
        ///
        /// The state is that of this CPU, which stays this CPU.
        #[inline(always)]
        pub(crate) unsafe fn begin(rnc: *mut helpers::rcu_notrace_cpu, in_hardirq: bool) -> Self {
            // SAFETY: Any context; `drop()` has the other half.
            let flags = unsafe { helpers::rcu_notrace_irq_save() };

            Self {
                // SAFETY: By the requirement.
                from: unsafe { helpers::rcu_notrace_promise(rnc) }
                    | if in_hardirq { IN_HARDIRQ } else { 0 },
                flags,
            }
        }

        #[inline(always)]
        pub(crate) fn decide(&self, by: By) {
            take(by, self.from, 0);
        }
    }

    impl Drop for OfDrop {
        #[inline(always)]
        fn drop(&mut self) {
            // SAFETY: The flags are those that `begin()` has saved, on this CPU.
            unsafe { helpers::rcu_notrace_irq_restore(self.flags) };
        }
    }

    /// A handler, until it goes.
    pub(crate) struct OfHandler {
        rnc: *mut helpers::rcu_notrace_cpu,
        by: By,
        from: u32,
    }

    impl OfHandler {
        /// # Safety
        ///
        /// Called by a handler of that state, at its beginning.
        #[inline(always)]
        pub(crate) unsafe fn begin(rnc: *mut helpers::rcu_notrace_cpu, by: By) -> Self {
            Self {
                rnc,
                by,
                // SAFETY: By the requirement the state is there.
                from: unsafe { helpers::rcu_notrace_promise(rnc) },
            }
        }
    }

    impl Drop for OfHandler {
        #[inline(always)]
        fn drop(&mut self) {
            // SAFETY: As in `begin()`.
            let to = unsafe { helpers::rcu_notrace_promise(self.rnc) };

            take(self.by, self.from, to & (PROMISED | TIMER));
        }
    }
}

pub(super) use steps::{
    OfDrop,
    OfHandler, //
};
