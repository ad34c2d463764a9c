"""What to run: a profile (TOML in `bench/profiles/`), overridden by `--set a.b=value`, and a selection.

The edge of the harness: everything a user writes is checked here, by pydantic, and refused in one line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError

from bench import profiles
from bench.errors import BenchError, unknown_name
from bench.records import Kind, Task

SENTINELS = ("real", "marginals")
M = TypeVar("M", bound=BaseModel)
# Thirty years; beyond it lie infinity and what the system's timers cannot count.
ENDLESS_SECONDS = 1e9


def endless(seconds: float) -> float | None:
    return seconds if seconds < ENDLESS_SECONDS else None


def each_once(seeds: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(seeds))


Limit = Annotated[PositiveFloat, AfterValidator(endless)] | None
# An INTEGER column of the store holds a seed. One that came twice would be two cells with one identity.
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(each_once)]


class Timeouts(BaseModel):
    """Wall seconds that a stage may take; None, or infinity in TOML, for as long as it likes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fit: Limit = None
    sample: Limit = None
    evaluate: Limit = None


class Settings(BaseModel):
    """What a profile says and `--set` overrides.

    Args:
        summary: one line for `bench list`.
        data: the embedded stand-ins (`demo`) or the original files.
        split: the split protocol.
        split_seeds: one set of cells for each; below 2**31.
        seeds: of fitting, sampling and scoring; one set of cells for each; below 2**31.
        records: how many to sample; None for as many as there are train records.
        timeout_seconds: limits of the stages.
        generators: name -> options that differ from the generator's own defaults.
        evaluators: name -> options that differ from the evaluator's own defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str = ""
    data: Literal["demo", "original"] = "demo"
    split: Literal["harness", "tabsyn", "difflm"] = "harness"
    split_seeds: Seeds = (0,)
    seeds: Seeds = (0,)
    records: PositiveInt | None = None
    timeout_seconds: Timeouts = Timeouts()
    generators: dict[str, dict[str, Any]] = {}
    evaluators: dict[str, dict[str, Any]] = {}


class RunSpec(BaseModel):
    """One run: which generators on which datasets, scored by which evaluators, under which settings.

    Args:
        generators: registered names, or `all`: those that need no setting that is not given.
        datasets: registered names, `all`, or paths of a user's own files.
        evaluators: registered names; empty for all whose family fits.
        profile: name of the profile that the settings come from.
        settings: the profile after its overrides.
        data_dir: folder that holds the original files already.
        target, task, kinds: what a user's own file cannot say about itself.
        where: conditions on the records; real ones that do not fulfil them are left out.
        sentinels: add `real` (ceiling) and `marginals` (floor) beside the generators.
        jobs: cells that run at the same time.
        executor: `inline` (this process) or `process` (a child for each cell, which survives a crash);
            None for inline with one job and process with several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generators: tuple[str, ...]
    datasets: tuple[str, ...] = Field(min_length=1)
    evaluators: tuple[str, ...] = ()
    profile: str = profiles.DEFAULT
    settings: Settings
    data_dir: Path | None = None
    target: str | None = None
    task: Task | None = None
    kinds: dict[str, Kind] = {}
    where: tuple[str, ...] = ()
    sentinels: bool = True
    jobs: PositiveInt = 1
    executor: Literal["inline", "process"] | None = None


def settings(profile: str = profiles.DEFAULT, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a profile after its overrides.

    Args:
        profile: its name.
        overrides: dotted name -> value, such as `{"generators.difflm.epochs": 3, "seeds": [0, 1]}`.

    Raises:
        BenchError: unknown profile or setting, or a value of the wrong type.
    """
    values = profiles.read(profile)
    for name, value in (overrides or {}).items():
        assign(values, name, value)
    return validated(Settings, values, "setting")


def validated(model: type[M], values: Mapping[str, Any], what: str) -> M:
    """`values` as a `model`, or one clear line.

    Raises:
        BenchError: an unknown name (with the nearest known one) or a value of the wrong type.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise first_problem(error, model, what) from error


def first_problem(error: ValidationError, model: type[BaseModel], what: str) -> BenchError:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        owner = Timeouts if problem["loc"][:1] == ("timeout_seconds",) else model
        return unknown_name(what, str(problem["loc"][-1]), owner.model_fields)
    return BenchError(f"{what} '{place}': {problem['msg'].lower()}, not {problem['input']!r}")


def assign(values: dict[str, Any], name: str, value: Any) -> None:
    """Put a value under its dotted name into nested tables.

    Raises:
        BenchError: the name goes through a value that is no table.
    """
    *tables, last = name.split(".")
    for part in tables:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise BenchError(f"setting '{name}': '{part}' holds a value, not a table of options")
    values[last] = value


def parse_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """Texts such as `generators.difflm.epochs=3` as dotted name -> value.

    Values are TOML; what is no TOML is taken for text, so that the quotes of a word can be left out.

    Raises:
        BenchError: a text without a name or without `=`.
    """
    overrides = {}
    for text in texts:
        name, separator, value = text.partition("=")
        parts = [part.strip() for part in name.split(".")]
        if not separator or not all(parts):
            raise BenchError(f"--set '{text}' is not of the form name=value or table.name=value")
        overrides[".".join(parts)] = parse_value(value.strip())
    return overrides


def parse_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text
