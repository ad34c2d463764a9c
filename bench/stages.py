"""One stage: fit, sample, or one evaluator. It reads the folders of the stages before it and writes its own."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from bench import limits, provenance, shards
from bench.chat import ServerError
from bench.choose import make
from bench.condition import restrict
from bench.errors import BenchError
from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset, Kind, Task, Variant
from bench.registry import PlugIn
from bench.shards import Phase, StageResult
from bench.spent import Spent, Tally
from bench.where import parse_where

if TYPE_CHECKING:
    from generators.base import Generator

Work = Literal["fit", "sample", "read", "score"]
MODEL = "model"
RECORDS = "records.parquet"


@dataclass(frozen=True)
class DataRequest:
    """What a dataset is loaded by, in this process or in another.

    The arguments of `bench.load`, and `where`: only records that fulfil these conditions (`bench.where`).
    `digest` is that of the dataset when the run was planned; empty where whatever is there will do.
    """

    name: str
    variant: Variant = "demo"
    split: str = "harness"
    split_seed: int = 0
    data_dir: Path | None = None
    target: str | None = None
    task: Task | None = None
    kinds: tuple[tuple[str, Kind], ...] = ()
    where: tuple[str, ...] = ()
    digest: str = ""

    def load(self) -> Dataset:
        """The dataset.

        Raises:
            BenchError: it cannot be had, or is no longer the one of `digest`, whose keys the stages have.
        """
        data = _load(replace(self, digest=""))
        if self.digest and data.digest != self.digest:
            raise BenchError(
                f"the records of '{self.name}' are no longer those that the run was planned with; run again"
            )
        return data


def forget_data() -> None:
    """Read the next dataset anew: between two runs of one session a user's file may change."""
    _load.cache_clear()


@lru_cache(maxsize=1)  # the stages of a dataset follow one another
def _load(request: DataRequest) -> Dataset:
    from bench.datasets import load  # noqa: PLC0415 - loaders import the simulators

    data = load(
        request.name,
        variant=request.variant,
        split=request.split,
        split_seed=request.split_seed,
        data_dir=request.data_dir,
        target=request.target,
        task=request.task,
        kinds=dict(request.kinds) or None,
    )
    return restrict(data, parse_where(request.where, data.schema))


@dataclass(frozen=True)
class StageJob:
    """Everything that one stage needs; may be sent to another process.

    Args:
        stage: its name in the store.
        work: what is to be done. `read` takes a user's file of synthetic records for a sample.
        key: identity, see `bench.plan`.
        upstream: key of the stage whose folder is read; None for the first, and for the reference,
            where an evaluator scores real records.
        data: the dataset.
        plug_in: the generator or evaluator; None for `read`.
        config: the plug-in's whole config; of `read` the sha256 of the file.
        seed: of the stage.
        records: how many are to be sampled.
        file: what `read` reads.
        timeout_seconds: wall time; None for no limit.
    """

    stage: str
    work: Work
    key: str
    upstream: str | None
    data: DataRequest
    plug_in: PlugIn | None = None
    config: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    records: int = 0
    file: Path | None = None
    timeout_seconds: float | None = None


Outcome = tuple[dict[str, Any], list[dict[str, Any]]]


def perform(
    job: StageJob, stages: Path, progress: Progress, prepared: Callable[[], None] = lambda: None
) -> StageResult:
    """Do the work of one stage; a failure is a result.

    The stage's folder appears under its final name when the stage is done, and not at all otherwise.
    `prepared` is called when its code and data are there and its time begins.

    Raises:
        BenchError: there is no space left to write to, which no other stage would survive either.
    """
    building = shards.start_stage(stages, job.key)
    checkpoint = shards.checkpoint_folder(stages, job.key)
    tally = Tally(checkpoint, progress)
    try:
        # importing torch and reading the data are no part of what a generator costs
        prepare(job)
        prepared()
        tally = Tally(checkpoint, progress)
        with limits.time_limit(job.timeout_seconds):
            details, scores = WORK[job.work](job, stages, building, tally)
        result = measured(job, tally.spent(), details=details, scores=scores)
        shards.finish_stage(building, stages, result)
        shards.discard(checkpoint)
        return result
    except limits.TimeUp as error:
        return measured(job, tally.spent(), "timeout", str(error))
    except Exception as error:
        if shards.disk_full(error, stages):
            raise BenchError(f"no space left to write to '{stages}'; free some and run again to continue") from error
        if out_of_memory(error):
            return measured(job, tally.spent(), "memory", describe(error))
        if not isinstance(error, ServerError):  # what a server answered has been paid for
            shards.discard(checkpoint)
        return measured(job, tally.spent(), "raised", describe(error))
    finally:
        shards.discard(building)


def prepare(job: StageJob) -> None:
    if job.plug_in is not None:
        job.plug_in.load()
    job.data.load()


def measured(
    job: StageJob,
    spent: Spent,
    phase: Phase | None = None,
    error: str | None = None,
    *,
    details: dict[str, Any] | None = None,
    scores: list[dict[str, Any]] | None = None,
) -> StageResult:
    return StageResult(
        key=job.key,
        stage=job.stage,
        status="failed" if phase else "done",
        finished_at=now(),
        wall_seconds=spent.wall_seconds,
        cpu_seconds=spent.cpu_seconds,
        peak_memory_bytes=spent.peak_memory_bytes,
        device=provenance.device(),
        phase=phase,
        error=error,
        details=details or {},
        scores=scores or [],
    )


def now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def out_of_memory(error: Exception) -> bool:
    """Python's own error, or an accelerator's, which torch names OutOfMemoryError."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def describe(error: Exception) -> str:
    """What went wrong and where, in one line: an error of ours speaks for itself, others name type and place."""
    message = " ".join(str(error).split())
    if isinstance(error, BenchError):
        return message
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {message} ({Path(where.filename).name}, line {where.lineno})"


def fit(job: StageJob, stages: Path, building: Path, progress: Progress) -> Outcome:
    data = job.data.load()
    assert job.plug_in is not None
    checkpoint = shards.checkpoint_folder(stages, job.key)
    resumed = checkpoint.exists()
    generator = make(job.plug_in, job.config).fit(data, seed=job.seed, progress=progress, checkpoint=checkpoint)
    generator.save(building / MODEL)
    return {"train_records": len(data.train), "resumed": resumed, **generator.fit_details}, []


def load_model(job: StageJob, stages: Path) -> Generator:
    """The fitted generator that a job's upstream stage saved."""
    assert job.plug_in is not None
    model: Generator = job.plug_in.load().load(stages / str(job.upstream) / MODEL)
    return model


def sample(job: StageJob, stages: Path, building: Path, progress: Progress) -> Outcome:
    """Draw records; the share of attempts that were records is a score of its own."""
    model = load_model(job, stages)
    model.checkpoint = shards.checkpoint_folder(stages, job.key)
    drawn = model.sample(job.records, seed=job.seed, progress=progress)
    drawn.records.to_parquet(building / RECORDS, index=False)
    returned = len(drawn.records)
    details = {
        "requested": job.records,
        "returned": returned,
        "attempts": drawn.attempts,
        "rejected": drawn.rejected,
        "shortfall": drawn.shortfall,
        **drawn.details,
    }
    valid = returned / drawn.attempts if drawn.attempts else 0.0
    # the standard error of a proportion
    stderr = (valid * (1 - valid) / drawn.attempts) ** 0.5 if drawn.attempts else None
    scores = [
        cost("raw_valid_percent", 100 * valid, 100 * stderr if stderr is not None else None, True, drawn.attempts)
    ]
    if returned < job.records:
        scores.append(cost("shortfall_records", job.records - returned, None, False, job.records))
    return details, scores


def cost(metric: str, value: float, stderr: float | None, higher_is_better: bool, n: int) -> dict[str, Any]:
    """A score of the sampling itself."""
    return {
        "metric": metric,
        "value": value,
        "stderr": stderr,
        "higher_is_better": higher_is_better,
        "protocol": "harness",
        "version": 1,
        "n": n,
        "details": {},
    }


def read(job: StageJob, stages: Path, building: Path, progress: Progress) -> Outcome:
    """Take synthetic records from a user's file, in the dataset's columns and dtypes."""
    from bench.datasets.files import read_repaired  # noqa: PLC0415 - loaders import the simulators

    assert job.file is not None
    if provenance.file_hash(job.file) != job.config["sha256"]:
        raise BenchError(f"'{job.file.name}' has changed since the run was planned; run again")
    records, repaired = read_repaired(job.file, job.data.load().schema)
    records.to_parquet(building / RECORDS, index=False)
    return {"file": job.file.name, "requested": len(records), "returned": len(records), "repairs": repaired}, []


def score(job: StageJob, stages: Path, building: Path, progress: Progress) -> Outcome:
    assert job.plug_in is not None
    data, evaluator = job.data.load(), make(job.plug_in, job.config)
    if job.upstream is None:
        records = evaluator.reference_records(data)
    else:
        records = conform(pd.read_parquet(stages / job.upstream / RECORDS), data.schema)
    evaluator.checkpoint = shards.checkpoint_folder(stages, job.key)
    resumed = evaluator.checkpoint.exists()
    scores = evaluator.evaluate(data, records, seed=job.seed, progress=progress)
    return {"records": len(records), "resumed": resumed}, [asdict(one) for one in scores]


WORK: dict[Work, Callable[[StageJob, Path, Path, Progress], Outcome]] = {
    "fit": fit,
    "sample": sample,
    "read": read,
    "score": score,
}
