// SPDX-License-Identifier: GPL-2.0

//! The events of an instance of tracefs, from its raw trace buffers.

use super::{instance::Instance, trace_format::Format, trace_page::Page, Error};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// A CPU's part of the trace buffer.
struct Cpu {
    id: u32,
    pipe: File,
}

/// The numbers of a CPU's part of the trace buffer.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    /// Events that were overwritten before they were read.
    pub overrun: u64,
    /// Events that did not fit while others were being written.
    pub commit_overrun: u64,
    /// Events that were refused.
    pub dropped: u64,
    /// Events that were read.
    pub read: u64,
}

/// An item of the trace buffer.
pub enum Item {
    /// An event.
    Event {
        /// Its time, by `CLOCK_MONOTONIC`.
        ns: u64,
        /// Its CPU.
        cpu: u32,
        /// The event as a record.
        record: String,
    },
    /// Events that were overwritten, or that cannot be read.
    Lost {
        /// Their CPU.
        cpu: u32,
        /// How many.
        events: u64,
    },
}

/// The trace buffers of an instance.
pub struct Events {
    // Before the instance: one of which a file is open cannot be removed.
    cpus: Vec<Cpu>,
    instance: Instance,
    formats: HashMap<u16, Format>,
    page: Vec<u8>,
}

impl Events {
    /// The trace buffers of the instance.
    ///
    /// # Errors
    ///
    /// The module's events are not there, or a file cannot be read.
    pub fn open(instance: Instance) -> Result<Self, Error> {
        let path = instance.path();

        Ok(Self {
            cpus: open_pipes(&path.join("per_cpu"))?,
            formats: formats(&path.join("events/rcu_blame"))?,
            page: vec![0; page_size(&path.join("events/header_page"))],
            instance,
        })
    }

    /// The CPUs.
    pub fn cpus(&self) -> Vec<u32> {
        self.cpus.iter().map(|cpu| cpu.id).collect()
    }

    /// Sets the size of each CPU's part.
    ///
    /// # Errors
    ///
    /// The kernel has not that much memory.
    pub fn set_buffer_size(&self, kib: u32) -> Result<(), Error> {
        self.instance.write("buffer_size_kb", &kib.to_string())
    }

    /// Ends the recording; what there is can still be read.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn stop(&self) -> Result<(), Error> {
        self.instance.write("tracing_on", "0")
    }

    /// Takes all items that there are, by CPU, and returns at once.
    ///
    /// # Errors
    ///
    /// The kernel's, or that of `take`.
    pub fn drain<E: From<Error>>(
        &mut self,
        mut take: impl FnMut(Item) -> Result<(), E>,
    ) -> Result<(), E> {
        for Cpu { id, pipe } in &mut self.cpus {
            loop {
                let len = match pipe.read(&mut self.page) {
                    Ok(0) => break,
                    Ok(len) => len,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    // The CPU has not been online since the instance was made, so that it has no
                    // buffer (ring_buffer_alloc_read_page() in kernel/trace/ring_buffer.c). It has
                    // one when it comes.
                    Err(error) if error.raw_os_error() == Some(libc::ENODEV) => break,
                    Err(error) => return Err(io(self.instance.path(), error).into()),
                };

                items(*id, &self.page[..len], &self.formats, &mut take)?;
            }
        }
        Ok(())
    }

    /// The numbers of each CPU.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn losses(&self) -> Result<Vec<(u32, Losses)>, Error> {
        self.cpus
            .iter()
            .map(|cpu| {
                let path = self
                    .instance
                    .path()
                    .join(format!("per_cpu/cpu{}/stats", cpu.id));
                let text = fs::read_to_string(&path).map_err(|error| io(&path, error))?;

                Ok((cpu.id, losses(&text)))
            })
            .collect()
    }
}

/// The trace buffers of the CPUs, in their order.
fn open_pipes(folder: &Path) -> Result<Vec<Cpu>, Error> {
    let mut cpus = Vec::new();

    for entry in fs::read_dir(folder).map_err(|error| io(folder, error))? {
        let entry = entry.map_err(|error| io(folder, error))?;
        let name = entry.file_name();
        let id = name
            .to_str()
            .and_then(|name| name.strip_prefix("cpu")?.parse().ok());
        let Some(id) = id else { continue };
        let path = entry.path().join("trace_pipe_raw");
        let pipe = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&path)
            .map_err(|error| io(&path, error))?;

        cpus.push(Cpu { id, pipe });
    }
    cpus.sort_by_key(|cpu| cpu.id);
    Ok(cpus)
}

fn io(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Error::NotRoot(path.into()),
        _ => Error::Io {
            path: path.into(),
            error,
        },
    }
}

/// The items of a page.
fn items<E>(
    cpu: u32,
    page: &[u8],
    formats: &HashMap<u16, Format>,
    take: &mut impl FnMut(Item) -> Result<(), E>,
) -> Result<(), E> {
    let Some(page) = Page::parse(page) else {
        return take(Item::Lost { cpu, events: 1 });
    };
    if page.missed > 0 {
        let events = page.missed;

        take(Item::Lost { cpu, events })?;
    }
    for (ns, data) in page {
        let record = data
            .get(..2)
            .and_then(|id| formats.get(&u16::from_le_bytes([id[0], id[1]])))
            .and_then(|format| format.record(data));

        take(match record {
            Some(record) => Item::Event { ns, cpu, record },
            None => Item::Lost { cpu, events: 1 },
        })?;
    }
    Ok(())
}

/// The layouts of the events of the module.
fn formats(events: &Path) -> Result<HashMap<u16, Format>, Error> {
    let mut formats = HashMap::new();
    let folder = fs::read_dir(events).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::OtherVersion("events/rcu_blame in tracefs".into()),
        _ => io(events, error),
    })?;

    for entry in folder.flatten() {
        let path = entry.path().join("format");

        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| io(&path, error))?;
        let format = Format::parse(&text)
            .ok_or_else(|| Error::OtherVersion(format!("{} that is known", path.display())))?;

        formats.insert(format.id, format);
    }
    Ok(formats)
}

/// The size of a page of the trace buffer.
fn page_size(header: &Path) -> usize {
    let text = fs::read_to_string(header).unwrap_or_default();
    let value = |line: &str, key: &str| {
        line.split(';')
            .find_map(|part| part.trim().strip_prefix(key)?.parse::<usize>().ok())
    };

    text.lines()
        .find(|line| line.contains(" data;"))
        .and_then(|line| value(line, "offset:")?.checked_add(value(line, "size:")?))
        .filter(|size| (4096..=1 << 20).contains(size))
        .unwrap_or(65536)
}

/// The numbers in the text of a file `stats`.
fn losses(text: &str) -> Losses {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(": ")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0)
    };

    Losses {
        overrun: value("overrun"),
        commit_overrun: value("commit overrun"),
        dropped: value("dropped events"),
        read: value("read events"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stats() {
        let losses = losses(
            "entries: 0\noverrun: 7\ncommit overrun: 1\nbytes: 0\noldest event ts:    73.2\n\
             dropped events: 2\nread events: 2288\n",
        );

        assert_eq!(
            (
                losses.overrun,
                losses.commit_overrun,
                losses.dropped,
                losses.read
            ),
            (7, 1, 2, 2288)
        );
    }
}
