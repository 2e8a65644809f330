// SPDX-License-Identifier: GPL-2.0

//! The declaration of tracepoints.

/// Declares tracepoints, one a line: the name as in the kernel, the names of the arguments and
/// their types ([`Arg`]).
///
/// ```ignore
/// tracepoints! {
///     in crate::tracepoint_glue::prototypes;
///
///     sched_switch(preempt: bool, prev: Task, next: Task, prev_state: TaskState)
///         atomic "__schedule() holds the rq lock";
///     rcu_fqs(rcuname: Text, gp_seq: usize, cpu: i32, event: Text) if CONFIG_RCU_TRACE;
/// }
/// ```
///
/// First comes the module that holds bindgen's rendering of the kernel's headers. In it
/// `__traceiter_NAME()` has the prototype of the probes, and the function that the kernel is given
/// has the argument types of the line: a line that does not say what the header says does not
/// compile.
///
/// `atomic` makes the tracepoint an [`AtomicSite`], for the reason given: a promise, that nothing
/// checks but a test (`selftests/glue.sh`). `if` names the option without which the kernel does not
/// have the tracepoint, and its header no declaration. The type is there without it, so that those
/// who use it need no condition of their own; attaching to it is `ENOENT`.
///
/// [`Arg`]: crate::tracepoint_glue::args::Arg
/// [`AtomicSite`]: crate::tracepoint_glue::AtomicSite
macro_rules! tracepoints {
    (
        in $($prototypes:ident)::+;
        $(
            $(#[$meta:meta])*
            $name:ident($($arg:ident: $ty:ty),* $(,)?) $(atomic $why:literal)? $(if $config:ident)?;
        )*
    ) => {
        $crate::tracepoint_glue::tracepoints! {
            @list [$($prototypes)::+]
            $($(#[$meta])* $name($($arg: $ty),*) $(atomic $why)? $(if $config)?;)*
        }
    };
    (
        @list $prototypes:tt
        $(
            $(#[$meta:meta])*
            $name:ident($($arg:ident: $ty:ty),*) $(atomic $why:literal)? $(if $config:ident)?;
        )*
    ) => { $(
        $crate::tracepoint_glue::tracepoints! {
            @one $prototypes
            $(#[$meta])* $name($($arg: $ty),*) $(atomic $why)? $(if $config)?;
        }
    )* };
    (
        @one [$($prototypes:ident)::+]
        $(#[$meta:meta])*
        $name:ident($($arg:ident: $ty:ty),*) $(atomic $why:literal)? $(if $config:ident)?;
    ) => {
        #[doc = concat!("The tracepoint `", stringify!($name), "`.")]
        $(#[doc = concat!("\nA probe is pinned: ", $why, ".")])?
        $(#[$meta])*
        #[allow(non_camel_case_types)]
        pub(crate) enum $name {}

        const _: () = {
            use $crate::tracepoint_glue::{
                args::Arg,
                context::Context,
                Probe,
                Tracepoint, //
            };

            /// The arguments of the tracepoint; references are good for the length of the call.
            #[allow(dead_code)]
            pub(crate) struct Args<'a> {
                $(pub(crate) $arg: <$ty as Arg>::Safe<'a>,)*
                _call: core::marker::PhantomData<&'a ()>,
            }

            // The prototype, against the kernel's own. An iterator over the probes of a tracepoint
            // has the arguments of a probe; it returns 0, where a probe returns nothing.
            $(#[cfg($config)])?
            const _: unsafe extern "C" fn(
                *mut kernel::ffi::c_void,
                $(<$ty as Arg>::Raw,)*
            ) -> kernel::ffi::c_int =
                kernel::macros::paste!($($prototypes)::+::[<__traceiter_ $name>]);

            /// The function that the kernel calls.
            ///
            /// # Safety
            ///
            /// The tracepoint has been hit, with these arguments. `data` points to a `P`, which
            /// outlives the call.
            #[link_section = ".kprobes.text"]
            unsafe extern "C" fn probe<P: Probe<$name>>(
                data: *mut kernel::ffi::c_void,
                $($arg: <$ty as Arg>::Raw,)*
            ) {
                // SAFETY: By the requirement: whoever registers a probe waits for all calls before
                // the state is freed.
                let probe = unsafe { &*data.cast::<P>() };
                // SAFETY: The tracepoint has been hit, and this is its probe.
                let context = unsafe { Context::<'_, $name>::new() };

                probe.hit(
                    &context,
                    Args {
                        // SAFETY: From the kernel, for the length of this call.
                        $($arg: unsafe { <$ty as Arg>::wrap($arg) },)*
                        _call: core::marker::PhantomData,
                    },
                );
            }

            // SAFETY: `probe()` has the C ABI, and the arguments that the kernel's own declaration
            // of this tracepoint has: checked above, or not `CHECKED`.
            unsafe impl Tracepoint for $name {
                const NAME: &'static kernel::str::CStr =
                    match kernel::str::CStr::from_bytes_with_nul(
                        concat!(stringify!($name), "\0").as_bytes(),
                    ) {
                        Ok(name) => name,
                        Err(_) => unreachable!(),
                    };

                const CHECKED: bool = true $(&& cfg!($config))?;

                type Args<'a> = Args<'a>;

                fn probe<P: Probe<Self>>() -> *mut kernel::ffi::c_void {
                    probe::<P> as *mut kernel::ffi::c_void
                }
            }

            $(
                #[doc = $why]
                // SAFETY: The reason is given above.
                unsafe impl $crate::tracepoint_glue::AtomicSite for $name {}
            )?
        };
    };
}
pub(crate) use tracepoints;
