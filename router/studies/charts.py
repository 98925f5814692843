"""Charts as SVG, drawn here: bars with their labels and numbers, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

WIDTH = 760
LABEL_WIDTH = 210
ROW_HEIGHT, BAR_HEIGHT, GAP = 34, 22, 12
NUMBER_WIDTH = 70
COLOURS = ("#1f4e79", "#b45f06")  # 8.6:1 and 4.6:1 on white
HOUR_HEIGHT = 180
MOST_LINES = 5
TOP, LEFT, BOTTOM = 14, 60, 44


def bars(title: str, rows: Sequence[tuple[str, Sequence[int]]], series: Sequence[str]) -> str:
    """A chart of horizontal bars; each row has a number for each of one or two `series`."""
    most = max((number for _label, numbers in rows for number in numbers), default=0) or 1
    room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    thick = BAR_HEIGHT // len(series)
    height = len(rows) * ROW_HEIGHT + GAP + (ROW_HEIGHT if len(series) > 1 else 0)
    parts = [_open(title, WIDTH, height)]
    for index, (label, numbers) in enumerate(rows):
        top = index * ROW_HEIGHT + GAP
        middle = top + BAR_HEIGHT / 2 + 5
        parts.append(_text(LABEL_WIDTH - 10, middle, label, "end"))
        for which, number in enumerate(numbers):
            y = top + which * thick
            width = max(1.0, room * number / most) if number else 0
            parts.append(_rect(LABEL_WIDTH, y, width, thick - 1, which))
            size = 14 if len(series) == 1 else 11
            baseline = y + thick / 2 + size / 3
            parts.append(_text(LABEL_WIDTH + width + 6, baseline, f"{number:,}", size=size))
    if len(series) > 1:
        parts.append(_legend(series, LABEL_WIDTH, len(rows) * ROW_HEIGHT + GAP + 6))
    return "".join([*parts, "</svg>"])


def hours(title: str, numbers: Mapping[int, int], note: str) -> str:
    """A chart of upright bars, one for each hour of the day; `note` stands below its axis."""
    most = max(numbers.values(), default=0) or 1
    step = _step(most)
    top_number = -(-most // step) * step
    slot = (WIDTH - LEFT - 10) / 24
    height = TOP + HOUR_HEIGHT + BOTTOM
    parts = [_open(title, WIDTH, height)]
    for line in range(0, top_number + 1, step):
        y = TOP + HOUR_HEIGHT * (1 - line / top_number)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        )
        parts.append(_text(LEFT - 8, y + 5, f"{line:,}", "end"))
    for hour in range(24):
        tall = HOUR_HEIGHT * numbers.get(hour, 0) / top_number
        x = LEFT + slot * hour
        parts.append(_rect(x + 3, TOP + HOUR_HEIGHT - tall, slot - 6, tall, 0))
        if hour % 2 == 0:
            parts.append(_text(x + slot / 2, TOP + HOUR_HEIGHT + 18, str(hour), "middle"))
    parts.append(_text(LEFT + (WIDTH - LEFT) / 2, height - 8, note, "middle"))
    return "".join([*parts, "</svg>"])


def _step(most: int) -> int:
    """A round distance between grid lines, so that there are two to five of them."""
    power = 10 ** floor(log10(most))
    steps = (max(1, int(power * part)) for part in (0.2, 0.5, 1, 2))
    return next((step for step in steps if most / step <= MOST_LINES), power * 2)


def _open(title: str, width: int, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    )


def _rect(x: float, y: float, width: float, height: float, which: int) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{COLOURS[which]}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 14) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )


def _legend(series: Sequence[str], x: float, y: float) -> str:
    parts = []
    for which, name in enumerate(series):
        parts.append(_rect(x, y, 14, 14, which))
        parts.append(_text(x + 20, y + 12, name))
        x += 140
    return "".join(parts)
