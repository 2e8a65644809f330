// SPDX-License-Identifier: GPL-2.0

//! Suspects: readers, threads and CPUs that may delay a grace period, of the present or of the past
//! in one form.

use super::{
    grace_periods::{Cause, Kind},
    held::{Answer, Cpu, Gp, GpType, Held, Owner, Reader, State, Thread},
    stack::Frame,
    task::Task,
};

/// The state of a CPU that does not switch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CpuState {
    /// It does not answer an interrupt, or has had no tick.
    NoInterrupts,
    /// Its task is in a section.
    Reads,
    /// Preemption or softirqs are off.
    NoPreemption,
    /// It was in the kernel, by its ticks; more is not known.
    Kernel,
    /// A tick reports its quiescent state, or RCU does not wait for it.
    Quiescent,
}

/// A kind of suspect, with the facts that only it has.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// A reader that is off its CPU, and would run.
    Preempted {
        /// Whether RCU has boosted it.
        is_boosted: bool,
    },
    /// A reader of the past that was off its CPU, while no task had that for long: it waited for a
    /// lock, as far as can be told.
    Off,
    /// A reader that waits for a lock.
    Blocked {
        /// The lock's owner, if it is known.
        owner: Option<Owner>,
    },
    /// A reader that runs in its section, and was switched out in it.
    Section,
    /// One of RCU's threads that could run.
    Thread,
    /// A CPU that does not switch.
    Cpu(CpuState),
}

/// The task that has a CPU, for which another one waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// The task.
    pub task: Task,
    /// For how long it has the CPU, without a switch in the present.
    pub ns: Option<u64>,
}

/// A suspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Its kind.
    pub role: Role,
    /// The task that it is, or that the CPU runs.
    pub task: Task,
    /// The CPU.
    pub cpu: u32,
    /// For how long it has been so.
    pub ns: Option<u64>,
    /// For how much of the grace period.
    pub overlap_ns: u64,
    /// The task that has the CPU instead.
    pub behind: Option<Behind>,
    /// The stack of the section, or of the CPU's task.
    pub stack: Vec<Frame>,
}

impl Suspect {
    /// Whether it is a reader that is off its CPU.
    pub fn is_reader(&self) -> bool {
        matches!(
            self.role,
            Role::Preempted { .. } | Role::Blocked { .. } | Role::Off
        )
    }

    /// For how long it has been so; if that is not known, for as long as the grace period.
    pub fn known_ns(&self) -> u64 {
        self.ns.unwrap_or(self.overlap_ns)
    }
}

/// The suspects of the present. Their overlap is with the grace period that has been under way for
/// longest; that of a thread that drives grace periods is all of its wait, as none can begin.
pub fn present(held: &Held) -> Vec<Suspect> {
    let gp_ns = longest(held).and_then(|gp| gp.for_ns).unwrap_or(u64::MAX);
    let readers = held.readers.iter().map(|reader| of_reader(reader, gp_ns));
    let threads = held.threads.iter().map(|thread| of_thread(thread, gp_ns));
    let cpus = held.cpus.iter().map(|cpu| of_cpu(cpu, gp_ns));

    readers.chain(threads).chain(cpus).collect()
}

/// The grace period that has been under way for longest.
pub fn longest(held: &Held) -> Option<&Gp> {
    held.gps
        .iter()
        .max_by_key(|gp| (gp.for_ns.unwrap_or(0), gp.gp_type == GpType::Normal))
}

fn of_reader(reader: &Reader, gp_ns: u64) -> Suspect {
    // A CPU that is lent to it for a moment has that task itself.
    let on = reader
        .on
        .as_ref()
        .filter(|on| on.task.pid != reader.task.pid);
    let on = on.map(|on| Behind {
        task: on.task.clone(),
        ns: Some(on.on_ns),
    });
    let off_ns = reader.off_ns.unwrap_or(gp_ns);
    // It runs, but for short absences.
    let section_ns = reader.section_ns.filter(|ns| off_ns < ns / 2);

    if let Some(section_ns) = section_ns {
        return Suspect {
            role: Role::Section,
            task: reader.task.clone(),
            cpu: reader.cpu,
            ns: Some(section_ns),
            overlap_ns: section_ns.min(gp_ns),
            behind: None,
            stack: reader.stack.clone(),
        };
    }
    Suspect {
        role: match reader.state {
            State::Preempted => Role::Preempted {
                is_boosted: reader.boost.is_some(),
            },
            State::Blocked => Role::Blocked {
                owner: reader.owner.clone(),
            },
        },
        task: reader.task.clone(),
        cpu: reader.cpu,
        ns: reader.off_ns,
        overlap_ns: off_ns.min(gp_ns),
        behind: on.or_else(|| behind(reader.by.as_ref())),
        stack: reader.stack.clone(),
    }
}

fn behind(task: Option<&Task>) -> Option<Behind> {
    task.map(|task| Behind {
        task: task.clone(),
        ns: None,
    })
}

fn of_thread(thread: &Thread, gp_ns: u64) -> Suspect {
    let overlap_ns = if is_gp_thread(&thread.task) {
        thread.runnable_ns
    } else {
        thread.runnable_ns.min(gp_ns)
    };

    Suspect {
        role: Role::Thread,
        task: thread.task.clone(),
        cpu: thread.cpu,
        ns: Some(thread.runnable_ns),
        overlap_ns,
        behind: thread.on.as_ref().map(|on| Behind {
            task: on.task.clone(),
            ns: Some(on.on_ns),
        }),
        stack: Vec::new(),
    }
}

fn of_cpu(cpu: &Cpu, gp_ns: u64) -> Suspect {
    let mut stack = Vec::new();
    let state = match &cpu.answer {
        // It spins until the reader that it has boosted leaves its section.
        _ if !cpu.watched || is_boost_thread(&cpu.task) => CpuState::Quiescent,
        Answer::None { .. } => CpuState::NoInterrupts,
        Answer::Answered { stack: s, .. } if cpu.nesting > 0 => {
            stack.clone_from(s);
            CpuState::Reads
        }
        Answer::Answered {
            preempt_count: 0, ..
        } => CpuState::Quiescent,
        Answer::Answered { stack: s, .. } => {
            stack.clone_from(s);
            CpuState::NoPreemption
        }
        Answer::NotAsked => CpuState::Quiescent,
    };

    // RCU waits for the reader, wherever it runs.
    let section_ns = cpu.section_ns.filter(|_| state == CpuState::Reads);
    let ns = section_ns.unwrap_or(0).max(cpu.on_ns);

    Suspect {
        role: match section_ns {
            Some(section_ns) if section_ns >= cpu.on_ns => Role::Section,
            _ => Role::Cpu(state),
        },
        task: cpu.task.clone(),
        cpu: cpu.cpu,
        ns: Some(ns),
        overlap_ns: ns.min(gp_ns),
        behind: None,
        stack,
    }
}

/// The suspects of a slow grace period or wait. Intervals of one kind and one task are taken
/// together.
pub fn past(causes: &[Cause]) -> Vec<Suspect> {
    let mut suspects: Vec<Suspect> = Vec::new();

    // It spins until the reader that it has boosted leaves its section.
    for cause in causes
        .iter()
        .filter(|cause| cause.kind == Kind::Thread || !is_boost_thread(&cause.task))
    {
        let suspect = of_cause(cause, causes);
        let same = suspects.iter_mut().find(|other| {
            other.task.pid == suspect.task.pid
                && std::mem::discriminant(&other.role) == std::mem::discriminant(&suspect.role)
        });

        if let Some(other) = same {
            other.overlap_ns = other.overlap_ns.saturating_add(suspect.overlap_ns);
            other.ns = Some(other.known_ns().saturating_add(suspect.known_ns()));
        } else {
            suspects.push(suspect);
        }
    }
    suspects
}

fn of_cause(cause: &Cause, all: &[Cause]) -> Suspect {
    let most = cause.most.as_ref().map(|most| Behind {
        task: most.task.clone(),
        ns: Some(most.ns),
    });
    let role = match cause.kind {
        Kind::Thread => Role::Thread,
        Kind::Cpu => Role::Cpu(state_of(cause, all)),
        Kind::Section => Role::Section,
        Kind::Reader if is_short(cause) => Role::Off,
        // A boost that comes late is none.
        Kind::Reader => Role::Preempted {
            is_boosted: cause
                .boosted_after_ns
                .is_some_and(|ns| ns < cause.duration_ns / 2),
        },
    };

    Suspect {
        role,
        task: cause.task.clone(),
        cpu: cause.cpu,
        ns: Some(cause.ran_ns.unwrap_or(cause.duration_ns)),
        overlap_ns: cause.overlap_ns.min(cause.ran_ns.unwrap_or(u64::MAX)),
        behind: most.or_else(|| behind(cause.by.as_ref())),
        stack: cause.stack.clone(),
    }
}

/// Whether no task had the CPU of the reader for a part of the time that counts.
fn is_short(cause: &Cause) -> bool {
    cause
        .most
        .as_ref()
        .is_none_or(|most| most.ns < cause.duration_ns / 8)
}

/// The state of a CPU by its ticks. There is no tick with interrupts off. A virtual machine that is
/// slow loses most of them.
fn state_of(cause: &Cause, all: &[Cause]) -> CpuState {
    let Some(ticks) = &cause.ticks else {
        return CpuState::Quiescent;
    };
    let keeps_from_running = |thread: &Cause| {
        thread.kind == Kind::Thread
            && thread.cpu == cause.cpu
            && thread.task.is_more_urgent_than(&cause.task)
    };

    if ticks.user_ns.saturating_add(ticks.system_ns) < cause.duration_ns / 16 {
        CpuState::NoInterrupts
    } else if ticks.user_ns >= ticks.system_ns {
        CpuState::Quiescent
    } else if all.iter().any(keeps_from_running) {
        // The scheduler prefers the thread, and was not let in.
        CpuState::NoPreemption
    } else {
        CpuState::Kernel
    }
}

/// The kind of the grace periods that the thread drives, if it does.
pub fn drives(task: &Task) -> Option<GpType> {
    let comm = task.comm.bytes();

    if comm.starts_with(b"rcu_exp") {
        Some(GpType::Expedited)
    } else if comm == b"rcu_preempt" || comm == b"rcu_sched" {
        Some(GpType::Normal)
    } else {
        None
    }
}

/// Whether it drives any.
pub fn is_gp_thread(task: &Task) -> bool {
    drives(task).is_some()
}

/// Whether the thread reports the quiescent states of a CPU, or has its callbacks.
pub fn is_cpu_thread(task: &Task) -> bool {
    let comm = task.comm.bytes();

    [&b"rcuc/"[..], b"rcuog/", b"rcuop/", b"rcuos/"]
        .iter()
        .any(|name| comm.starts_with(name))
}

/// Whether the thread boosts readers.
pub fn is_boost_thread(task: &Task) -> bool {
    task.comm.bytes().starts_with(b"rcub/")
}

/// The facts that two snapshots, one soon after the other, share: the tasks, threads and CPUs of
/// `later` that `first` has in the same wait. A CPU that was in a short section by chance is not in
/// it the second time. A reader may have come to its CPU or left it meanwhile.
pub fn confirmed(first: &Held, mut later: Held) -> Held {
    let was_on_cpu = |pid| {
        first
            .cpus
            .iter()
            .any(|cpu| cpu.task.pid == pid && cpu.section_ns.is_some())
    };
    let was_off_cpu = |pid| {
        first
            .readers
            .iter()
            .any(|reader| reader.task.pid == pid && reader.section_ns.is_some())
    };

    later.readers.retain(|reader| {
        first.readers.iter().any(|other| {
            let is_same_stay = match (other.off_ns, reader.off_ns) {
                (Some(a), Some(b)) => b > a,
                _ => true,
            };

            other.task.pid == reader.task.pid && is_same_stay
        }) || reader.section_ns.is_some()
            && (was_on_cpu(reader.task.pid) || was_off_cpu(reader.task.pid))
    });
    later.threads.retain(|thread| {
        first.threads.iter().any(|other| {
            other.task.pid == thread.task.pid && thread.runnable_ns > other.runnable_ns
        })
    });
    later.cpus.retain_mut(|cpu| {
        let same = first
            .cpus
            .iter()
            .find(|other| other.task.pid == cpu.task.pid && other.cpu == cpu.cpu);

        if let Some(other) = same {
            weaken(cpu, other);
        }
        same.is_some() || cpu.section_ns.is_some() && was_off_cpu(cpu.task.pid)
    });
    later
}

/// Leaves in `cpu` what both say of it.
fn weaken(cpu: &mut Cpu, other: &Cpu) {
    cpu.nesting = cpu.nesting.min(other.nesting);
    cpu.watched &= other.watched;
    match (&mut cpu.answer, &other.answer) {
        (
            Answer::Answered { preempt_count, .. },
            Answer::Answered {
                preempt_count: before,
                ..
            },
        ) => *preempt_count = (*preempt_count).min(*before),
        (answer @ Answer::None { .. }, Answer::Answered { .. } | Answer::NotAsked) => {
            *answer = other.answer.clone();
        }
        _ => (),
    }
}
