// SPDX-License-Identifier: GPL-2.0

//! The parser of filters, called by libFuzzer with any text.
//!
//! `checks/fuzz.sh` builds this, with rustc alone.

use super::filter::Filter;
use crate::tracepoint_glue::args::Task;

/// Tasks that a short filter tells apart.
fn tasks() -> [Task; 4] {
    let names: [&[u8]; 4] = [b"", b"a", b"a*b", b"abababababababa"];
    let mut n = 0;

    names.map(|name| {
        let task = Task::default();

        task.change(|task| {
            task.comm[..name.len()].copy_from_slice(name);
            task.pid = n;
            task.tgid = n & 1;
            task.prio = 139 - n;
            task.cgroup = n as u64;
        });
        n += 1;
        task
    })
}

/// Which of the tasks a filter admits, as a set of bits.
fn admitted(filter: &Filter) -> u32 {
    (0..).zip(tasks()).fold(0, |set, (n, task)| {
        set | u32::from(filter.admits(&task, n, &())) << n
    })
}

/// Tries one text. A panic is a mistake of the parser.
fn try_text(text: &[u8]) {
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(mistake) => {
            // The caret of the message is at a byte of the text, or at its end.
            assert!(mistake.at <= text.len(), "{} is beyond the end", mistake.at);
            return;
        }
    };

    if text.trim_ascii().is_empty() {
        return;
    }
    // The same twice is the same, if there is room for it.
    for operator in [b" || ", b" && "] {
        // `&&` binds more: it would join the last conjunction and the first.
        if operator == b" && " && text.windows(2).any(|two| two == b"||") {
            continue;
        }
        match Filter::parse(&[text, &operator[..], text].concat()) {
            Ok(twice) => assert_eq!(admitted(&filter), admitted(&twice)),
            Err(mistake) => assert_eq!(mistake.what, "too many terms"),
        }
    }
}

/// The function that libFuzzer calls.
///
/// # Safety
///
/// `data` is good for `len` bytes.
#[no_mangle]
unsafe extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, len: usize) -> i32 {
    let text = if len == 0 {
        &[]
    } else {
        // SAFETY: By the requirement.
        unsafe { core::slice::from_raw_parts(data, len) }
    };

    try_text(text);
    0
}
