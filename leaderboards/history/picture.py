"""A series as a small SVG: a point a run with its standard error, steps with the two levels and the commit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from leaderboards.history import words
from leaderboards.history.series import Series
from leaderboards.history.sparkline import NO_VALUE

WIDTH, HEIGHT = 720.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 70.0, 20.0, 34.0, 34.0
MARGIN = 0.08
TICKS = 4
# Colours come from the page where it has them.
INK, MUTED, LINE, ACCENT = (
    "var(--ink, #1b1f24)",
    "var(--muted, #59636e)",
    "var(--line, #d1d9e0)",
    "var(--accent, #0b5fae)",
)
FONT = "font: 12px system-ui, sans-serif"
PANEL_GAP = 44.0
DARK = "--ink: #e8ebee; --muted: #9aa4af; --line: #3a434d; --accent: #6cb3f5; --paper: #14181c"


def picture(series: Series) -> str:
    """Inline SVG; every text in it is escaped, and its colours are the page's CSS variables."""
    label = escape(f"{words.title(series)}: {words.reach(series)}")
    body = "".join(Plot(series).parts())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}" viewBox="0 0 {WIDTH:g} {HEIGHT:g}"><title>{label}</title>{body}</svg>'
    )


def sheet(found: Sequence[Series]) -> str:
    """All series below one another as one SVG file, light or dark as the reader's system is."""
    panel = HEIGHT + PANEL_GAP
    height = panel * len(found) + 10
    parts = []
    for number, series in enumerate(found):
        top = number * panel
        for line, (text, colour) in enumerate([(words.title(series), INK), (words.provenance(series), MUTED)]):
            parts.append(written(10, top + 20 + 16 * line, text, colour, weight=600 if line == 0 else 400))
        parts.append(f'<g transform="translate(0 {top + PANEL_GAP:g})">{picture(series)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH:g} {height:g}"><style>@media (prefers-color-scheme: dark) {{ svg {{ {DARK} }} }}</style>'
        f'<rect width="100%" height="100%" style="fill: var(--paper, #fff)"/>{"".join(parts)}</svg>\n'
    )


class Plot:
    """Where the points of one series lie."""

    def __init__(self, series: Series) -> None:
        self.series = series
        reached = [
            mean + sign * (0 if math.isnan(error) else error)
            for mean, error in ((point.mean, point.stderr) for point in series.valued)
            for sign in (-1, 1)
        ]
        low, high = (min(reached), max(reached)) if reached else (0.0, 1.0)
        room = MARGIN * (high - low) or abs(low) * MARGIN or 1.0
        self.low, self.high = low - room, high + room

    def x(self, place: float) -> float:
        last = len(self.series.points) - 1
        return LEFT + (WIDTH - LEFT - RIGHT) * ((place + 0.5) / (last + 1))

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low)

    def parts(self) -> Iterator[str]:
        yield from self.axes()
        yield from self.levels()
        for place in range(len(self.series.points)):
            yield self.point(place)

    def axes(self) -> Iterator[str]:
        points, column = self.series.points, self.series.column
        for tick in range(TICKS):
            value = self.low + (self.high - self.low) * tick / (TICKS - 1)
            yield stroke(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), LINE)
            if self.series.valued:
                yield written(LEFT - 8, self.y(value) + 4, column.write(value), MUTED, anchor="end")
        ends = sorted({0, len(points) - 1})
        for place, anchor in zip(ends, ("start", "end"), strict=False):
            at = LEFT if place == 0 else WIDTH - RIGHT
            yield written(at, HEIGHT - 10, words.started(points[place]), MUTED, anchor=anchor)

    def levels(self) -> Iterator[str]:
        """A vertical line at each step, and the level of each part."""
        steps = self.series.steps
        edges = [-0.5, *(step.place - 0.5 for step in steps), len(self.series.points) - 0.5]
        means = [step.before for step in steps] + [step.after for step in steps[-1:]]
        for start, end, mean in zip(edges, edges[1:], means, strict=False):
            yield stroke(self.x(start), self.y(mean), self.x(end), self.y(mean), ACCENT, dashes="6 3")
        for number, step in enumerate(steps):
            at = self.x(step.place - 0.5)
            yield stroke(at, TOP - 6, at, HEIGHT - BOTTOM, INK, dashes="2 3")
            point = self.series.points[step.place]
            column = self.series.column
            levels = f"{column.write(step.before)} → {column.write(step.after)}, {words.direction(self.series, step)}"
            where = f" · {words.commit(point)}" if point.commit else ""
            # neighbours take turns in height, so that near ones can be read
            yield written(at, 12 + 12 * (number % 2), levels + where, INK, anchor=self.anchor(at))

    def anchor(self, at: float) -> str:
        return "start" if at < WIDTH / 3 else "end" if at > WIDTH * 2 / 3 else "middle"

    def point(self, place: int) -> str:
        point = self.series.points[place]
        notes = [*words.remarks(self.series, place), point.run_id, words.started(point)]
        label = escape(f"{words.written(self.series.column, point)} · {' · '.join(map(words.plain, notes))}")
        at = self.x(place)
        if not point.cells:
            cross = written(at, HEIGHT - BOTTOM - 2, NO_VALUE, INK, anchor="middle")
            return f"<g><title>{label}</title>{cross}</g>"
        bar = ""
        if point.stderr > 0:
            bar = stroke(at, self.y(point.mean - point.stderr), at, self.y(point.mean + point.stderr), ACCENT)
        fill = ACCENT if point.observed else "var(--paper, #fff)"
        return (
            f'<g><title>{label}</title>{bar}<circle cx="{at:.1f}" cy="{self.y(point.mean):.1f}" r="3.5" '
            f'style="fill: {fill}; stroke: {ACCENT}; stroke-width: 1.5"/></g>'
        )


def stroke(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashes: str = "none") -> str:
    style = f"stroke: {colour}; stroke-width: 1.2; stroke-dasharray: {dashes}"
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" style="{style}"/>'


def written(x: float, y: float, text: str, colour: str, *, anchor: str = "start", weight: int = 400) -> str:
    style = f"fill: {colour}; {FONT}; font-weight: {weight}; text-anchor: {anchor}"
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(text)}</text>'
