// SPDX-License-Identifier: GPL-2.0

//! Takes a guard in a probe on `sched_set_need_resched_tp`, the tracepoint that RCU fires on its way
//! out of a section before it has reported anything; with `plain=1` an ordinary `rcu_read_lock()`,
//! which recurses there until the stack is gone.
//!
//! Unloading the module prints the number of hits.

use crate::{
    rcu_notrace::{
        ReadSide,
        Rcu, //
    },
    support::{
        controls::Plain,
        param, //
    },
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    str::CStr,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
#[path = "../../shim/mod.rs"]
mod shim;
mod support;

module! {
    type: Probe,
    name: "rcu_notrace_probe",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: a reader in a probe that RCU itself hits",
    license: "GPL v2",
    params: {
        plain: u32 {
            default: 0,
            description: "Use rcu_read_lock(), which is to panic",
        },
    },
}

const TRACEPOINT: &CStr = c"sched_set_need_resched_tp";

/// What the probe gets.
struct Hits {
    rcu: Rcu,
    hits: Atomic<u64>,
}

/// Prototype of the probe: `include/trace/events/sched.h`.
type Func = unsafe extern "C" fn(*mut c_void, *mut bindings::task_struct, c_int, c_int);

#[link_section = ".kprobes.text"]
unsafe extern "C" fn guarded(
    data: *mut c_void,
    _task: *mut bindings::task_struct,
    _cpu: c_int,
    _tif: c_int,
) {
    // SAFETY: Registered with `Hits`, which outlives the registration.
    let hits = unsafe { &*data.cast::<Hits>() };
    let _guard = hits.rcu.read_lock();

    hits.hits.add(1, Relaxed);
}

unsafe extern "C" fn plain(
    data: *mut c_void,
    _task: *mut bindings::task_struct,
    _cpu: c_int,
    _tif: c_int,
) {
    // SAFETY: Registered with `Hits`, which outlives the registration.
    let hits = unsafe { &*data.cast::<Hits>() };
    let _guard = Plain.read_lock();

    hits.hits.add(1, Relaxed);
}

struct Probe {
    tracepoint: NonNull<bindings::tracepoint>,
    func: Func,
    hits: KBox<Hits>,
}

// SAFETY: The tracepoint is built in, and its interface is for any task.
unsafe impl Send for Probe {}
// SAFETY: As above.
unsafe impl Sync for Probe {}

unsafe extern "C" fn find(tracepoint: *mut bindings::tracepoint, found: *mut c_void) {
    // SAFETY: Called with a tracepoint, which has a name.
    if unsafe { CStr::from_char_ptr((*tracepoint).name) } == TRACEPOINT {
        // SAFETY: What `init()` passed.
        unsafe { *found.cast() = tracepoint };
    }
}

impl kernel::Module for Probe {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let func: Func = if param(module_parameters::plain.value()) != 0 {
            plain
        } else {
            guarded
        };
        let hits = KBox::new(
            Hits {
                rcu: Rcu::new()?,
                hits: Atomic::new(0),
            },
            GFP_KERNEL,
        )?;
        let mut found: *mut bindings::tracepoint = core::ptr::null_mut();

        // SAFETY: `find()` takes a pointer to where the tracepoint goes.
        unsafe { bindings::for_each_kernel_tracepoint(Some(find), (&raw mut found).cast()) };
        let tracepoint = NonNull::new(found).ok_or(ENOENT)?;

        // SAFETY: The prototype is the tracepoint's; `hits` outlives the registration.
        to_result(unsafe {
            bindings::tracepoint_probe_register(
                tracepoint.as_ptr(),
                func as *mut c_void,
                (&raw const *hits).cast_mut().cast(),
            )
        })?;
        Ok(Self {
            tracepoint,
            func,
            hits,
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // SAFETY: Registered in `init()`. After both waits no probe runs, and `hits` may go.
        unsafe {
            bindings::tracepoint_probe_unregister(
                self.tracepoint.as_ptr(),
                self.func as *mut c_void,
                (&raw const *self.hits).cast_mut().cast(),
            );
            bindings::synchronize_srcu(&raw mut bindings::rcu_tasks_trace_srcu_struct);
            bindings::synchronize_srcu(&raw mut bindings::tracepoint_srcu);
        }
        pr_info!(
            "probe hits={} {}\n",
            self.hits.hits.load(Relaxed),
            self.hits.rcu.events()
        );
    }
}
