"""From a RunSpec to cells: which generator meets which dataset, and the identity of every stage.

The key of a stage is a hash over everything that its result depends on: the records, the code and
config of the plug-in, the versions of the libraries that this code imports, the seed, and the key
of the stage before it. Equal keys compute equal results, so a finished one is never computed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bench import provenance, registry
from bench.choose import Chosen, choose, load_class, required_options
from bench.config import SENTINELS, RunSpec
from bench.datasets import get_loader
from bench.datasets.files import is_path, read_records
from bench.errors import BenchError
from bench.records import Dataset
from bench.stages import DataRequest, StageJob

HOLDOUT = "holdout"


@dataclass(frozen=True)
class Cell:
    """dataset x split seed x generator x config x seed, with its stages in the order of their work.

    `generator` is a registered name, the name of a user's file, or `holdout`: the reference, for which
    every evaluator scores real records. The id also covers the keys of the stages, so that what
    different code computed lies in different cells.
    """

    cell_id: str
    dataset: str
    variant: str
    family: str
    dataset_digest: str
    split: str
    split_seed: int
    generator: str
    config: Mapping[str, Any]
    config_hash: str
    seed: int
    profile: str
    stages: tuple[StageJob, ...]

    @property
    def title(self) -> str:
        return f"{self.dataset}/{self.split_seed} {self.generator}/{self.seed}"


@dataclass(frozen=True)
class Loaded:
    """A dataset with what it was asked for by, and the hash of what it holds."""

    request: DataRequest
    data: Dataset
    identity: str


def plan(spec: RunSpec) -> list[Cell]:
    """All cells of a run, dataset by dataset, each dataset's reference and sentinels first.

    Raises:
        BenchError: an unknown name or option, data that cannot be loaded, or a generator or evaluator that
            fits none of the datasets.
    """
    generators = choose("generators", wanted_generators(spec), spec.settings.generators)
    evaluators = wanted_evaluators(spec)
    cells: list[Cell] = []
    for request in requests(spec):
        loaded = load(request)
        for seed in spec.settings.seeds:
            cells.append(holdout_cell(spec, loaded, evaluators, seed))
            for name, generator in generators.items():
                if loaded.data.family in generator.families:
                    fit, sample = generator_stages(spec, loaded, generator, seed)
                    scores = score_stages(spec, loaded, evaluators, seed, sample.key)
                    cells.append(cell(spec, loaded, name, generator.config, seed, (fit, sample, *scores)))
    used = {cell.generator for cell in cells}
    for name, generator in generators.items():
        if name not in used and name in spec.generators and name not in SENTINELS:
            raise does_not_fit("generator", name, generator)
    check_evaluators(spec, evaluators, cells)
    return each_once(cells)


def plan_file(spec: RunSpec, synthetic: Path) -> list[Cell]:
    """Cells that score a user's file of synthetic records, beside the reference.

    Raises:
        BenchError: an unknown name or option, data or records that cannot be used, or an evaluator that
            fits none of the datasets.
    """
    evaluators = wanted_evaluators(spec)
    cells: list[Cell] = []
    for request in requests(spec):
        loaded = load(request)
        read_records(synthetic, loaded.data.schema)
        config = {"sha256": provenance.file_hash(synthetic)}
        key = provenance.hashed(["read", loaded.identity, config])
        read = StageJob("sample", "read", key, None, loaded.request, config=config, file=synthetic.resolve())
        for seed in spec.settings.seeds:
            scores = score_stages(spec, loaded, evaluators, seed, key)
            cells.append(holdout_cell(spec, loaded, evaluators, seed))
            cells.append(cell(spec, loaded, synthetic.name, config, seed, (read, *scores)))
    check_evaluators(spec, evaluators, cells)
    return each_once(cells)


def each_once(cells: Sequence[Cell]) -> list[Cell]:
    """Without those that come again, as they do where one file is named in two ways."""
    return list({cell.cell_id: cell for cell in cells}.values())


def plan_fit(spec: RunSpec) -> tuple[StageJob, StageJob]:
    """The fit and sample stages of a spec with one generator, one dataset, one split seed and one seed.

    Raises:
        BenchError: there are several of one of these, an unknown name or option, data that cannot be loaded,
            or a generator for other data.
    """
    (name,) = spec.generators
    for setting in ("split_seeds", "seeds"):
        seeds: tuple[int, ...] = getattr(spec.settings, setting)
        if len(seeds) > 1:
            listed = ", ".join(map(str, seeds))
            raise BenchError(
                f"one of '{setting}' is fitted at a time, not {len(seeds)} ({listed}); --set {setting}=[{seeds[0]}]"
            )
    asked = requests(spec)
    if len(asked) > 1:
        listed = ", ".join(request.name for request in asked)
        raise BenchError(f"one dataset is fitted at a time, not {len(asked)} ({listed}); name one with --dataset")
    generator = choose("generators", [name], spec.settings.generators)[name]
    loaded = load(asked[0])
    if loaded.data.family not in generator.families:
        raise does_not_fit("generator", name, generator)
    return generator_stages(spec, loaded, generator, spec.settings.seeds[0])


def wanted_generators(spec: RunSpec) -> list[str]:
    wanted: list[str] = [*SENTINELS] if spec.sentinels else []
    for name in spec.generators:
        wanted.extend(all_generators(spec) if name == "all" else [name])
    if not wanted:
        raise BenchError("no generator is chosen; name one with --generator, see 'bench list'")
    return list(dict.fromkeys(wanted))


def all_generators(spec: RunSpec) -> list[str]:
    """The registered generators that `all` means: those that lack no setting, such as the address of a server."""
    given = spec.settings.generators
    return [
        name
        for name, plug_in in registry.plug_ins("generators").items()
        if given.get(name, {}).keys() >= set(required_options(load_class("generators", plug_in).Config))
    ]


def wanted_evaluators(spec: RunSpec) -> dict[str, Chosen]:
    return choose("evaluators", spec.evaluators or registry.plug_ins("evaluators"), spec.settings.evaluators)


def check_evaluators(spec: RunSpec, evaluators: Mapping[str, Chosen], cells: Sequence[Cell]) -> None:
    """Refuse an evaluator that was named and would score nothing."""
    families = {cell.family for cell in cells}
    for name in spec.evaluators:
        if not families & evaluators[name].families:
            raise does_not_fit("evaluator", name, evaluators[name])


def does_not_fit(what: str, name: str, plug_in: Chosen) -> BenchError:
    families = ", ".join(sorted(plug_in.families))
    return BenchError(f"{what} '{name}' works on {families} data; none of the chosen datasets is of that kind")


def requests(spec: RunSpec) -> list[DataRequest]:
    """One for each dataset and split seed."""
    names: list[str] = []
    for name in spec.datasets:
        names.extend(all_datasets() if name == "all" else [name])
    return [data_request(spec, name, seed) for name in dict.fromkeys(names) for seed in spec.settings.split_seeds]


def all_datasets() -> list[str]:
    """The registered datasets that `all` means: one of each kind of record, not each of its variations."""
    return [name for name in registry.plug_ins("datasets") if get_loader(name).in_all]


def data_request(spec: RunSpec, name: str, split_seed: int) -> DataRequest:
    request = DataRequest(name, spec.settings.data, spec.settings.split, split_seed, spec.data_dir)
    # beside a user's file, registered datasets keep what they know about themselves
    if is_path(name) or not any(is_path(other) for other in spec.datasets):
        request = replace(request, target=spec.target, task=spec.task, kinds=tuple(spec.kinds.items()))
    return replace(request, where=spec.where)


def load(request: DataRequest) -> Loaded:
    data = request.load()
    return Loaded(replace(request, digest=data.digest), data, provenance.data_hash(data))


def generator_stages(spec: RunSpec, loaded: Loaded, generator: Chosen, seed: int) -> tuple[StageJob, StageJob]:
    """Fit and sample."""
    timeouts = spec.settings.timeout_seconds
    records = spec.settings.records or len(loaded.data.train)
    fit = StageJob(
        stage="fit",
        work="fit",
        key=provenance.hashed(["fit", loaded.identity, generator.identity, seed]),
        upstream=None,
        data=loaded.request,
        plug_in=generator.plug_in,
        config=generator.config,
        seed=seed,
        timeout_seconds=timeouts.fit,
    )
    sample = replace(
        fit,
        stage="sample",
        work="sample",
        key=provenance.hashed(["sample", fit.key, records, seed]),
        upstream=fit.key,
        records=records,
        timeout_seconds=timeouts.sample,
    )
    return fit, sample


def score_stages(
    spec: RunSpec, loaded: Loaded, evaluators: Mapping[str, Chosen], seed: int, upstream: str | None
) -> list[StageJob]:
    """One stage for each evaluator that fits; `upstream` is the sample's key, None for the reference."""
    return [
        StageJob(
            stage=name,
            work="score",
            key=provenance.hashed(
                ["score", loaded.identity, upstream, evaluator.identity, file_hashes(evaluator), seed]
            ),
            upstream=upstream,
            data=loaded.request,
            plug_in=evaluator.plug_in,
            config=evaluator.config,
            seed=seed,
            timeout_seconds=spec.settings.timeout_seconds.evaluate,
        )
        for name, evaluator in evaluators.items()
        if loaded.data.family in evaluator.families
    ]


def file_hashes(evaluator: Chosen) -> list[str]:
    """Of the files that an evaluator reads beside the records.

    Raises:
        BenchError: one of them cannot be read.
    """
    paths: list[Path] = evaluator.make().files()
    try:
        return [provenance.file_hash(path) for path in paths]
    except OSError as error:
        raise BenchError(
            f"evaluator '{evaluator.plug_in.name}': '{error.filename}' cannot be read: {error.strerror}"
        ) from error


def holdout_cell(spec: RunSpec, loaded: Loaded, evaluators: Mapping[str, Chosen], seed: int) -> Cell:
    """The reference: real records scored in place of synthetic ones."""
    return cell(spec, loaded, HOLDOUT, {}, seed, score_stages(spec, loaded, evaluators, seed, None))


def cell(
    spec: RunSpec,
    loaded: Loaded,
    generator: str,
    config: Mapping[str, Any],
    seed: int,
    stages: Sequence[StageJob],
) -> Cell:
    data = loaded.data
    unnamed = Cell(
        cell_id="",
        dataset=data.name,
        variant=data.source.variant,
        family=data.family,
        dataset_digest=data.digest,
        split=data.split,
        split_seed=data.split_seed,
        generator=generator,
        config=config,
        config_hash=provenance.hashed(config),
        seed=seed,
        profile=spec.profile,
        stages=tuple(stages),
    )
    known = {field.name: getattr(unnamed, field.name) for field in fields(Cell) if field.name != "stages"}
    keys = [(stage.stage, stage.key) for stage in stages]
    return replace(unnamed, cell_id=provenance.hashed([known, keys]))
