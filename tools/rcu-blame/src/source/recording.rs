// SPDX-License-Identifier: GPL-2.0

//! The file that `rcu-blame record` writes: JSON, an object on each line.
//!
//! The first object is the [`Header`], the last one the [`End`]. A line that begins with `#` is a
//! comment. A file that is cut off anywhere behind the header can be read: [`Recording`] says what
//! is missing. Tables and events are the kernel's own text, so they are parsed as live ones are.

use crate::model::{
    escape::Name,
    event::Event,
    grace_periods::{self, SlowGp},
    numbers::{Histogram, Numbers},
    report::{About, Facts, Snapshot},
    waiters::{self, Wait},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};
use thiserror::Error;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The longest header.
const HEADER_MAX: u64 = 1 << 20;

/// The facts about a recording that are known when it begins.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Header {
    /// The magic: the version of the format.
    pub rcu_blame_recording: u32,
    /// The version of the tool.
    pub tool: String,
    /// The version that the module tells, if anything.
    pub module: Option<String>,
    /// The release of the kernel.
    pub kernel: String,
    /// The machine's architecture.
    pub machine: String,
    /// When it began, by `CLOCK_MONOTONIC`, as all times of a recording.
    pub monotonic_ns: u64,
    /// The same moment by `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// The same moment by `CLOCK_REALTIME`.
    pub realtime_ns: u64,
    /// The CPUs.
    pub cpus: Vec<u32>,
    /// The command that was run.
    pub command: Vec<String>,
    /// The control files of the module, by their names.
    pub control: BTreeMap<String, String>,
}

/// The numbers of a CPU's trace buffer.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CpuEnd {
    /// The CPU.
    pub cpu: u32,
    /// Events that were overwritten before they were read.
    pub overrun: u64,
    /// Events that did not fit while others were being written.
    pub commit_overrun: u64,
    /// Events that were refused.
    pub dropped: u64,
    /// Events that were read.
    pub read: u64,
}

/// The facts that are known when a recording ends.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct End {
    /// When it ended.
    pub monotonic_ns: u64,
    /// The reason: `duration`, `command`, `signal` or `threshold`.
    pub reason: String,
    /// How many events it has.
    pub events: u64,
    /// The numbers of the trace buffer.
    pub cpus: Vec<CpuEnd>,
}

/// The time at which a table was read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// At the beginning.
    Begin,
    /// At the end.
    End,
}

/// A line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// The first one.
    Header(Header),
    /// A table of the module.
    Table {
        /// When it was read.
        at: At,
        /// Its name.
        name: String,
        /// Its text.
        text: String,
    },
    /// An event.
    Event {
        /// Its time.
        ns: u64,
        /// Its CPU.
        cpu: u32,
        /// The event, as a record of the module's tables.
        record: String,
    },
    /// Records of `grace_periods` or `waiters` that were not there before.
    Slow {
        /// The table.
        table: String,
        /// The records.
        records: String,
    },
    /// Events that were lost.
    Lost {
        /// Their CPU.
        cpu: u32,
        /// How many.
        events: u64,
    },
    /// The last one.
    End(End),
}

/// Writes lines.
pub struct Writer<W: Write> {
    to: io::BufWriter<W>,
    events: u64,
}

impl<W: Write> Writer<W> {
    /// Writes to `to`.
    pub fn new(to: W) -> Self {
        Self {
            to: io::BufWriter::new(to),
            events: 0,
        }
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&mut self, line: &Line) -> io::Result<()> {
        self.events += u64::from(matches!(line, Line::Event { .. }));
        serde_json::to_writer(&mut self.to, line)?;
        self.to.write_all(b"\n")
    }

    /// How many events have been written.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Hands all lines to the kernel.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// An error of a file that is to be a recording. Its text is one line.
#[derive(Debug, Error)]
pub enum BadFile {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("the file is empty: no recording")]
    Empty,
    /// The first line is no header.
    #[error("the file is no recording of rcu-blame")]
    NoRecording,
    /// A later version has written it.
    #[error(
        "the recording has format {0}, and this rcu-blame reads {VERSION}: install a newer one"
    )]
    OtherVersion(u32),
}

/// A recording that has been read.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The header.
    pub header: Header,
    /// The tables of the beginning.
    pub begin: Snapshot,
    /// The tables of the end.
    pub end_tables: Option<Snapshot>,
    /// The events, by time.
    pub events: Vec<Event>,
    /// The slow grace periods, by their beginning.
    pub slow: Vec<SlowGp>,
    /// The slow waits, by their beginning.
    pub waits: Vec<Wait>,
    /// Lost events, as the lines say.
    pub lost: u64,
    /// The end; `None` if the file is cut off.
    pub end: Option<End>,
    /// How many lines cannot be read.
    pub unreadable: u64,
}

impl Recording {
    /// The recording in a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or does not begin as a recording does.
    pub fn open(path: &Path) -> Result<Self, BadFile> {
        Self::read(BufReader::with_capacity(1 << 16, File::open(path)?))
    }

    /// The recording in `from`.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open).
    pub fn read(mut from: impl BufRead) -> Result<Self, BadFile> {
        let mut recording = Self {
            header: header(&mut from)?,
            ..Self::default()
        };
        let mut line = Vec::new();

        loop {
            line.clear();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.starts_with(b"#") {
                continue;
            }
            let is_read = serde_json::from_slice(&line)
                .ok()
                .and_then(|line| recording.take(line));

            recording.unreadable += u64::from(is_read.is_none());
        }
        recording.events.sort_by_key(|event| event.ns);
        recording.slow.sort_by_key(|gp| gp.begin_ns);
        recording.waits.sort_by_key(|wait| wait.begin_ns);
        Ok(recording)
    }

    /// Takes in a line; `None` if the kernel's text in it cannot be parsed.
    fn take(&mut self, line: Line) -> Option<()> {
        match line {
            Line::Header(_) => return None,
            Line::Table { at, name, text } => {
                let tables = match at {
                    At::Begin => &mut self.begin,
                    At::End => self.end_tables.get_or_insert_with(Snapshot::default),
                };

                match name.as_str() {
                    "stats" => tables.stats = Numbers::parse(&text)?,
                    _ => {
                        if let Some(name) = name.strip_prefix("hist/") {
                            tables
                                .histograms
                                .insert(name.into(), Histogram::parse(&text)?);
                        }
                    }
                }
            }
            Line::Event { ns, cpu, record } => self
                .events
                .push(Event::parse(ns, cpu, record.as_bytes()).ok()?),
            Line::Slow { table, records } => match table.as_str() {
                "grace_periods" => self
                    .slow
                    .extend(grace_periods::parse(records.as_bytes()).ok()?),
                "waiters" => self.waits.extend(waiters::parse(records.as_bytes()).ok()?),
                _ => (),
            },
            Line::Lost { events, .. } => self.lost = self.lost.saturating_add(events),
            Line::End(end) => self.end = Some(end),
        }
        Some(())
    }

    /// When it ended: of a file that is cut off the time of the last event in it.
    pub fn end_ns(&self) -> u64 {
        let begin = self.header.monotonic_ns;
        let last = self.events.last().map_or(begin, |event| event.ns);

        self.end
            .as_ref()
            .map_or(last, |end| end.monotonic_ns)
            .max(begin)
    }

    /// The facts for a report.
    pub fn facts(self) -> Facts {
        let number = |file: &str| {
            self.header
                .control
                .get(file)
                .and_then(|value| value.trim().parse::<u64>().ok())
                .unwrap_or(0)
        };

        Facts {
            about: About {
                kernel: shown(&self.header.kernel),
                machine: shown(&self.header.machine),
                module: self.header.module.as_deref().map(shown),
                command: self.header.command.iter().map(|word| shown(word)).collect(),
                cpus: self.header.cpus.len(),
                realtime_ns: self.header.realtime_ns,
                boottime_ns: self.header.boottime_ns,
                begin_ns: self.header.monotonic_ns,
                end_ns: self.end_ns(),
                gp_threshold_ns: number("gp_threshold_us").saturating_mul(1000),
                complete: self.end.is_some(),
            },
            caveats: self.caveats(),
            begin: self.begin,
            end: self.end_tables,
            events: self.events,
            slow: self.slow,
            waits: self.waits,
        }
    }

    /// The losses that the file itself shows, each a sentence.
    fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let control = |file: &str| self.header.control.get(file).map_or("", |v| v.trim());

        match &self.end {
            None => caveats.push(
                "The recording is cut off: its end, and all that came after the last line, is \
                 missing."
                    .into(),
            ),
            Some(end) if end.events != self.events.len() as u64 => caveats.push(format!(
                "The recording was written with {} events, and {} are in the file.",
                end.events,
                self.events.len()
            )),
            Some(_) => (),
        }
        match self.unreadable {
            0 => (),
            1 => caveats.push("1 line of the recording cannot be read.".into()),
            n => caveats.push(format!("{n} lines of the recording cannot be read.")),
        }
        let overrun = self
            .end
            .iter()
            .flat_map(|end| &end.cpus)
            .fold(0u64, |sum, cpu| {
                sum.saturating_add(cpu.overrun)
                    .saturating_add(cpu.commit_overrun)
                    .saturating_add(cpu.dropped)
            });

        match overrun.max(self.lost) {
            0 => (),
            n => caveats.push(format!(
                "{n} or more events were lost, because the trace buffer was full: intervals are \
                 missing, and some are too long."
            )),
        }
        if !control("filter").is_empty() {
            caveats.push(format!(
                "The module's filter was \"{}\": only tasks that it admits are readers.",
                control("filter")
                    .split_whitespace()
                    .map(shown)
                    .collect::<Vec<_>>()
                    .join(" ")
            ));
        }
        let off: Vec<_> = control("events")
            .lines()
            .filter_map(|line| line.strip_prefix('-'))
            .map(shown)
            .collect();

        if !off.is_empty() {
            caveats.push(format!("The module did not probe {}.", off.join(", ")));
        }
        caveats
    }
}

/// A word of the file, fit for a terminal.
fn shown(word: &str) -> String {
    Name::new(word).to_string()
}

/// The header, which is the first line that is no comment.
fn header(from: &mut impl BufRead) -> Result<Header, BadFile> {
    let mut from = from.take(HEADER_MAX);
    let mut line = Vec::new();
    let mut is_empty = true;

    loop {
        line.clear();
        if from.read_until(b'\n', &mut line)? == 0 {
            return Err(if is_empty {
                BadFile::Empty
            } else {
                BadFile::NoRecording
            });
        }
        is_empty = false;
        if !line.starts_with(b"#") {
            break;
        }
    }

    /// The part that all versions have.
    #[derive(Deserialize)]
    struct Magic {
        rcu_blame_recording: u32,
    }
    let magic: Magic = serde_json::from_slice(&line).map_err(|_| BadFile::NoRecording)?;

    if magic.rcu_blame_recording != VERSION {
        return Err(BadFile::OtherVersion(magic.rcu_blame_recording));
    }
    match serde_json::from_slice(&line) {
        Ok(Line::Header(header)) => Ok(header),
        _ => Err(BadFile::NoRecording),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A recording that has a line of each kind.
    fn bytes() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        let table = |at, name: &str, text: &str| Line::Table {
            at,
            name: name.into(),
            text: text.into(),
        };

        for line in [
            Line::Header(Header {
                rcu_blame_recording: VERSION,
                monotonic_ns: 100,
                ..Header::default()
            }),
            table(At::Begin, "stats", "lost 1\n"),
            Line::Event {
                ns: 150,
                cpu: 1,
                record: "reader_resumed comm=a\\040b pid=7 off_ns=5".into(),
            },
            Line::Slow {
                table: "grace_periods".into(),
                records: "gp type=normal seq=1 begin_ns=110 duration_ns=9 unexplained_ns=9\n"
                    .into(),
            },
            Line::Slow {
                table: "waiters".into(),
                records:
                    "wait function=rcu_barrier pid=1 comm=a prio=120 begin_ns=1 duration_ns=2\n"
                        .into(),
            },
            table(At::End, "stats", "lost 3\n"),
            table(At::End, "hist/gp_normal", "8 1\n"),
            table(At::End, "held", "held ns=1 tasks=1\n"),
            Line::Lost { cpu: 0, events: 2 },
            Line::End(End {
                monotonic_ns: 200,
                events: 1,
                ..End::default()
            }),
        ] {
            writer.write(&line).unwrap();
        }
        writer.flush().unwrap();
        writer.to.into_inner().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Recording, BadFile> {
        Recording::read(bytes)
    }

    #[test]
    fn round_trip() {
        let recording = read(&[b"# A comment.\n", &bytes()[..]].concat()).unwrap();

        assert_eq!(recording.events.len(), 1);
        assert_eq!((recording.slow.len(), recording.waits.len()), (1, 1));
        assert_eq!((recording.lost, recording.unreadable), (2, 0));
        assert_eq!(recording.end_ns(), 200);
        let facts = recording.facts();

        assert_eq!(facts.end.unwrap().stats.get("lost"), 3);
        assert_eq!(facts.caveats.len(), 1);
    }

    #[test]
    fn no_recording() {
        let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();

        assert!(said(b"").contains("empty"));
        assert!(said(b"# only this\n").contains("no recording"));
        assert!(said(b"{}\n").contains("no recording"));
        assert!(said(b"{\"rcu_blame_recording\":9}\n").contains("format 9"));
        assert!(said(b"{\"rcu_blame_recording\":1}\n").contains("no recording"));
        assert!(said(&[0; 5000]).contains("no recording"));
    }

    #[test]
    fn truncated() {
        let all = bytes();
        let header = all.iter().position(|c| *c == b'\n').unwrap();

        for len in 0..all.len() - 1 {
            match read(&all[..len]) {
                Ok(recording) => {
                    assert!(len >= header);
                    assert!(recording.end.is_none());
                    assert!(recording.caveats()[0].contains("cut off"));
                }
                Err(_) => assert!(len < header, "{len}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_damage(at in 0usize..1000, byte: u8) {
            let mut bytes = bytes();
            let len = bytes.len();

            bytes[at % len] = byte;
            if let Ok(recording) = read(&bytes) {
                let _ = crate::model::report::Report::new(recording.facts());
            }
        }
    }
}
