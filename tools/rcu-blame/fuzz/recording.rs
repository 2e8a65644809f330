// SPDX-License-Identifier: GPL-2.0

//! A target for libFuzzer: any bytes are refused as a recording, or have a report in all forms.
//!
//! `make check TESTS=fuzz_recording` builds and runs it.

#![no_main]

#[path = "../tests/forms/mod.rs"]
mod forms;

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

    // An error is a refusal, and one of the two that are right.
    let _ = forms::forms(bytes);
    0
}
