// SPDX-License-Identifier: GPL-2.0

//! `/sys/kernel/debug/rcu_notrace/`: what is measured.

use super::{
    control::{
        SchedProbe,
        EVENTS, //
    },
    counters::{
        Counted,
        Cpu,
        Metric, //
    },
    histogram::Total,
    task,
    tasks::Row,
    text::Field, //
};
use crate::{
    rcu_notrace::ReadSide,
    shim::sched as shim, //
};
use core::{
    marker::PhantomPinned,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::from_err_ptr,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    str::CStr,
};

/// The files, but for those in `hist/`.
#[derive(Clone, Copy)]
enum File {
    Readers,
    Tasks,
    Cpus,
    Stats,
}

/// What each is called. The id of a file is where it is in here; those in `hist/` come after, as in
/// [`Metric::NAMES`].
const FILES: [(&CStr, File); 4] = [
    (c"readers", File::Readers),
    (c"tasks", File::Tasks),
    (c"cpus", File::Cpus),
    (c"stats", File::Stats),
];

/// How many tasks `readers` has.
const WORST: usize = 32;

/// The directory.
///
/// # Invariants
///
/// `directory` is from `debugfs_create_dir()`, and the private data of what is in it is in
/// `entries`.
#[pin_data(PinnedDrop)]
pub(super) struct Debugfs {
    directory: *mut bindings::dentry,
    entries: [shim::sched_probe_file; FILES.len() + Metric::NAMES.len()],
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: A directory may be removed by any task.
unsafe impl Send for Debugfs {}
// SAFETY: Nothing can be done with a shared reference.
unsafe impl Sync for Debugfs {}

impl Debugfs {
    /// Makes the files, which can be used at once: `probe` is initialised but for this. Process
    /// context; `EEXIST`, and what else debugfs says. A kernel without debugfs does without.
    pub(super) fn new(probe: NonNull<SchedProbe>) -> impl PinInit<Self, Error> {
        let init = move |slot: *mut Self| {
            // SAFETY: No requirements but the context.
            let directory = from_err_ptr(unsafe {
                bindings::debugfs_create_dir(c"rcu_notrace".as_char_ptr(), core::ptr::null_mut())
            });
            let directory = match directory {
                Ok(directory) => directory,
                Err(e) if e == ENODEV || e == EPERM => {
                    pr_notice!("no debugfs, no files\n");
                    core::ptr::null_mut()
                }
                Err(e) => return Err(e),
            };

            // INVARIANT: Just made.
            //
            // SAFETY: `slot` is memory for a `Self`.
            unsafe {
                slot.write(Self {
                    directory,
                    entries: core::array::from_fn(|id| shim::sched_probe_file {
                        context: probe.as_ptr().cast(),
                        id: id as u32,
                    }),
                    _pin: PhantomPinned,
                })
            };
            if directory.is_null() {
                return Ok(());
            }

            // SAFETY: Initialised above, and pinned.
            let this = unsafe { &*slot };
            // SAFETY: `directory` is one. A file that cannot be made is not there, as elsewhere.
            let histograms =
                unsafe { bindings::debugfs_create_dir(c"hist".as_char_ptr(), directory) };

            for ((name, _), entry) in FILES.iter().zip(&this.entries) {
                // SAFETY: The entry stays where it is until the files have been removed.
                unsafe { create(name, directory, entry) };
            }
            for (name, entry) in Metric::NAMES
                .iter()
                .zip(this.entries.iter().skip(FILES.len()))
            {
                // SAFETY: As above.
                unsafe { create(name, histograms, entry) };
            }
            Ok(())
        };

        // SAFETY: `slot` is initialised where `Ok` is returned, and untouched otherwise; it is not
        // moved.
        unsafe { pin_init::pin_init_from_closure(init) }
    }
}

/// # Safety
///
/// `directory` is one of debugfs, or an error. `entry` is valid until the file has been removed.
unsafe fn create(name: &CStr, directory: *mut bindings::dentry, entry: &shim::sched_probe_file) {
    // 0400: a kernel that is locked down refuses a file that can be written, even for reading.
    //
    // SAFETY: By the requirement. The operations take such an entry.
    unsafe {
        bindings::debugfs_create_file_full(
            name.as_char_ptr(),
            0o400,
            directory,
            core::ptr::from_ref(entry).cast_mut().cast(),
            core::ptr::null(),
            &raw const shim::sched_probe_file_operations,
        )
    };
}

#[pinned_drop]
impl PinnedDrop for Debugfs {
    /// Waits for those who are in one of them.
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant.
        unsafe { bindings::debugfs_remove(self.directory) };
    }
}

/// # Safety
///
/// `seq` is a file's, and `context` and `id` are from its entry.
#[no_mangle]
unsafe extern "C" fn sched_probe_show(
    seq: *mut bindings::seq_file,
    context: *const c_void,
    id: u32,
) -> c_int {
    // SAFETY: By the requirement; the probe is there until its files have been removed, which waits
    // for us.
    let (seq, probe) = unsafe { (SeqFile::from_raw(seq), &*context.cast::<SchedProbe>()) };

    match probe.show(seq, id as usize) {
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// A task's name, up to its NUL.
fn name(comm: &task::Comm) -> Field<'_> {
    let len = comm.iter().position(|c| *c == 0).unwrap_or(comm.len());

    Field(comm.get(..len).unwrap_or(&[]))
}

/// The longest path, and its NUL.
const PATH_MAX: usize = bindings::PATH_MAX as usize;

/// Where a cgroup is, as the reader's cgroup namespace names it; `None` if it is gone, not in that
/// namespace, or too deep. Process context.
fn cgroup_path(id: u64, buffer: &mut [u8]) -> Option<&[u8]> {
    // SAFETY: A buffer of that length; process context.
    let len =
        unsafe { shim::sched_probe_cgroup_path(id, buffer.as_mut_ptr().cast(), buffer.len()) };

    buffer.get(..usize::try_from(len).ok()?)
}

impl SchedProbe {
    fn show(&self, seq: &SeqFile, id: usize) -> Result {
        match FILES.get(id).map(|file| file.1) {
            Some(File::Readers) => self.show_readers(seq)?,
            Some(File::Tasks) => self.show_tasks(seq)?,
            Some(File::Cpus) => self.show_cpus(seq)?,
            Some(File::Stats) => self.show_stats(seq),
            None => self.show_histogram(seq, id.wrapping_sub(FILES.len())),
        }
        Ok(())
    }

    /// The tasks of interest.
    ///
    /// They are copied some at a time, as what is done under a guard holds up RCU, and memory may
    /// be waited for outside of it only. If a reset replaces the numbers half way this starts over;
    /// `EINTR` then, if there is a signal for the task.
    fn rows(&self, of_interest: impl Fn(&Row) -> bool) -> Result<KVVec<Row>> {
        const AT_ONCE: usize = 256;
        let mut rows = KVVec::with_capacity(self.shared.tasks, GFP_KERNEL)?;
        let mut since_ns = None;
        let mut start = 0;

        while start < self.shared.tasks {
            let guard = self.shared.rcu.read_lock();
            let numbers = self.shared.numbers.read(&guard);

            // A reset waits for a grace period before the next one begins: no two have the time.
            if *since_ns.get_or_insert(numbers.since_ns) != numbers.since_ns {
                drop(guard);
                if kernel::current!().signal_pending() {
                    return Err(EINTR);
                }
                rows.clear();
                since_ns = None;
                start = 0;
                continue;
            }
            for row in numbers
                .tasks
                .rows(start..start + AT_ONCE)
                .filter(&of_interest)
            {
                rows.push_within_capacity(row)?;
            }
            start += AT_ONCE;
        }
        Ok(rows)
    }

    /// Folds over the CPUs, without sleeping.
    fn fold<T>(&self, init: T, fold: impl FnMut(T, &Cpu) -> T) -> T {
        let guard = self.shared.rcu.read_lock();

        self.shared
            .numbers
            .read(&guard)
            .cpus
            .iter()
            .fold(init, fold)
    }

    fn total(&self) -> Counted {
        self.fold(Counted::default(), |mut total, cpu| {
            total.add(&cpu.counts.read());
            total
        })
    }

    fn histogram(&self, metric: usize) -> Total {
        self.fold(Total::new(), |mut total, cpu| {
            if let Some(histogram) = cpu.histograms.get(metric) {
                total.add(histogram);
            }
            total
        })
    }

    fn show_readers(&self, seq: &SeqFile) -> Result {
        let mut rows = self.rows(|row| row.preempted != 0 || row.lock_waits != 0)?;

        let mut path = KVec::from_elem(0u8, PATH_MAX, GFP_KERNEL)?;

        rows.sort_unstable_by_key(|row| core::cmp::Reverse(row.off_max_ns));
        seq_print!(
            seq,
            "{:>7} {:>7} {:<15} {:>4} {:>8} {:>9} {:>6} {:>10} {:>12} {:>6} {:>14} {:>7} {:>7} {:>7} {}\n",
            "PID",
            "TGID",
            "COMM",
            "PRIO",
            "SECTIONS",
            "PREEMPTED",
            "LOCKED",
            "MAX_OFF_US",
            "TOTAL_OFF_US",
            "BOOSTS",
            "MAX_BOOSTED_US",
            "BOOST",
            "NORM_GP",
            "EXP_GP",
            "CGROUP"
        );
        for row in rows.iter().take(WORST) {
            seq_print!(
                seq,
                "{:>7} {:>7} {:<15} {:>4} {:>8} {:>9} {:>6} {:>10} {:>12} {:>6} {:>14} ",
                row.pid,
                row.tgid,
                name(&row.comm()),
                row.prio as i32,
                row.sections,
                row.preempted,
                row.lock_waits,
                row.off_max_ns / 1000,
                row.off_ns / 1000,
                row.boosts,
                row.boosted_max_ns / 1000
            );
            if row.boosts != 0 {
                seq_print!(
                    seq,
                    "{:>3}>{:<3}",
                    row.boosted_from as i32,
                    row.boosted_to as i32
                );
            } else {
                seq_print!(seq, "{:>7}", "-");
            }
            seq_print!(seq, " {:>7} {:>7} ", row.normal_gp, row.expedited_gp);
            match cgroup_path(row.cgroup, &mut path) {
                Some(path) => seq_print!(seq, "{}\n", Field(path)),
                None => seq_print!(seq, "{}\n", row.cgroup),
            }
        }
        Ok(())
    }

    fn show_tasks(&self, seq: &SeqFile) -> Result {
        for row in self.rows(|_| true)?.iter() {
            for (key, value) in row.list().filter(|(key, _)| !key.starts_with("comm_")) {
                // A priority may be negative.
                seq_print!(seq, "{key}={} ", value as i64);
            }
            seq_print!(seq, "comm={}\n", name(&row.comm()));
        }
        Ok(())
    }

    fn show_cpus(&self, seq: &SeqFile) -> Result {
        let mut cpus = KVVec::with_capacity(kernel::cpu::nr_cpu_ids() as usize, GFP_KERNEL)?;
        let fits = self.fold(Ok(()), |fits, cpu| {
            fits.and(cpus.push_within_capacity((cpu.id, cpu.counts.read())))
        });

        fits?;
        seq_print!(
            seq,
            "{:>4} {:>10} {:>10} {:>9} {:>6} {:>9} {:>12} {:>7} {:>8} {:>7} {:>7} {:>11}\n",
            "CPU",
            "SWITCHES",
            "WAKEUPS",
            "PREEMPTED",
            "LOCKED",
            "RESUMED",
            "TOTAL_OFF_US",
            "BOOSTED",
            "DEBOOSTED",
            "NORM_GP",
            "EXP_GP",
            "QS_DEFERRED"
        );
        for (id, cpu) in cpus.iter() {
            seq_print!(
                seq,
                "{:>4} {:>10} {:>10} {:>9} {:>6} {:>9} {:>12} {:>7} {:>9} {:>7} {:>7} {:>11}\n",
                id,
                cpu.switched_out,
                cpu.wakeups + cpu.wakeups_new,
                cpu.reader_preempted,
                cpu.reader_lock_waits,
                cpu.reader_resumed,
                cpu.reader_off_ns / 1000,
                cpu.reader_boosted,
                cpu.reader_deboosted,
                cpu.normal_gp_held,
                cpu.expedited_gp_held,
                cpu.qs_deferred
            );
        }
        Ok(())
    }

    fn show_stats(&self, seq: &SeqFile) {
        let (taken, evicted) = {
            let guard = self.shared.rcu.read_lock();
            let tasks = &self.shared.numbers.read(&guard).tasks;

            (tasks.taken.get(), tasks.evicted.get())
        };

        let (enabled, attached) = {
            let control = self.control();

            (control.enabled, control.attached)
        };

        seq_print!(seq, "enabled {}\n", u8::from(enabled));
        for (key, value) in self.total().list() {
            seq_print!(seq, "{key} {value}\n");
        }
        seq_print!(
            seq,
            "tasks_size {}\ntasks_taken {taken}\ntasks_evicted {evicted}\n",
            self.shared.tasks
        );
        for (i, name) in Metric::NAMES.iter().enumerate() {
            let total = self.histogram(i);

            for (what, value) in [
                ("count", total.count()),
                ("sum_ns", total.sum),
                ("min_ns", total.min()),
                ("max_ns", total.max),
            ] {
                seq_print!(seq, "{}_{what} {value}\n", name);
            }
        }
        for (i, ((name, _), account)) in EVENTS.iter().zip(&self.shared.accounts).enumerate() {
            let attached = u8::from(attached.get(i).copied().unwrap_or(false));

            seq_print!(
                seq,
                "attached_{name} {attached}\nhits_{name} {}\n",
                account.read().hits()
            );
        }
        for (name, count) in self.shared.rcu.events().list() {
            seq_print!(seq, "guard_{name} {count}\n");
        }
    }

    fn show_histogram(&self, seq: &SeqFile, metric: usize) {
        if let Some(name) = Metric::NAMES.get(metric) {
            seq_print!(seq, "{}, ns\n{}", name, self.histogram(metric));
        }
    }
}
