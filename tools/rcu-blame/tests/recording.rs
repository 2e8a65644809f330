// SPDX-License-Identifier: GPL-2.0

//! A recording of a kernel, its report, and what is left of both when the file is damaged.

mod forms;

use forms::forms;
use proptest::prelude::*;

const RECORDING: &[u8] = include_bytes!("data/small.jsonl");

/// Its report, below a line with the licence.
const TEXT: &str = include_str!("data/small.txt");

#[test]
fn golden() {
    let (_, text) = TEXT.split_once('\n').unwrap();

    assert_eq!(forms(RECORDING).unwrap()[0], text);
}

#[test]
fn truncated() {
    let header = RECORDING
        .iter()
        .enumerate()
        .filter(|(_, c)| **c == b'\n')
        .nth(1)
        .unwrap()
        .0;

    for len in (0..RECORDING.len() - 2).step_by(1499) {
        match forms(&RECORDING[..len]) {
            Ok([text, ..]) => assert!(text.contains("The recording is cut off")),
            Err(_) => assert!(len < header),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged(at in 0..RECORDING.len(), with in proptest::collection::vec(any::<u8>(), 1..20)) {
        let mut bytes = RECORDING.to_vec();

        bytes.splice(at..(at + with.len()).min(RECORDING.len()), with);
        // An error is a refusal, and one of the two that are right.
        let _ = forms(&bytes);
    }
}
