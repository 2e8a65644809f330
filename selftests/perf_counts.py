#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""perf_counts.py PID EVENT...: count the task's rcu_blame:EVENT until SIGTERM.

A counter of the task for each CPU, as perf record -p has them: those are the ones that
the kernel counts an event in while another task is current. While this one is current
they count events of others, too, but for the filter. Says "ready" first, then
"EVENT COUNT" for each.
"""

import ctypes
import os
import platform
import signal
import struct
import sys

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}[platform.machine()]
PERF_TYPE_TRACEPOINT = 2
PERF_ATTR_SIZE_VER0 = 64
PERF_EVENT_IOC_SET_FILTER = 0x40082406
libc = ctypes.CDLL(None, use_errno=True)


def counter(pid, cpu, event):
    with open(f"/sys/kernel/tracing/events/rcu_blame/{event}/id") as f:
        attr = struct.pack("=IIQ48x", PERF_TYPE_TRACEPOINT, PERF_ATTR_SIZE_VER0, int(f.read()))
    fd = libc.syscall(PERF_EVENT_OPEN, attr, pid, cpu, -1, 0)
    if fd < 0:
        sys.exit(f"perf_event_open: {event}: {os.strerror(ctypes.get_errno())}")
    text = ctypes.create_string_buffer(f"pid=={pid}".encode())
    if libc.ioctl(fd, ctypes.c_ulong(PERF_EVENT_IOC_SET_FILTER), text) < 0:
        sys.exit(f"PERF_EVENT_IOC_SET_FILTER: {event}: {os.strerror(ctypes.get_errno())}")
    return fd


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
pid, events = int(sys.argv[1]), sys.argv[2:]
counters = {
    event: [counter(pid, cpu, event) for cpu in sorted(os.sched_getaffinity(0))]
    for event in events
}
print("ready", flush=True)
signal.sigwait({signal.SIGTERM})
for event in events:
    print(event, sum(struct.unpack("=Q", os.read(fd, 8))[0] for fd in counters[event]))
