"""`bench run`: generators meet datasets, evaluators score, the leaderboard is printed and written."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench import profiles
from bench.cli import options
from bench.cli.data import parse_kinds
from bench.cli.options import split_names

if TYPE_CHECKING:
    from bench.runner import RunResult

INTERRUPTED = 130


def run(
    dataset: Annotated[list[str], typer.Option(help="Names, 'all', or paths of files.")],
    generator: Annotated[
        list[str] | None, typer.Option(help="Names, comma-separated or repeated, or 'all'; see 'bench list'.")
    ] = None,
    evaluator: options.Evaluators = None,
    profile: options.Profile = profiles.DEFAULT,
    set_: options.Set = None,
    data_dir: options.DataDir = None,
    target: options.Target = None,
    task: options.TaskOption = None,
    kind: options.Kinds = None,
    judge_url: options.JudgeUrl = None,
    judge_model: options.JudgeModel = None,
    sentinels: Annotated[
        bool, typer.Option(help="Add the ceiling 'real' and the floor 'marginals' beside the generators.")
    ] = True,
    jobs: Annotated[int, typer.Option(help="Cells that run at the same time, each in a process of its own.")] = 1,
    executor: Annotated[
        str | None,
        typer.Option(help="inline, or process, which survives a crash; by default as the jobs need it."),
    ] = None,
    results: options.Results = options.DEFAULT_RESULTS,
    force: options.Force = False,
) -> None:
    """Run generators on datasets and score what they sample.

    Finished stages are kept: after Ctrl-C the same command goes on where it stopped, and stages that
    failed are tried again. Exit code 1 where a stage failed.
    """
    from bench import api, config
    from bench.terminal import screen

    arguments: dict[str, Any] = {
        "generators": split_names(generator),
        "datasets": split_names(dataset),
        "evaluators": split_names(evaluator),
        "profile": profile,
        "settings": config.parse_overrides(set_ or ()) | options.judge_overrides(judge_url, judge_model),
        "data_dir": data_dir,
        "target": target,
        "task": task,
        "kinds": parse_kinds(kind or []),
        "sentinels": sentinels,
        "jobs": jobs,
        "executor": executor,
        "results": results,
        "force": force,
        "command": shlex.join(["bench", *sys.argv[1:]]),
    }
    try:
        with screen() as watcher:
            ended = api.run(**arguments, watcher=watcher)
    except KeyboardInterrupt:
        typer.echo("interrupted; finished stages are kept, the same command goes on from there", err=True)
        raise typer.Exit(INTERRUPTED) from None
    show(ended)
    if ended.failed:
        typer.echo(summary(ended), err=True)
        raise typer.Exit(1)


def show(ended: RunResult) -> None:
    """Print the run's leaderboard, and write it beside the store."""
    import leaderboards
    from bench import store
    from bench.shards import DATABASE, write_text

    with store.connect(ended.results / DATABASE, read_only=True) as connection:
        typer.echo(leaderboards.terminal(connection, ended.run_id))
        write_text(ended.results / "leaderboard.md", leaderboards.markdown(connection, ended.run_id))


def summary(ended: RunResult) -> str:
    """How much failed, and where first."""
    first = ended.failed[0]
    stage = next(stage for stage in first.failed if stage.phase != "upstream")
    return (
        f"{len(ended.failed)} of {len(ended.cells)} cells failed, first {first.cell.title}: "
        f"{stage.stage} ({stage.phase}): {stage.error}"
    )
