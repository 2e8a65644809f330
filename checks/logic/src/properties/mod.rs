// SPDX-License-Identifier: GPL-2.0

//! Properties, each compared with an oracle that is written in another way than the code.

mod filter;
mod histogram;
mod number;
mod task;
mod tasks;
mod text;

use proptest::prelude::*;

/// As many cases as PROPTEST_CASES says. A failure is printed, not kept in a file.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A name of a task: up to 15 bytes of a few, so that two are often alike.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        6 => prop::sample::select(&b"ab"[..]),
        2 => prop::sample::select(&b"*\\=&| \n/-0\x7f\x80\xff"[..]),
        1 => 1..=255u8,
    ];

    prop_oneof![
        2 => prop::collection::vec(byte.clone(), 0..=4),
        1 => prop::collection::vec(byte, 0..=15),
    ]
}
