#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""slow_line.py BAUD COMMAND...: COMMAND on a terminal behind a serial line.

The terminal has the size of ours. Its output takes ten bits a byte to reach
ours, its input no time. Output that COMMAND has sent by its end still comes.
"""

import fcntl
import os
import pty
import select
import sys
import termios
import time
import tty

STEP = 0.1


def main():
    """Pass on what comes until the command has ended."""
    room = int(int(sys.argv[1]) / 10 * STEP)
    pid, line = pty.fork()
    if not pid:
        os.execvp(sys.argv[2], sys.argv[2:])
    size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
    fcntl.ioctl(line, termios.TIOCSWINSZ, size)
    attributes = termios.tcgetattr(0)
    tty.setraw(0)
    due = time.monotonic()
    try:
        while True:
            due += STEP
            while (left := due - time.monotonic()) > 0:
                if select.select([0], [], [], left)[0]:
                    os.write(line, os.read(0, 100))
            if select.select([line], [], [], 0)[0]:
                os.write(1, os.read(line, room))
    except OSError:
        # Nobody has the other end open any more.
        pass
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, attributes)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
