"""From what the arms of `tool_use` did to scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.base import Score
from evaluators.shares import share_score
from evaluators.tool.bfcl import Problem
from evaluators.tool.bfcl_problems import BfclOutcome
from evaluators.tool.call import Verdict
from evaluators.tool.queries import Query

SELECTION_VERSION = 2  # of what unrelated requests decide: in version 1 they were requests of test records
NO_QUERIES = "the dataset has no queries"
NO_CALLS = "no query of the dataset has a known call"
NO_HELD_OUT = "too few test records have a description and a name of their own"
NO_TEXT = "there is no synthetic record to train on"


@dataclass(frozen=True)
class Tests:
    """What every arm is tested on."""

    queries: list[Query]
    held_out: list[Query]
    problems: list[Problem]
    background: list[str]  # unrelated requests, for what is likely whatever is asked


@dataclass
class Results:
    """What one arm did; one value a query."""

    selection: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    calls: list[Verdict]
    bfcl: list[BfclOutcome] = field(default_factory=list)


def chances(tests: Tests, n: int) -> list[Score]:
    """What random choices get; exact, so without a standard error."""
    found = []
    for prefix, queries, reason in (("", tests.queries, NO_QUERIES), ("held_out_", tests.held_out, NO_HELD_OUT)):
        metric = f"{prefix}selection_chance_percent"
        value = chance_of(queries).get("chance_percent", np.nan)
        details = {"queries": len(queries)} if queries else {"reason": reason}
        found.append(Score(metric, value, 0.0 if queries else np.nan, True, "harness", 1, n, details))
    return found


def arm_scores(arm: str, results: Results | None, tests: Tests, n: int, shared: dict[str, Any]) -> list[Score]:
    """The shares of one arm; `results` is None where there was nothing to train a model on."""
    chosen, held_out, calls = (None,) * 3
    ends = dict(shared)
    if results is not None:
        chosen, held_out = results.selection, results.held_out
        calls = np.array([verdict.valid for verdict in results.calls], dtype=bool)
        ends["wrong"] = broken_rules(results.calls)
        known = np.array([query.call is not None for query in tests.queries], dtype=bool)
        if known.any():
            ends["chosen_and_called_percent"] = 100 * float((chosen[known] & calls).mean())
    offered, held = shared | chance_of(tests.queries), shared | chance_of(tests.held_out)
    groups = [query.group for query in tests.queries]
    called = [query.group for query in tests.queries if query.call is not None]
    no_calls = NO_CALLS if tests.queries else NO_QUERIES
    return [
        share(f"selection_accuracy{arm}_percent", chosen, n, offered, NO_QUERIES, groups, SELECTION_VERSION),
        share(f"held_out_selection_accuracy{arm}_percent", held_out, n, held, NO_HELD_OUT, (), SELECTION_VERSION),
        share(f"call_accuracy{arm}_percent", calls, n, ends, no_calls, called),
        *bfcl_scores(arm, results, tests, n, shared),
    ]


def bfcl_scores(arm: str, results: Results | None, tests: Tests, n: int, shared: dict[str, Any]) -> list[Score]:
    found = []
    for kind in dict.fromkeys(problem.kind for problem in tests.problems):
        places = [i for i, problem in enumerate(tests.problems) if problem.kind == kind]
        details = {**shared, "ids": [tests.problems[i].id for i in places]}
        right = None
        if results is not None:
            right = np.array([results.bfcl[i].verdict.valid for i in places], dtype=bool)
            details["withheld"] = sum(results.bfcl[i].withheld for i in places)
            details["wrong"] = Counter(
                results.bfcl[i].verdict.rule for i in places if not results.bfcl[i].verdict.valid
            )
        score = share(f"bfcl_{kind}_accuracy{arm}_percent", right, n, details, "", (), SELECTION_VERSION)
        found.append(replace(score, protocol="bfcl"))
    return found


def broken_rules(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return dict(Counter(verdict.rule for verdict in verdicts if not verdict.valid))


def chance_of(queries: list[Query]) -> dict[str, float]:
    return {"chance_percent": 100 * float(np.mean([query.chance for query in queries]))} if queries else {}


def share(
    metric: str,
    right: NDArray[np.bool_] | None,
    n: int,
    details: dict[str, Any],
    empty: str,
    groups: Sequence[str] = (),
    version: int = 1,
) -> Score:
    """A share in percent, with groups and single results in the details; `right` is None without a model."""
    if right is None or len(right) == 0:
        reason = NO_TEXT if right is None else empty
        return Score(metric, np.nan, np.nan, True, "harness", version, n, {"reason": reason})
    score = share_score(metric, right, True, {**details, "queries": len(right), "right": right.astype(int).tolist()})
    if groups:
        of = np.array(groups)
        score.details["groups"] = {
            group: {"percent": 100 * float(right[of == group].mean()), "queries": int((of == group).sum())}
            for group in dict.fromkeys(groups)
        }
    return replace(score, n=n, version=version)
