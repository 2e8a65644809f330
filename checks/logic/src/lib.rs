// SPDX-License-Identifier: GPL-2.0

//! The logic of the probe, in user space: the very files, on a stand-in for the kernel.

#![cfg(any(test, fuzzing))]
// Then it is a program, and libFuzzer has its main().
#![cfg_attr(fuzzing, no_main)]

// The files say `kernel::` for the kernel's crate, and `crate::` for parts of the module.
extern crate self as kernel;

mod rcu_blame;
mod stand_in;

use stand_in::{
    bindings,
    cpu,
    fmt,
    prelude,
    rcu_notrace,
    str,
    sync,
    tracepoint_glue, //
};
