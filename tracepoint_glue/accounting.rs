// SPDX-License-Identifier: GPL-2.0

//! Recursion and loss: what becomes of a hit.

use super::{
    context::Pinned,
    helpers,
    percpu::{
        CpuWords,
        PerCpu, //
    },
};
use crate::rcu_notrace::inc_in_task;
use core::{
    marker::PhantomData,
    mem::offset_of, //
};
use kernel::{
    fmt,
    prelude::*, //
};

/// Policy: a nested hit is run like any other.
///
/// For bodies that cannot recurse, or that bound it themselves. Needs no pinning.
pub(crate) struct RunNested;

/// Policy: a hit nested in a body, on the same CPU and at the same level, is dropped, and counted.
///
/// To tell nesting from preemption the body runs pinned.
pub(crate) struct DropNested;

const LEVELS: usize = helpers::TRACEPOINT_GLUE_NR_LEVELS as usize;

/// The number of hits in tasks comes first: so a pointer to all is one to it.
const _: () = assert!(
    helpers::TRACEPOINT_GLUE_TASK == 0 && offset_of!(helpers::tracepoint_glue_hits, run) == 0
);

/// Accounts for the hits of a probe, by the level of context they are hit in: task, softirq, hard
/// interrupt, NMI. (On PREEMPT_RT a softirq is mostly that of a task, and still counts as softirq.)
///
/// Every hit is either run or dropped, and is counted as what it is by one instruction, on the CPU
/// it happens on. So `hits = run + dropped` holds whenever it is looked at, and no hit is lost to
/// an interrupt, a migration, or an NMI.
pub(crate) struct Accounting<P> {
    hits: PerCpu<CpuWords<helpers::tracepoint_glue_hits>>,
    _policy: PhantomData<P>,
}

impl<P> Accounting<P> {
    /// Makes an account with nothing in it. Process context; `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            hits: PerCpu::new(|_| {
                CpuWords::new(helpers::tracepoint_glue_hits {
                    run: [0; LEVELS],
                    dropped: [0; LEVELS],
                    active: [false; LEVELS],
                })
            })?,
            _policy: PhantomData,
        })
    }

    /// The counts so far. Any context.
    ///
    /// Not a snapshot of all CPUs at one moment, and exact all the same: each hit is in it once,
    /// or, if it was counted while this was read, perhaps not yet.
    pub(crate) fn read(&self) -> Account {
        let mut account = Account {
            run: [0; LEVELS],
            dropped: [0; LEVELS],
        };

        for hits in self.hits.iter() {
            let hits = hits.get();

            for level in 0..LEVELS {
                // SAFETY: Aligned words of live counts, that their CPU may be incrementing.
                unsafe {
                    account.run[level] += (&raw const (*hits).run[level]).read_volatile();
                    account.dropped[level] += (&raw const (*hits).dropped[level]).read_volatile();
                }
            }
        }
        account
    }
}

impl Accounting<RunNested> {
    /// Counts the hit, and runs `body`. Any context.
    #[inline(always)]
    pub(crate) fn enter(&self, body: impl FnOnce()) {
        let hits = self.hits.base().cast::<helpers::tracepoint_glue_hits>();
        // SAFETY: From `tracepoint_glue_alloc()`, of this type, whose first number is `run[TASK]`.
        unsafe { inc_in_task(hits.cast(), || helpers::tracepoint_glue_hit(hits)) };
        body();
    }
}

impl Accounting<DropNested> {
    /// Counts the hit, and runs `body` unless it is nested in another run of a body that goes
    /// through this. Any context.
    #[inline(always)]
    pub(crate) fn enter(&self, _pinned: &impl Pinned, body: impl FnOnce()) {
        // SAFETY: From `tracepoint_glue_alloc()`, of this type. The token keeps preemption off
        // until this returns.
        let level = unsafe { helpers::tracepoint_glue_enter(self.hits.base().cast()) };

        if level >= 0 {
            body();
            // SAFETY: The level is what was entered above, and this is still the same CPU.
            unsafe { helpers::tracepoint_glue_leave(self.hits.base().cast(), level) };
        }
    }
}

/// The counts of an [`Accounting`].
#[derive(Clone, Copy)]
pub(crate) struct Account {
    /// Hits whose body was run: task, softirq, hard interrupt, NMI.
    pub(crate) run: [u64; LEVELS],
    /// Hits whose body was not.
    pub(crate) dropped: [u64; LEVELS],
}

impl Account {
    /// All of them.
    pub(crate) fn hits(&self) -> u64 {
        self.run().wrapping_add(self.dropped())
    }

    /// Those whose body was run, at all levels.
    pub(crate) fn run(&self) -> u64 {
        self.run.iter().sum()
    }

    /// Those that were dropped, at all levels.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }
}

/// `hits=... run=... dropped=...`, and each level's `LEVEL=RUN+DROPPED`.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "hits={} run={} dropped={}",
            self.hits(),
            self.run(),
            self.dropped()
        )?;
        for (level, name) in ["task", "softirq", "hardirq", "nmi"].iter().enumerate() {
            write!(f, " {name}={}+{}", self.run[level], self.dropped[level])?;
        }
        Ok(())
    }
}
