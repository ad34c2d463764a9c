"""The words of the overall section that the terminal, Markdown and LaTeX share."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboards.overall import Front, MeanRank, Overall
from leaderboards.overall.critical import FEWEST_DATASETS, FEWEST_GENERATORS, LEVEL
from leaderboards.render.text import NOTHING, Entry

HEADINGS = ["mean rank ↓", "better", "tied", "worse", "failed on"]


def title(found: Overall) -> str:
    return f"Overall: {found.family}"


def provenance(found: Overall) -> str:
    return " · ".join(
        [
            f"{len(found.datasets)} datasets: {listed(found.datasets)}",
            f"{found.variant} data",
            f"profile {found.profile}",
            f"split {found.split}",
        ]
    )


def entries(found: Overall) -> list[list[Entry]]:
    """Mean rank, better, tied, worse and failed of every generator, in order."""
    return [
        [
            Entry(f"{rank.mean:.2f}", f"±{rank.stderr:.2f}", leads(found, rank)),
            *(Entry(str(count)) for count in found.wins.record(rank.generator)),
            Entry(f"{rank.failed} of {rank.datasets}" if rank.failed else NOTHING),
        ]
        for rank in found.ranks
    ]


def leads(found: Overall, rank: MeanRank) -> bool:
    """Whether a generator's mean rank is really better than every other's."""
    critical = found.critical
    others = [name for name in found.generators if name != rank.generator]
    first = critical is not None and critical.generators[0] == rank.generator
    return critical is not None and first and all(critical.differ(rank.generator, other) for other in others)


def remarks(found: Overall, best: str) -> list[str]:
    """What the columns mean, which differences are real, who is on the fronts, and who is not compared."""
    lines = [
        "mean rank: over a dataset's ranked metrics, then over datasets; ± standard error over datasets",
        "better, tied, worse: against each other generator on each dataset and ranked metric; better where the 95 % "
        "interval of the difference has no zero in it, or the other has no value",
        *(
            ["with one cell a generator, intervals rest on the scores' own standard errors: " + listed(found.single)]
            if found.single
            else []
        ),
        *(
            ["last in a ranked metric that was not computed for them or is not defined: " + listed(found.unscored)]
            if found.unscored
            else []
        ),
        significance(found),
        *map(on_front, found.fronts),
    ]
    if any(leads(found, rank) for rank in found.ranks):
        lines.append(f"{best} told apart from every other generator")
    if found.left_out_generators:
        lines.append(f"not compared, as not run on all of these datasets: {listed(found.left_out_generators)}")
    if found.left_out_datasets:
        lines.append(f"not counted, as not all of these generators ran on them: {listed(found.left_out_datasets)}")
    return lines


def significance(found: Overall) -> str:
    critical = found.critical
    if critical is None:
        return (
            f"whether mean ranks differ is not tested with fewer than {FEWEST_DATASETS} datasets "
            f"or {FEWEST_GENERATORS} generators"
        )
    test = (
        f"Friedman's test over {critical.datasets} datasets: F {critical.statistic:.2f}, p {p_value(critical.p_value)}"
    )
    if critical.p_value >= LEVEL:
        return f"no generator can be told apart from another ({test})"
    groups = " ".join(f"({listed(clique)})" for clique in critical.cliques) or "none"
    apart = f"mean ranks {critical.difference:.2f} or more apart are told apart (Nemenyi's critical difference)"
    return f"{test}; {apart}; groups that cannot be told apart: {groups}"


def p_value(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< .001"


def on_front(front: Front) -> str:
    names = [f"{point.generator} ({point.x:,.3g}, rank {point.y:.2f})" for point in front.points if point.on_front]
    missing = f"; not placed: {listed(front.left_out)}" if front.left_out else ""
    return f"best trade-offs of {front.title} ({front.x_heading}): {listed(names) or NOTHING}{missing}"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names)
