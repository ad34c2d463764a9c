"""`bench generate`: fit a generator, or take it from the results folder, and write its records to a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from bench import profiles, shards
from bench.cli import options
from bench.cli.data import parse_kinds
from bench.errors import BenchError
from bench.launch import process_index

if TYPE_CHECKING:
    import pandas as pd


def write_lines(records: pd.DataFrame, path: Path) -> None:
    """One JSON object a line. pandas itself would keep ten decimals of a number."""
    values = records.astype(object).where(records.notna(), None)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(shards.to_json(record) + "\n" for record in values.to_dict("records"))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    ".csv": lambda records, path: records.to_csv(path, index=False),
    ".parquet": lambda records, path: records.to_parquet(path, index=False),
    ".jsonl": write_lines,
}


def generate(
    generator: Annotated[str, typer.Option(help="A name; see 'bench list'.")],
    dataset: Annotated[str, typer.Option(help="A name, or the path of a file.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .jsonl.")],
    n: Annotated[
        int | None, typer.Option("-n", help="How many records; default as many as train.", show_default=False)
    ] = None,
    where: options.Where = None,
    balance: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Equally many records of every label of a column.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampling; the profile says the seed of the fit.")] = 0,
    profile: options.Profile = profiles.DEFAULT,
    set_: options.Set = None,
    data_dir: options.DataDir = None,
    target: options.Target = None,
    task: options.TaskOption = None,
    kind: options.Kinds = None,
    results: options.Results = options.DEFAULT_RESULTS,
    force: options.Force = False,
) -> None:
    """Write records of a generator; a model that the results folder holds already is not fitted again."""
    from bench import config, runner
    from bench.terminal import screen
    from bench.where import parse_where

    check_out(out)
    values = {
        "generators": (generator,),
        "datasets": (dataset,),
        "profile": profile,
        "settings": config.settings(profile, config.parse_overrides(set_ or ())),
        "data_dir": data_dir,
        "target": target,
        "task": task,
        "kinds": parse_kinds(kind or []),
        "sentinels": False,
    }
    spec = config.validated(config.RunSpec, values, "option")
    with screen() as watcher:
        model, train_records = runner.fitted(spec, results, force=force, watcher=watcher)
        assert model.schema is not None
        condition = parse_where(where or (), model.schema)
        wanted = train_records if n is None else n
        drawn = model.sample(wanted, seed=seed, where=condition, balance=balance, progress=watcher.progress)
    if process_index() > 0:
        return
    write_records(drawn.records, out)
    if model.checkpoint is not None:
        shards.discard(model.checkpoint)
    typer.echo(f"{len(drawn.records)} records written to {out}")
    if (where or balance) and drawn.control_accuracy is not None:
        typer.echo(f"control accuracy {drawn.control_accuracy:.1%} ({drawn.attempts} attempts, before filtering)")
    if drawn.shortfall is not None:
        typer.echo(f"{wanted - len(drawn.records)} records short: {drawn.shortfall}", err=True)
        raise typer.Exit(1)


def check_out(out: Path) -> None:
    """Refuse an impossible file before anything is fitted."""
    if out.suffix not in WRITERS:
        raise BenchError(f"--out '{out}' has no known ending; choose one of {', '.join(WRITERS)}")
    if not out.parent.is_dir():
        raise BenchError(f"--out '{out}': there is no folder '{out.parent}'")


def write_records(records: pd.DataFrame, out: Path) -> None:
    """Write records in the format that the ending says, by atomic rename."""
    building = out.with_name(f".{uuid4().hex}{out.suffix}")
    try:
        WRITERS[out.suffix](records, building)
        building.replace(out)
    except OSError as error:
        raise BenchError(f"'{out}' cannot be written ({error.strerror or error})") from error
    finally:
        building.unlink(missing_ok=True)
