// SPDX-License-Identifier: GPL-2.0

//! Kernel stacks, and the function in which a task was when it lost its CPU.

use super::escape::Name;
use serde::{Serialize, Serializer};
use std::fmt;

/// A return address: `function+0x1/0x2[module]`, or `?`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame(Name);

impl Frame {
    /// Its function, without the place in it.
    pub fn function(&self) -> Name {
        let bytes = self.0.bytes();
        let end = bytes.iter().position(|c| *c == b'+').unwrap_or(bytes.len());

        Name::new(&bytes[..end])
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The frames of a field `stack`, the last call first.
pub fn parse(field: &[u8]) -> Vec<Frame> {
    field
        .split(|c| *c == b',')
        .filter(|frame| !frame.is_empty())
        .map(|frame| Frame(Name::unescape(frame)))
        .collect()
}

/// Functions by which an interrupt enters, as in `rcu_blame/stack.rs`.
const ENTRIES: [&[u8]; 4] = [
    b"asm_sysvec_",
    b"asm_common_interrupt",
    b"asm_exc_",
    b"el1h_64_irq",
];

/// Functions of the scheduler and of sleeping locks, by which a task leaves its CPU: their names
/// begin so.
const LEAVING: [&[u8]; 15] = [
    b"__cond_resched",
    b"__rt_",
    b"__schedule",
    b"_raw_spin_",
    b"dynamic_preempt_schedule",
    b"irqentry_exit",
    b"migrate_enable",
    b"preempt_schedule",
    b"raw_irqentry_exit_cond_resched",
    b"rt_mutex_",
    b"rt_spin_",
    b"rtlock_",
    b"rwbase_",
    b"schedule",
    b"rt_write_lock",
];

/// Functions that a compiler calls in others for the checkers of a kernel: KASAN, KCSAN, KCOV.
const CHECKERS: [&[u8]; 7] = [
    b"__asan_",
    b"__hwasan_",
    b"__kasan_",
    b"__sanitizer_cov_",
    b"__tsan_",
    b"kasan_",
    b"kcsan_",
];

/// The frame that a person looks for: the first one outside of interrupts, the scheduler, the
/// locks on which a task sleeps, and a kernel's checkers. `None`: it has no name, as that of a
/// module that is gone.
pub fn place(stack: &[Frame]) -> Option<&Frame> {
    let begins =
        |frame: &Frame, names: &[&[u8]]| names.iter().any(|name| frame.0.bytes().starts_with(name));
    let interrupted = stack
        .iter()
        .rposition(|frame| begins(frame, &ENTRIES))
        .map_or(0, |at| at + 1);
    let outside = &stack[interrupted..];

    outside
        .iter()
        .find(|frame| !begins(frame, &LEAVING) && !begins(frame, &CHECKERS))
        .or_else(|| outside.first())
        .or_else(|| stack.first())
        .filter(|frame| frame.0.bytes() != b"?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(stack: &str) -> String {
        place(&parse(stack.as_bytes())).map_or("-".into(), |frame| frame.function().to_string())
    }

    #[test]
    fn places() {
        assert_eq!(
            at("__schedule+0x1/0x2,preempt_schedule_irq+0x1/0x2,asm_sysvec_reschedule_ipi+0x1/0x2,\
                cause_reads+0x5a/0x90[rcu_notrace_cause],kthread+0x1/0x2"),
            "cause_reads"
        );
        assert_eq!(
            at(
                "schedule_rtlock+0x1/0x2,rtlock_slowlock_locked+0x1/0x2,rt_spin_lock+0x1/0x2,\
                dput+0x1/0x2"
            ),
            "dput"
        );
        assert_eq!(
            at(
                "asm_sysvec_call_function+0x1/0x2,kasan_check_range+0x1/0x2,__asan_load8+0x1/0x2,\
                cause_reads+0x5a/0x90[rcu_notrace_cause]"
            ),
            "cause_reads"
        );
        assert_eq!(at("__schedule+0x1/0x2"), "__schedule");
        assert_eq!(
            at("asm_sysvec_call_function+0x1/0x2"),
            "asm_sysvec_call_function"
        );
        assert_eq!(at(""), "-");
        assert_eq!(at("?,kthread+0x1/0x2"), "-");
    }

    proptest! {
        #[test]
        fn any_stack(field in proptest::collection::vec(any::<u8>(), 0..60)) {
            let stack = parse(&field);

            prop_assert!(place(&stack).is_none_or(|frame| stack.contains(frame)));
        }
    }
}
