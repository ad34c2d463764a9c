"""What the metrics of the house must see and must not see: `expectations.toml`, checked against verdicts."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bench.calibrate.damages import DAMAGES
from bench.calibrate.verdict import Verdict
from bench.errors import BenchError, unknown_name

FILE = Path(__file__).with_name("expectations.toml")
WORSE = ("sees", "out of order")


@dataclass(frozen=True)
class Expectation:
    """What is asked of a metric.

    Args:
        metric: its name; `*` stands for any text.
        why: what the metric measures, in a few words.
        must_see: damages that it must score worse, the more so the larger they are.
        must_not_see: damages that it must not score worse.
        protocol, evaluator: as `metric`.
        datasets: where it is asked; empty for everywhere.
    """

    metric: str
    why: str
    must_see: tuple[str, ...] = ()
    must_not_see: tuple[str, ...] = ()
    protocol: str = "*"
    evaluator: str = "*"
    datasets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.must_see, *self.must_not_see):
            if name not in (known := [damage.name for damage in DAMAGES]):
                raise unknown_name(f"expectation of '{self.metric}': damage", name, known)
        both = sorted(set(self.must_see) & set(self.must_not_see))
        if both:
            raise BenchError(f"expectation of '{self.metric}': '{both[0]}' is to be seen and not to be seen")

    def covers(self, evaluator: str, metric: str, protocol: str) -> bool:
        pairs = [(metric, self.metric), (protocol, self.protocol), (evaluator, self.evaluator)]
        return all(fnmatchcase(name, pattern) for name, pattern in pairs)


@dataclass(frozen=True)
class Outcome:
    """One expectation of one metric on one damage.

    Args:
        verdict: what was found.
        must_see: whether the damage must be seen, or must not.
        met: whether it is so.
        why: what the metric measures.
    """

    verdict: Verdict
    must_see: bool
    met: bool
    why: str


def read_expectations(path: Path = FILE) -> list[Expectation]:
    """The expectations that are kept with the harness."""
    with path.open("rb") as file:
        content = tomllib.load(file)
    return [
        Expectation(
            entry["metric"],
            entry["why"],
            tuple(entry.get("must_see", ())),
            tuple(entry.get("must_not_see", ())),
            entry.get("protocol", "*"),
            entry.get("evaluator", "*"),
            tuple(content["datasets"]),
        )
        for entry in content["expectation"]
    ]


def check(verdicts: Iterable[Verdict], expectations: Sequence[Expectation]) -> list[Outcome]:
    """Every expectation that meets a verdict. A metric that the undamaged records do not define has none."""
    outcomes = []
    for verdict in verdicts:
        if math.isnan(verdict.means[0]):
            continue
        reading = verdict.reading
        for one in expectations:
            if not one.covers(reading.evaluator, reading.metric, reading.protocol):
                continue
            seen, damage = verdict.finding, reading.damage
            if damage in one.must_see:
                outcomes.append(Outcome(verdict, True, seen == "sees", one.why))
            elif damage in one.must_not_see:
                outcomes.append(Outcome(verdict, False, seen not in WORSE, one.why))
    return outcomes
