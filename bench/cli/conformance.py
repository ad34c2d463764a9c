"""`bench conformance`: whether a generator of your own keeps the contract, on tables that break generators."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from bench.cli.options import Set


def conformance(
    generator: Annotated[str, typer.Argument(help="A registered name, or my_package.module:MyGenerator.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the tables.")] = 0,
    tables: Annotated[int, typer.Option(min=0, help="Random tables beside the sixteen with a name.")] = 10,
    set_: Set = None,
) -> None:
    """Fit a generator on odd tables and check what every generator promises.

    Options that make its fits short come by `--set option=value`. Exit code 1 where a promise is broken.
    """
    from bench.choose import chosen
    from bench.config import parse_overrides
    from bench.conformance import conformance as run

    subject = chosen("generators", generator, parse_overrides(set_ or ()))
    count: Counter[bool] = Counter()
    for finding in run(subject.make, seed=seed, random_tables=tables):
        count[finding.problem is None] += 1
        if finding.problem is not None:
            typer.echo(f"{finding.table}: {finding.check}: {finding.problem}", err=True)
    typer.echo(f"{count[True]} checks kept, {count[False]} broken")
    if count[False]:
        raise typer.Exit(1)
