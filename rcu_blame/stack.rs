// SPDX-License-Identifier: GPL-2.0

//! Kernel stacks, and how a file shows them: `function+0x1/0x2[module],...`, the last call first.

use super::{
    number::Number,
    text::Field, //
};
use crate::{
    rcu_blame::{
        function_helpers as functions,
        held_helpers as helpers, //
    },
    tracepoint_glue::{
        args::Task,
        probe_state, //
    },
};
use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print, //
};

/// How many return addresses are kept.
pub(super) const FRAMES: usize = helpers::RCU_BLAME_FRAMES as usize;

/// The return addresses of a stack.
#[derive(Clone, Copy, Default)]
pub(super) struct Stack {
    pub(super) frames: usize,
    pub(super) addresses: [usize; FRAMES],
}

impl Stack {
    /// Of a task that is off its CPU; any context. One that comes back meanwhile has any stack, but
    /// a valid one.
    #[inline(always)]
    pub(super) fn of(task: &Task) -> Self {
        let mut addresses = [0; FRAMES];
        // SAFETY: The task exists, and that is the length.
        let frames = unsafe { helpers::rcu_blame_stack(task.as_ptr(), addresses.as_mut_ptr()) };

        Self {
            frames: frames as usize,
            addresses,
        }
    }

    /// Of the current task, from the caller on. Any context.
    #[inline(always)]
    pub(super) fn of_current() -> Self {
        let mut addresses = [0; FRAMES];
        // SAFETY: That is the length.
        let frames = unsafe { functions::rcu_blame_own_stack(addresses.as_mut_ptr()) };

        Self {
            frames: frames as usize,
            addresses,
        }
    }

    fn addresses(&self) -> &[usize] {
        self.addresses.get(..self.frames).unwrap_or(&[])
    }
}

probe_state! {
    /// A stack that one CPU writes and reads.
    pub(super) struct StackCell {
        frames: Number,
        addresses: [Number; FRAMES],
    }
}

impl StackCell {
    pub(super) const fn new() -> Self {
        Self {
            frames: Number::new(0),
            addresses: [const { Number::new(0) }; FRAMES],
        }
    }

    pub(super) fn set(&self, stack: &Stack) {
        self.frames.set(stack.frames as u64);
        for (to, address) in self.addresses.iter().zip(stack.addresses) {
            to.set(address as u64);
        }
    }

    /// Forgets it.
    pub(super) fn clear(&self) {
        self.frames.set(0);
    }

    pub(super) fn get(&self) -> Stack {
        let mut addresses = [0; FRAMES];

        for (address, from) in addresses.iter_mut().zip(&self.addresses) {
            *address = from.get() as usize;
        }
        Stack {
            frames: self.frames.get() as usize,
            addresses,
        }
    }
}

/// The functions by which interrupts and kretprobes enter, by architecture: a stack is shown from
/// their callers on. A kretprobe of arm64 is a breakpoint.
const ENTRIES: [&[u8]; 4] = [
    b"asm_sysvec_",
    b"arch_rethook_trampoline+",
    b"el1h_64_irq+",
    b"el1h_64_sync+",
];

/// Shows stacks.
pub(super) struct Symbols {
    /// The name of one symbol.
    text: KVec<u8>,
}

impl Symbols {
    /// `ENOMEM`. Process context.
    pub(super) fn new() -> Result<Self> {
        // SAFETY: No requirements.
        let size = unsafe { helpers::rcu_blame_symbol_size() };

        Ok(Self {
            text: KVec::from_elem(0, size as usize, GFP_KERNEL)?,
        })
    }

    /// The name of the function at `address`, and the place in it, without blanks; `?` if it has
    /// none: no file shows an address.
    fn symbol(&mut self, address: usize) -> &[u8] {
        let text = &mut self.text;
        // SAFETY: The text is as long as the kernel asks for.
        let len = unsafe { helpers::rcu_blame_symbol(address, text.as_mut_ptr()) } as usize;
        let mut end: usize = 0;

        // "function+0x1/0x2 [module]"
        for at in 0..len.min(text.len()) {
            if text.get(at).is_some_and(|c| *c != b' ') {
                text.swap(at, end);
                end = end.wrapping_add(1);
            }
        }
        match text.get(..end) {
            None | Some([b'0', b'x', ..]) => b"?",
            Some(symbol) => symbol,
        }
    }

    /// Shows `stack` as the field of that name, if there is anything on it.
    pub(super) fn show(&mut self, seq: &SeqFile, stack: &Stack) {
        self.show_frames(seq, stack.addresses());
    }

    /// Shows the part of `stack` that the last interrupt or kretprobe has interrupted.
    pub(super) fn show_interrupted(&mut self, seq: &SeqFile, stack: &Stack) {
        let entry = stack.addresses().iter().position(|address| {
            let symbol = self.symbol(*address);

            ENTRIES.iter().any(|name| symbol.starts_with(name))
        });

        self.show_frames(
            seq,
            stack
                .addresses()
                .get(entry.map_or(0, |entry| entry.wrapping_add(1))..)
                .unwrap_or(&[]),
        );
    }

    fn show_frames(&mut self, seq: &SeqFile, frames: &[usize]) {
        for (i, address) in frames.iter().enumerate() {
            let before = if i == 0 { " stack=" } else { "," };

            seq_print!(seq, "{before}{}", Field(self.symbol(*address)));
        }
    }
}
