"""Lines, marks, axes and names of the overall pictures.

Pictures take the colours of the page around them (`--ink`, `--muted`, `--line`, `--accent`) and have a fixed
size, so that no text becomes smaller than written: a narrow page scrolls them.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from leaderboards.overall.fronts import Point
from leaderboards.render.text import plain

INK = "var(--ink, currentColor)"
MUTED = "var(--muted, #6b7280)"
LINE = "var(--line, #9ca3af)"
ACCENT = "var(--accent, #2b6cb0)"
FONT = 12
CHARACTER = 7.0  # wider than most letters of a sans-serif face at this size
LONGEST = 26
WIDTH = 680


class Axis:
    """Values -> positions between two ends; a single value stands in the middle."""

    def __init__(self, values: Sequence[float], start: float, end: float, logarithmic: bool) -> None:
        self.logarithmic = logarithmic
        self.start, self.end = start, end
        scaled = [self.scaled(value) for value in values]
        self.low, self.high = min(scaled), max(scaled)
        if self.high - self.low < 1e-9:
            self.low, self.high = self.low - 0.5, self.high + 0.5

    def scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def at(self, value: float) -> float:
        return self.start + (self.scaled(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values inside the range: 1, 2, 5 times powers of ten, decades alone where there are many."""
        span = self.high - self.low
        if not self.logarithmic:
            raw = span / 5
            power = 10.0 ** math.floor(math.log10(raw))
            step = next(step * power for step in (1, 2, 5, 10) if step * power >= raw * (1 - 1e-9))
            first = math.ceil(self.low / step - 1e-9)
            return [round(number * step, 12) for number in range(first, math.floor(self.high / step + 1e-9) + 1)]
        digits = (1,) if span > 2.5 else (1, 2, 5)
        powers = range(math.floor(self.low) - 1, math.ceil(self.high) + 1)
        return [
            digit * 10.0**power
            for power in powers
            for digit in digits
            if self.low - 1e-9 <= math.log10(digit * 10.0**power) <= self.high + 1e-9
        ]


Box = tuple[float, float, float, float]


def label_boxes(
    points: Sequence[Point], places: Sequence[tuple[float, float]], obstacles: Sequence[Box], frame: Box
) -> list[Box]:
    """Where each name is written: as near to its point as it covers neither an obstacle nor another name."""
    taken = list(obstacles)
    found = []
    for point, (along, up) in zip(points, places, strict=True):
        wide, high = CHARACTER * len(shortened(point.generator)), FONT + 4.0
        best, least = (along, up, along, up), math.inf
        for distance in (8, 16, 28, 44, 64, 90):
            for angle in np.arange(0, 360, 30):
                across, down = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
                middle = (along + across * (distance + wide / 2), up + down * (distance + high / 2))
                box = (middle[0] - wide / 2, middle[1] - high / 2, middle[0] + wide / 2, middle[1] + high / 2)
                cost = sum(overlap(box, other) for other in taken) + outside(box, frame)
                if cost < least - 1e-9:
                    best, least = box, cost
        taken.append(best)
        found.append(best)
    return found


def overlap(first: Box, second: Box) -> float:
    """Area that two boxes share."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    return max(across, 0.0) * max(down, 0.0)


def outside(box: Box, frame: Box) -> float:
    """Area of a box that lies outside the frame."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area - overlap(box, frame)


def written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def shortened(name: str) -> str:
    name = plain(name)
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def svg(parts: Sequence[str], width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="system-ui, sans-serif" font-size="{FONT}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def escape(words: str) -> str:
    return html.escape(plain(words))


def text(x: float, y: float, words: str, *, anchor: str, colour: str = INK, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="fill:{colour}"{turn}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", colour, width)


def path(course: str, colour: str, width: float = 1) -> str:
    return f'<path d="{course}" style="fill:none;stroke:{colour};stroke-width:{width:g}"/>'


def dot(x: float, y: float, *, on_front: bool, name: str) -> str:
    """A filled disc on the front, an open square beside it; its title shows under a pointer."""
    if on_front:
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill:{ACCENT}">'
        return f"{mark}<title>{escape(name)}</title></circle>"
    style = f"fill:none;stroke:{INK};stroke-width:1.5"
    mark = f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" style="{style}">'
    return f"{mark}<title>{escape(name)}</title></rect>"
