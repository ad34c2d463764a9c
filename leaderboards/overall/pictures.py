"""Critical differences and Pareto fronts as small SVG texts for a page or a document.

They take the colours of the page around them (`--ink`, `--muted`, `--line`, `--accent`) and have a fixed
size, so that no text becomes smaller than written: a narrow page scrolls them. Colours are attributes
of their own, as a page whose policy forbids inline styles would drop them from `style`.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from leaderboards.overall.critical import CriticalDifference
from leaderboards.overall.fronts import Front, Point
from leaderboards.render.text import plain

INK = "var(--ink, currentColor)"
MUTED = "var(--muted, #6b7280)"
LINE = "var(--line, #9ca3af)"
ACCENT = "var(--accent, #2b6cb0)"
FONT = 12
CHARACTER = 7.0  # wider than most letters of a sans-serif face at this size
LONGEST = 26
WIDTH = 680


def critical_difference_svg(critical: CriticalDifference) -> str:
    """Mean ranks on an axis, best at the left; a bar joins generators that cannot be told apart.

    Drawn as in Demsar 2006, figure 1, with the critical difference to scale above the axis.
    """
    count = len(critical.generators)
    margin = CHARACTER * max(len(shortened(name)) for name in critical.generators) + 70
    left, right, axis = margin, WIDTH - margin, 62.0
    bars = axis + 14
    first_label = bars + 10 * len(critical.cliques) + 16
    half = (count + 1) // 2
    height = first_label + 20 * half

    def place(rank: float) -> float:
        return left + (rank - 1) / (count - 1) * (right - left)

    step = 1 if count <= 12 else 2
    parts = [line(left, axis, right, axis, INK)]
    for rank in range(1, count + 1, step):
        parts += [line(place(rank), axis - 5, place(rank), axis, INK)]
        parts += [text(place(rank), axis - 9, str(rank), anchor="middle", colour=MUTED)]
    end = min(place(1 + critical.difference), WIDTH - 10)
    parts += [
        line(left, 26, end, 26, INK, 2),
        line(left, 22, left, 30, INK, 2),
        line(end, 22, end, 30, INK, 2),
        text(left, 15, f"critical difference {critical.difference:.2f}", anchor="start"),
        text(left - 12, axis + 4, "mean rank", anchor="end", colour=MUTED),
    ]
    for number, (name, rank) in enumerate(zip(critical.generators, critical.mean_ranks, strict=True)):
        on_left = number < half
        y = first_label + 20 * (number if on_left else count - 1 - number)
        end, anchor = (left - 20, "end") if on_left else (right + 20, "start")
        words = f"{shortened(name)} {rank:.2f}" if on_left else f"{rank:.2f} {shortened(name)}"
        corner = f"M{place(rank):.1f} {axis:.1f}V{y:.1f}H{end:.1f}"
        parts += [path(corner, LINE), dot(place(rank), axis, on_front=True, name=f"{name}: mean rank {rank:.2f}")]
        parts += [text(end + (-5 if on_left else 5), y + 4, words, anchor=anchor)]
    rank_of = dict(zip(critical.generators, critical.mean_ranks, strict=True))
    for number, clique in enumerate(critical.cliques):
        y = bars + 10 * number
        parts.append(line(place(rank_of[clique[0]]) - 4, y, place(rank_of[clique[-1]]) + 4, y, ACCENT, 5))
    return svg(parts, WIDTH, height, described(critical))


def described(critical: CriticalDifference) -> str:
    ranks = ", ".join(f"{name} {rank:.2f}" for name, rank in zip(critical.generators, critical.mean_ranks, strict=True))
    groups = "; ".join(", ".join(clique) for clique in critical.cliques) or "none"
    return (
        f"Mean ranks over {critical.datasets} datasets, critical difference {critical.difference:.2f}: {ranks}. "
        f"Not told apart: {groups}."
    )


def front_svg(front: Front) -> str:
    """Points of a front with their names; those on it are filled discs that a step line joins, others open squares."""
    left, right, top, bottom = 62.0, WIDTH - 20.0, 34.0, 350.0
    height = bottom + 56
    title = f"{front.title}: on the front are {', '.join(on_front(front)) or 'none'}"
    parts = [text(left, 18, front.title, anchor="start"), text(right, 18, "better ↙", anchor="end", colour=MUTED)]
    if not front.points:
        parts.append(text((left + right) / 2, (top + bottom) / 2, "no generator has both values", anchor="middle"))
        return svg(parts, WIDTH, height, title)
    x = Axis([point.x for point in front.points], left + 40, right - 40, front.logarithmic)
    y = Axis([point.y for point in front.points], bottom - 24, top + 24, logarithmic=False)
    parts += [line(left, bottom, right, bottom, LINE), line(left, top, left, bottom, LINE)]
    for value in x.ticks():
        parts += [line(x.at(value), bottom, x.at(value), bottom + 5, LINE)]
        parts += [text(x.at(value), bottom + 20, written(value), anchor="middle", colour=MUTED)]
    for value in y.ticks():
        parts += [line(left - 5, y.at(value), left, y.at(value), LINE)]
        parts += [text(left - 9, y.at(value) + 4, written(value), anchor="end", colour=MUTED)]
    scale = ", log scale" if front.logarithmic else ""
    parts.append(text((left + right) / 2, bottom + 42, front.x_heading + scale, anchor="middle"))
    parts.append(text(16, (top + bottom) / 2, front.y_heading, anchor="middle", turned=True))
    places = [(x.at(point.x), y.at(point.y)) for point in front.points]
    steps = [place for place, point in zip(places, front.points, strict=True) if point.on_front]
    corners = stairs(steps, top, right)
    parts.append(path("M" + "L".join(f"{along:.1f} {up:.1f}" for along, up in corners), ACCENT, 2))
    marks = [(along - 6, up - 6, along + 6, up + 6) for along, up in places]
    lines = [
        (min(one[0], other[0]) - 2, min(one[1], other[1]) - 2, max(one[0], other[0]) + 2, max(one[1], other[1]) + 2)
        for one, other in pairwise(corners)
    ]
    boxes = label_boxes(front.points, places, marks + lines, (left + 2, top, right, bottom - 2))
    for point, (along, up), box in zip(front.points, places, boxes, strict=True):
        spoken = f"{point.generator}: {written(point.x)} {front.x_heading}, {front.y_heading} {point.y:.2f}"
        near = (min(max(along, box[0]), box[2]), min(max(up, box[1]), box[3]))
        if math.hypot(near[0] - along, near[1] - up) > 10:
            parts.append(line(along, up, *near, LINE))
        parts.append(dot(along, up, on_front=point.on_front, name=spoken))
        # letters are narrower than they are taken for: they start at the side of the point
        if box[0] >= along:
            words_at, anchor = box[0], "start"
        elif box[2] <= along:
            words_at, anchor = box[2], "end"
        else:
            words_at, anchor = (box[0] + box[2]) / 2, "middle"
        parts.append(text(words_at, box[3] - 4, shortened(point.generator), anchor=anchor))
    return svg(parts, WIDTH, height, title)


def on_front(front: Front) -> list[str]:
    return [point.generator for point in front.points if point.on_front]


def stairs(steps: Sequence[tuple[float, float]], top: float, right: float) -> list[tuple[float, float]]:
    """Corners of the line below and left of which nothing lies, from the top to the right."""
    corners = [(steps[0][0], top)]
    for along, up in steps:
        corners += [(along, corners[-1][1]), (along, up)]
    return [*corners, (right, corners[-1][1])]


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
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turn}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", colour, width)


def path(course: str, colour: str, width: float = 1) -> str:
    return f'<path d="{course}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def dot(x: float, y: float, *, on_front: bool, name: str) -> str:
    """A filled disc on the front, an open square beside it; its title shows under a pointer."""
    if on_front:
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{ACCENT}">'
        return f"{mark}<title>{escape(name)}</title></circle>"
    look = f'fill="none" stroke="{INK}" stroke-width="1.5"'
    mark = f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" {look}>'
    return f"{mark}<title>{escape(name)}</title></rect>"
