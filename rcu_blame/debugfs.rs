// SPDX-License-Identifier: GPL-2.0

//! `/sys/kernel/debug/rcu_blame/`: what is measured.

use super::{
    asked,
    control::{
        RcuBlame,
        EVENTS, //
    },
    counters::{
        Counted,
        Cpu,
        Metric, //
    },
    faults,
    greatest,
    held::Held,
    histogram::Total,
    name::Name,
    stack::Symbols,
    tasks::Row,
    text::Field,
    waiters, //
};
use crate::{
    rcu_blame::helpers,
    rcu_notrace::{
        Events,
        ReadSide, //
    },
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
    fmt,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    str::CStr,
    sync::rcu, //
};

/// The files, but for those in `hist/`.
#[derive(Clone, Copy)]
enum File {
    Held,
    GracePeriods,
    Waiters,
    Readers,
    Tasks,
    Cpus,
    Stats,
}

/// Their names. The id of a file is its place in this list; those in `hist/` come after, as in
/// [`Metric::NAMES`].
const FILES: [(&CStr, File); 7] = [
    (c"held", File::Held),
    (c"grace_periods", File::GracePeriods),
    (c"waiters", File::Waiters),
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
    entries: [helpers::rcu_blame_file; FILES.len() + Metric::NAMES.len()],
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: A directory may be removed by any task.
unsafe impl Send for Debugfs {}
// SAFETY: Nothing can be done with a shared reference.
unsafe impl Sync for Debugfs {}

impl Debugfs {
    /// Makes the files, which can be used at once: `probe` is initialised but for this. Process
    /// context; `EEXIST`, and what else debugfs says. If debugfs is not available, no files are
    /// created and the module still loads.
    pub(super) fn new(probe: NonNull<RcuBlame>) -> impl PinInit<Self, Error> {
        let init = move |slot: *mut Self| {
            // SAFETY: No requirements but the context.
            let directory = from_err_ptr(unsafe {
                bindings::debugfs_create_dir(c"rcu_blame".as_char_ptr(), core::ptr::null_mut())
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
                    entries: core::array::from_fn(|id| helpers::rcu_blame_file {
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
unsafe fn create(name: &CStr, directory: *mut bindings::dentry, entry: &helpers::rcu_blame_file) {
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
            &raw const helpers::rcu_blame_file_operations,
        )
    };
}

#[pinned_drop]
impl PinnedDrop for Debugfs {
    /// Waits for those who are in one of them.
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant.
        unsafe { bindings::debugfs_remove(self.directory) };
        // Nobody reads a file any more, so no CPU is asked.
        asked::wait_for_all();
    }
}

/// Moves `at` on to the next record from there; 1, or 0 if there is none, or an errno. Process
/// context.
///
/// # Safety
///
/// `reading` is that of an open file, and nobody else uses it or `at` meanwhile.
#[no_mangle]
unsafe extern "C" fn rcu_blame_seek(
    reading: *mut helpers::rcu_blame_reading,
    at: *mut bindings::loff_t,
) -> c_int {
    // SAFETY: By the requirement; the probe is there until its files have been removed, which waits
    // for this function.
    let (reading, at) = unsafe { (Reading::from_raw(reading), &mut *at) };

    match reading.seek(usize::try_from(*at).unwrap_or(usize::MAX)) {
        Ok(Some(found)) => {
            *at = found as bindings::loff_t;
            1
        }
        Ok(None) => 0,
        Err(e) => e.to_errno(),
    }
}

/// Shows the record at `at`; returns false if it has gone. Process context.
///
/// # Safety
///
/// `seq` is an open file's, and `reading` as of [`rcu_blame_seek()`].
#[no_mangle]
unsafe extern "C" fn rcu_blame_show(
    seq: *mut bindings::seq_file,
    reading: *mut helpers::rcu_blame_reading,
    at: bindings::loff_t,
) -> bool {
    // SAFETY: By the requirement.
    let (seq, mut reading) = unsafe { (SeqFile::from_raw(seq), Reading::from_raw(reading)) };

    reading
        .show(seq, usize::try_from(at).unwrap_or(usize::MAX))
        .is_some()
}

/// # Safety
///
/// `reading` is that of a file that is being closed.
#[no_mangle]
unsafe extern "C" fn rcu_blame_close(reading: *mut helpers::rcu_blame_reading) {
    // SAFETY: By the requirement.
    let reading = unsafe { Reading::from_raw(reading) };

    if reading.rows.is_null() {
        return;
    }
    // SAFETY: From `Reading::seek()`, of the type that the file has.
    unsafe {
        match reading.file() {
            Some(File::Held) => drop(KBox::from_raw(reading.rows.cast::<Held>())),
            Some(File::GracePeriods | File::Waiters) => {
                drop(KBox::from_raw(reading.rows.cast::<Symbols>()));
            }
            _ => drop(KBox::from_raw(reading.rows.cast::<Worst>())),
        }
    }
}

impl Name {
    /// Shows it in fields that begin with `role`.
    pub(super) fn show(&self, seq: &SeqFile, role: &str) {
        seq_print!(
            seq,
            " {role}pid={} {role}comm={} {role}prio={}",
            self.pid,
            Field::of_name(&self.comm),
            self.prio
        );
    }
}

/// The longest path, and its NUL.
const PATH_MAX: usize = bindings::PATH_MAX as usize;

/// The path of a cgroup, as the reader's cgroup namespace names it; `None` if it is gone, not in
/// that namespace, or too deep. Process context.
fn cgroup_path(id: u64, buffer: &mut [u8]) -> Option<&[u8]> {
    // SAFETY: A buffer of that length; process context.
    let len =
        unsafe { helpers::rcu_blame_cgroup_path(id, buffer.as_mut_ptr().cast(), buffer.len()) };

    buffer.get(..usize::try_from(len).ok()?)
}

/// The tasks that `readers` shows, as they were when it was read from the start.
struct Worst {
    /// The worst first.
    rows: KVec<Row>,
    /// For the path of a cgroup.
    path: KVec<u8>,
}

impl Worst {
    fn new() -> Result<Self> {
        Ok(Self {
            rows: KVec::with_capacity(WORST, GFP_KERNEL)?,
            path: KVec::from_elem(0, PATH_MAX, GFP_KERNEL)?,
        })
    }

    /// Takes `row` in, if it is one of the worst so far.
    fn add(&mut self, row: Row) {
        greatest::keep(&mut self.rows, WORST, row, |row| row.off_max_ns);
    }
}

/// A file that is open.
struct Reading<'a> {
    probe: &'a RcuBlame,
    id: usize,
    rows: &'a mut *mut c_void,
}

impl Reading<'_> {
    /// # Safety
    ///
    /// `reading` is that of an open file, and nobody else uses it for `'a`; the file is not removed
    /// before that ends.
    unsafe fn from_raw<'a>(reading: *mut helpers::rcu_blame_reading) -> Reading<'a> {
        // SAFETY: By the requirement, and the invariant of `Debugfs`.
        unsafe {
            let file = &*(*reading).file;

            Reading {
                probe: &*file.context.cast(),
                id: file.id as usize,
                rows: &mut (*reading).rows,
            }
        }
    }

    fn file(&self) -> Option<File> {
        FILES.get(self.id).map(|file| file.1)
    }

    /// The rows of `readers`.
    fn worst(&mut self) -> Option<&mut Worst> {
        // SAFETY: Null, or from `seek()`; borrowed from `self`, which nobody else uses.
        unsafe { self.rows.cast::<Worst>().as_mut() }
    }

    /// The snapshot of `held`.
    fn held(&mut self) -> Option<&mut Held> {
        // SAFETY: As above.
        unsafe { self.rows.cast::<Held>().as_mut() }
    }

    /// The names of symbols, for a record.
    fn symbols(&mut self) -> Option<&mut Symbols> {
        // SAFETY: As above.
        unsafe { self.rows.cast::<Symbols>().as_mut() }
    }

    /// Allocates what the file needs while it is open, if it has not been.
    fn allocate<T>(&mut self, new: impl FnOnce() -> Result<T>) -> Result {
        if self.rows.is_null() {
            *self.rows = KBox::into_raw(KBox::new(new()?, GFP_KERNEL)?).cast();
        }
        Ok(())
    }

    /// The first record from `at` on.
    fn seek(mut self, at: usize) -> Result<Option<usize>> {
        let last = match self.file() {
            Some(File::Tasks) => return Ok(self.probe.next_task(at)),
            Some(File::GracePeriods) => {
                self.allocate(Symbols::new)?;
                return Ok(self.probe.shared.grace_periods.slow.next(at));
            }
            Some(File::Waiters) => {
                self.allocate(Symbols::new)?;
                return Ok(self.probe.shared.waiters.next(at));
            }
            Some(File::Held) => {
                if at == 0 || self.rows.is_null() {
                    self.allocate(Held::new)?;

                    let probe = self.probe;

                    if let Some(held) = self.held() {
                        held.take(&probe.shared)?;
                    }
                }
                self.held().map_or(0, |held| held.last())
            }
            Some(File::Readers) => {
                if at == 0 || self.rows.is_null() {
                    self.allocate(Worst::new)?;

                    let probe = self.probe;

                    if let Some(worst) = self.worst() {
                        probe.find_worst(worst)?;
                    }
                }
                self.worst().map_or(0, |worst| worst.rows.len())
            }
            // A line of names, and one for each.
            Some(File::Cpus) => self.probe.fold(0, |n, _| n + 1),
            Some(File::Stats) | None => 0,
        };

        Ok((at <= last).then_some(at))
    }

    /// `None`: the record has gone.
    fn show(&mut self, seq: &SeqFile, at: usize) -> Option<()> {
        let probe = self.probe;

        match self.file() {
            Some(File::Held) => self.held()?.show(seq, at)?,
            Some(File::GracePeriods) => {
                let slow = probe.shared.grace_periods.slow.get(at)?;

                slow.show(seq, self.symbols()?);
            }
            Some(File::Waiters) => {
                let wait = probe.shared.waiters.get(at)?;

                wait.show(seq, self.symbols()?, &probe.shared.grace_periods);
            }
            Some(File::Readers) => show_reader(seq, self.worst()?, at)?,
            Some(File::Tasks) => seq_print!(seq, "{}\n", Line(&probe.task(at)?)),
            Some(File::Cpus) => probe.show_cpu(seq, at)?,
            Some(File::Stats) => probe.show_stats(seq),
            None => probe.show_histogram(seq, self.id.wrapping_sub(FILES.len())),
        }
        Some(())
    }
}

/// How many rows of the table of tasks are read under one guard, which delays grace periods.
const AT_ONCE: usize = 256;

/// The row at `at`, from 1; 0 is the line of names.
fn show_reader(seq: &SeqFile, worst: &mut Worst, at: usize) -> Option<()> {
    let Some(row) = at.checked_sub(1) else {
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
        return Some(());
    };
    let row = worst.rows.get(row)?;

    seq_print!(
        seq,
        "{:>7} {:>7} {:<15} {:>4} {:>8} {:>9} {:>6} {:>10} {:>12} {:>6} {:>14} ",
        row.pid,
        row.tgid,
        Field::of_name(&row.comm()),
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
    match cgroup_path(row.cgroup, &mut worst.path) {
        Some(path) => seq_print!(seq, "{}\n", Field(path)),
        None => seq_print!(seq, "{}\n", row.cgroup),
    }
    Some(())
}

/// A line of `tasks`.
struct Line<'a>(&'a Row);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(row) = self;

        for (key, value) in row.list().filter(|(key, _)| !key.starts_with("comm_")) {
            // A priority may be negative.
            write!(f, "{key}={} ", value as i64)?;
        }
        f.write_fmt(fmt!("comm={}", Field::of_name(&row.comm())))
    }
}

impl RcuBlame {
    /// `at`, if there is a row of a task.
    fn next_task(&self, at: usize) -> Option<usize> {
        let guard = self.shared.rcu.read_lock();

        (at < self.shared.numbers.read(&guard).tasks.rows()).then_some(at)
    }

    fn task(&self, at: usize) -> Option<Row> {
        let guard = rcu::read_lock();

        self.shared
            .numbers
            .read(&guard)
            .tasks
            .row(at, &guard, |_| true)
    }

    /// Looks for the worst readers, in one pass over the table. If a reset replaces the numbers
    /// half way this starts over; `EINTR` then, if there is a signal for the task.
    fn find_worst(&self, worst: &mut Worst) -> Result {
        let mut since_ns = None;
        let mut start = 0;

        worst.rows.clear();
        loop {
            let guard = rcu::read_lock();
            let numbers = self.shared.numbers.read(&guard);

            // A reset waits for a grace period before the next one begins: no two have the time.
            if *since_ns.get_or_insert(numbers.since_ns) != numbers.since_ns {
                drop(guard);
                if kernel::current!().signal_pending() {
                    return Err(EINTR);
                }
                worst.rows.clear();
                since_ns = None;
                start = 0;
                continue;
            }
            if start >= numbers.tasks.rows() {
                return Ok(());
            }
            for at in start..start + AT_ONCE {
                let is_reader = |row: &Row| row.preempted != 0 || row.lock_waits != 0;

                if let Some(row) = numbers.tasks.row(at, &guard, is_reader) {
                    worst.add(row);
                }
            }
            start += AT_ONCE;
        }
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

    /// The CPU at `at`, from 1; 0 is the line of names.
    fn show_cpu(&self, seq: &SeqFile, at: usize) -> Option<()> {
        let Some(at) = at.checked_sub(1) else {
            seq_print!(
                seq,
                "{:>4} {:>10} {:>10} {:>9} {:>6} {:>9} {:>12} {:>7} {:>9} {:>7} {:>7} {:>11}\n",
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
            return Some(());
        };
        let (id, cpu) = {
            let guard = self.shared.rcu.read_lock();
            let cpu = self.shared.numbers.read(&guard).cpus.iter().nth(at)?;

            (cpu.id, cpu.counts.read())
        };

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
        Some(())
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
        for (key, value) in Iterator::chain(self.total().list(), faults::counts()) {
            seq_print!(seq, "{key} {value}\n");
        }
        seq_print!(
            seq,
            "tasks_size {}\ntasks_taken {taken}\ntasks_evicted {evicted}\n",
            self.shared.tasks
        );
        seq_print!(
            seq,
            "gp_slow {}\nwaits_slow {}\nwaits_missed {}\n",
            self.shared.grace_periods.slow.written(),
            self.shared.waiters.written(),
            waiters::missed()
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
        for (name, count) in Events::now().list() {
            seq_print!(seq, "guard_{name} {count}\n");
        }
    }

    fn show_histogram(&self, seq: &SeqFile, metric: usize) {
        for (low, count) in self.histogram(metric).pairs() {
            seq_print!(seq, "{low} {count}\n");
        }
    }
}
