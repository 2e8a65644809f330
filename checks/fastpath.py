#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Checks the instructions that a built module executes to take and to drop a guard.

    fastpath.py pair MODULE.ko FUNCTION   is FUNCTION, which holds one section, a fast path?
    fastpath.py slow MODULE.ko FUNCTION ALLOW...
                                          does .kprobes.text, which has FUNCTION, call what is
                                          in ALLOW, and no more?
    fastpath.py sites MODULE.ko           is there no function with a tracing site?

Prints what was found; exit status 1 where the answer is no.
"""

import os
import re
import subprocess
import sys


class Architecture:
    """The instructions of one, by mnemonic."""

    def __init__(self, most, sites, frame, call, jump, returns, locked):
        # The section that lists the tracing sites.
        self.sites = sites
        # The most instructions of a pair, without the frame, which is the
        # compiler's, to make a function of it.
        self.most = most
        self.frame, self.call, self.jump, self.returns, self.locked = (
            re.compile(f"^(?:{regex})$") for regex in (frame, call, jump, returns, locked)
        )


# By e_machine of the ELF header.
ARCHITECTURES = {
    62: Architecture(
        most=5,
        # The kernel's padding before functions is in __patchable_function_entries.
        sites="__mcount_loc",
        frame=r"endbr64|nop\w*|ret\w*",
        call=r"call\w*",
        jump=r"j\w+",
        returns=r"ret\w*",
        locked=r"lock.*|xchg\w*",
    ),
    183: Architecture(
        most=9,
        sites="__patchable_function_entries",
        frame=r"bti|nop|paciasp|autiasp|ret",
        call=r"blr?",
        jump=r"b|br|b\.\w+|cbn?z|tbn?z",
        returns=r"ret",
        # Exclusive and atomic accesses, and barriers of the CPU.
        locked=r"(ld|st)l?a?xr\w*|cas\w*|swp\w*|(ld|st)(add|clr|eor|set)\w*|d[ms]b|isb",
    ),
}


def architecture(module):
    with open(module, "rb") as f:
        header = f.read(20)
    return ARCHITECTURES[int.from_bytes(header[18:20], "little")]


def objdump(*arguments):
    # For another architecture than this machine's, the lab says whose.
    program = os.environ.get("CROSS_COMPILE", "") + "objdump"
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def disassemble(module, section):
    """Yields (function, [(address, mnemonic, operands, symbol)]); symbol from a relocation."""
    text = objdump("-dr", "--no-show-raw-insn", f"--section={section}", module)
    name, body = None, []
    for line in text.splitlines():
        if m := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            if name:
                yield name, body
            name, body = m[1], []
        elif m := re.match(r"^\s+[0-9a-f]+: R_\S+\s+(\S+?)(?:[-+]0x[0-9a-f]+)?$", line):
            body[-1][3] = m[1]
        elif m := re.match(r"^\s+([0-9a-f]+):\s+((?:lock |rep\w* )*\S+)\s*(.*)$", line):
            body.append([int(m[1], 16), m[2], m[3], None])
    if name:
        yield name, body


def calls(arch, body):
    """The symbols that a function calls or jumps to."""
    for _, mnemonic, operands, symbol in body:
        if arch.call.match(mnemonic) or (arch.jump.match(mnemonic) and symbol):
            # A local function in the same section needs no relocation.
            yield symbol or re.sub(r"^[0-9a-f]+ <(.+)>$", r"\1", operands)


def check_pair(module, function):
    """The path on which nothing is pending: no conditional jump out of line is taken."""
    arch = architecture(module)
    body = dict(disassemble(module, ".text")).get(function)
    if not body:
        return [f"no function {function} in {module}"]
    executed, wrong = [], []
    for address, mnemonic, operands, symbol in body:
        text = f"{mnemonic} {operands}".strip()
        if arch.call.match(mnemonic) or (mnemonic in ("jmp", "b") and symbol not in (None, "__x86_return_thunk")):
            wrong.append(f"calls: {text} {symbol or ''}")
        if arch.locked.match(mnemonic):
            wrong.append(f"locked: {text}")
        if symbol == "__x86_return_thunk" or arch.returns.match(mnemonic):
            break
        if arch.call.match(mnemonic) and symbol == "__fentry__":
            wrong.append("has a tracing site")
        if not arch.frame.match(mnemonic):
            executed.append(text)
    else:
        wrong.append("does not return")
    for text in executed:
        print(f"#   {text}")
    print(f"# {len(executed)} instructions")
    if len(executed) > arch.most:
        wrong.append(f"more than {arch.most} instructions")
    return wrong


def check_slow(module, function, *allow):
    """All code that a drop can reach is in .kprobes.text, and leaves it for what is listed only."""
    allowed = set()
    for name in allow:
        with open(name, encoding="ascii") as f:
            allowed |= {line.split()[0] for line in f if line.strip() and not line.startswith("#")}
    arch = architecture(module)
    functions = dict(disassemble(module, ".kprobes.text"))
    called, wrong = set(), []
    if not any(function in name for name in functions):
        wrong.append(f"{function} is not in .kprobes.text")
    for name, body in functions.items():
        for symbol in calls(arch, body):
            target = re.sub(r"^(\*.*|x\d+)$", f"indirect:{name}", symbol)
            called.add(target)
            if target not in functions and target not in allowed:
                wrong.append(f"{name} calls {symbol}")
    print(f"# {len(functions) // 2} functions, {len(called)} callees, {len(allowed)} allowed")
    if not called:
        wrong.append("no call was recognised")
    return wrong


def check_sites(module):
    """No function carries a call of the function tracer."""
    section = architecture(module).sites
    return [f"has a section {section}"] if section in objdump("-h", module) else []


def main(argv):
    checks = {"pair": check_pair, "slow": check_slow, "sites": check_sites}
    if len(argv) < 3 or argv[1] not in checks:
        print(__doc__, file=sys.stderr)
        return 2
    wrong = checks[argv[1]](*argv[2:])
    for what in wrong:
        print(f"# {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
