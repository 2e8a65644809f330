#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes what cannot be parsed to each file of the module, and looks at what becomes of it.

    badinput.py refuse CTL DIR WRITES SEED   every write must be refused, and change nothing
    badinput.py slip CTL DIR WRITES SEED     the same with a good write among the bad: must fail
    badinput.py storm CTL DIR SECONDS SEED   until it is told to end (TERM) or SECONDS are over, while
                                             the module comes and goes: only that there is something to
                                             write to

CTL is the folder in sysfs, of control files, DIR the one in debugfs.
Exit status 1 if something was not refused as it should be, or was changed.
"""

import errno
import os
import random
import re
import signal
import sys
import time

EVENTS = ["sched_switch", "sched_waking", "sched_pi_setprio", "sched_process_exit"]
READ_ONLY = ["readers", "tasks", "cpus", "stats", "hist/reader_off", "hist/wakeup_rt"]
FILES = ["enable", "events", "filter", "threshold_us", "stop", "reset"]
SPACE = b" \t\n\f\r"

# The state: what is read of these files before and after.
STATE = ["enable", "events", "filter", "threshold_us", "stop"]

FILTERS = [
    b"comm==foo",
    b"comm==a*b && pid==12",
    b"prio<100",
    b"cpu==0-1,3",
    b"cgroup==/",
    b"cgroup==1 && comm==*",
    b"tgid==12 || pid==3",
    b"comm==a\\040b || comm==\\052 && prio<100 || comm==\\000",
    b"cgroup==/\\134x || tgid==1",
]
BROKEN = [
    b"comm=foo", b"comm==", b"comm", b"com==x", b"pid==", b"pid==x", b"pid==-1", b"pid==99999999999",
    b"prio<", b"prio==3", b"prio<x", b"cpu==", b"cpu==3-2", b"cpu==0-", b"cpu==99999", b"cpu==0,,1",
    b"cpu==0,1,2,3,0,1,2,3,0", b"cgroup==", b"cgroup==/nowhere/at/all", b"cgroup==x", b"&&", b"comm==a &&",
    b"&& comm==a", b"comm==a & pid==1", b"comm==a | pid==1", b"comm==a pid==1", b"comm==sixteen_letters_",
    b"comm==" + b"a" * 300, b"pid==1 && " * 9 + b"pid==1", b"\0", b"comm==a\0", b"comm==a\0b", b"(pid==1)",
    b"!pid==1", b"comm==\xff\xfe", b"prio<1 &&&& prio<2", b"||", b"comm==a ||", b"|| comm==a", b"comm==a |||| pid==1",
    b"comm==a || && pid==1", b"comm==a && || pid==1", b"pid==1 || " * 8 + b"pid==1", b"tgid==", b"tgid==x", b"tgid<3",
    b"tgid==99999999999", b"comm==\\", b"comm==\\4", b"comm==\\400", b"comm==\\08a", b"comm==\\000a", b"comm==a\\000",
    b"comm==" + b"\\141" * 16, b"comm==a\tb", b"cgroup==/\\000", b"cgroup==/\\9",
    b"cgroup==/\xc3\xa9", b"(pid==1) || pid==2",
]


def valid(name, text):
    """Whether this may be accepted; an account of its own, of the documentation."""
    word = text.strip(SPACE)
    if len(text) > 1023:
        return False
    if name in ("enable", "stop"):
        return re.fullmatch(rb"0*[01]", word) is not None
    if name == "reset":
        return re.fullmatch(rb"0*1", word) is not None
    if name == "threshold_us":
        return re.fullmatch(rb"[0-9]+", word) is not None and int(word) < 1 << 32
    if name == "events":
        names = {e.encode() for e in EVENTS}
        return all(w[:1] in (b"+", b"-") and w[1:] in names for w in re.split(rb"[ \t\n\f\r]+", word) if w)
    return False


def garbage(rng):
    """A malformed or hostile write."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 64))
    if kind == 1:
        return rng.randbytes(rng.randrange(1024, 70000))
    if kind == 2:
        return rng.choice([b"\0", b"\0" * 100, b"1\0", b"\0001", b"\xff" * 255, b"%n%s%p", b"-1", b"0x1", b"1 1",
                           b"18446744073709551616", b"4294967296", b"+", b"-", b"+\0", b"1" * 1000])
    if kind == 3:
        return rng.choice(BROKEN)
    if kind == 4:
        text = rng.choice(FILTERS)
        return text[: rng.randrange(1, len(text))] + rng.choice([b"", b"\0", b"=", b"&", b"|", b"\\", b"\\04"])
    if kind == 5:
        text = bytearray(rng.choice(FILTERS))
        text[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
        return bytes(text)
    if kind == 6:
        event = rng.choice(EVENTS).encode()
        return rng.choice([event, b"+" + event[:-1], b"*" + event, b"+" + event + b"x", b"+" + event + b" -",
                           b"+" + event + b"\0", b"- " + event])
    return b"A" * rng.choice([1, 255, 256, 1022, 1023, 1024, 4095, 4096, 65536])


def may_be_filter(text):
    """Mutations of filters may well be filters. Those that may be are not for this test."""
    word = text.strip(SPACE)
    if word == b"":
        return True
    term = (rb"comm\s*==\s*([!-\[\]-~]|\\[0-3][0-7][0-7]){1,15}|pid\s*==\s*[0-9]+|tgid\s*==\s*[0-9]+|"
            rb"prio\s*<\s*[0-9]+|cpu\s*==\s*[0-9][0-9,-]*|cgroup\s*==\s*([0-9]+|/\S*)")
    return word not in BROKEN and all(re.fullmatch(term, t.strip(SPACE)) for t in re.split(rb"&&|\|\|", word))


def corpus(rng, size):
    """The writes, as (file, text): none that may be accepted."""
    found = []
    while len(found) < size:
        name = rng.choice(FILES * 3 + READ_ONLY)
        text = garbage(rng)
        if not (valid(name, text) or (name == "filter" and may_be_filter(text))):
            found.append((name, text))
    return found


def paths(ctl, directory):
    """The path of each file, by name."""
    return {name: f"{ctl}/{name}" for name in FILES} | {name: f"{directory}/{name}" for name in READ_ONLY}


def refuse(path, writes, seed, slip):
    rng = random.Random(seed)
    fds = {name: os.open(path[name], os.O_RDWR) for name in path}

    def state(name):
        text = os.pread(fds[name], 65536, 0)
        # Below the filter it says what was wrong with the last.
        return text.split(b"\n")[0] if name == "filter" else text

    before = {name: state(name) for name in STATE}
    bad = corpus(rng, 5000)
    refused = accepted = changed = 0
    for i in range(writes):
        name, text = rng.choice(bad)
        if slip and i == writes // 2:
            name, text = "threshold_us", b"1234"
        try:
            os.write(fds[name], text)
            accepted += 1
            print(f"# accepted by {name}: {text[:80]!r}")
        except OSError as e:
            if e.errno == errno.EINVAL:
                refused += 1
            else:
                accepted += 1
                print(f"# {name}: {e}: {text[:80]!r}")
        # The file itself, and the others in turn.
        for look in {name if name in before else STATE[0], STATE[i % len(STATE)]}:
            if state(look) != before[look]:
                changed += 1
                print(f"# {look} changed by {text[:80]!r} to {name}")
        if accepted + changed > 5:
            break
    print(f"# refused={refused} accepted={accepted} changed={changed}")
    return bool(accepted or changed)


def storm(path, seconds, seed):
    rng = random.Random(seed)
    bad = [garbage(rng) for _ in range(2000)]
    end = time.monotonic() + seconds
    done = absent = 0
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    while time.monotonic() < end and not told:
        name = rng.choice(FILES + READ_ONLY)
        opened = time.monotonic()
        try:
            fd = os.open(path[name], os.O_RDWR)
        except OSError:
            absent += 1
            time.sleep(0.001)
            continue
        try:
            for _ in range(rng.randrange(1, 20)):
                os.write(fd, rng.choice(bad))
        except OSError:
            pass
        try:
            os.read(fd, 65536)
            done += 1
        except OSError:
            pass
        finally:
            os.close(fd)
        # An open file keeps the module from being unloaded: none for as long
        # again, however slow the kernel is, or twice that.
        time.sleep(max(rng.random() / 20, (1 + rng.random()) * (time.monotonic() - opened)))
    print(f"# storm done={done} absent={absent}")
    return not done


def main(argv):
    if len(argv) != 6 or argv[1] not in ("refuse", "slip", "storm"):
        print(__doc__, file=sys.stderr)
        return 2
    path, count, seed = paths(argv[2], argv[3]), int(argv[4]), int(argv[5])
    if argv[1] == "storm":
        return storm(path, count, seed)
    return refuse(path, count, seed, argv[1] == "slip")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
