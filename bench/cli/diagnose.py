"""`bench diagnose`: looks into a fitted generator and writes what it finds as a page and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench import profiles
from bench.cli import options
from bench.cli.data import parse_kinds, print_table
from bench.errors import BenchError

if TYPE_CHECKING:
    import pandas as pd

    from bench.config import RunSpec
    from bench.progress import Progress
    from bench.records import Dataset

# what each kind of records that a diagnosis hands out is scored by
EVALUATORS = {"density": "column_shape_error_percent", "correlation": "pair_trend_error_percent"}
REFERENCE = "held-out (reference)"


def diagnose(
    generator: Annotated[str, typer.Argument(help="A generator that can be looked into, such as difflm.")],
    dataset: Annotated[str, typer.Option(help="A name, or the path of a file.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Page to write (.html), with a .json beside it; default in the results folder."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the diagnosis; the profile says the seed of the fit.")] = 0,
    profile: options.Profile = profiles.DEFAULT,
    set_: options.Set = None,
    data_dir: options.DataDir = None,
    target: options.Target = None,
    task: options.TaskOption = None,
    kind: options.Kinds = None,
    results: options.Results = options.DEFAULT_RESULTS,
    force: options.Force = False,
) -> None:
    """Say what a model has learnt and where its records lose quality; a fitted model is not fitted again."""
    from bench import config, runner
    from bench.condition import restrict
    from bench.plan import plan_fit
    from bench.shards import write_json, write_text
    from bench.terminal import screen

    check_generator(generator)
    if out is not None and out.suffix != ".html":
        raise BenchError(f"--out '{out}' does not end in .html")
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
        model: Any = runner.fitted(spec, results, force=force, watcher=watcher)[0]
        data = plan_fit(spec)[0].data.load()
        found = model.diagnose(data, seed=seed, progress=watcher.progress)
        scores = [
            {"where": where, **score}
            for where, samples in found.samples.items()
            for score in score_samples(spec, restrict(data, samples.where), samples.records, seed, watcher.progress)
        ]
    facts = {
        "generator": generator,
        "dataset": data.name,
        "data": data.source.variant,
        "split": f"{data.split} {data.split_seed}",
        "profile": profile,
        "seed of the fit": spec.settings.seeds[0],
        "seed": seed,
    }
    out = out or results / "diagnosis" / f"{generator}-{data.name}.html"
    page = found.page(f"Diagnosis of {generator} on {data.name}", [f"{k}: {v}" for k, v in facts.items()], scores)
    write_text(out, page)
    write_json(
        out.with_suffix(".json"), {**facts, "numbers": found.numbers, "history": found.history, "scores": scores}
    )
    print_table(["measure", "value"], found.summary())
    if scores:
        print_table(["records", "where", "metric", "value", "stderr"], [written(score) for score in scores])
    typer.echo(f"page written to {out}, numbers to {out.with_suffix('.json')}")


def check_generator(name: str) -> None:
    """Refuse what cannot be looked into, before anything is fitted.

    A generator can be where its class has `diagnose(data, seed, progress)`, whose answer has `samples`
    (condition in words, empty for none -> `where`, the condition, and `records` by name), `numbers` and
    `history` (JSON-able), `summary()` (rows of measure and value) and `page(title, facts, scores)`;
    DiffLM's `Diagnosis` is one.
    """
    from bench import registry

    if not hasattr(registry.find("generators", name).load(), "diagnose"):
        known = [other for other, one in registry.plug_ins("generators").items() if hasattr(one.load(), "diagnose")]
        raise BenchError(f"generator '{name}' cannot be diagnosed; those that can: {', '.join(known) or 'none'}")


def score_samples(
    spec: RunSpec, data: Dataset, samples: dict[str, pd.DataFrame], seed: int, progress: Progress
) -> list[dict[str, Any]]:
    """Main scores of every sample, and those of real records in their place."""
    from bench.choose import choose

    found = []
    for name, chosen in choose("evaluators", EVALUATORS, spec.settings.evaluators).items():
        if not samples or data.family not in chosen.families:
            continue
        evaluator = chosen.make()
        for records, frame in {**samples, REFERENCE: evaluator.reference_records(data)}.items():
            for score in evaluator.evaluate(data, frame, seed=seed, progress=progress):
                if score.metric == EVALUATORS[name] and score.protocol == "harness":
                    one = {"value": score.value, "stderr": score.stderr, "n": score.n}
                    found.append({"records": records, "metric": score.metric, **one})
    return found


def written(score: dict[str, Any]) -> list[str]:
    return [score["records"], score["where"], score["metric"], *(f"{score[name]:.4f}" for name in ("value", "stderr"))]
