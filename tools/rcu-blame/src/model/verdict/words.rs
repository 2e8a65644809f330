// SPDX-License-Identifier: GPL-2.0

//! The words of a verdict.

use super::{owner_off, ranked, starved_boost, Delayed, Link, Rule, Verdict};
use crate::model::{
    held::Held,
    stack,
    suspect::{self, Behind, Role, Suspect},
    time::Ns,
    waiters::Wait,
};

/// The tense.
#[derive(Clone, Copy)]
pub(super) enum Now {
    Present,
    Past,
}

use Now::{Past, Present};

fn name(behind: &Behind) -> String {
    format!("{} ({})", behind.task, behind.task.priority())
}

/// ", in that function", if there is a stack.
fn place(suspect: &Suspect) -> String {
    stack::place(&suspect.stack).map_or(String::new(), |frame| format!(" in {}", frame.function()))
}

/// "behind that task", if one is known.
fn behind(suspect: &Suspect) -> String {
    suspect
        .behind
        .as_ref()
        .map_or(String::new(), |behind| format!(" behind {}", name(behind)))
}

/// "for that long", if it is known.
fn long(suspect: &Suspect) -> String {
    suspect
        .ns
        .map_or(String::new(), |ns| format!(" for {}", Ns(ns)))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

impl Now {
    fn pick<'a>(self, present: &'a str, past: &'a str) -> &'a str {
        match self {
            Present => present,
            Past => past,
        }
    }

    /// The verdict on these suspects; `None`: all are innocent.
    pub(super) fn verdict(
        self,
        wait: Option<&Wait>,
        gp: Option<Delayed>,
        suspects: &[Suspect],
    ) -> Option<Verdict> {
        let ranked = ranked(suspects);
        let (rule, first) = *ranked.first()?;
        let owner = owner_off(first, suspects);
        let boost = starved_boost(first, suspects);
        let share = gp
            .as_ref()
            .and_then(|gp| gp.ns)
            .filter(|ns| *ns != 0)
            .map(|ns| (first.overlap_ns as f64 / ns as f64).min(1.0));
        let mut sentence = wait
            .map(|wait| format!("{}: ", waited(wait)))
            .unwrap_or_default();

        sentence += &self.subject(first);
        sentence += &owner.map(behind).unwrap_or_default();
        if let Some(boost) = boost {
            sentence += &format!(
                ", not boosted as thread {} {} for CPU {}{}",
                boost.task,
                self.pick("waits", "waited"),
                boost.cpu,
                behind(boost)
            );
        }
        sentence += &self.object(gp.as_ref(), share);

        let mut chain = Vec::new();

        chain.extend(wait.map(wait_link));
        chain.extend(gp.as_ref().map(|gp| self.gp_link(gp)));
        self.links(first, share, &mut chain);
        chain.extend(owner.and_then(|owner| self.behind_link(owner)));

        let most = ranked.iter().map(|(_, s)| s.overlap_ns).max().unwrap_or(0);
        // The task that has the CPU is in the chain.
        let is_in_chain = |rule, suspect: &Suspect| {
            rule == Rule::CpuBusy
                && chain.iter().any(|link| {
                    link.task
                        .as_ref()
                        .is_some_and(|task| task.pid == suspect.task.pid)
                })
        };
        let also = ranked
            .iter()
            .skip(1)
            .filter(|(rule, suspect)| {
                suspect.overlap_ns >= most / 2 && !is_in_chain(*rule, suspect)
            })
            .map(|(_, suspect)| self.subject(suspect))
            .collect();

        Some(Verdict {
            held: true,
            rule,
            sentence,
            gp,
            share,
            chain,
            also,
        })
    }

    /// The suspect, and its part.
    fn subject(self, suspect: &Suspect) -> String {
        let (task, cpu) = (&suspect.task, suspect.cpu);
        let long = long(suspect);

        match Rule::of(suspect) {
            Some(Rule::LockOwnerOff | Rule::ReaderBlocked) => {
                let owner = match &suspect.role {
                    Role::Blocked { owner: Some(owner) } => format!(
                        " of {} ({}), which {}",
                        owner.task,
                        owner.task.priority(),
                        if owner.on_cpu {
                            format!("runs on CPU {}", owner.cpu)
                        } else {
                            format!("is off CPU {}", owner.cpu)
                        }
                    ),
                    _ => String::new(),
                };

                format!(
                    "Reader {task} {}{long}{} for a lock{owner}",
                    self.pick("has waited", "waited"),
                    place(suspect)
                )
            }
            Some(Rule::ReaderPreempted) => format!(
                "Reader {task} {} off CPU {cpu}{long}{},{}",
                self.pick("has been", "was"),
                place(suspect),
                behind(suspect)
            )
            .trim_end_matches(',')
            .to_string(),
            Some(Rule::ReaderOff) => format!(
                "Reader {task} {} off CPU {cpu}{long}{}, and no task had that for long",
                self.pick("has been", "was"),
                place(suspect)
            ),
            Some(Rule::GpThreadStarved | Rule::CpuThreadStarved | Rule::ThreadStarved) => {
                let on = suspect.behind.as_ref().and_then(|behind| behind.ns);
                let on = on.map_or(String::new(), |ns| {
                    format!(", which {} it for {}", self.pick("has had", "had"), Ns(ns))
                });

                format!(
                    "Thread {task} ({}) {} for CPU {cpu}{long}{}{on}",
                    task.priority(),
                    self.pick("has waited", "waited"),
                    behind(suspect),
                )
            }
            Some(Rule::ReaderRuns) if suspect.role == Role::Section => format!(
                "Reader {task} ({}) {}{long}{} on CPU {cpu}",
                task.priority(),
                self.pick("has been in its section", "ran in its section"),
                place(suspect)
            ),
            rule => format!(
                "{} {task} ({}) {} CPU {cpu} {}: no switch{long}{}",
                if rule == Some(Rule::ReaderRuns) {
                    "Reader"
                } else {
                    "Task"
                },
                task.priority(),
                self.pick("has", "had"),
                match rule {
                    Some(Rule::IrqsOff) => self.pick("with interrupts off", "without a tick"),
                    Some(Rule::ReaderRuns) => "in its section",
                    Some(Rule::PreemptionOff) => "with preemption off",
                    _ => "in the kernel",
                },
                place(suspect)
            ),
        }
    }

    /// The grace period that is delayed, and by how much.
    fn object(self, gp: Option<&Delayed>, share: Option<f64>) -> String {
        let Some(gp) = gp else {
            return self
                .pick(
                    "; no grace period is under way for that long yet",
                    ", so that no grace period began",
                )
                .into();
        };
        let share = share.map_or(String::new(), |share| format!("{} of ", percent(share)));
        let ns = gp.ns.map_or(String::new(), |ns| {
            format!(", {} {}", self.pick("under way for", "which took"), Ns(ns))
        });

        format!("; {share}{} grace period {}{ns}", gp.gp_type, gp.seq)
    }

    fn gp_link(self, gp: &Delayed) -> Link {
        let ns = gp.ns.map_or(String::new(), |ns| {
            format!(", {}{}", self.pick("under way for ", ""), Ns(ns))
        });

        Link {
            kind: "gp",
            task: None,
            cpu: None,
            ns: gp.ns,
            text: format!("{} grace period {}{ns}", gp.gp_type, gp.seq),
            stack: Vec::new(),
        }
    }

    /// The links of the suspect, and of that which is behind it.
    fn links(self, suspect: &Suspect, share: Option<f64>, chain: &mut Vec<Link>) {
        let share = share.map_or(String::new(), |share| {
            format!(", {} of that", percent(share))
        });
        let (kind, text) = match &suspect.role {
            Role::Preempted { .. } | Role::Blocked { .. } | Role::Off => ("reader", "off"),
            Role::Thread => ("thread", self.pick("waits for", "waited for")),
            Role::Section => (
                "reader",
                self.pick("in its section on", "ran in its section on"),
            ),
            Role::Cpu(_) => ("cpu", self.pick("has", "had")),
        };
        let kind_in_words = if kind == "cpu" { "task" } else { kind };

        chain.push(Link {
            kind,
            task: Some(suspect.task.clone()),
            cpu: Some(suspect.cpu),
            ns: suspect.ns,
            text: format!(
                "{kind_in_words} {} ({}), {text} CPU {}{}{share}",
                suspect.task,
                suspect.task.priority(),
                suspect.cpu,
                long(suspect)
            ),
            stack: suspect.stack.clone(),
        });
        if let Role::Blocked { owner: Some(owner) } = &suspect.role {
            chain.push(Link {
                kind: "owner",
                task: Some(owner.task.clone()),
                cpu: Some(owner.cpu),
                ns: None,
                text: format!(
                    "owner of the lock {} ({}), {} CPU {}",
                    owner.task,
                    owner.task.priority(),
                    if owner.on_cpu { "on" } else { "off" },
                    owner.cpu
                ),
                stack: Vec::new(),
            });
        }
        chain.extend(self.behind_link(suspect));
    }

    /// The task that has the CPU of the suspect.
    fn behind_link(self, suspect: &Suspect) -> Option<Link> {
        let behind = suspect
            .behind
            .as_ref()
            .filter(|_| suspect.role != Role::Off)?;
        let ns = behind
            .ns
            .map_or(String::new(), |ns| format!(" for {}", Ns(ns)));

        Some(Link {
            kind: "task",
            task: Some(behind.task.clone()),
            cpu: Some(suspect.cpu),
            ns: behind.ns,
            text: format!(
                "task {}, {} CPU {}{ns}",
                name(behind),
                self.pick("has", "had"),
                suspect.cpu
            ),
            stack: Vec::new(),
        })
    }
}

/// The wait in words.
fn waited(wait: &Wait) -> String {
    format!(
        "{}() of {} waited {}",
        wait.function,
        wait.task,
        Ns(wait.duration_ns)
    )
}

fn wait_link(wait: &Wait) -> Link {
    Link {
        kind: "wait",
        task: Some(wait.task.clone()),
        cpu: None,
        ns: Some(wait.duration_ns),
        text: waited(wait),
        stack: wait.stack.clone(),
    }
}

/// The verdict on a grace period of the present that is long, without a suspect.
pub(super) fn unexplained(held: &Held) -> Verdict {
    let gp = suspect::longest(held).map(|gp| Delayed {
        gp_type: gp.gp_type,
        seq: gp.seq,
        ns: gp.for_ns,
    });
    let text = gp.as_ref().map_or(String::new(), |gp| {
        format!(
            "{} grace period {} has been under way for {}",
            gp.gp_type,
            gp.seq,
            Ns(gp.ns.unwrap_or(0))
        )
    });

    Verdict {
        held: true,
        rule: Rule::Unexplained,
        sentence: format!("No reader, thread or CPU is seen to delay it: {text}"),
        chain: gp.iter().map(|gp| Present.gp_link(gp)).collect(),
        gp,
        share: None,
        also: Vec::new(),
    }
}

/// The verdict on a slow grace period without a suspect.
pub(super) fn unexplained_past(wait: Option<&Wait>, gp: Delayed) -> Verdict {
    let text = wait.map_or(String::new(), |wait| format!("{}: ", waited(wait)));
    let mut chain: Vec<_> = wait.map(wait_link).into_iter().collect();

    chain.push(Past.gp_link(&gp));
    Verdict {
        held: true,
        rule: Rule::Unexplained,
        sentence: format!(
            "{text}{} grace period {} took {}, and no reader, thread or CPU was seen to delay it",
            gp.gp_type,
            gp.seq,
            Ns(gp.ns.unwrap_or(0))
        ),
        gp: Some(gp),
        share: None,
        chain,
        also: Vec::new(),
    }
}

/// The verdict on a long wait during which no grace period was slow.
pub(super) fn no_gp(wait: &Wait) -> Verdict {
    Verdict {
        held: true,
        rule: Rule::Unexplained,
        sentence: format!(
            "{}, and no grace period was slow meanwhile: one began late, or several followed",
            waited(wait)
        ),
        gp: None,
        share: None,
        chain: vec![wait_link(wait)],
        also: Vec::new(),
    }
}

/// A verdict without a suspect, a grace period or a wait.
fn empty(sentence: String) -> Verdict {
    Verdict {
        held: false,
        rule: Rule::Nothing,
        sentence,
        gp: None,
        share: None,
        chain: Vec::new(),
        also: Vec::new(),
    }
}

/// The verdict that nothing is held.
pub(super) fn nothing(threshold_ns: u64) -> Verdict {
    empty(format!(
        "Nothing is held: no grace period, reader or thread of RCU's has waited for longer than {}",
        Ns(threshold_ns)
    ))
}

/// The verdict that nothing was slow.
pub(super) fn none_slow() -> Verdict {
    empty(
        "Nothing was slow: the module has no grace period or wait longer than its gp_threshold_us"
            .into(),
    )
}
