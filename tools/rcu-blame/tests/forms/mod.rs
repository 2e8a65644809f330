// SPDX-License-Identifier: GPL-2.0

//! The report of a recording in all forms: for tests, and for the target of libFuzzer.

use rcu_blame::{
    model::{comparison::Comparison, report::Report},
    source::recording::{BadFile, Recording},
    view,
};

/// The text, the page, the JSON and the comparison with itself of any bytes that are a recording.
///
/// # Panics
///
/// A form cannot be made, a text has a character that is not printed, or the page has a script: a
/// test and libFuzzer see that.
pub fn forms(bytes: &[u8]) -> Result<[String; 4], BadFile> {
    let report = Report::new(Recording::read(bytes)?.facts());
    let trace = view::perfetto::trace(&report.timeline, &report.slow_waits, &report.recording);
    let comparison = Comparison::new(&report, &report);
    let forms = [
        view::report_text::text(&report).unwrap(),
        view::report_html::page(&report),
        view::json::text(&report).unwrap(),
        view::comparison_text::text(&comparison).unwrap(),
    ];

    assert!(!trace.bytes().is_empty());
    view::json::text(&comparison).unwrap();
    for text in [&forms[0], &forms[3]] {
        assert!(text
            .bytes()
            .all(|c| c == b'\n' || (b' '..=b'~').contains(&c)));
    }
    assert!(!forms[1].contains("<script"));
    Ok(forms)
}
