// SPDX-License-Identifier: GPL-2.0

//! The greatest of many values, in a list of a fixed size.

use kernel::prelude::*;

/// Puts `new` into `list`, which is sorted by `key`, the greatest first, and has room for `most`.
/// The least of them goes, if that would be one too many.
pub(super) fn keep<T>(list: &mut KVec<T>, most: usize, new: T, key: impl Fn(&T) -> u64) {
    let place = list
        .iter()
        .take_while(|other| key(other) >= key(&new))
        .count();

    if place >= most {
        return;
    }
    if list.len() == most {
        list.pop();
    }
    if list.push_within_capacity(new).is_ok() {
        if let Some(after) = list.get_mut(place..) {
            after.rotate_right(1);
        }
    }
}
