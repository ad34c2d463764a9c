"""Constraints: how many records break rules that a user declares, or that a known table is known to keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.shares import share_score
from evaluators.tabular.known_rules import RULES
from evaluators.tabular.rules import Rule, check, parse

METRIC = "rule_violation_percent"


@dataclass(frozen=True)
class ConstraintsConfig:
    """Which rules are judged.

    Args:
        rules: path of a TOML file (`rules.py` shows its form), read at once: the text itself stands here
            afterwards, so that a changed file is another config. Empty for the rules of a known table.
    """

    rules: str = ""

    def __post_init__(self) -> None:
        """Read and understand the file before anything is fitted.

        Raises:
            BenchError: it cannot be read or understood.
        """
        if not self.rules:
            return
        text = self.rules if "\n" in self.rules else read(Path(self.rules))
        try:
            parse(text)
        except BenchError as error:
            raise BenchError(f"rules {text.partition(chr(10))[0].removeprefix('# ')}: {error}") from error
        object.__setattr__(self, "rules", text)


def read(path: Path) -> str:
    """The text of a file below a comment that names it."""
    try:
        return f"# '{path}'\n{path.read_text(encoding='utf-8')}"
    except (OSError, UnicodeDecodeError) as error:
        why = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise BenchError(f"rules '{path}': the file {why}; it is to be a TOML file of [[rule]] tables") from error


class Constraints(Evaluator):
    """`rule_violation_percent`: share of records that break at least one rule.

    A rule does not judge a record that misses a value in one of its columns. What a column follows is
    learnt from the train rows: a combination that none of them has breaks the rule, so a rare but legal one
    in held-out rows does too. The details give the share of every rule among the records it judged, beside
    the same share of train and held-out rows. The standard error is binomial.
    """

    Config = ConstraintsConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        known = RULES.get(data.name, "") if data.source.variant != "file" else ""
        text = self.config.rules or known
        if not text:
            reason = "no rules are declared; name a file of them (option 'rules')"
            return [Score(METRIC, np.nan, np.nan, False, "harness", 1, len(synthetic), {"reason": reason})]
        rules = parse(text)
        check(rules, data.schema)
        parts = {"records": synthetic, "train": data.train, "held_out": data.test}
        broken = {part: np.zeros(len(records), dtype=bool) for part, records in parts.items()}
        each: list[dict[str, Any]] = []
        with progress.task("constraints", len(rules), "rules") as task:
            for rule in rules:
                one: dict[str, Any] = {"rule": rule.text}
                for part, records in parts.items():
                    judged, flags = judge(rule, records, data.train)
                    broken[part] |= flags
                    one[f"{part}_percent"] = 100 * float(flags[judged].mean()) if judged.any() else None
                    if part == "records":
                        one["judged"] = int(judged.sum())
                each.append(one)
                task.advance()
        details: dict[str, Any] = {"rules": each, "not_judged": "records that miss a value in a column of the rule"}
        for part in ("train", "held_out"):
            details[f"{part}_percent"] = 100 * float(broken[part].mean()) if len(broken[part]) else None
        score = share_score(METRIC, broken["records"], higher_is_better=False)
        score.details.update(details)
        return [score]


def judge(rule: Rule, records: pd.DataFrame, train: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which records a rule judges, and which of those break it; shape (rows,) each."""
    judged = records[rule.columns].notna().to_numpy().all(axis=1)
    return judged, judged & rule.broken(records, train)
