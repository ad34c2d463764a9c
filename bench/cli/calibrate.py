"""`bench calibrate`: damages records of a known truth by known amounts and shows which metric sees what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench import profiles
from bench.cli import options
from bench.cli.data import print_table
from bench.cli.options import split_names
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.calibrate.report import Calibration

DATASETS = ("adult", "beijing")


def calibrate(
    dataset: Annotated[
        list[str] | None,
        typer.Option(help=f"Tables with a simulator, comma-separated or repeated; default {','.join(DATASETS)}."),
    ] = None,
    evaluator: options.Evaluators = None,
    damage: Annotated[
        list[str] | None, typer.Option(help="Names, comma-separated or repeated; all where none is given.")
    ] = None,
    rows: Annotated[int, typer.Option(min=30, help="Records of every sample.")] = 2000,
    seeds: Annotated[int, typer.Option(min=2, help="Replicates, each with records of its own.")] = 5,
    out: Annotated[Path, typer.Option(help="Page to write (.html), with a .json beside it.")] = Path(
        "calibration.html"
    ),
    profile: options.Profile = profiles.DEFAULT,
    set_: options.Set = None,
) -> None:
    """Damage records of a known truth by known amounts and say which metric sees which damage.

    Exit code 1 where a metric does not see what it must, or sees what it must not.
    """
    from bench import config
    from bench.calibrate import report, run
    from bench.shards import write_json, write_text
    from bench.terminal import screen

    if out.suffix != ".html":
        raise BenchError(f"--out '{out}' does not end in .html")
    settings = config.settings(profile, {**run.BUDGET, **config.parse_overrides(set_ or ())})
    with screen() as watcher:
        done = run.calibrate(
            split_names(dataset) or list(DATASETS),
            split_names(evaluator),
            split_names(damage),
            options=settings.evaluators,
            rows=rows,
            seeds=seeds,
            progress=watcher.progress,
        )
    facts = run.describe(done)
    write_text(out, report.page("Calibration of the evaluators", facts, done.damages, done.found))
    write_json(out.with_suffix(".json"), {"facts": facts, "found": [one.to_dict() for one in done.found]})
    names = [one.name for one in done.damages]
    for one in done.found:
        typer.echo(f"\n{one.dataset}")
        print_table(["metric", "protocol", *names], table(one, names))
    for one in done.found:
        for text in report.complaints(one):
            typer.echo(text, err=True)
    typer.echo(f"page written to {out}, numbers to {out.with_suffix('.json')}")
    if not all(one.passed for one in done.found):
        raise typer.Exit(1)


def table(found: Calibration, damages: list[str]) -> list[list[str]]:
    from bench.calibrate.report import words

    rows: list[list[str]] = []
    for (_, metric, protocol), verdicts in found.rows.items():
        rows.append([metric, protocol, *(words(verdicts[name]) if name in verdicts else "" for name in damages)])
    return rows
