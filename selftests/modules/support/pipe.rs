// SPDX-License-Identifier: GPL-2.0

//! Objects that are replaced all the time, and how old readers have seen them: rcutorture's check.
//!
//! An object that has been replaced moves on by a stage with every grace period. A reader that
//! still finds the object it has followed a pointer to at stage 0 (in place) or 1 (replaced), when
//! it is about to leave its section, is as it should be. At stage 2 a whole grace period has gone
//! by between the replacement and the end of a section that began before it.
//!
//! Objects are never freed, so that a reader which goes wrong only sees that.

use kernel::{
    bindings,
    fmt,
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Full,
        Relaxed,
        Release, //
    },
    types::Opaque, //
};

/// Stages that are told apart.
pub(crate) const STAGES: usize = 11;
/// The last, of objects that may be put in place again.
const FREE: u32 = STAGES as u32 - 1;

/// So many of each stage, or distance.
pub(crate) struct Counts([Atomic<u64>; STAGES]);

impl Counts {
    const fn new() -> Self {
        Self([const { Atomic::new(0) }; STAGES])
    }

    #[inline(always)]
    fn count(&self, stage: u64) {
        if let Some(count) = self.0.get(core::cmp::min(stage, FREE.into()) as usize) {
            count.add(1, Relaxed);
        }
    }

    /// Those that cannot be.
    pub(crate) fn bad(&self) -> u64 {
        self.0.iter().skip(2).map(|n| n.load(Relaxed)).sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for n in &self.0 {
            write!(f, " {}", n.load(Relaxed))?;
        }
        Ok(())
    }
}

/// Stages that readers have seen.
pub(crate) static READER_PIPE: Counts = Counts::new();
/// Grace periods that readers have seen: one updater waited for them, one after another, while the
/// section lasted. The first of them may have begun before it.
pub(crate) static READER_BATCH: Counts = Counts::new();
/// Objects that have come to each stage.
pub(crate) static CIRCULATION: Counts = Counts::new();

/// Callbacks are not queued again.
static ENDING: Atomic<i32> = Atomic::new(0);

struct Object {
    head: Opaque<bindings::callback_head>,
    stage: Atomic<u32>,
}

// SAFETY: The head is RCU's while it is queued, which it is once at a time.
unsafe impl Send for Object {}
// SAFETY: As above.
unsafe impl Sync for Object {}

impl Object {
    /// One grace period has gone by: whether it is to wait for another.
    fn advance(&self) -> bool {
        let stage = self.stage.load(Relaxed) + 1;

        self.stage.store(stage, Release);
        CIRCULATION.count(stage.into());
        stage < FREE
    }

    /// # Safety
    ///
    /// `head` is of an object that lives until callbacks have been waited for.
    unsafe extern "C" fn callback(head: *mut bindings::callback_head) {
        // SAFETY: The first field of an object.
        let object = unsafe { &*head.cast::<Object>() };

        if object.advance() && ENDING.load(Relaxed) == 0 {
            // SAFETY: By the requirement; it has just been taken off the list.
            unsafe { bindings::call_rcu(head, Some(Self::callback)) };
        }
    }
}

/// An object in place, those that have been, and those that will be. One updater.
pub(crate) struct Pipe {
    objects: KVec<Object>,
    current: Atomic<u32>,
    grace_periods: Atomic<u64>,
}

/// The object that a reader has found in place.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    object: u32,
    grace_periods: u64,
}

impl Seen {
    /// In one word, which is not 0.
    #[inline(always)]
    pub(crate) fn pack(self) -> u64 {
        self.grace_periods << 32 | u64::from(self.object) + 1
    }

    /// The inverse of [`pack()`](Self::pack).
    #[inline(always)]
    pub(crate) fn unpack(word: u64) -> Self {
        Self {
            object: (word as u32).wrapping_sub(1),
            grace_periods: word >> 32,
        }
    }
}

impl Pipe {
    /// A pipe with so many objects.
    pub(crate) fn new(objects: usize) -> Result<Self> {
        let mut pipe = Self {
            objects: KVec::with_capacity(objects, GFP_KERNEL)?,
            current: Atomic::new(0),
            grace_periods: Atomic::new(0),
        };

        for n in 0..objects {
            pipe.objects.push(
                Object {
                    head: Opaque::zeroed(),
                    stage: Atomic::new(if n == 0 { 0 } else { FREE }),
                },
                GFP_KERNEL,
            )?;
        }
        Ok(pipe)
    }

    /// How many grace periods have been waited for.
    pub(crate) fn grace_periods(&self) -> u64 {
        self.grace_periods.load(Relaxed)
    }

    /// Follows the pointer. Any context; in a section.
    #[inline(always)]
    pub(crate) fn read(&self) -> Seen {
        Seen {
            grace_periods: self.grace_periods.load(Acquire),
            object: self.current.load(Relaxed),
        }
    }

    /// Looks at what has become of it. Any context; in the same section.
    #[inline(always)]
    pub(crate) fn check(&self, seen: Seen) {
        if let Some(object) = self.objects.get(seen.object as usize) {
            READER_PIPE.count(object.stage.load(Relaxed).into());
        }
        READER_BATCH.count(
            self.grace_periods
                .load(Relaxed)
                .wrapping_sub(seen.grace_periods),
        );
    }

    /// Puts another object in place, if there is a free one, and returns the old one.
    fn replace(&self) -> Option<&Object> {
        let n = self.objects.len();
        let current = self.current.load(Relaxed);

        for i in 1..n {
            let next = (current as usize + i) % n;
            let object = &self.objects[next];

            if object.stage.load(Acquire) == FREE {
                object.stage.store(0, Relaxed);
                CIRCULATION.count(0);

                let old = &self.objects[self.current.xchg(next as u32, Full) as usize];

                old.advance();
                return Some(old);
            }
        }
        None
    }

    /// Replaces the object, and waits for a grace period. Process context.
    pub(crate) fn update(&self, synchronize: unsafe extern "C" fn()) {
        let _ = self.replace();

        // SAFETY: `synchronize_rcu()` or the like: process context.
        unsafe { synchronize() };
        // Nobody else writes it.
        self.grace_periods
            .store(self.grace_periods.load(Relaxed) + 1, Release);
        for object in &self.objects {
            if (1..FREE).contains(&object.stage.load(Relaxed)) {
                object.advance();
            }
        }
    }

    /// Replaces the object, and has `call_rcu()` see to the old one; false if none is free.
    ///
    /// # Safety
    ///
    /// The pipe stays until [`end()`] has returned.
    pub(crate) unsafe fn update_later(&self) -> bool {
        let Some(old) = self.replace() else {
            return false;
        };

        // SAFETY: By the requirement; the object has been in place, so it is not queued.
        unsafe { bindings::call_rcu(old.head.get(), Some(Object::callback)) };
        true
    }
}

/// Waits for all callbacks, after the last update. Process context.
pub(crate) fn end() {
    ENDING.store(1, Relaxed);
    // Twice: one may have been about to queue itself again when it was told not to.
    //
    // SAFETY: Process context.
    unsafe {
        bindings::rcu_barrier();
        bindings::rcu_barrier();
    }
}
