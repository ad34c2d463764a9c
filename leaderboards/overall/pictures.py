"""Critical differences and Pareto fronts as small SVG texts for a page or a document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from leaderboards.overall.critical import CriticalDifference
from leaderboards.overall.drawing import (
    ACCENT,
    CHARACTER,
    INK,
    LINE,
    MUTED,
    WIDTH,
    Axis,
    dot,
    label_boxes,
    line,
    path,
    shortened,
    svg,
    text,
    written,
)
from leaderboards.overall.fronts import Front


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
