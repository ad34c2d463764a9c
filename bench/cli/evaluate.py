"""`bench evaluate`: scores a file of synthetic records from any tool."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench import profiles
from bench.cli import options
from bench.cli.data import parse_kinds, print_table
from bench.cli.options import split_names

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["evaluator", "metric", "protocol", "value", "stderr", "reference"]
KEPT = [*COLUMNS, "version", "higher_is_better", "n", "dataset", "variant", "split", "split_seed", "seed"]


def evaluate(
    dataset: Annotated[str, typer.Option(help="A name, or the path of the real records.")],
    synthetic: Annotated[Path, typer.Option(help="Synthetic records: csv, parquet or jsonl.")],
    evaluator: options.Evaluators = None,
    profile: options.Profile = profiles.DEFAULT,
    set_: options.Set = None,
    variant: Annotated[
        Literal["demo", "original"] | None, typer.Option(help="Simulated or original data; default as the profile.")
    ] = None,
    data_dir: options.DataDir = None,
    target: options.Target = None,
    task: options.TaskOption = None,
    kind: options.Kinds = None,
    where: options.Where = None,
    judge_url: options.JudgeUrl = None,
    judge_model: options.JudgeModel = None,
    results: Annotated[
        Path | None, typer.Option(help="Also store the scores in this results folder.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the scores to this JSON file.")] = None,
) -> None:
    """Score a file of synthetic records; `reference` is what real records score in their place.

    With --where, records that were made under a condition are compared with the real ones that fulfil it.
    """
    from bench import config, runner
    from bench.shards import write_json
    from bench.terminal import screen

    overrides = config.parse_overrides(set_ or ()) | options.judge_overrides(judge_url, judge_model)
    if variant is not None:
        overrides["data"] = variant
    values = {
        "generators": (),
        "datasets": (dataset,),
        "evaluators": split_names(evaluator),
        "profile": profile,
        "settings": config.settings(profile, overrides),
        "data_dir": data_dir,
        "target": target,
        "task": task,
        "kinds": parse_kinds(kind or []),
        "where": tuple(where or ()),
    }
    spec = config.validated(config.RunSpec, values, "option")
    command = shlex.join(["bench", *sys.argv[1:]])
    with ExitStack() as stack:
        folder = results or Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        with screen() as watcher:
            ended = runner.run(spec, folder, command=command, synthetic=synthetic, watcher=watcher)
        scores = ended.scores
        scores = scores[scores["generator"] == synthetic.name]
    said = [text for cell in ended.cells for stage in cell.stages for text in stage.details.get("repairs", ())]
    for text in dict.fromkeys(said):
        typer.echo(f"repaired in {synthetic.name}: {text}", err=True)
    print_table(COLUMNS, [written(row) for _, row in scores.sort_values(COLUMNS[:3]).iterrows()])
    if out is not None:
        details = [{"details": json.loads(text)} for text in scores["details"]]
        write_json(out, [kept | one for kept, one in zip(scores[KEPT].to_dict("records"), details, strict=True)])
    for cell in ended.failed:
        for stage in cell.failed:
            typer.echo(f"{cell.cell.generator}: {stage.stage} failed ({stage.phase}): {stage.error}", err=True)
    if ended.failed:
        raise typer.Exit(1)


def written(row: pd.Series) -> list[str]:
    texts = [str(row[name]) for name in COLUMNS[:3]]
    return texts + ["" if row[name] != row[name] else f"{row[name]:.4f}" for name in COLUMNS[3:]]
