"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_RESULTS = Path("results")

Profile = Annotated[str, typer.Option(help="Profile that says on what data, with which options; see 'bench list'.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Overrides the profile: seeds=[0,1], generators.difflm.epochs=3; may be repeated.",
    ),
]
Results = Annotated[Path, typer.Option(help="Folder of stages, runs and the store.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of the original files; default BENCH_DATA_DIR, else a cache folder.", show_default=False),
]
Target = Annotated[str | None, typer.Option(help="Column to predict, for a file of your own.", show_default=False)]
TaskOption = Annotated[
    str | None,
    typer.Option("--task", help="classification or regression, for a file of your own; guessed otherwise."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="COLUMN=KIND", help="Kind of a column of your own file; may be repeated."),
]
Evaluators = Annotated[
    list[str] | None,
    typer.Option("--evaluator", help="Names, comma-separated or repeated; all that fit where none is given."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONDITION",
        help="What every record must have: job=a (null: missing), age>=30, age<40; may be repeated. "
        "Several values of a column are alternatives, everything else holds together.",
    ),
]
JudgeUrl = Annotated[
    str | None,
    typer.Option(
        help="OpenAI-compatible server of a model that judges tool definitions, such as http://localhost:8000/v1.",
        show_default=False,
    ),
]
JudgeModel = Annotated[
    str | None, typer.Option(help="Which of the server's models judges; the only one by default.", show_default=False)
]
Force = Annotated[bool, typer.Option("--force", help="Compute finished stages again.")]


def judge_overrides(url: str | None, model: str | None) -> dict[str, str]:
    """Settings of the evaluator `judge` that --judge-url and --judge-model are short for."""
    given = {"evaluators.judge.url": url, "evaluators.judge.model": model}
    return {name: value for name, value in given.items() if value is not None}


def split_names(given: Iterable[str] | None) -> list[str]:
    """Names from repeated options that may hold several names each, `a,b`."""
    return [name.strip() for text in given or () for name in text.split(",") if name.strip()]
