"""The command line. Importing it loads no torch, no pandas, no DuckDB: commands import what they need."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

from bench.cli.calibrate import calibrate
from bench.cli.conformance import conformance
from bench.cli.data import app as data
from bench.cli.diagnose import diagnose
from bench.cli.evaluate import evaluate
from bench.cli.gate import gate
from bench.cli.generate import generate
from bench.cli.history import history
from bench.cli.leaderboard import leaderboard
from bench.cli.list import list_names
from bench.cli.ls import ls
from bench.cli.paper import paper
from bench.cli.run import run
from bench.errors import BenchError

app = typer.Typer(
    name="bench",
    help="Benchmark of synthetic structured data: run generators, evaluate their records, compare.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(evaluate)
app.command()(generate)
app.command()(diagnose)
app.command()(calibrate)
app.command()(conformance)
app.command("list")(list_names)
app.command()(ls)
app.command()(leaderboard)
app.command()(paper)
app.command()(history)
app.command()(gate)
app.add_typer(data)


def print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"difflm-bench {version('difflm-bench')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def replace_closed_streams() -> None:
    """Put the null device where the caller closed a standard stream (`>&-`).

    Its number would go to the next file that is opened, the store for one, and what a subprocess prints into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # gets the lowest free number, which is the closed one's
            stream = open(os.devnull, "w" if number else "r")  # noqa: SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def main() -> None:
    """Run a command; a user's error is one line on the standard error and exit code 2."""
    replace_closed_streams()
    try:
        app()
    except BenchError as error:
        message = str(error)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        message = f"what is printed cannot be written ({error.strerror})"
    except Exception as error:
        # a store is read block by block: that a copy broke off is seen late
        if not isinstance(error, getattr(sys.modules.get("duckdb"), "IOException", ())):
            raise
        message = f"the store is damaged: {str(error).splitlines()[0]}"
    typer.echo(f"error: {message}", err=True)
    sys.exit(2)
