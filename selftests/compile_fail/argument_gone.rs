// SPDX-License-Identifier: GPL-2.0
// expect: mismatched types

//! An object that may have been freed, taken for one that is there.

#![allow(dead_code, unused_imports)]

include!("root.rs");

use tracepoint_glue::args::Object;

probe_state! { struct State { work: kernel::sync::atomic::Atomic<i32> } }

fn look(_: Object<'_, kernel::bindings::work_struct>) {}
fn note(_: usize) {}

impl Probe<workqueue_execute_start> for State {
    fn hit(
        &self,
        _: &Context<'_, workqueue_execute_start>,
        args: Args<'_, workqueue_execute_start>,
    ) {
        look(args.work);
    }
}

impl Probe<workqueue_execute_end> for State {
    fn hit(&self, _: &Context<'_, workqueue_execute_end>, args: Args<'_, workqueue_execute_end>) {
        #[cfg(mistake)]
        look(args.work);
        note(args.work);
    }
}
