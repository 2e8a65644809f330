// SPDX-License-Identifier: GPL-2.0

//! `/sys/kernel/rcu_blame/`: what the user sets.

use super::{
    control::{
        trim,
        RcuBlame,
        EVENTS, //
    },
    task,
    text::Line, //
};
use crate::{
    rcu_blame::helpers,
    rcu_notrace::ReadSide, //
};
use core::{
    marker::PhantomPinned,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_char,
        c_int,
        c_void, //
    },
    fmt::{
        self,
        Write, //
    },
    prelude::*,
    str::{
        CStr,
        Formatter, //
    },
};

/// The files.
#[derive(Clone, Copy)]
enum File {
    Enable,
    Events,
    Filter,
    ThresholdUs,
    GpThresholdUs,
    Stop,
    Reset,
}

/// The names of the files. The id of a file is its index in this table.
const FILES: [(&CStr, File); 7] = [
    (c"enable", File::Enable),
    (c"events", File::Events),
    (c"filter", File::Filter),
    (c"threshold_us", File::ThresholdUs),
    (c"gp_threshold_us", File::GpThresholdUs),
    (c"stop", File::Stop),
    (c"reset", File::Reset),
];

/// The directory.
///
/// # Invariants
///
/// `directory` is from `kobject_create_and_add()`, and the attributes in it are those of `entries`.
#[pin_data(PinnedDrop)]
pub(super) struct Sysfs {
    directory: *mut bindings::kobject,
    entries: [helpers::rcu_blame_control; FILES.len()],
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: A directory may be removed by any task.
unsafe impl Send for Sysfs {}
// SAFETY: Nothing can be done with a shared reference.
unsafe impl Sync for Sysfs {}

impl Sysfs {
    /// Makes the files, which can be used at once: all that they use of `probe` is initialised.
    /// Process context; `ENOMEM`, also where there is such a directory, and what else sysfs says.
    pub(super) fn new(probe: NonNull<RcuBlame>) -> impl PinInit<Self, Error> {
        let init = move |slot: *mut Self| {
            // SAFETY: Process context; `kernel_kobj` is set before any module is loaded.
            let directory = unsafe {
                bindings::kobject_create_and_add(c"rcu_blame".as_char_ptr(), bindings::kernel_kobj)
            };
            if directory.is_null() {
                return Err(ENOMEM);
            }

            // INVARIANT: Just made.
            //
            // SAFETY: `slot` is memory for a `Self`.
            unsafe {
                slot.write(Self {
                    directory,
                    entries: core::array::from_fn(|id| helpers::rcu_blame_control {
                        attribute: bindings::kobj_attribute::default(),
                        context: probe.as_ptr().cast(),
                        id: id as u32,
                    }),
                    _pin: PhantomPinned,
                })
            };

            // SAFETY: Initialised above, and pinned.
            let this = unsafe { &mut *slot };

            for ((name, _), entry) in FILES.iter().zip(&mut this.entries) {
                // SAFETY: The entry stays where it is until the directory has been removed.
                let created = to_result(unsafe {
                    helpers::rcu_blame_control_create(directory, name.as_char_ptr(), entry)
                });

                if let Err(e) = created {
                    // SAFETY: From `kobject_create_and_add()`. The files in it go as well.
                    unsafe { bindings::kobject_put(directory) };
                    return Err(e);
                }
            }
            Ok(())
        };

        // SAFETY: `slot` is initialised where `Ok` is returned, and nobody has it otherwise; it is
        // not moved.
        unsafe { pin_init::pin_init_from_closure(init) }
    }
}

#[pinned_drop]
impl PinnedDrop for Sysfs {
    /// Waits for callers of the files' functions.
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant.
        unsafe { bindings::kobject_put(self.directory) };
    }
}

/// # Safety
///
/// `context` and `id` are from a file's entry, and `page` has `size` bytes, more than one.
#[no_mangle]
unsafe extern "C" fn rcu_blame_control_show(
    context: *const c_void,
    id: u32,
    page: *mut c_char,
    size: usize,
) -> isize {
    // SAFETY: By the requirement; the probe is there until its files have been removed, which waits
    // for us.
    let probe = unsafe { &*context.cast::<RcuBlame>() };
    // SAFETY: By the requirement; sysfs has cleared the page. It takes one byte less.
    let page = unsafe { core::slice::from_raw_parts_mut(page.cast::<u8>(), size - 1) };
    let mut text = Formatter::new(page);

    // All are shorter than a page, but for a refused filter of many bytes that are escaped: the end
    // of that is left out.
    let _ = probe.show_control(&mut text, id as usize);

    text.bytes_written().min(size - 1) as isize
}

/// # Safety
///
/// `context` and `id` are from a file's entry, and `text` has `len` bytes.
#[no_mangle]
unsafe extern "C" fn rcu_blame_control_store(
    context: *const c_void,
    id: u32,
    text: *const c_char,
    len: usize,
) -> c_int {
    // SAFETY: By the requirement; the probe is there until its files have been removed, which waits
    // for us.
    let probe = unsafe { &*context.cast::<RcuBlame>() };
    // SAFETY: By the requirement.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), len) };

    match probe.store_control(id as usize, text) {
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}

/// A decimal number of at most `max`, and nothing else but white space around it.
fn number(text: &[u8], max: u64) -> Result<u64> {
    let text = trim(text);

    if text.is_empty() {
        return Err(EINVAL);
    }
    text.iter()
        .try_fold(0u64, |number, c| {
            c.is_ascii_digit()
                .then_some(number)?
                .checked_mul(10)?
                .checked_add(u64::from(c - b'0'))
        })
        .filter(|number| *number <= max)
        .ok_or(EINVAL)
}

impl RcuBlame {
    fn show_control(&self, text: &mut impl Write, id: usize) -> fmt::Result {
        match FILES.get(id).map(|file| file.1) {
            Some(File::Enable) => writeln!(text, "{}", u8::from(self.control().enabled)),
            Some(File::Events) => {
                let control = self.control();

                for ((name, _), wanted) in EVENTS.iter().zip(control.wanted) {
                    writeln!(text, "{}{}", if wanted { '+' } else { '-' }, name)?;
                }
                Ok(())
            }
            Some(File::Filter) => self.show_filter(text),
            Some(File::ThresholdUs) => {
                writeln!(text, "{}", self.shared.threshold_ns.get() / 1000)
            }
            Some(File::GpThresholdUs) => {
                writeln!(text, "{}", self.shared.grace_periods.threshold_ns() / 1000)
            }
            Some(File::Stop) => writeln!(text, "{}", self.shared.stop.get()),
            Some(File::Reset) => {
                let since_ns = self
                    .shared
                    .numbers
                    .read(&self.shared.rcu.read_lock())
                    .since_ns;

                writeln!(
                    text,
                    "{} ms ago",
                    task::now_ns().saturating_sub(since_ns) / 1_000_000
                )
            }
            None => Ok(()),
        }
    }

    fn store_control(&self, id: usize, text: &[u8]) -> Result {
        match FILES.get(id).map(|file| file.1) {
            Some(File::Enable) => self.enable(number(text, 1)? != 0),
            Some(File::Events) => self.choose(text),
            Some(File::Filter) => self.set_filter(text),
            Some(File::ThresholdUs) => {
                self.set_threshold_ns(number(text, u64::from(u32::MAX))? * 1000);
                Ok(())
            }
            Some(File::GpThresholdUs) => {
                let threshold_us = number(text, u64::from(u32::MAX))?;

                self.shared
                    .grace_periods
                    .set_threshold_ns(threshold_us * 1000);
                Ok(())
            }
            Some(File::Stop) => {
                self.shared.stop.set(number(text, 1)?);
                Ok(())
            }
            Some(File::Reset) => {
                if number(text, 1)? != 1 {
                    return Err(EINVAL);
                }
                self.reset()
            }
            None => Err(EINVAL),
        }
    }

    fn show_filter(&self, text: &mut impl Write) -> fmt::Result {
        let control = self.control();

        text.write_fmt(fmt!("{}\n", Line(&control.filter)))?;
        if let Some((refused, mistake)) = &control.refused {
            let before = Line(refused.get(..mistake.at).unwrap_or(refused));

            text.write_fmt(fmt!("# refused:\n# {}\n# ", Line(refused)))?;
            for _ in 0..before.width() {
                text.write_char(' ')?;
            }
            writeln!(text, "^ {}", mistake.what)?;
        }
        Ok(())
    }
}
