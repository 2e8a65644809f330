// SPDX-License-Identifier: GPL-2.0

//! Stand-ins for the items outside of the files under test that these files use.
//!
//! Each has the name and the signature of the original, and as little behind it as the files need:
//!
//! * `bindings`, `cpu`, `fmt`, `prelude`, `str`, `sync` stand for modules of the `kernel` crate;
//! * `helpers`, `rcu_notrace`, `tracepoint_glue` stand for modules of `rcu_blame.ko`. The bounds
//!   that keep sleeping locks out of a probe are not checked here: the module's own build does
//!   that.
//!
//! A `task_struct` has the fields that are read, and belongs to the test. Errors of allocation do
//! not happen.

#![allow(non_camel_case_types, non_upper_case_globals)]

pub(crate) use std::fmt;

/// `kernel::bindings`.
pub(crate) mod bindings {
    pub(crate) const MAX_RT_PRIO: u32 = 100;
    pub(crate) const TASK_COMM_LEN: u32 = 16;
    pub(crate) const TASK_RUNNING: u32 = 0;
    pub(crate) const PF_KTHREAD: u32 = 0x0020_0000;

    /// The fields that the probe reads, and the cgroup's id.
    #[derive(Clone, Copy)]
    #[repr(C)]
    pub(crate) struct task_struct {
        pub(crate) comm: [u8; TASK_COMM_LEN as usize],
        pub(crate) pid: i32,
        pub(crate) tgid: i32,
        pub(crate) prio: i32,
        pub(crate) normal_prio: i32,
        pub(crate) on_cpu: i32,
        pub(crate) on_rq: i32,
        pub(crate) se: sched_entity,
        pub(crate) __state: u32,
        pub(crate) migration_disabled: u16,
        pub(crate) utime: u64,
        pub(crate) stime: u64,
        pub(crate) flags: u32,
        pub(crate) nvcsw: usize,
        pub(crate) nivcsw: usize,
        pub(crate) start_time: u64,
        pub(crate) rcu_read_lock_nesting: i32,
        pub(crate) rcu_read_unlock_special: rcu_special,
        pub(crate) rcu_blocked_node: *mut (),
        pub(crate) pi_top_task: *mut task_struct,
        pub(crate) cgroup: u64,
    }

    impl Default for task_struct {
        fn default() -> Self {
            // SAFETY: Numbers, and pointers that may be null.
            unsafe { core::mem::zeroed() }
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct sched_entity {
        pub(crate) sched_delayed: u8,
    }

    // The files name its layout only.
    #[allow(dead_code)]
    #[derive(Clone, Copy)]
    pub(crate) union rcu_special {
        pub(crate) b: rcu_special__bindgen_ty_1,
        pub(crate) s: u32,
    }

    #[allow(dead_code)]
    #[derive(Clone, Copy)]
    pub(crate) struct rcu_special__bindgen_ty_1 {
        pub(crate) blocked: u8,
        pub(crate) need_qs: u8,
        pub(crate) exp_hint: u8,
        pub(crate) need_mb: u8,
    }

    pub(crate) unsafe fn ktime_get_mono_fast_ns() -> u64 {
        0
    }
}

/// `kernel::cpu`.
pub(crate) mod cpu {
    /// No power of two.
    pub(crate) fn nr_cpu_ids() -> u32 {
        70
    }
}

/// `kernel::str`.
pub(crate) mod str {
    pub(crate) use core::ffi::CStr;
}

/// `kernel::prelude`.
pub(crate) mod prelude {
    use core::ops::Deref;

    pub(crate) type Result<T = (), E = Error> = core::result::Result<T, E>;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Error(i32);

    pub(crate) const EINVAL: Error = Error(-22);

    pub(crate) struct Flags;

    pub(crate) const GFP_KERNEL: Flags = Flags;

    pub(crate) struct KVec<T>(Vec<T>);

    pub(crate) type KVVec<T> = KVec<T>;

    impl<T> KVec<T> {
        pub(crate) fn new() -> Self {
            Self(Vec::new())
        }

        pub(crate) fn with_capacity(capacity: usize, _flags: Flags) -> Result<Self> {
            Ok(Self(Vec::with_capacity(capacity)))
        }

        pub(crate) fn push(&mut self, value: T, _flags: Flags) -> Result {
            self.0.push(value);
            Ok(())
        }

        pub(crate) fn push_within_capacity(&mut self, value: T) -> Result {
            assert!(self.0.len() < self.0.capacity());
            self.0.push(value);
            Ok(())
        }
    }

    impl<T> Deref for KVec<T> {
        type Target = [T];

        fn deref(&self) -> &[T] {
            &self.0
        }
    }
}

/// `kernel::sync`.
pub(crate) mod sync {
    pub(crate) mod rcu {
        pub(crate) struct Guard;
    }

    pub(crate) mod atomic {
        use core::{
            marker::PhantomData,
            sync::atomic::{
                AtomicU64,
                Ordering, //
            },
        };

        pub(crate) use core::sync::atomic::Ordering::{
            Acquire,
            Relaxed,
            Release, //
        };

        /// Of 64 bits, whatever the type.
        pub(crate) struct Atomic<T>(AtomicU64, PhantomData<T>);

        impl Atomic<u32> {
            pub(crate) const fn new(value: u32) -> Self {
                Self(AtomicU64::new(value as u64), PhantomData)
            }

            pub(crate) fn as_ptr(&self) -> *mut u32 {
                self.0.as_ptr().cast()
            }
        }

        impl Atomic<u64> {
            pub(crate) const fn new(value: u64) -> Self {
                Self(AtomicU64::new(value), PhantomData)
            }

            pub(crate) fn as_ptr(&self) -> *mut u64 {
                self.0.as_ptr()
            }

            pub(crate) fn load(&self, ordering: Ordering) -> u64 {
                self.0.load(ordering)
            }

            pub(crate) fn store(&self, value: u64, ordering: Ordering) {
                self.0.store(value, ordering)
            }

            pub(crate) fn xchg(&self, value: u64, ordering: Ordering) -> u64 {
                self.0.swap(value, ordering)
            }

            pub(crate) fn add(&self, value: u64, ordering: Ordering) {
                self.0.fetch_add(value, ordering);
            }
        }
    }
}

/// The guards.
pub(crate) mod rcu_notrace {
    use crate::{
        bindings::task_struct,
        sync::{
            atomic::{
                Acquire,
                Atomic,
                Relaxed, //
            },
            rcu, //
        },
    };

    pub(crate) trait RcuReader {}

    /// That of architectures which have none of their own.
    pub(crate) fn add_local(number: &Atomic<u64>, n: u64) {
        number.add(n, Relaxed);
    }

    pub(crate) fn inc_local(number: &Atomic<u64>) {
        number.add(1, Relaxed);
    }

    pub(crate) fn current() -> *mut task_struct {
        unreachable!("no test has a current task")
    }

    pub(crate) fn add_shared(number: &Atomic<u64>, n: u64) {
        number.add(n, Relaxed);
    }

    pub(crate) fn load_acquire(number: &Atomic<u64>) -> u64 {
        number.load(Acquire)
    }

    /// A test is single-threaded, and needs no guard.
    impl RcuReader for () {}
    impl RcuReader for rcu::Guard {}
}

/// The C side of the probe.
pub(crate) mod helpers {
    use crate::bindings::task_struct;
    use std::{
        ffi::{
            c_char,
            c_int,
            c_ulong,
            CStr, //
        },
        hash::{
            DefaultHasher,
            Hash,
            Hasher, //
        },
    };

    /// The id of the cgroup of each path.
    pub(crate) fn cgroup_of(path: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();

        path.hash(&mut hasher);
        hasher.finish()
    }

    pub(crate) unsafe fn rcu_blame_cgroup_by_path(path: *const c_char, id: *mut u64) -> c_int {
        // SAFETY: A string, and a place for a number.
        unsafe { *id = cgroup_of(CStr::from_ptr(path).to_bytes()) };
        0
    }

    pub(crate) unsafe fn rcu_blame_cgroup_id(task: *mut task_struct) -> u64 {
        // SAFETY: The task exists.
        unsafe { (*task).cgroup }
    }

    pub(crate) unsafe fn rcu_blame_in_cgroup(task: *mut task_struct, cgroup: u64) -> bool {
        // SAFETY: The task exists.
        unsafe { (*task).cgroup == cgroup }
    }

    pub(crate) unsafe fn rcu_blame_being_woken(_task: *mut task_struct) -> bool {
        false
    }

    /// No task is found: a row has what was noted.
    pub(crate) unsafe fn rcu_blame_find(_pid: i32) -> *mut task_struct {
        core::ptr::null_mut()
    }

    pub(crate) unsafe fn rcu_blame_grace_periods(_normal: *mut c_ulong, _exp: *mut c_ulong) {}

    pub(crate) unsafe fn rcu_blame_local_clock() -> u64 {
        0
    }

    pub(crate) unsafe fn rcu_blame_lock() -> c_ulong {
        0
    }

    pub(crate) unsafe fn rcu_blame_unlock(_flags: c_ulong) {}
}

/// The glue.
pub(crate) mod tracepoint_glue {
    pub(crate) unsafe trait NoSleep {}

    pub(crate) trait Pinned {}

    macro_rules! probe_state {
        ($state:item) => {
            $state
        };
    }
    pub(crate) use probe_state;

    pub(crate) mod args {
        use crate::bindings::task_struct;
        use core::cell::UnsafeCell;

        /// `kernel::task::Task`.
        #[derive(Default)]
        #[repr(transparent)]
        pub(crate) struct Task(UnsafeCell<task_struct>);

        impl Task {
            pub(crate) fn as_ptr(&self) -> *mut task_struct {
                self.0.get()
            }

            /// Has the kernel change a task.
            pub(crate) fn change(&self, change: impl FnOnce(&mut task_struct)) {
                // SAFETY: A test is single-threaded, and keeps no reference into a task.
                change(unsafe { &mut *self.as_ptr() })
            }
        }
    }
}
