// SPDX-License-Identifier: GPL-2.0

//! The program `rcu-blame`. All of it is in the library, where tests and fuzzers reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    rcu_blame::cli::main()
}
