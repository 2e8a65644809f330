// SPDX-License-Identifier: GPL-2.0

//! A target for libFuzzer: any bytes are refused as a recording, or have a report in all forms.
//!
//! `make check TESTS=fuzz_recording` builds and runs it.

#![no_main]

use rcu_blame::{
    model::{comparison::Comparison, report::Report},
    source::recording::Recording,
    view,
};

/// A run of libFuzzer.
///
/// # Safety
///
/// `bytes` has `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn LLVMFuzzerTestOneInput(bytes: *const u8, len: usize) -> i32 {
    let bytes = if len == 0 {
        &[]
    } else {
        // SAFETY: By what the caller promises.
        unsafe { std::slice::from_raw_parts(bytes, len) }
    };
    let Ok(recording) = Recording::read(bytes) else {
        return 0;
    };
    let report = Report::new(recording.facts());
    let trace = view::perfetto::trace(&report.timeline, &report.slow_waits, &report.recording);
    let comparison = Comparison::new(&report, &report);

    assert!(!trace.bytes().is_empty());
    view::json::text(&report).unwrap();
    view::json::text(&comparison).unwrap();
    assert!(!view::report_html::page(&report).contains("<script"));
    for text in [
        view::report_text::text(&report).unwrap(),
        view::comparison_text::text(&comparison).unwrap(),
    ] {
        assert!(text
            .bytes()
            .all(|c| c == b'\n' || (b' '..=b'~').contains(&c)));
    }
    0
}
