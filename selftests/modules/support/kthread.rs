// SPDX-License-Identifier: GPL-2.0

//! Threads of a test: joined when dropped.

use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    str::CStr, //
};

/// For [`Kthread::run()`]: not bound.
pub(crate) const ANY_CPU: u32 = super::TEST_ANY_CPU;

/// The CPUs that are online.
pub(crate) fn cpus() -> impl Iterator<Item = u32> {
    // SAFETY: No requirements.
    (0..kernel::cpu::nr_cpu_ids()).filter(|&cpu| unsafe { super::test_cpu_online(cpu) })
}

/// A kthread that runs a closure, on one CPU if it is told which; dropping this asks it to stop,
/// and waits.
pub(crate) struct Kthread {
    task: *mut bindings::task_struct,
}

impl Kthread {
    /// Runs `body` on `cpu`, which is online, or [`ANY_CPU`], at SCHED_FIFO 50 if `fifo`.
    ///
    /// `body` returns when it is done, or soon after [`should_stop()`].
    pub(crate) fn run<F>(cpu: u32, fifo: bool, name: &CStr, body: F) -> Result<Self>
    where
        F: FnOnce() + Send + 'static,
    {
        /// # Safety
        ///
        /// `data` is an `F` from `KBox::into_raw()`, and nobody else's.
        unsafe extern "C" fn start<F: FnOnce() + Send + 'static>(
            data: *mut kernel::ffi::c_void,
        ) -> kernel::ffi::c_int {
            // SAFETY: By the requirement.
            let body = unsafe { KBox::from_raw(data.cast::<F>()) };

            KBox::into_inner(body)();
            0
        }

        let body = KBox::into_raw(KBox::new(body, GFP_KERNEL)?);
        // SAFETY: `start` takes what `body` is; the name is copied.
        let task = from_err_ptr(unsafe {
            super::test_kthread_run_on(Some(start::<F>), body.cast(), cpu, fifo, name.as_char_ptr())
        });

        match task {
            Ok(task) => Ok(Self { task }),
            Err(e) => {
                // SAFETY: From `KBox::into_raw()`, and no thread has it.
                drop(unsafe { KBox::from_raw(body) });
                Err(e)
            }
        }
    }
}

impl Kthread {
    /// Wakes it, if it sleeps. Any context.
    pub(crate) fn wake(&self) {
        // SAFETY: We hold a reference to the task.
        unsafe { bindings::wake_up_process(self.task) };
    }

    /// Has it run on another CPU from now on.
    pub(crate) fn move_to(&self, cpu: u32) -> Result {
        // SAFETY: We hold a reference to the task.
        to_result(unsafe { super::test_set_cpu(self.task, cpu) })
    }

    /// Makes it SCHED_FIFO of this priority; of 0: SCHED_OTHER.
    pub(crate) fn set_fifo(&self, priority: i32) {
        // SAFETY: We hold a reference to the task.
        unsafe { super::test_set_fifo(self.task, priority) };
    }

    /// The priority that the scheduler goes by, boosts included.
    pub(crate) fn prio(&self) -> i32 {
        // SAFETY: We hold a reference to the task; the field is a word.
        unsafe { (&raw const (*self.task).prio).read_volatile() }
    }
}

// SAFETY: Any task may stop the thread; the reference to it is ours.
unsafe impl Send for Kthread {}
// SAFETY: Nothing can be done with a shared reference.
unsafe impl Sync for Kthread {}

impl Drop for Kthread {
    fn drop(&mut self) {
        // SAFETY: We hold a reference to the task, and give it up.
        unsafe {
            bindings::kthread_stop(self.task);
            bindings::put_task_struct(self.task);
        }
    }
}

/// Whether the [`Kthread`] that calls this is being dropped.
pub(crate) fn should_stop() -> bool {
    // SAFETY: Called by a kthread.
    unsafe { bindings::kthread_should_stop() }
}

/// Does nothing until the calling [`Kthread`] is dropped, for one that is done.
pub(crate) fn wait_to_be_stopped() {
    while !should_stop() {
        sleep_us(1000);
    }
}

/// Sleeps for about `us` microseconds.
pub(crate) fn sleep_us(us: u32) {
    // SAFETY: Process context.
    unsafe { super::test_usleep(us) };
}
