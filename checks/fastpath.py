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

import re
import subprocess
import sys

# A pair, without what the compiler adds to make a function of it.
MOST_INSTRUCTIONS = 5
FRAME = re.compile(r"^(endbr64|nop\w*|ret\w*)$")


def disassemble(module, section):
    """Yields (function, [(address, mnemonic, operands, symbol)]); symbol from a relocation."""
    text = subprocess.run(
        ["objdump", "-dr", "--no-show-raw-insn", f"--section={section}", module],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
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


def calls(body):
    """The symbols that a function calls or jumps to."""
    for _, mnemonic, operands, symbol in body:
        if mnemonic.startswith("call") or (mnemonic.startswith("j") and symbol):
            # A local function in the same section needs no relocation.
            yield symbol or re.sub(r"^[0-9a-f]+ <(.+)>$", r"\1", operands)


def check_pair(module, function):
    """The path on which nothing is pending: no conditional jump out of line is taken."""
    body = dict(disassemble(module, ".text")).get(function)
    if not body:
        return [f"no function {function} in {module}"]
    executed, wrong = [], []
    for address, mnemonic, operands, symbol in body:
        text = f"{mnemonic} {operands}".strip()
        if mnemonic.startswith("call") or (mnemonic == "jmp" and symbol not in (None, "__x86_return_thunk")):
            wrong.append(f"calls: {text} {symbol or ''}")
        if mnemonic.startswith("lock") or mnemonic.startswith("xchg"):
            wrong.append(f"locked: {text}")
        if symbol == "__x86_return_thunk" or mnemonic.startswith("ret"):
            break
        if mnemonic.startswith("call") and symbol == "__fentry__":
            wrong.append("has a tracing site")
        if not FRAME.match(mnemonic):
            executed.append(text)
    else:
        wrong.append("does not return")
    for text in executed:
        print(f"#   {text}")
    print(f"# {len(executed)} instructions")
    if len(executed) > MOST_INSTRUCTIONS:
        wrong.append(f"more than {MOST_INSTRUCTIONS} instructions")
    return wrong


def check_slow(module, function, *allow):
    """All code that a drop can reach is in .kprobes.text, and leaves it for what is listed only."""
    allowed = set()
    for name in allow:
        with open(name, encoding="ascii") as f:
            allowed |= {line.split()[0] for line in f if line.strip() and not line.startswith("#")}
    functions = dict(disassemble(module, ".kprobes.text"))
    wrong = []
    if not any(function in name for name in functions):
        wrong.append(f"{function} is not in .kprobes.text")
    for name, body in functions.items():
        for symbol in calls(body):
            target = re.sub(r"^\*.*", "indirect", symbol)
            if target not in functions and target not in allowed:
                wrong.append(f"{name} calls {symbol}")
    print(f"# {len(functions) // 2} functions, {len(allowed)} callees allowed")
    return wrong


def check_sites(module):
    """No function carries a call of the function tracer."""
    text = subprocess.run(["objdump", "-h", module], check=True, capture_output=True, text=True).stdout
    return ["has a section __mcount_loc"] if "__mcount_loc" in text else []


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
