// SPDX-License-Identifier: GPL-2.0

//! The verdict: the suspect that delays a grace period, in one sentence, and the chain behind it.
//!
//! The rules are the variants of [`Rule`], in the order in which they are preferred. A suspect is
//! considered if its overlap with the grace period is half of the greatest one, or more: a reader
//! that was preempted for 12 ms is not to blame for a grace period of 2 s. Of those the first rule
//! decides, and then the greatest overlap.

#[cfg(test)]
mod tests;
mod words;

use super::{
    grace_periods::SlowGp,
    held::{GpType, Held},
    stack::Frame,
    suspect::{self, is_boost_thread, is_cpu_thread, is_gp_thread, CpuState, Role, Suspect},
    task::Task,
    waiters::Wait,
};
use serde::Serialize;

/// The reasons for which a suspect is to blame, the most certain first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A CPU has its interrupts off: it answers none, and RCU hears nothing of it.
    IrqsOff,
    /// A reader waits for a lock, and its owner is off its CPU.
    LockOwnerOff,
    /// A reader was preempted, and has not come back.
    ReaderPreempted,
    /// A reader waits for a lock that is held by a task that runs, or that is not known.
    ReaderBlocked,
    /// A reader was off its CPU, which no task had for long.
    ReaderOff,
    /// A reader runs, and does not leave its section.
    ReaderRuns,
    /// A CPU has preemption or softirqs off, so there is no quiescent state.
    PreemptionOff,
    /// The thread that drives grace periods cannot run: none begins or ends.
    GpThreadStarved,
    /// The thread of a CPU that reports its quiescent states cannot run.
    CpuThreadStarved,
    /// Another thread of RCU's, of timers or of softirqs cannot run.
    ThreadStarved,
    /// A CPU was in the kernel without a switch.
    CpuBusy,
    /// A grace period is long, and no suspect is there.
    Unexplained,
    /// Nothing is held.
    Nothing,
}

impl Rule {
    /// The rule by which the suspect is to blame; `None`: it is innocent.
    pub fn of(suspect: &Suspect) -> Option<Self> {
        Some(match &suspect.role {
            Role::Blocked { owner: Some(owner) } if !owner.on_cpu => Self::LockOwnerOff,
            Role::Blocked { .. } => Self::ReaderBlocked,
            Role::Preempted { .. } => Self::ReaderPreempted,
            Role::Off => Self::ReaderOff,
            Role::Section => Self::ReaderRuns,
            Role::Thread if is_gp_thread(&suspect.task) => Self::GpThreadStarved,
            Role::Thread if is_cpu_thread(&suspect.task) => Self::CpuThreadStarved,
            Role::Thread => Self::ThreadStarved,
            Role::Cpu(CpuState::NoInterrupts) => Self::IrqsOff,
            Role::Cpu(CpuState::Reads) => Self::ReaderRuns,
            Role::Cpu(CpuState::NoPreemption) => Self::PreemptionOff,
            Role::Cpu(CpuState::Kernel) => Self::CpuBusy,
            Role::Cpu(CpuState::Quiescent) => return None,
        })
    }
}

/// The grace period that is delayed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Delayed {
    /// Its kind.
    #[serde(rename = "type")]
    pub gp_type: GpType,
    /// Its number.
    pub seq: u64,
    /// For how long it has been under way, or how long it was.
    pub ns: Option<u64>,
}

/// A link of the chain: each is delayed by the next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// `wait`, `gp`, `reader`, `thread`, `cpu`, `owner` or `task`.
    pub kind: &'static str,
    /// The task that it is.
    pub task: Option<Task>,
    /// The CPU.
    pub cpu: Option<u32>,
    /// How long it is, or has been so.
    pub ns: Option<u64>,
    /// The link in words.
    pub text: String,
    /// The stack of the task.
    pub stack: Vec<Frame>,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether something is held beyond the threshold.
    pub held: bool,
    /// The rule that has decided.
    pub rule: Rule,
    /// The verdict in one sentence.
    pub sentence: String,
    /// The grace period.
    pub gp: Option<Delayed>,
    /// The part of the grace period for which the suspect is to blame, 0 to 1.
    pub share: Option<f64>,
    /// The chain, from that which waits to that which is to blame.
    pub chain: Vec<Link>,
    /// Other suspects, in words.
    pub also: Vec<String>,
}

/// The verdict on the present. `threshold_ns`: shorter delays are none. The cause of a grace period
/// that has just become too long has lasted for a little less.
pub fn present(held: &Held, threshold_ns: u64) -> Verdict {
    let is_long = |ns| ns > threshold_ns;
    let mut suspects = suspect::present(held);
    let longest = suspect::longest(held).filter(|gp| gp.for_ns.is_none_or(is_long));
    let has_most = |suspect: &Suspect| {
        longest
            .and_then(|gp| gp.for_ns)
            .is_some_and(|ns| suspect.overlap_ns > ns / 2)
    };

    suspects.retain(|suspect| {
        let holds_by_itself = suspect.is_reader()
            || suspect.role == Role::Thread
                && (is_gp_thread(&suspect.task) || is_cpu_thread(&suspect.task));

        has_most(suspect) || is_long(suspect.known_ns()) && (longest.is_some() || holds_by_itself)
    });

    // A thread that drives grace periods delays those of its kind.
    let first = ranked(&suspects).first().map(|(_, suspect)| *suspect);
    let its = first.and_then(|suspect| match suspect.role {
        Role::Thread => suspect::drives(&suspect.task),
        _ => None,
    });
    let gp = match its {
        Some(gp_type) => held.gp(gp_type).filter(|gp| gp.for_ns.is_none_or(is_long)),
        None => longest,
    };
    let gp = gp.map(|gp| Delayed {
        gp_type: gp.gp_type,
        seq: gp.seq,
        ns: gp.for_ns,
    });

    match words::Now::Present.verdict(None, gp, &suspects) {
        Some(verdict) => verdict,
        None if longest.is_some_and(|gp| gp.for_ns.is_some()) => words::unexplained(held),
        None => words::nothing(threshold_ns),
    }
}

/// The verdict on a slow grace period, and the wait for it that is asked about.
pub fn past(wait: Option<&Wait>, gp: &SlowGp) -> Verdict {
    let delayed = Delayed {
        gp_type: gp.gp_type,
        seq: gp.seq,
        ns: Some(gp.duration_ns),
    };

    words::Now::Past
        .verdict(wait, Some(delayed.clone()), &suspect::past(&gp.causes))
        .unwrap_or_else(|| words::unexplained_past(wait, delayed))
}

/// The verdict on a wait for which no grace period began, as the thread that drives them could not
/// run; `None`: another wait.
pub fn not_begun(wait: &Wait) -> Option<Verdict> {
    let mut suspects = suspect::past(&wait.causes);

    suspects.retain(|suspect| {
        suspect.role == Role::Thread
            && is_gp_thread(&suspect.task)
            && suspect.overlap_ns > wait.duration_ns / 2
    });
    words::Now::Past.verdict(Some(wait), None, &suspects)
}

/// The verdict on the last that was slow, a wait or a grace period; `None`: nothing was.
pub fn last(waits: &[Wait], gps: &[SlowGp]) -> Option<Verdict> {
    let wait = waits.iter().max_by_key(|wait| wait.end_ns());
    let gp = gps.iter().max_by_key(|gp| gp.end_ns());

    match (wait, gp) {
        (Some(wait), gp) => {
            let its = wait.gp.and_then(|(gp_type, seq)| {
                gps.iter()
                    .rev()
                    .find(|gp| gp.gp_type == gp_type && gp.seq == seq)
            });

            match (not_begun(wait), its, gp) {
                (Some(verdict), ..) => Some(verdict),
                (None, Some(its), _) => Some(past(Some(wait), its)),
                (None, None, Some(gp)) if gp.begin_ns > wait.end_ns() => Some(past(None, gp)),
                (None, None, _) => Some(words::no_gp(wait)),
            }
        }
        (None, Some(gp)) => Some(past(None, gp)),
        (None, None) => None,
    }
}

/// The verdict that nothing was slow.
pub fn none_slow() -> Verdict {
    words::none_slow()
}

/// The suspects that are to blame, the first one most, each with its rule.
fn ranked(suspects: &[Suspect]) -> Vec<(Rule, &Suspect)> {
    let mut ranked: Vec<_> = suspects
        .iter()
        .filter_map(|suspect| Some((Rule::of(suspect)?, suspect)))
        .collect();
    let most = ranked.iter().map(|(_, s)| s.overlap_ns).max().unwrap_or(0);

    ranked.sort_by_key(|(rule, suspect)| {
        let is_short = suspect.overlap_ns < most / 2;

        (is_short, *rule, u64::MAX - suspect.overlap_ns)
    });
    ranked
}

/// The thread that is to boost the reader, if it is starved itself.
fn starved_boost<'a>(suspect: &Suspect, suspects: &'a [Suspect]) -> Option<&'a Suspect> {
    if suspect.role != (Role::Preempted { is_boosted: false }) {
        return None;
    }
    suspects
        .iter()
        .find(|other| other.role == Role::Thread && is_boost_thread(&other.task))
}

/// The owner of the lock for which the suspect waits, if it is a suspect itself.
fn owner_off<'a>(suspect: &Suspect, suspects: &'a [Suspect]) -> Option<&'a Suspect> {
    let Role::Blocked { owner: Some(owner) } = &suspect.role else {
        return None;
    };

    suspects
        .iter()
        .find(|other| other.is_reader() && other.task.pid == owner.task.pid)
}
