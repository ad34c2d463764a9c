"""`bench data`: which datasets there are, where their files are, what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.cli import options
from bench.errors import BenchError
from bench.registry import plug_ins

if TYPE_CHECKING:
    from bench.records import Kind

app = typer.Typer(name="data", help="Datasets: list, fetch, verify, describe.", no_args_is_help=True)

Names = Annotated[
    list[str] | None, typer.Argument(help="Registered names; all where none is given.", show_default=False)
]
PLAIN_WIDTH = 200


@app.command("list")
def list_datasets() -> None:
    """The registered datasets."""
    print_table(["dataset", "about"], [[name, plug_in.summary] for name, plug_in in plug_ins("datasets").items()])


@app.command()
def fetch(names: Names = None, data_dir: options.DataDir = None) -> None:
    """Download the original files that are missing, and verify all of them."""
    from bench.datasets import get_loader
    from bench.datasets.fetch import data_folder
    from bench.datasets.fetch import fetch as fetch_files

    folder = data_folder(data_dir)
    failed = False
    for name in chosen(names):
        try:
            for path in fetch_files(get_loader(name), folder):
                typer.echo(f"{name}: {folder / path}")
        except BenchError as error:
            # one dataset that cannot be had must not keep the others from coming
            typer.echo(f"{name}: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(2)


@app.command()
def verify(names: Names = None, data_dir: options.DataDir = None) -> None:
    """Compare the original files that are there with their checksums; exit code 2 where one is wrong or missing."""
    from bench.datasets import get_loader
    from bench.datasets.fetch import check, data_folder, wanted

    folder = data_folder(data_dir)
    rows = []
    for name in chosen(names):
        for file in wanted(get_loader(name), folder):
            path, status = folder / file.path, "missing"
            if path.exists():
                try:
                    check(path, file.sha256)
                    status = "ok" if file.sha256 else "there, no checksum published"
                except BenchError as error:
                    typer.echo(error, err=True)
                    status = "wrong"
            rows.append([name, str(path), status])
    print_table(["dataset", "file", "status"], rows)
    if any(status in ("wrong", "missing") for _, _, status in rows):
        raise typer.Exit(2)


@app.command()
def describe(
    dataset: Annotated[str, typer.Argument(help="A registered name, or the path of a file.")],
    variant: Annotated[Literal["demo", "original"], typer.Option(help="Simulated, or the original files.")] = "demo",
    split: Annotated[str, typer.Option(help="harness, tabsyn or difflm.")] = "harness",
    split_seed: Annotated[int, typer.Option(help="Chooses the records of each part.")] = 0,
    data_dir: options.DataDir = None,
    target: options.Target = None,
    task: Annotated[
        Literal["classification", "regression"] | None, typer.Option(help="Guessed where it is not given.")
    ] = None,
    kind: options.Kinds = None,
) -> None:
    """Schema, records of each part, missing values and the balance of the target."""
    from bench.datasets import load
    from bench.datasets.describe import describe_columns, describe_target, parts

    data = load(
        dataset,
        variant=variant,
        split=split,
        split_seed=split_seed,
        data_dir=data_dir,
        target=target,
        task=task,
        kinds=parse_kinds(kind or []),
    )
    typer.echo(f"{data.name}: {data.source.title} ({data.family}, {data.source.variant})")
    if data.source.licence:
        typer.echo(f"{data.source.url}, {data.source.licence}")
    for note in data.source.notes:
        typer.echo(note)
    typer.echo(f"digest {data.digest}, split {data.split}, split seed {data.split_seed}")
    print_table(["part", "records"], [[part, str(len(frame))] for part, frame in parts(data).items()])
    print_table(["column", "kind", "missing %", "values", "range, or most frequent"], describe_columns(data))
    header, rows = describe_target(data)
    if rows:
        print_table(header, rows)


def parse_kinds(given: Sequence[str]) -> dict[str, Kind]:
    """Column name -> kind, from `column=kind` (the column name may hold a = too)."""
    kinds: dict[str, Kind] = {}
    for item in given:
        column, equals, kind = item.rpartition("=")
        if not equals:
            raise BenchError(f"--kind '{item}' is not of the form column=kind")
        kinds[column] = cast("Kind", kind)
    return kinds


def chosen(names: list[str] | None) -> list[str]:
    return sorted(plug_ins("datasets")) if not names or names == ["all"] else names


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere aligned plain text that no terminal's width cuts."""
    terminal = Console().is_terminal
    table = Table(*map(escape, header), box=SIMPLE_HEAD if terminal else None)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(width=None if terminal else PLAIN_WIDTH).print(table)
