#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes tables, plots and a JSON file of what the benchmarks have measured.

    report.py FOLDER OUT.json    of FOLDER/KEY.log; plots go to FOLDER/*.svg

See bench/lib.sh for the format of the logs. A net cost has the loop, or the run with nothing
attached, subtracted.
"""

import json
import os
import re
import statistics
import sys

import svg

# The targets: (key, text, function of the key's result, limit).
TARGETS = [
    ("pair", "guard, instructions", lambda r: r["guard"]["instructions"], 8),
    ("pair", "guard / rcu_read_lock()", lambda r: ratio(r, "guard", "rcu", "instructions"), 0.35),
    ("pair", "guard / kernel::sync::rcu::Guard", lambda r: ratio(r, "guard", "rust_rcu", "instructions"), 0.25),
    ("pair", "guard / SRCU-fast notrace", lambda r: ratio(r, "guard", "srcu_fast", "instructions"), 1.5),
    ("qs", "guard / rcu, worst context", lambda r: worst(r["contexts"], "guard", "rcu"), 1.2),
    ("qs", "guard / naive, worst context", lambda r: worst(r["contexts"], "guard", "naive"), 0.1),
    ("event", "our probes / bpftrace, instructions", lambda r: ratio(r, "ours", "bpftrace", "instructions"), 0.25),
    ("event", "sched_switch alone / bpftrace", lambda r: ratio(r, "ours_switch", "bpftrace_switch", "instructions"), 0.25),
    ("preempt", "our probes, a reader beyond another task", lambda r: r["inside"]["ours"] - r["outside"]["ours"], 600),
    ("latency", "guard, cyclictest maximum beyond none, us", lambda r: beyond(r, "cyclictest", "guard"), 50),
    ("latency", "guard, timerlat maximum beyond none, us", lambda r: beyond(r, "timerlat", "guard"), 50),
    ("scale", "pair, worst of 2 to 8 CPUs / on 1", lambda r: spread(r["cpus"], "pair"), 1.2),
    ("scale", "our probes, worst of 2 to 8 CPUs / on 1", lambda r: spread(r["cpus"], "ours"), 1.2),
    ("scale", "pair among 10000 tasks / 10", lambda r: spread(r["tasks"], "pair"), 1.2),
    ("scale", "our probes among 10000 tasks / 10", lambda r: spread(r["tasks"], "ours"), 1.2),
    ("scale", "our probes, 10000 readers off the CPU / 10", lambda r: spread(r["readers"], "ours"), 1.2),
]


def ratio(result, one, other, field):
    return result[one][field] / result[other][field]


def worst(contexts, one, other):
    return max(c[one]["median_ns"] / c[other]["median_ns"] for c in contexts.values())


def beyond(result, tool, side):
    return result[tool][side]["max_us"] - result[tool]["none"]["max_us"]


def spread(result, what):
    """The largest of the costs, beside that where there is least of everything."""
    costs = [r[what] for _, r in sorted(result.items(), key=by_number)]
    return max(costs) / costs[0]


def by_number(item):
    """In order of the keys where they are numbers, and as they were run where not."""
    return int(item[0]) if item[0].isdecimal() else 0


def value(text):
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def records(path, key):
    """The records in a log, and what it says of the host."""
    found, host = [], {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith("host "):
                _, name, text = line.rstrip("\n").split(" ", 2)
                host[name] = value(text)
            elif line.startswith(key + " ") or line.startswith("native "):
                found.append(dict((k, value(v)) for k, v in re.findall(r"(\w+)=(\S+)", line)))
    return found, host


# Of refscale's loop, which it does not subtract: a decrement and a branch.
REFSCALE_LOOP = 2
# The names of its types here. Of the others it takes another interface.
REFSCALE = {"rcu": "rcu", "srcu": "srcu", "preempt": "sched"}


def pair(found):
    sides, result = {}, {}
    for r in found:
        if "side" in r and "cycles" in r:
            sides.setdefault((r["unit"], r["side"]), []).append(r["cycles"] / r["pairs"])
    mhz = [r["mhz"] for r in found if "mhz" in r]
    median = {k: statistics.median(v) for k, v in sides.items()}
    for (unit, side), m in median.items():
        if side.endswith("empty"):
            continue
        net = m - median[unit, "rust_empty" if side.startswith(("rust", "guard")) else "c_empty"]
        if unit == "instructions":
            result.setdefault(side, {})["instructions"] = round(net, 2)
        else:
            result.setdefault(side, {})["ns"] = round(net * 1000 / mhz[-1], 2)
    for r in found:
        if "refscale" in r:
            result.setdefault("refscale", {}).setdefault(r["refscale"], []).append(r["ns"])
        elif "place" in r:
            result.setdefault("native", {}).setdefault(r["side"], {})[r["place"] + "_ns"] = r["ns"]
    if "refscale" in result:
        result["refscale"] = {
            k: {"instructions": round(statistics.median(v) - REFSCALE_LOOP, 1)} for k, v in result["refscale"].items()
        }
    return result


def qs(found):
    result = {"contexts": {}, "deboost": {}}
    for r in found:
        where = result["contexts"] if r["what"] == "qs" else result["deboost"]
        where.setdefault(r["context"], {})[r["side"]] = {
            k: r[k] for k in ("n", "median_ns", "p90_ns", "p99_ns", "max_ns")
        }
    # Of all contexts alike: the median of their medians.
    for side in ("guard", "rcu", "naive"):
        medians = [c[side]["median_ns"] for c in result["contexts"].values()]
        result[side] = {"median_ns": statistics.median(medians)}
    return result


def event(found):
    """Added to a context switch; an operation is two of them."""
    runs, result = {}, {}
    for r in found:
        runs.setdefault((r["unit"], r["side"]), []).append(r["us_per_op"] * 1000 / 2)
    for (unit, side), samples in runs.items():
        for name, of in (("", statistics.median), ("_least", min)):
            cost = of(samples)
            if side != "none":
                cost -= of(runs[unit, "none"])
            if unit == "ns" or not name:
                result.setdefault(side, {})[unit + name] = round(cost, 1)
    return result


def preempt(found):
    """Added to a wake-up, a preemption by the task that was woken, and the return."""
    runs, result = {}, {}
    for r in found:
        runs.setdefault(("inside" if r["section"] else "outside", r["side"]), []).append(r["ns"])
    for (where, side), samples in runs.items():
        cost = statistics.median(samples)
        result.setdefault(where, {})[side] = cost if side == "none" else cost - result[where]["none"]
    return result


def latency(found):
    result = {}
    for r in found:
        if "tool" in r:
            side = result.setdefault(r["tool"], {}).setdefault(r["side"], {"histogram_us": {}})
            side["histogram_us"][r["us"]] = r["count"]
        else:
            result.setdefault("callbacks", {})[r["side"]] = {"hits": r["hits"], "us": r["callback_us"]}
    for tool in ("cyclictest", "timerlat"):
        for side in result.get(tool, {}).values():
            histogram = sorted(side["histogram_us"].items())
            side["n"] = sum(n for _, n in histogram)
            for name, share in (("median_us", 0.5), ("p99_us", 0.99), ("max_us", 1)):
                seen = 0
                for us, n in histogram:
                    seen += n
                    if seen >= share * side["n"]:
                        side[name] = us
                        break
    return result


def gp(found):
    """Of several goes: the median of their medians, and how far those are apart."""
    goes, result = {}, {}
    for r in found:
        goes.setdefault((r["kind"], r["side"]), []).append(r)
    for (kind, side), rows in goes.items():
        medians = [r["median_ns"] for r in rows]
        result.setdefault(kind, {})[side] = {
            "n": sum(r["n"] for r in rows),
            "median_ns": round(statistics.median(medians)),
            "least_median_ns": min(medians),
            "most_median_ns": max(medians),
            "p90_ns": round(statistics.median(r["p90_ns"] for r in rows)),
            "max_ns": max(r["max_ns"] for r in rows),
        }
    for kind, sides in result.items():
        pairs = zip(goes[kind, "guard"], goes[kind, "rcu"])
        sides["guard"]["beside_rcu"] = sorted(round(g["median_ns"] / r["median_ns"], 2) for g, r in pairs)
    return result


def scale(found):
    result = {}
    for what in ("cpus", "tasks", "readers", "filter"):
        samples = {}
        for r in found:
            if what not in r:
                continue
            row = samples.setdefault(str(r[what]), {})
            if "pair_on" in r:
                net = (r["guard_cycles"] - r["empty_cycles"]) / (r["pairs"] * r["pair_on"])
                row.setdefault("pair", []).append(net)
            elif "event" in r:
                row.setdefault(r["event"], []).append(r["us_per_op"] * 1000 / r["switches_per_op"])
            elif "tracked" in r:
                row["tracked"] = [r["tracked"]]
                row["readers_off"] = [r["readers_off"]]
        result[what] = {}
        for n, row in samples.items():
            medians = {k: statistics.median(v) for k, v in row.items()}
            result[what][n] = {
                k: round(v - medians["none"] if k in ("guard", "ours") else v, 2) for k, v in medians.items()
            }
    return result


def memory(found):
    result = {}
    for r in found:
        if r["what"] == "tables":
            result.setdefault("tables", []).append({k: v for k, v in r.items() if k != "what"})
        else:
            result[r["what"]] = r["bytes"]
    loaded = [t for t in result.get("tables", []) if t.get("when") == "load"]
    if len(loaded) == 2:
        few, many = loaded
        result["per_task"] = round((many["bytes"] - few["bytes"]) / (many["tasks"] - few["tasks"]), 1)
    if "percpu_dynamic" in result:
        result["per_cpu"] = result["percpu_dynamic"] + result.get("percpu_static", 0)
    return result


def table(title, head, rows, left=1):
    rows = [[str(c) if c is not None else "" for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}\n")
    for row in rows:
        print("  " + "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))))


NAMES = {
    "guard": "guard",
    "rcu": "rcu_read_lock()",
    "rust_rcu": "kernel::sync::rcu::Guard",
    "srcu_fast": "SRCU-fast notrace",
    "rust_srcu_fast": "SRCU-fast notrace, Rust",
    "srcu": "SRCU",
    "sched": "RCU-sched notrace",
    "rust_sched": "RCU-sched notrace, Rust",
    "tasks_trace": "Tasks Trace",
    "rust_tasks_trace": "Tasks Trace, Rust",
}


def show_pair(r, folder):
    sides = [s for s in NAMES if s in r]
    table(
        "pair: a lock and an unlock, net of the loop",
        ["", "instructions", "ns, emulated"],
        [[NAMES[s], r[s].get("instructions"), r[s].get("ns")] for s in sides],
    )
    if "refscale" in r:
        table(
            "pair: by the kernel's own refscale, less its loop",
            ["", "instructions", "as above"],
            [
                [k, v["instructions"], r[REFSCALE[k]]["instructions"] if k in REFSCALE else None]
                for k, v in r["refscale"].items()
            ],
        )
    if "native" in r:
        places = ["kernel_ns", "one_line_ns", "two_pages_ns"]
        table(
            "pair: the same instructions on this processor, in user space, ns",
            ["", "as in this kernel", "in one cache line", "across pages"],
            [[s, *(n.get(p) for p in places)] for s, n in r["native"].items()],
        )
    svg.bars(f"{folder}/pair.svg", "Instructions of a pair, net", [(NAMES[s], r[s]["instructions"]) for s in sides])


def show_qs(r, folder):
    for what, title in (("contexts", "quiescent state"), ("deboost", "deboost")):
        if not r[what]:
            continue
        table(
            f"qs: from the drop to the {title}, instructions: median (p99)",
            ["dropped with", "rcu", "guard", "naive"],
            [
                [c, *(f"{s[x]['median_ns']} ({s[x]['p99_ns']})" for x in ("rcu", "guard", "naive"))]
                for c, s in r[what].items()
            ],
        )
        svg.bars(
            f"{folder}/{'qs' if what == 'contexts' else what}.svg",
            f"Drop to {title}, median, instructions",
            [(f"{c}: {x}", s[x]["median_ns"]) for c, s in r[what].items() for x in ("rcu", "guard", "naive")],
            log=True,
        )


def show_event(r, folder):
    sides = ["none", *sorted((s for s in r if s != "none"), key=lambda s: r[s].get("instructions", 0))]
    table(
        "event: added to a context switch (none: the switch itself)",
        ["", "instructions", "ns, emulated", "of the least disturbed"],
        [[s, *(r[s].get(unit) for unit in ("instructions", "ns", "ns_least"))] for s in sides],
    )
    svg.bars(
        f"{folder}/event.svg",
        "Instructions added to a context switch",
        [(s, r[s]["instructions"]) for s in sides[1:] if "instructions" in r[s]],
    )


def show_preempt(r, folder):
    table(
        "preempt: a preemption and the return (none), and what is added to it, instructions",
        ["of a task", *r["inside"]],
        [[f"{where} of a section", *sides.values()] for where, sides in r.items()],
    )
    svg.bars(
        f"{folder}/preempt.svg",
        "Instructions added to a preemption and the return",
        [(f"{where} of a section", sides["ours"]) for where, sides in r.items()],
    )


def show_latency(r, folder):
    for tool in ("cyclictest", "timerlat"):
        if tool not in r:
            continue
        table(
            f"latency: {tool}, us (1000 instructions)",
            ["", "n", "median", "p99", "max"],
            [[s, d["n"], d["median_us"], d["p99_us"], d["max_us"]] for s, d in r[tool].items()],
        )
        curves = {}
        for side, d in r[tool].items():
            left, curve = d["n"], []
            for us, n in sorted(d["histogram_us"].items()):
                curve.append((us + 1, left / d["n"]))
                left -= n
            curves[side] = curve
        svg.lines(
            f"{folder}/latency-{tool}.svg",
            f"{tool}: share of wake-ups that took as long, or longer",
            "us",
            curves,
            log_x=True,
            log_y=True,
        )


def show_gp(r, folder):
    for kind, sides in r.items():
        table(
            f"gp: {kind} grace period with all CPUs in sections, us (1000 instructions)",
            ["", "n", "median", "least", "most of a go", "p90", "max"],
            [
                [
                    s,
                    d["n"],
                    *(
                        round(d[k] / 1000)
                        for k in ("median_ns", "least_median_ns", "most_median_ns", "p90_ns", "max_ns")
                    ),
                ]
                for s, d in sides.items()
            ],
        )
        print(f"  guard / rcu, of each go: {' '.join(str(r) for r in sides['guard']['beside_rcu'])}")
    svg.bars(
        f"{folder}/gp.svg",
        "Grace period, median, us",
        [(f"{kind}: {s}", d["median_ns"] / 1000) for kind, sides in r.items() for s, d in sides.items()],
        log=True,
    )


def show_scale(r, folder):
    for what, rows in r.items():
        if not rows:
            continue
        columns = ("pair", "none", "guard", "ours", "tracked", "readers_off")
        columns = [c for c in columns if any(c in row for row in rows.values())]
        ordered = sorted(rows.items(), key=by_number)
        table(
            f"scale: by {what}: instructions of a pair; of a switch (none), and what is added to it",
            [what, *columns],
            [[n, *(row.get(c) for c in columns)] for n, row in ordered],
        )
        if what == "filter":
            added = [(n, row["ours"]) for n, row in ordered]
            svg.bars(f"{folder}/scale-{what}.svg", "Instructions added to a switch, by filter", added)
            continue
        svg.lines(
            f"{folder}/scale-{what}.svg",
            f"Instructions, by {what}",
            what,
            {c: [(int(n), row[c]) for n, row in ordered if c in row] for c in columns[: columns.index("ours") + 1]},
            log_x=True,
            log_y=True,
        )


def show_memory(r, folder):
    rows = [[k.replace("_", " "), v] for k, v in r.items() if not isinstance(v, list)]
    rows += [
        [f"tables for {t['tasks']} tasks, {t['when']}" + (f" ({t['used']} used): more" if "used" in t else ""),
         t.get("bytes", t.get("added"))]
        for t in r.get("tables", [])
    ]
    table("memory: bytes", ["", ""], rows)


def main(argv):
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, out = argv[1:]
    results = {"host": {}}
    for key in ("pair", "qs", "event", "preempt", "latency", "gp", "scale", "memory"):
        path = f"{folder}/{key}.log"
        if not os.path.exists(path):
            continue
        found, host = records(path, key)
        results["host"][key] = host
        results[key] = globals()[key](found)
        globals()["show_" + key](results[key], folder)

    targets = []
    for key, what, cost, limit in TARGETS:
        try:
            got = round(cost(results[key]), 3)
        except (KeyError, ZeroDivisionError, ValueError, IndexError):
            continue
        targets.append({"key": key, "what": what, "value": got, "limit": limit, "met": got <= limit})
    table(
        "targets",
        ["", "", "measured", "at most", ""],
        [[t["key"], t["what"], t["value"], t["limit"], "met" if t["met"] else "MISSED"] for t in targets],
        left=2,
    )
    results["targets"] = targets
    results["host"]["clock"] = (
        "instructions: -icount shift=0, a nanosecond of guest time is an instruction; "
        "ns: guest time, of an emulated processor where there is no KVM; "
        "native: the host's clock, in user space"
    )
    with open(out, "w", encoding="ascii") as f:
        json.dump(results, f, indent="\t")
        f.write("\n")
    print(f"\n{out}, plots in {folder}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
