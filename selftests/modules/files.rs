// SPDX-License-Identifier: GPL-2.0

//! A file made with the kernel crate's debugfs, which does not pin its module: the control for
//! those of the scheduler probe.

use kernel::{
    debugfs::{
        Dir,
        File, //
    },
    prelude::*,
};

module! {
    type: Files,
    name: "rcu_notrace_files",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a debugfs file without an owner",
    license: "GPL v2",
}

#[pin_data]
struct Files {
    #[pin]
    file: File<u32>,
}

impl kernel::InPlaceModule for Files {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let directory = Dir::new(c"rcu_notrace_files");

            Ok(try_pin_init!(Self {
                file <- directory.read_only_file(c"file", 7),
            }? Error))
        })
    }
}
