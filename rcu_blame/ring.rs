// SPDX-License-Identifier: GPL-2.0

//! A ring of the latest records of something rare.

use super::tasks::locked;
use crate::tracepoint_glue::NoSleep;
use core::cell::UnsafeCell;
use kernel::prelude::*;

struct Inner<T, const SIZE: usize> {
    places: KVVec<T>,
    written: usize,
}

impl<T, const SIZE: usize> Inner<T, SIZE> {
    /// The number of the oldest one that is there.
    fn oldest(&self) -> usize {
        self.written.saturating_sub(SIZE)
    }
}

/// The latest `SIZE` records, numbered from 0.
///
/// # Invariants
///
/// Accessed under [`locked()`] only.
pub(super) struct Ring<T, const SIZE: usize>(UnsafeCell<Inner<T, SIZE>>);

// SAFETY: By the type invariant one CPU at a time has it.
unsafe impl<T: Send, const SIZE: usize> Sync for Ring<T, SIZE> {}
// SAFETY: The lock is a raw spinlock, a leaf. Nothing is set off by records that are `Copy`.
unsafe impl<T: Copy, const SIZE: usize> NoSleep for Ring<T, SIZE> {}

impl<T: Copy + Default, const SIZE: usize> Ring<T, SIZE> {
    /// Process context; `ENOMEM`.
    pub(super) fn new() -> Result<Self> {
        let mut places = KVVec::with_capacity(SIZE, GFP_KERNEL)?;

        for _ in 0..SIZE {
            places.push_within_capacity(T::default())?;
        }
        // INVARIANT: Nobody has it yet.
        Ok(Self(UnsafeCell::new(Inner { places, written: 0 })))
    }

    fn with<R>(&self, f: impl FnOnce(&mut Inner<T, SIZE>) -> R) -> R {
        // SAFETY: Under the lock.
        locked(|| f(unsafe { &mut *self.0.get() }))
    }

    /// Adds a record, which `fill` writes. The oldest one goes. Any context but NMI.
    pub(super) fn push(&self, fill: impl FnOnce(&mut T)) {
        self.with(|ring| {
            if let Some(place) = ring.places.get_mut(ring.written % SIZE) {
                fill(place);
            }
            ring.written = ring.written.wrapping_add(1);
        });
    }

    /// How many there have been. Any context but NMI.
    pub(super) fn written(&self) -> usize {
        self.with(|ring| ring.written)
    }

    /// The number of the first record from `at` on that is there. Any context but NMI.
    pub(super) fn next(&self, at: usize) -> Option<usize> {
        self.with(|ring| {
            let at = at.max(ring.oldest());

            (at < ring.written).then_some(at)
        })
    }

    /// The record of that number, if it is there. Any context but NMI.
    pub(super) fn get(&self, at: usize) -> Option<T> {
        self.with(|ring| {
            (ring.oldest()..ring.written)
                .contains(&at)
                .then(|| ring.places.get(at % SIZE).copied())
                .flatten()
        })
    }

    /// Folds all that are there, in no order. Any context but NMI.
    pub(super) fn fold<R>(&self, init: R, f: impl FnMut(R, &T) -> R) -> R {
        self.with(|ring| ring.places.iter().take(ring.written).fold(init, f))
    }
}
