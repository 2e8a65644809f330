// SPDX-License-Identifier: GPL-2.0

//! Actions on a threshold, with the words of rtla: `trace`, `signal`, `shell` and `continue`.

use crate::source::instance::Instance;
use anyhow::{bail, Context};
use std::{path::PathBuf, process::Command, str::FromStr};
use thiserror::Error;

/// An action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Save the trace of the module's events.
    Trace(PathBuf),
    /// Send a signal to a process.
    Signal {
        /// Its number.
        num: i32,
        /// The process; `None`: the parent.
        pid: Option<i32>,
    },
    /// Run a command of the shell.
    Shell(String),
    /// Go on.
    Continue,
}

/// A text that is no action.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "an action is trace[,file=FILE], signal,num=N,pid=PID or pid=parent, shell,command=COMMAND, \
     or continue"
)]
pub struct NoAction;

impl FromStr for Action {
    type Err = NoAction;

    fn from_str(text: &str) -> Result<Self, NoAction> {
        let (word, rest) = match text.split_once(',') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };

        match (word, rest) {
            ("continue", None) => Ok(Self::Continue),
            ("trace", None) => Ok(Self::Trace("rcu_blame_trace.txt".into())),
            ("trace", Some(rest)) => rest
                .strip_prefix("file=")
                .filter(|file| !file.is_empty())
                .map(|file| Self::Trace(file.into()))
                .ok_or(NoAction),
            ("shell", Some(rest)) => rest
                .strip_prefix("command=")
                .filter(|command| !command.is_empty())
                .map(|command| Self::Shell(command.into()))
                .ok_or(NoAction),
            ("signal", Some(rest)) => signal(rest),
            _ => Err(NoAction),
        }
    }
}

fn signal(text: &str) -> Result<Action, NoAction> {
    let (mut num, mut pid) = (None, None);

    for part in text.split(',') {
        match part.split_once('=') {
            Some(("num", value)) => num = value.parse().ok().filter(|num| (1..=64).contains(num)),
            Some(("pid", "parent")) => pid = Some(None),
            Some(("pid", value)) => pid = value.parse().ok().filter(|pid| *pid > 0).map(Some),
            _ => return Err(NoAction),
        }
    }
    match (num, pid) {
        (Some(num), Some(pid)) => Ok(Action::Signal { num, pid }),
        _ => Err(NoAction),
    }
}

/// Takes the actions; returns whether to go on.
///
/// # Errors
///
/// The first action that fails, after which none is taken.
pub fn take(actions: &[Action], instance: Option<&Instance>) -> anyhow::Result<bool> {
    for action in actions {
        match action {
            Action::Trace(file) => {
                if let Some(instance) = instance {
                    instance.save(file)?;
                }
            }
            Action::Signal { num, pid } => {
                let pid = pid.unwrap_or_else(|| std::os::unix::process::parent_id() as i32);

                // SAFETY: No requirements.
                if unsafe { libc::kill(pid, *num) } != 0 {
                    bail!("signal {num} to {pid}: {}", std::io::Error::last_os_error());
                }
            }
            Action::Shell(command) => {
                Command::new("/bin/sh")
                    .args(["-c", command])
                    .status()
                    .context("/bin/sh")?;
            }
            Action::Continue => return Ok(true),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let action = |text: &str| text.parse::<Action>();

        assert_eq!(action("continue"), Ok(Action::Continue));
        assert_eq!(
            action("trace"),
            Ok(Action::Trace("rcu_blame_trace.txt".into()))
        );
        assert_eq!(action("trace,file=a,b"), Ok(Action::Trace("a,b".into())));
        assert_eq!(
            action("signal,num=10,pid=parent"),
            Ok(Action::Signal { num: 10, pid: None })
        );
        assert_eq!(
            action("signal,pid=7,num=2"),
            Ok(Action::Signal {
                num: 2,
                pid: Some(7)
            })
        );
        assert_eq!(
            action("shell,command=echo a, b"),
            Ok(Action::Shell("echo a, b".into()))
        );
        for bad in [
            "",
            "continue,",
            "trace,",
            "trace,file=",
            "signal",
            "signal,num=2",
            "signal,num=0,pid=1",
            "signal,num=2,pid=-1",
            "signal,num=2,pid=1,x=3",
            "shell",
            "shell,command=",
            "Trace",
        ] {
            assert_eq!(action(bad), Err(NoAction), "{bad}");
        }
    }
}
