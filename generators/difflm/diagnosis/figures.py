"""The pictures of a diagnosis as SVG text, in colours that can be read on light and on dark pages."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

INK = "#7f7f7f"
COLOURS = ("#4c78c8", "#e0803a", "#3f9e6b", "#c8506a", "#8f6fc0", "#9a7b4f")
STYLE = {
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "legend.frameon": False,
    "font.size": 9,
    "text.parse_math": False,  # the names of columns are no formulas
    "svg.hashsalt": "diagnosis",  # equal pictures are equal text
}
MISSING = "missing"


def draw(width: float, height: float, panels: int = 1, **sharing: bool) -> tuple[Figure, list[Axes]]:
    """A figure of `panels` side by side, inches; to be called inside `styled`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, panels, squeeze=False, **sharing)[0])


def to_svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    # what stands before it names the document type by an address
    return text.getvalue()[text.getvalue().index("<svg") :]


def curves(history: Mapping[str, Sequence[float]]) -> str:
    """Every curve over the training steps, one panel each; `history` holds `step` and the curves."""
    names = [name for name in history if name != "step"]
    with mpl.rc_context(STYLE):
        figure, panels = draw(3.2 * len(names), 2.6, len(names))
        for axes, name in zip(panels, names, strict=True):
            axes.plot(history["step"], history[name], color=COLOURS[0], marker=".", linewidth=1.2)
            axes.set(title=name, xlabel="step")
        return to_svg(figure)


def dimension_bars(nats: Sequence[float]) -> str:
    """KL of every latent dimension, the largest first."""
    with mpl.rc_context(STYLE):
        figure, (axes,) = draw(7.0, 2.4)
        axes.bar(np.arange(1, len(nats) + 1), sorted(nats, reverse=True), color=COLOURS[0])
        axes.set(xlabel="latent dimension, sorted", ylabel="KL (nats)")
        return to_svg(figure)


def field_bars(accuracy: Mapping[str, Mapping[str, float]]) -> str:
    """Share of fields that came back, column by column: label -> column -> percent."""
    columns = list(next(iter(accuracy.values())))
    place = np.arange(len(columns))
    share = 0.8 / len(accuracy)
    with mpl.rc_context(STYLE):
        figure, (axes,) = draw(7.0, 1.0 + 0.34 * len(columns))
        for number, (label, values) in enumerate(accuracy.items()):
            offset = (number - (len(accuracy) - 1) / 2) * share
            axes.barh(place + offset, list(values.values()), share, label=label, color=COLOURS[number])
        axes.set_yticks(place, [shorten(name) for name in columns])
        axes.invert_yaxis()
        axes.set(xlabel="fields that came back unchanged (%)", xlim=(0, 100))
        figure.legend(loc="outside upper center", ncols=len(accuracy))
        return to_svg(figure)


def clouds(points: Mapping[str, NDArray[np.floating]], targets: Mapping[str, NDArray[Any]], numeric: bool) -> str:
    """One panel a cloud on common axes, coloured by the target where there is one.

    Args:
        points: name -> (rows, 2).
        targets: name -> (rows,) labels or numbers, None for missing ones; empty for no colour.
        numeric: whether the target is a number.
    """
    with mpl.rc_context(STYLE):
        figure, panels = draw(9.6, 3.4, len(points), sharex=True, sharey=True)
        for axes, (name, cloud) in zip(panels, points.items(), strict=True):
            axes.set(title=name, xlabel="first principal axis")
            if not targets:
                scatter(axes, cloud, color=COLOURS[0])
        panels[0].set_ylabel("second principal axis")
        if targets and numeric:
            colour_by_number(figure, panels, points, targets)
        elif targets:
            colour_by_label(figure, panels, points, targets)
        return to_svg(figure)


def scatter(axes: Axes, cloud: NDArray[np.floating], **options: Any) -> Any:
    # thousands of points are an image, not thousands of shapes
    return axes.scatter(*cloud.T, s=5, alpha=0.6, linewidths=0, rasterized=True, **options)


def colour_by_number(
    figure: Figure,
    panels: Sequence[Axes],
    points: Mapping[str, NDArray[np.floating]],
    targets: Mapping[str, NDArray[Any]],
) -> None:
    values = {name: np.array(target, dtype=float) for name, target in targets.items()}
    everything = np.concatenate(list(values.values()))
    # a heavy tail must not leave one colour for all the rest
    low, high = np.nanpercentile(everything, [2, 98]) if not np.isnan(everything).all() else (0.0, 1.0)
    for axes, (name, cloud) in zip(panels, points.items(), strict=True):
        shown = scatter(axes, cloud, c=values[name], cmap="viridis", vmin=low, vmax=high)
    figure.colorbar(shown, ax=list(panels), label="target")


def colour_by_label(
    figure: Figure,
    panels: Sequence[Axes],
    points: Mapping[str, NDArray[np.floating]],
    targets: Mapping[str, NDArray[Any]],
) -> None:
    counts = Counter(label for target in targets.values() for label in target.tolist())
    frequent = [label for label, _ in counts.most_common(len(COLOURS))]
    for axes, (name, cloud) in zip(panels, points.items(), strict=True):
        labels = targets[name].tolist()
        rest = np.array([label not in frequent for label in labels], dtype=bool)
        scatter(axes, cloud[rest], color=INK)
        for colour, label in zip(COLOURS, frequent, strict=False):
            chosen = np.array([other == label for other in labels], dtype=bool)
            scatter(axes, cloud[chosen], color=colour)
    handles = [Line2D([], [], color=c, marker="o", linestyle="") for c, _ in zip(COLOURS, frequent, strict=False)]
    names = [MISSING if label is None else shorten(str(label)) for label in frequent]
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))


def shorten(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"
