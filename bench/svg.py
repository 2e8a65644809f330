# SPDX-License-Identifier: GPL-2.0
"""Two kinds of plots, as SVG: bars, and lines."""

import math
from html import escape

WIDTH, LEFT, RIGHT, TOP = 760, 220, 90, 44
COLOURS = ["#1b6ca8", "#d1495b", "#2e933c", "#8d5a97", "#c98b00", "#4a4e69", "#00798c"]


def _write(path, height, title, parts):
    with open(path, "w", encoding="utf-8") as f:
        f.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'font-family="sans-serif" font-size="12">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
            f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>\n'
        )
        f.write("\n".join(parts))
        f.write("\n</svg>\n")


def _text(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(str(text))}</text>'


def _number(x):
    return f"{x:.3g}" if abs(x) < 1000 else f"{x:,.0f}"


def bars(path, title, rows, log=False):
    """rows: (name, value); with log, lengths are logarithms, from the power of ten below the least."""
    span, step = WIDTH - LEFT - RIGHT, 22
    values = [v for _, v in rows if v > 0]
    most = max(values, default=1)
    least = 10 ** math.floor(math.log10(min(values, default=1)))
    parts = []
    for i, (name, v) in enumerate(rows):
        y = TOP + i * step
        if v <= 0:
            length = 0
        elif log:
            length = span * math.log10(v / least) / max(math.log10(most / least), 1e-9)
        else:
            length = span * v / most
        parts += [
            _text(LEFT - 8, y + 14, name, "end"),
            f'<rect x="{LEFT}" y="{y + 2}" width="{length:.1f}" height="{step - 6}" fill="{COLOURS[0]}"/>',
            _text(LEFT + length + 6, y + 14, _number(v)),
        ]
    if log:
        parts.append(_text(LEFT, TOP + len(rows) * step + 16, f"logarithmic, from {_number(least)}"))
    _write(path, TOP + len(rows) * step + 28, title, parts)


def _axis(values, log):
    low, high = min(values), max(values)
    if log:
        low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
        if low == high:
            high *= 10
        ticks = [10.0**e for e in range(round(math.log10(low)), round(math.log10(high)) + 1)]
        return ticks, lambda v: math.log10(v / low) / math.log10(high / low)
    low = min(low, 0)
    high = high if high > low else low + 1
    return [low + (high - low) * i / 4 for i in range(5)], lambda v: (v - low) / (high - low)


def lines(path, title, x_name, curves, log_x=False, log_y=False):
    """curves: name -> [(x, y)]."""
    left, bottom, right = 80, 400, WIDTH - 150
    curves = {
        name: [(x, y) for x, y in points if (x > 0 or not log_x) and (y > 0 or not log_y)]
        for name, points in curves.items()
    }
    points = [p for c in curves.values() for p in c]
    if not points:
        return
    x_ticks, x_at = _axis([x for x, _ in points], log_x)
    y_ticks, y_at = _axis([y for _, y in points], log_y)

    def place(x, y):
        return left + (right - left) * x_at(x), bottom - (bottom - TOP) * y_at(y)

    parts = []
    for t in x_ticks:
        x, _ = place(t, points[0][1])
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>',
            _text(x, bottom + 18, _number(t), "middle"),
        ]
    for t in y_ticks:
        _, y = place(points[0][0], t)
        parts += [
            f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>',
            _text(left - 8, y + 4, _number(t), "end"),
        ]
    parts.append(_text((left + right) / 2, bottom + 38, x_name, "middle"))
    for i, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        path_points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in curve))
        parts += [
            f'<polyline points="{path_points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<rect x="{right + 16}" y="{TOP + i * 20}" width="12" height="12" fill="{colour}"/>',
            _text(right + 34, TOP + i * 20 + 11, name),
        ]
    _write(path, bottom + 52, title, parts)
