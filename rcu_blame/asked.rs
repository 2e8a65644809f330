// SPDX-License-Identifier: GPL-2.0

//! A question to a CPU: what did an interrupt find there?

use super::{
    stack::Stack,
    task, //
};
use crate::rcu_blame::held_helpers as helpers;
use kernel::{
    error::to_result,
    prelude::*, //
};

/// A CPU that was asked, and may have answered.
pub(super) enum Asked {
    /// Not asked: there is no such CPU now, or RCU does not watch it.
    No,
    Unanswered {
        for_ns: u64,
    },
    Answered {
        preempt_count: u32,
        nesting: i32,
        stack: Stack,
    },
}

/// The right to ask: one task has it, for some milliseconds.
pub(super) struct Asking(());

impl Asking {
    /// `EINTR`: the task has been killed while another had it.
    pub(super) fn wait() -> Result<Self> {
        // SAFETY: Process context; ended by the drop.
        to_result(unsafe { helpers::rcu_blame_asking_begin() }).map(|()| Self(()))
    }

    /// Returns false if there is no such CPU now.
    pub(super) fn ask(&self, cpu: u32) -> bool {
        // SAFETY: A possible CPU; this task is the one that asks.
        unsafe { helpers::rcu_blame_ask(cpu) }
    }

    /// The answer of a CPU that was asked.
    pub(super) fn answer(&self, cpu: u32) -> Asked {
        let mut answer = helpers::rcu_blame_answer {
            asked_ns: 0,
            answered_ns: 0,
            preempt_count: 0,
            nesting: 0,
            frames: 0,
            stack: [0; helpers::RCU_BLAME_FRAMES as usize],
        };

        // SAFETY: As `ask()`; the answer is written to.
        if unsafe { helpers::rcu_blame_answer_of(cpu, &mut answer) } {
            Asked::Answered {
                preempt_count: answer.preempt_count,
                nesting: answer.nesting,
                stack: Stack {
                    frames: answer.frames as usize,
                    addresses: answer.stack,
                },
            }
        } else {
            Asked::Unanswered {
                for_ns: task::now_ns().saturating_sub(answer.asked_ns),
            }
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        // SAFETY: Begun by `wait()`, in this task: an `Asking` is never passed on.
        unsafe { helpers::rcu_blame_asking_end() };
    }
}

/// Waits for the CPUs that have been asked and have not answered; none is asked any more. Process
/// context; sleeps for as long as a CPU has its interrupts off.
pub(super) fn wait_for_all() {
    // SAFETY: Process context, and nobody asks.
    unsafe { helpers::rcu_blame_asked_all() };
}
