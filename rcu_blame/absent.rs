// SPDX-License-Identifier: GPL-2.0

//! Readers that are off their CPU, for a timer that reports those that stay away for longer than
//! `threshold_us`, while they do.
//!
//! A CPU notes each reader that leaves it in one of its [`PLACES`]. The place is given up when the
//! reader is back, or when the timer has reported it: whoever takes the place, reports, and nobody
//! else does. A reader that finds no place is counted (`reader_unwatched`), and reported when it is
//! back.
//!
//! The probe may miss the return, as the filter does not admit the CPU, or because `sched_switch`
//! is no longer attached. So the timer asks the task: it reports one that has not been switched
//! out since, and is off its CPU, inside a section. A place of any other is given up.
//!
//! The timer is there while a threshold is set and `sched_switch` is attached. It expires in hard
//! interrupt context, as the thread that expires others may wait behind what the reader waits for.

use super::{
    helpers,
    number::Number,
    task::{
        self,
        Section, //
    },
    Shared, //
};
use crate::{
    rcu_notrace::{
        ReadSide,
        Sched, //
    },
    tracepoint_glue::{
        args::Task,
        probe_state,
        NoSleep, //
    },
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        rcu,
        Arc,
        ArcBorrow,
        Mutex, //
    },
    time::{
        hrtimer::{
            ArcHrTimerHandle,
            HrTimer,
            HrTimerCallback,
            HrTimerCallbackContext,
            HrTimerPointer,
            HrTimerRestart,
            RelativeHardMode, //
        },
        Delta,
        Monotonic, //
    },
};

/// How many readers that have left the same CPU are noted.
const PLACES: usize = 16;

/// How often the timer looks at them.
const PERIOD: Delta = Delta::from_millis(50);

probe_state! {
    /// A reader that has left a CPU.
    struct Place {
        /// Since when it is off, 0 while the place is free. Written last, and taken by one.
        since: Atomic<u64>,
        pid: Number,
        switches: Number,
    }
}

impl Place {
    const fn new() -> Self {
        Self {
            since: Atomic::new(0),
            pid: Number::new(0),
            switches: Number::new(0),
        }
    }

    /// Gives the place up, if it is still that of the reader that is off since then. One of those
    /// who ask is told that it was.
    fn take(&self, since: u64) -> bool {
        self.since.cmpxchg(since, 0, Relaxed).is_ok()
    }
}

/// Those of all CPUs, the places of a CPU side by side.
pub(super) struct Absent(KVVec<Place>);

// SAFETY: Atomics.
unsafe impl NoSleep for Absent {}

impl Absent {
    /// Process context; `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        let all = PLACES
            .checked_mul(kernel::cpu::nr_cpu_ids() as usize)
            .ok_or(ENOMEM)?;
        let mut places = KVVec::with_capacity(all, GFP_KERNEL)?;

        for _ in 0..all {
            places.push_within_capacity(Place::new())?;
        }
        Ok(Self(places))
    }

    /// Notes that `reader` is off its CPU, and returns where: the number of the place and 1, or 0
    /// if there is none.
    ///
    /// # Safety
    ///
    /// Interrupts are off, and `cpu` is this CPU.
    #[cold]
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    pub(super) unsafe fn note(&self, cpu: u32, reader: &Task, since: u64) -> u64 {
        let first = (cpu as usize).wrapping_mul(PLACES);

        for at in (0..PLACES).map(|i| first.wrapping_add(i)) {
            match self.0.get(at) {
                Some(place) if place.since.load(Relaxed) == 0 => {
                    place.pid.set(task::pid(reader) as u64);
                    place.switches.set(task::switches(reader));
                    // After them: the timer looks at a place that is taken.
                    place.since.store(since, Release);
                    return at.wrapping_add(1) as u64;
                }
                _ => (),
            }
        }
        0
    }

    /// The reader that was noted at `place` is back: whether the timer has not reported it.
    #[inline(always)]
    pub(super) fn is_unreported(&self, place: u64, since: u64) -> bool {
        match self.0.get((place as usize).wrapping_sub(1)) {
            Some(place) => place.take(since),
            None => true,
        }
    }

    /// Forgets all of them: nobody sees that they are back. Process context, while none is noted.
    pub(super) fn forget(&self) {
        for place in &self.0 {
            place.since.store(0, Relaxed);
        }
    }
}

impl Shared {
    /// Reports the readers that are off their CPU for longer than the threshold. Hard interrupt
    /// context.
    fn report_absent(&self) {
        let threshold_ns = self.threshold_ns.get();

        if threshold_ns == 0 {
            return;
        }

        let now = task::now_ns();
        let pinned = Sched.read_lock();
        let guard = self.rcu.read_lock();
        let counts = &self.numbers.read(&guard).cpus.get(&pinned).counts;
        // For the look-up of tasks, which asks lockdep for this one.
        let lookup = rcu::read_lock();

        for place in &self.absent.0 {
            // Pairs with the release in `note()`.
            let since = place.since.load(Acquire);
            let off_ns = now.saturating_sub(since);

            if since == 0 || off_ns <= threshold_ns {
                continue;
            }
            // SAFETY: Under `lookup`.
            let reader = unsafe { helpers::rcu_blame_find(place.pid.get() as i32) };
            // SAFETY: A task that is there for as long as `lookup` is. `Task` is transparent.
            let reader = unsafe { reader.cast::<Task>().as_ref() }
                .filter(|reader| task::switches(reader) == place.switches.get());

            match reader {
                // Not switched out yet, or back, which nobody has seen.
                Some(reader) if task::is_on_cpu(reader) => (),
                Some(reader) if Section::of(reader).nesting > 0 => {
                    if place.take(since) {
                        self.exceeded(counts, reader, off_ns, threshold_ns);
                    }
                }
                _ => drop(place.take(since)),
            }
        }
        drop(lookup);
    }
}

/// The timer, and what it looks at.
#[pin_data]
struct Watch {
    #[pin]
    timer: HrTimer<Self>,
    shared: Arc<Shared>,
}

impl HrTimerCallback for Watch {
    type Pointer<'a> = Arc<Self>;

    fn run(
        this: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        this.shared.report_absent();
        context.forward_now(PERIOD);
        HrTimerRestart::Restart
    }
}

kernel::impl_has_hr_timer! {
    impl HasHrTimer<Self> for Watch {
        mode: RelativeHardMode<Monotonic>, field: self.timer
    }
}

/// A timer that runs or does not.
#[pin_data]
pub(super) struct Watching {
    watch: Arc<Watch>,
    /// Of a timer that runs. The mutex is held over its handler.
    #[pin]
    handle: Mutex<Option<ArcHrTimerHandle<Watch>>>,
}

impl Watching {
    /// Makes it; it does not run. Process context; `ENOMEM`.
    pub(super) fn new(shared: Arc<Shared>) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            watch: Arc::pin_init(
                pin_init!(Watch {
                    timer <- HrTimer::new(),
                    shared,
                }),
                GFP_KERNEL,
            )?,
            handle <- new_mutex!(None, "rcu_blame::watching"),
        }? Error)
    }

    /// Lets the timer run if there is a threshold, and readers are noted, which `is_noting` says;
    /// stops it otherwise. To be called after each change of either. Process context.
    pub(super) fn update(&self, is_noting: impl FnOnce() -> bool) {
        let mut handle = self.handle.lock();

        if self.watch.shared.threshold_ns.get() == 0 || !is_noting() {
            *handle = None;
        } else if handle.is_none() {
            *handle = Some(self.watch.clone().start(PERIOD));
        }
    }
}
