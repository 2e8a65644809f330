// SPDX-License-Identifier: GPL-2.0

//! `rcu-blame record`: the events and the tables of some time, in a file.

use super::{
    actions::{self, Action},
    options::{can_move_to, move_to},
    signals::Ending,
};
use crate::{
    cli::status,
    model::{cpus::CpuList, time::Ns},
    source::{
        cgroups,
        instance::Instance,
        live::Live,
        recording::{At, CpuEnd, End, Header, Line, Writer, VERSION},
        trace_events::{Events, Item},
        Facts, Table, HISTOGRAMS,
    },
};
use anyhow::{bail, Context};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// How often the trace buffer is read.
const TICK: Duration = Duration::from_millis(100);

/// How often the tables of slow grace periods are read, in ticks. They keep the latest 64.
const SLOW_TICKS: u32 = 2;

/// For how long the command may go on when it has been told to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The arguments.
#[derive(clap::Args)]
pub struct Args {
    /// Write the recording to FILE
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// End after this time, as 20s, 5m or 1h
    #[arg(short, long, value_name = "TIME")]
    duration: Option<Ns>,
    /// Begin to record after this time; a command runs meanwhile
    #[arg(long, value_name = "TIME", default_value = "0s")]
    warm_up: Ns,
    /// Set the module's gp_threshold_us for the recording
    #[arg(long, value_name = "TIME")]
    gp_threshold: Option<Ns>,
    /// Set the module's threshold_us for the recording
    #[arg(long, value_name = "TIME")]
    threshold: Option<Ns>,
    /// Do this when a reader or a grace period exceeds its threshold: signal,num=N,pid=PID|parent,
    /// shell,command=COMMAND, or continue. The recording ends after the actions but for continue
    #[arg(long, value_name = "ACTION")]
    on_threshold: Vec<Action>,
    /// Run rcu-blame itself on these CPUs, but not COMMAND
    #[arg(short = 'H', long, value_name = "CPUS")]
    house_keeping: Option<CpuList>,
    /// Run COMMAND in this cgroup, as /system.slice
    #[arg(short = 'C', long, value_name = "CGROUP", requires = "command")]
    cgroup: Option<PathBuf>,
    /// Size of each CPU's trace buffer, in KiB
    #[arg(short, long, value_name = "KIB")]
    buffer_size: Option<u32>,
    /// Record while COMMAND runs, and exit with its status
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The module cannot be read, the file cannot be written, or the command cannot be run.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(cpus) = &self.house_keeping {
            can_move_to(cpus)?;
        }
        let cgroup = self.cgroup.as_deref().map(members).transpose()?;
        let mut live = Live::open(Path::new("/"))?;
        let control = live.control();

        if read(&control.join("enable"))?.trim() != "1" {
            bail!(
                "rcu_blame.ko does not probe: echo 1 > {}/enable",
                control.display()
            );
        }
        let ending = Ending::watch()?;
        let _settings = [
            Setting::of(&control.join("gp_threshold_us"), self.gp_threshold)?,
            Setting::of(&control.join("threshold_us"), self.threshold)?,
        ];
        let mut events = Events::open(Instance::create(Path::new("/"))?)?;

        if let Some(kib) = self.buffer_size {
            events.set_buffer_size(kib)?;
        }
        let output = Output::open(&self.output)?;
        let mut command = Running::start(&self.command, cgroup)?;

        if let Some(cpus) = &self.house_keeping {
            move_to(cpus)?;
        }
        let file = output.keep()?;

        // Events of this time are not recorded.
        sleep(Duration::from_nanos(self.warm_up.0), &ending, &mut command);
        events.drain(|_| Ok::<_, anyhow::Error>(()))?;

        let mut recorder = Recorder {
            writer: Writer::new(file),
            path: &self.output,
            seen: BTreeSet::new(),
            exceeded: false,
            begin_ns: 0,
        };
        let reason = self.record(&mut recorder, &mut live, &mut events, &ending, &mut command);
        // The command ends even if the recording has failed.
        let exit = command.end();

        reason?;
        Ok(exit)
    }

    fn record(
        &self,
        recorder: &mut Recorder<'_>,
        live: &mut Live,
        trace: &mut Events,
        ending: &Ending,
        command: &mut Running,
    ) -> anyhow::Result<()> {
        let header = header(live, trace, &self.command);
        let end = self
            .duration
            .map(|ns| Instant::now() + Duration::from_nanos(ns.0));
        let mut tick = 0u32;

        recorder.begin_ns = header.monotonic_ns;
        recorder.line(&Line::Header(header))?;
        // Those that were there before are not of this recording. The counts are read later than
        // the records here, and earlier at the end: no record that is counted is missing.
        recorder.slow(live, false)?;
        recorder.tables(live, At::Begin)?;
        recorder.flush()?;
        let reason = loop {
            trace.drain(|item| recorder.item(item))?;
            tick = tick.wrapping_add(1);
            if tick % SLOW_TICKS == 0 {
                recorder.slow(live, true)?;
            }
            recorder.flush()?;
            if std::mem::take(&mut recorder.exceeded) && self.act()? {
                break "threshold";
            }
            if command.has_ended() {
                break "command";
            }
            if ending.is_near() {
                break "signal";
            }
            let left = end.map_or(TICK, |end| end.saturating_duration_since(Instant::now()));

            if left.is_zero() {
                break "duration";
            }
            thread::sleep(left.min(TICK));
        };

        trace.stop()?;
        let monotonic_ns = now(libc::CLOCK_MONOTONIC);

        trace.drain(|item| recorder.item(item))?;
        recorder.tables(live, At::End)?;
        recorder.slow(live, true)?;
        let cpus = trace
            .losses()?
            .into_iter()
            .map(|(cpu, losses)| CpuEnd {
                cpu,
                overrun: losses.overrun,
                commit_overrun: losses.commit_overrun,
                dropped: losses.dropped,
                read: losses.read,
            })
            .collect();
        let events = recorder.writer.events();

        recorder.line(&Line::End(End {
            monotonic_ns,
            reason: reason.into(),
            events,
            cpus,
        }))?;
        recorder.flush()
    }

    /// Takes the actions for a threshold that is exceeded; returns whether the recording ends. The
    /// trace that `trace` would save is the recording itself.
    fn act(&self) -> anyhow::Result<bool> {
        Ok(!self.on_threshold.is_empty() && !actions::take(&self.on_threshold, None)?)
    }
}

/// The text of a file.
fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The time of a clock.
fn now(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };

    // SAFETY: `time` is a timespec, and stays where it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn header(live: &Live, trace: &Events, command: &[String]) -> Header {
    let text = |path: &str| {
        fs::read_to_string(path)
            .map(|text| text.trim().to_string())
            .ok()
    };
    let control = fs::read_dir(live.control())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;

            Some((name, fs::read_to_string(entry.path()).ok()?))
        })
        .collect();

    Header {
        rcu_blame_recording: VERSION,
        tool: env!("CARGO_PKG_VERSION").into(),
        module: ["version", "srcversion"]
            .iter()
            .find_map(|file| text(&format!("/sys/module/rcu_blame/{file}"))),
        kernel: text("/proc/sys/kernel/osrelease").unwrap_or_default(),
        machine: std::env::consts::ARCH.into(),
        monotonic_ns: now(libc::CLOCK_MONOTONIC),
        boottime_ns: now(libc::CLOCK_BOOTTIME),
        realtime_ns: now(libc::CLOCK_REALTIME),
        cpus: trace.cpus(),
        command: command.to_vec(),
        control,
    }
}

/// The file that is being written.
struct Recorder<'a> {
    writer: Writer<File>,
    path: &'a Path,
    /// The keys of the slow grace periods and waits that have been seen.
    seen: BTreeSet<String>,
    /// A threshold was exceeded.
    exceeded: bool,
    /// Events before this are not of the recording.
    begin_ns: u64,
}

impl Recorder<'_> {
    fn line(&mut self, line: &Line) -> anyhow::Result<()> {
        self.writer
            .write(line)
            .with_context(|| self.path.display().to_string())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer
            .flush()
            .with_context(|| self.path.display().to_string())
    }

    fn item(&mut self, item: Item) -> anyhow::Result<()> {
        match item {
            Item::Event { ns, .. } if ns < self.begin_ns => Ok(()),
            Item::Event { ns, cpu, record } => {
                self.exceeded |= ["reader_threshold ", "gp_slow "]
                    .iter()
                    .any(|name| record.starts_with(name));
                self.line(&Line::Event { ns, cpu, record })
            }
            Item::Lost { cpu, events } => self.line(&Line::Lost { cpu, events }),
        }
    }

    fn tables(&mut self, live: &mut Live, at: At) -> anyhow::Result<()> {
        let tables = [Table::Stats, Table::Tasks, Table::Held];

        for table in tables.into_iter().chain(HISTOGRAMS.map(Table::Hist)) {
            let text = live.table(table)?;

            self.line(&Line::Table {
                at,
                name: table.to_string(),
                text: String::from_utf8_lossy(&text).into_owned(),
            })?;
        }
        Ok(())
    }

    /// Takes in the records of slow grace periods and waits that are new, and writes them, if they
    /// are to be written.
    fn slow(&mut self, live: &mut Live, write: bool) -> anyhow::Result<()> {
        for (table, word) in [(Table::GracePeriods, "gp "), (Table::Waiters, "wait ")] {
            let text = live.table(table)?;
            let text = String::from_utf8_lossy(&text);
            let mut records = String::new();
            let mut is_new = false;
            let mut present = BTreeSet::new();

            for line in text.split_inclusive('\n') {
                if line.starts_with(word) {
                    let key = key(line);

                    is_new = !self.seen.contains(key);
                    present.insert(key.to_string());
                }
                if is_new {
                    records.push_str(line);
                }
            }
            // Those that the kernel has no more do not come back.
            self.seen.retain(|line| !line.starts_with(word));
            self.seen.append(&mut present);
            if write && !records.is_empty() {
                self.line(&Line::Slow {
                    table: table.to_string(),
                    records,
                })?;
            }
        }
        Ok(())
    }
}

/// The part of a line of a slow grace period or wait that is the same each time it is read. Of the
/// rest, the symbols of the stack change if their module is unloaded, and so does the grace period
/// of a wait if the kernel has no more of it.
fn key(line: &str) -> &str {
    let end = line
        .split_once(" duration_ns=")
        .map(|(_, rest)| rest.trim_start_matches(|c: char| c.is_ascii_digit()));

    &line[..line.len() - end.unwrap_or("").len()]
}

/// A control file that has another value, until the setting is dropped.
struct Setting {
    path: PathBuf,
    before: String,
}

impl Setting {
    fn of(path: &Path, value: Option<Ns>) -> anyhow::Result<Option<Self>> {
        let Some(value) = value else { return Ok(None) };
        let before = read(path)?;

        fs::write(path, (value.0 / 1000).to_string())
            .with_context(|| path.display().to_string())?;
        Ok(Some(Self {
            path: path.into(),
            before,
        }))
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let _ = fs::write(&self.path, self.before.trim());
    }
}

/// The output before the command runs: if it does not, a file that was there is as it was, and one
/// that was not is not there.
struct Output {
    file: File,
    made: Option<PathBuf>,
}

impl Output {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let made = fs::symlink_metadata(path)
            .is_err()
            .then(|| path.to_path_buf());
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| path.display().to_string())?;

        Ok(Self { file, made })
    }

    /// The file, empty.
    fn keep(mut self) -> anyhow::Result<File> {
        self.made = None;
        let file = self.file.try_clone()?;

        // A pipe or a device has no length.
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        Ok(file)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(path) = &self.made {
            let _ = fs::remove_file(path);
        }
    }
}

/// Sleeps until then, a signal, or the end of the command.
fn sleep(time: Duration, ending: &Ending, command: &mut Running) {
    let end = Instant::now() + time;

    while !ending.is_near() && !command.has_ended() {
        let left = end.saturating_duration_since(Instant::now());

        if left.is_zero() {
            break;
        }
        thread::sleep(left.min(TICK));
    }
}

/// The file that takes the ids of tasks that are to go to a cgroup.
fn members(cgroup: &Path) -> anyhow::Result<File> {
    let mount = cgroups::mount(Path::new("/")).context("--cgroup: cgroup2 is not mounted")?;
    let cgroup = mount.join(cgroup.strip_prefix("/").unwrap_or(cgroup));

    OpenOptions::new()
        .write(true)
        .open(cgroup.join("cgroup.procs"))
        .with_context(|| format!("--cgroup: {}", cgroup.display()))
}

/// The command, if there is one. It ends when this is dropped.
struct Running {
    child: Option<Child>,
    status: Option<ExitStatus>,
}

impl Running {
    fn start(command: &[String], cgroup: Option<File>) -> anyhow::Result<Self> {
        let child = match command.split_first() {
            Some((program, args)) => {
                let mut command = Command::new(program);

                if let Some(mut members) = cgroup {
                    // SAFETY: The closure calls nothing but write(), which may be called in the
                    // child of a process of several threads.
                    unsafe { command.pre_exec(move || members.write_all(b"0")) };
                }
                Some(
                    command
                        .args(args)
                        .spawn()
                        .with_context(|| program.clone())?,
                )
            }
            None => None,
        };

        Ok(Self {
            child,
            status: None,
        })
    }

    fn has_ended(&mut self) -> bool {
        let Some(child) = &mut self.child else {
            return false;
        };

        self.status = self.status.or_else(|| child.try_wait().ok().flatten());
        self.status.is_some()
    }

    /// Has the command end, and returns the exit status of all: that of the command, as a shell has
    /// it.
    fn end(&mut self) -> ExitCode {
        self.tell();
        match self.status {
            Some(status) => ExitCode::from(
                status
                    .code()
                    .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)) as u8,
            ),
            None => status::FINE,
        }
    }

    /// Sends SIGTERM, and SIGKILL later, unless the command has ended.
    fn tell(&mut self) {
        if self.has_ended() {
            return;
        }
        let Some(child) = &mut self.child else { return };
        let end = Instant::now() + PATIENCE;

        // SAFETY: The function takes no pointer. The child has not been waited for, so its id is
        // its own.
        unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
        while !self.has_ended() && Instant::now() < end {
            thread::sleep(TICK / 4);
        }
        if self.has_ended() {
            return;
        }
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            self.status = child.wait().ok();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let wait = "wait function=synchronize_rcu pid=9 comm=a prio=120 begin_ns=4 duration_ns=25";

        for rest in [
            "",
            "\n",
            " gp_type=normal gp_seq=6 stack=f+0x1/0x2[m]\n",
            " stack=?\n",
        ] {
            assert_eq!(key(&format!("{wait}{rest}")), wait);
        }
        assert_ne!(key(&wait.replace("=25", "=255")), wait);
        assert_eq!(key("gp type=normal\n"), "gp type=normal\n");
    }
}
