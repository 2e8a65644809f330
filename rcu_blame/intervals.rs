// SPDX-License-Identifier: GPL-2.0

//! The latest long intervals of each CPU, any of which may have held up a grace period.
//!
//! An interval is written when it ends, by the CPU on which it does, with interrupts off. A grace
//! period that turns out to be slow looks for those that overlap it most.

use super::{
    causes::Causes,
    name::Name,
    number::Number,
    stack::Stack, //
};
use crate::tracepoint_glue::{
    NoSleep,
    PerCpu,
    Pinned, //
};
use core::cell::UnsafeCell;
use kernel::{
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Release, //
    },
};

/// The memory that all intervals may take, unless each CPU has no more than [`LEAST`].
const MEMORY: usize = 256 << 10;
/// How many intervals of a CPU are kept, at least and at most.
const LEAST: usize = 4;
const MOST: usize = 32;

/// The kinds of intervals.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// A reader was off its CPU.
    #[default]
    Reader,
    /// One of RCU's threads could run, and did not.
    Thread,
    /// A task had a CPU, without a switch.
    Cpu,
    /// A reader was in a section in which it was switched out, and ran.
    Section,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Thread => "thread",
            Self::Cpu => "cpu",
            Self::Section => "section",
        }
    }
}

/// A time with its ends, in nanoseconds of [`now_ns()`](super::task::now_ns).
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl Span {
    /// How long it is.
    pub(super) fn ns(self) -> u64 {
        self.end.saturating_sub(self.begin)
    }

    /// The time that is in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            begin: self.begin.max(other.begin),
            end: self.end.min(other.end),
        }
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Interval {
    pub(super) kind: Kind,
    pub(super) task: Name,
    /// The CPU that the reader left, the thread waited for, or the task had last.
    pub(super) cpu: u32,
    pub(super) time: Span,
    /// The task that took the CPU of a reader, or left it to a thread.
    pub(super) by: Option<Name>,
    /// When the reader was boosted.
    pub(super) boosted_at: Option<u64>,
    /// Processor time of a task that had the CPU, by ticks.
    pub(super) user_ns: u64,
    pub(super) system_ns: u64,
    /// For how long a reader has run in its section.
    pub(super) ran_ns: u64,
    /// That of the reader's section.
    pub(super) stack: Stack,
}

/// [`Causes`], before they are copied.
pub(super) struct Found<const N: usize> {
    /// For how long each overlaps the time, and where it is.
    places: [(u64, usize); N],
    most: [Option<(Name, u64)>; N],
}

impl<const N: usize> Default for Found<N> {
    /// None.
    fn default() -> Self {
        Self {
            places: [(0, 0); N],
            most: [None; N],
        }
    }
}

struct Place {
    /// Odd while the interval is written, 0 before it is for the first time.
    sequence: Atomic<u64>,
    interval: UnsafeCell<Interval>,
}

// SAFETY: One CPU writes the interval. Others copy it, and use the copy only if the sequence number
// says that it was not written meanwhile.
unsafe impl Sync for Place {}

impl Place {
    /// # Safety
    ///
    /// One at a time.
    unsafe fn write(&self, interval: Interval) {
        // Full: before all that is written below.
        let sequence = self.sequence.fetch_add(1, Full);

        // SAFETY: By the requirement nobody else writes.
        unsafe { self.interval.get().write_volatile(interval) };
        self.sequence.store(sequence.wrapping_add(2), Release);
    }

    /// The result of `look` at the interval; `None` if there is none, or it was written meanwhile.
    /// Any context.
    #[inline(always)]
    fn read<R>(&self, look: impl FnOnce(*const Interval) -> R) -> Option<R> {
        let before = self.sequence.load(Acquire);

        if before == 0 || before % 2 != 0 {
            return None;
        }

        let result = look(self.interval.get());

        // Full: after all that was read above.
        (self.sequence.fetch_add(0, Full) == before).then_some(result)
    }

    /// The kind, the CPU and the time of the interval. Any context.
    #[inline(always)]
    fn outline(&self) -> Option<(Kind, u32, Span)> {
        // SAFETY: Fields of a place that is there. Torn ones are not used.
        self.read(|interval| unsafe {
            (
                (&raw const (*interval).kind).read_volatile(),
                (&raw const (*interval).cpu).read_volatile(),
                (&raw const (*interval).time).read_volatile(),
            )
        })
    }

    /// A copy. Any context.
    #[inline(always)]
    fn copy(&self) -> Option<Interval> {
        // SAFETY: An interval that is there. Each of its fields has a valid value at any time; of a
        // torn one nothing is used.
        self.read(|interval| unsafe { interval.read_volatile() })
    }
}

/// The rings of all CPUs.
pub(super) struct Intervals {
    /// Those of a CPU side by side.
    places: KVVec<Place>,
    /// How many intervals a CPU has written.
    written: PerCpu<Number>,
    /// A power of two.
    each: usize,
    /// Shorter intervals are not written; with `u64::MAX` none is.
    pub(super) floor_ns: Number,
}

// SAFETY: Atomics, and places that are written and read without a lock.
unsafe impl NoSleep for Intervals {}

impl Intervals {
    /// Process context; `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        let cpus = kernel::cpu::nr_cpu_ids() as usize;
        let each = (MEMORY / size_of::<Place>())
            .checked_div(cpus)
            .ok_or(EINVAL)?
            .clamp(LEAST, MOST);
        // The greatest power of two that is not above it.
        let each = 1 << each.ilog2();
        let all = cpus.checked_mul(each).ok_or(ENOMEM)?;
        let mut places = KVVec::with_capacity(all, GFP_KERNEL)?;

        for _ in 0..all {
            places.push_within_capacity(Place {
                sequence: Atomic::new(0),
                interval: UnsafeCell::new(Interval::default()),
            })?;
        }
        Ok(Self {
            places,
            written: PerCpu::new(|_| Number::new(0))?,
            each,
            floor_ns: Number::new(u64::MAX),
        })
    }

    /// The first place of that CPU.
    #[inline(always)]
    fn first(&self, cpu: u32) -> usize {
        (cpu as usize).wrapping_mul(self.each)
    }

    /// Writes an interval that has ended on `cpu`.
    ///
    /// # Safety
    ///
    /// Interrupts are off, and `cpu` is this CPU.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    pub(super) unsafe fn write(&self, pinned: &impl Pinned, cpu: u32, interval: Interval) {
        let written = self.written.get(pinned);
        let place = written.get() as usize & self.each.wrapping_sub(1);

        written.count();
        if let Some(place) = self.places.get(self.first(cpu).wrapping_add(place)) {
            // SAFETY: By the requirement: the places of a CPU are written by this CPU only.
            unsafe { place.write(interval) };
        }
    }

    /// Finds the intervals that overlap that time most. Any context.
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    pub(super) fn find<const N: usize>(&self, time: Span) -> Found<N> {
        let mut found = Found::default();

        for (at, place) in self.places.iter().enumerate() {
            let overlap = place
                .outline()
                .map_or(0, |(_, _, other)| other.and(time).ns());
            let mut next = (overlap, at);

            // Insertion: each place passes on the lesser of two.
            for place in &mut found.places {
                if next.0 > place.0 {
                    core::mem::swap(place, &mut next);
                }
            }
        }
        for (most, (_, at)) in found.most.iter_mut().zip(found.places) {
            *most = self.longest_beside(at, time);
        }
        found
    }

    /// The task that had the CPU of the interval at `at` for longest in that time, and for how
    /// long. Any context.
    #[inline(always)]
    fn longest_beside(&self, at: usize, time: Span) -> Option<(Name, u64)> {
        let (_, cpu, own) = self.places.get(at)?.outline()?;
        let time = own.and(time);
        let mut longest = (0, None);

        for place in self.places.iter().skip(self.first(cpu)).take(self.each) {
            let overlap = place
                .outline()
                .filter(|(kind, _, _)| *kind == Kind::Cpu)
                .map_or(0, |(_, _, other)| other.and(time).ns());

            if overlap > longest.0 {
                longest = (overlap, Some(place));
            }
        }
        Some((longest.1?.copy()?.task, longest.0))
    }

    /// Copies them. One that was overwritten meanwhile is not there. Any context.
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    pub(super) fn copy<const N: usize>(&self, from: &Found<N>, to: &mut Causes<N>) {
        for (to, (overlap, at)) in to.intervals.iter_mut().zip(&from.places) {
            *to = (*overlap != 0)
                .then(|| self.places.get(*at)?.copy())
                .flatten();
        }
        to.most = from.most;
    }
}
