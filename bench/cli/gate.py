"""`bench gate`: whether a run is worse than a committed baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli import options
from bench.errors import BenchError

if TYPE_CHECKING:
    from leaderboards.gate import Snapshot


def gate(
    baseline: Annotated[Path, typer.Option(help="Baseline file, such as results/baselines/ci.parquet.")],
    run: Annotated[
        str | None, typer.Option(help="Run to judge; the newest by default, see 'bench ls'.", show_default=False)
    ] = None,
    results: options.Results = options.DEFAULT_RESULTS,
    format_: Annotated[
        Literal["text", "json", "junit", "github"], typer.Option("--format", help="How the verdict is written.")
    ] = "text",
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file, and the text to the terminal.", show_default=False)
    ] = None,
    effect: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="Smallest difference of a metric that matters; may be repeated."),
    ] = None,
    level: Annotated[float, typer.Option(help="Chance of a false alarm over all comparisons together.")] = 0.05,
    update: Annotated[
        bool, typer.Option("--update", help="Write the run as the new baseline and say what changes.")
    ] = False,
) -> None:
    """Compare a run with a baseline, paired by cell and seed.

    Exit code 1 on a regression: a difference that is significant and matters, or something that failed or
    is missing. 2 where the two cannot be compared.
    """
    import leaderboards.gate as gating
    from bench import shards, store
    from leaderboards.gate import report

    if not 0 < level < 1:
        raise BenchError(f"--level {level:g} is not between 0 and 1")
    if update and (out is not None or format_ != "text"):
        raise BenchError("--update writes a baseline and no verdict; leave --format and --out away")
    with store.connect(results / shards.DATABASE, read_only=True) as connection:
        found = gating.snapshot(connection, run)
    if update:
        replace_baseline(baseline, found, effect or (), level)
        return
    old = gating.read(baseline)
    verdict = gating.compare(old, found, gating.overridden(effect or (), old.metrics), level)
    text = report.text(verdict)
    if format_ == "json":
        document = report.json_text(verdict)
    elif format_ == "junit":
        document = report.junit(verdict)
    else:
        document = report.github(verdict) if format_ == "github" else text
    if out is not None:
        shards.write_text(out, document)
    if out is not None or format_ in ("text", "github"):
        typer.echo(text, nl=False)
    if out is None and format_ != "text":
        typer.echo(document, nl=False)
    if not verdict.passed:
        raise typer.Exit(1)


def replace_baseline(path: Path, found: Snapshot, effect: list[str] | tuple[str, ...], level: float) -> None:
    """Write the new baseline, and say how it differs from the old one."""
    import leaderboards.gate as gating
    from leaderboards.gate import report

    changes = ""
    if path.exists():
        old = gating.read(path)
        effects = gating.overridden(effect, old.metrics)
        try:
            changes = f", in place of run {old.name}\n{report.text(gating.compare(old, found, effects, level))}"
        except BenchError as error:
            changes = f", in place of run {old.name}\nthe two differ in more than their scores: {error}\n"
    gating.write(path, found)
    for gap in found.gaps:
        typer.echo(f"warning: {gap}, which no gate against this baseline will miss", err=True)
    typer.echo(f"baseline '{path}' written from run {found.name}{changes}".rstrip())
