// SPDX-License-Identifier: GPL-2.0

//! A pointer that readers follow and writers replace.

use super::{
    faults,
    RcuReader, //
};
use core::{
    mem::ManuallyDrop,
    ptr::{
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    alloc::Flags,
    bindings,
    ffi::c_ulong,
    prelude::*,
    sync::atomic::{
        Atomic,
        Full,
        Relaxed, //
    },
};

/// A value and what `call_rcu()` needs to free it; the head first, so that the callback can find
/// the value.
#[repr(C)]
struct Node<T> {
    head: bindings::callback_head,
    value: T,
}

/// An RCU-protected pointer to a `T`, never null.
///
/// Readers need evidence of a section that RCU's grace periods wait for ([`RcuReader`]: a notrace
/// [`super::Guard`], a [`super::SchedGuard`] or the kernel's own `rcu::Guard`) and nothing else:
/// reading is one load, which neither lockdep nor the tracer sees. Guards of SRCU and Tasks Trace
/// do not protect what is freed here, and do not compile.
///
/// # Invariants
///
/// The pointer is to a [`Node`] that is initialised, and stays so until a grace period after it has
/// been replaced, or until the cell is dropped.
pub(crate) struct RcuCell<T: Send + Sync + 'static> {
    node: Atomic<*mut Node<T>>,
}

// SAFETY: The cell owns a `T`, and gives out references to it on any CPU.
unsafe impl<T: Send + Sync + 'static> Send for RcuCell<T> {}
// SAFETY: As above; what is replaced is dropped where RCU invokes callbacks, so `T` is `Send`.
unsafe impl<T: Send + Sync + 'static> Sync for RcuCell<T> {}

impl<T: Send + Sync + 'static> RcuCell<T> {
    /// Makes a cell. The context that `flags` allow; `ENOMEM`.
    pub(crate) fn new(value: T, flags: Flags) -> Result<Self> {
        // INVARIANT: The node is initialised.
        Ok(Self {
            node: Atomic::new(Self::node(value, flags)?.as_ptr()),
        })
    }

    fn node(value: T, flags: Flags) -> Result<NonNull<Node<T>>> {
        let node = KBox::new(
            Node {
                head: bindings::callback_head::default(),
                value,
            },
            flags,
        )?;

        // SAFETY: A box is never null.
        Ok(unsafe { NonNull::new_unchecked(KBox::into_raw(node)) })
    }

    /// The current value. Any context.
    ///
    /// The address dependency from the load orders it before all that is read through it, against
    /// the full barrier of [`replace()`](Self::replace): `rcu_dereference()` without the checks.
    #[inline(always)]
    pub(crate) fn read<'a, G: RcuReader>(&'a self, _guard: &'a G) -> &'a T {
        // In modules `load(Relaxed)` calls a function of C; this is the same load, inline.
        //
        // SAFETY: `READ_ONCE()` of a pointer that is only written atomically.
        let node = unsafe { self.node.as_ptr().read_volatile() };

        // SAFETY: By the type invariant the node outlives the section that the guard is evidence
        // of, if it has been replaced, and the borrow of `self`, if it has not.
        unsafe { &(*node).value }
    }

    /// Replaces the value; the old one is dropped by `call_rcu()`, after a grace period.
    ///
    /// Any context in which `flags` allow to allocate and `call_rcu()` may be called (not with an
    /// `rcu_node` lock held, nor in an NMI). `T` is dropped in softirq context, or on PREEMPT_RT by
    /// an `rcuc` kthread with bottom halves off. `ENOMEM` leaves the old value in place.
    pub(crate) fn replace(&self, value: T, flags: Flags) -> Result {
        let old = self.node.xchg(Self::node(value, flags)?.as_ptr(), Full);

        // SAFETY: `old` is a node, by the type invariant.
        let head = unsafe { addr_of_mut!((*old).head) };

        if faults::frees_at_once() {
            // SAFETY: Readers may still have it: this is the mistake.
            unsafe { Self::free(head) };
            return Ok(());
        }
        // SAFETY: No new reader can find the node. Nobody else has taken it out of the cell, so
        // that its head is not in use. `free()` is its destructor.
        unsafe { bindings::call_rcu(head, Some(Self::free)) };
        Ok(())
    }

    /// Replaces the value, and asks for an expedited grace period, after which the old one can be
    /// had.
    ///
    /// Process context; sleeps for memory only. If `/sys/kernel/rcu_normal` is 1, as it is by
    /// default after the boot of a PREEMPT_RT kernel, the grace period is a normal one. `ENOMEM`
    /// leaves the old value in place.
    pub(crate) fn replace_expedited(&self, value: T) -> Result<Replaced<T>> {
        let old = self
            .node
            .xchg(Self::node(value, GFP_KERNEL)?.as_ptr(), Full);

        // INVARIANT: The node is from `KBox::into_raw()`, and out of the cell.
        Ok(Replaced {
            node: old,
            // SAFETY: No requirements but the context.
            grace_period: unsafe { bindings::start_poll_synchronize_rcu_expedited() },
        })
    }

    /// Waits until what has been [replaced](Self::replace) so far is dropped. Process context;
    /// sleeps.
    pub(crate) fn wait_for_callbacks() {
        // SAFETY: No requirements but the context.
        unsafe { bindings::rcu_barrier() };
    }

    /// The callback of [`replace()`](Self::replace).
    ///
    /// # Safety
    ///
    /// `head` is that of a node from `KBox::into_raw()`, which no reader can reach any more.
    unsafe extern "C" fn free(head: *mut bindings::callback_head) {
        // SAFETY: By the requirement; `head` is a node's first field.
        drop(unsafe { KBox::from_raw(head.cast::<Node<T>>()) });
    }
}

/// A value that has been [replaced](RcuCell::replace_expedited), and may have readers.
///
/// # Invariants
///
/// The pointer is to a [`Node`] from `KBox::into_raw()` that no reader can find. After that grace
/// period none has it.
pub(crate) struct Replaced<T> {
    node: *mut Node<T>,
    grace_period: c_ulong,
}

// SAFETY: It owns a `T`.
unsafe impl<T: Send> Send for Replaced<T> {}

impl<T> Replaced<T> {
    /// Whether the grace period is over. Any context.
    pub(crate) fn is_over(&self) -> bool {
        // SAFETY: No requirements.
        unsafe { bindings::poll_state_synchronize_rcu(self.grace_period) }
    }

    /// Waits for the grace period. Process context; sleeps.
    fn wait(&self) {
        // SAFETY: No requirements but the context.
        unsafe { bindings::cond_synchronize_rcu_expedited(self.grace_period) };
    }

    /// The value, after the grace period. Process context; sleeps if that [is not
    /// over](Self::is_over).
    pub(crate) fn into_inner(self) -> T {
        self.wait();

        // SAFETY: By the type invariant; `self` is not dropped.
        let node = unsafe { KBox::from_raw(ManuallyDrop::new(self).node) };

        KBox::into_inner(node).value
    }
}

impl<T> Drop for Replaced<T> {
    /// Process context; sleeps for the grace period.
    fn drop(&mut self) {
        self.wait();
        // SAFETY: By the type invariant.
        drop(unsafe { KBox::from_raw(self.node) });
    }
}

impl<T: Send + Sync + 'static> Drop for RcuCell<T> {
    /// Process context; sleeps, until no callback that is this module's code is left.
    fn drop(&mut self) {
        // SAFETY: From `KBox::into_raw()`. References to the value borrow the cell: none is left.
        drop(unsafe { KBox::from_raw(self.node.load(Relaxed)) });
        Self::wait_for_callbacks();
    }
}
