"""Queries with the APIs offered: those that come with a dataset, and those made of held-out real records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import BenchError
from evaluators.tool.call import Call
from evaluators.tool.tool_texts import API, apis, request, signature

# Records that are tried as distractors of one query before it is given up.
TRIES = 20


@dataclass(frozen=True)
class Query:
    """What a user asks, and which of the APIs offered answer it.

    Args:
        text: the user's words.
        offered: at least one API, names unique.
        right: places of the APIs that answer.
        call: the one call that answers, where it is known.
        group: which kind of query it is.
    """

    text: str
    offered: tuple[API, ...]
    right: frozenset[int]
    call: Call | None = None
    group: str = ""

    @property
    def chance(self) -> float:
        """How often a random choice is right."""
        return len(self.right) / len(self.offered)


def read_queries(frame: pd.DataFrame, most: int) -> list[Query]:
    """The queries of `Dataset.extras["queries"]`; where there are more than `most`, some at equal distances.

    Raises:
        BenchError: a row is not in the form that `bench.records` describes; names the row.
    """
    rows = np.arange(min(len(frame), most)) * len(frame) // max(1, min(len(frame), most))
    queries = []
    for row in rows:
        try:
            queries.append(read_query(frame.iloc[row]))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise BenchError(f"query {row} of the dataset is not in the common form ({reason})") from error
    return queries


def read_query(row: Mapping[str, Any]) -> Query:
    offered = tuple(
        API(one.get("tool_name") or "", one["name"], one.get("description") or "", one.get("parameters") or {})
        for one in json.loads(row["offered"])
    )
    place = {api.name: i for i, api in enumerate(offered)}
    answers = json.loads(row["answer"])
    right = frozenset(place[answer["name"]] for answer in answers)
    if not right:
        raise ValueError("no API answers")
    known = len(answers) == 1 and "arguments" in answers[0]
    call = Call(answers[0]["name"], answers[0]["arguments"]) if known else None
    return Query(row["query"], offered, right, call, row.get("group") or "")


def held_out_queries(records: pd.DataFrame, distractors: int, most: int, seed: int) -> list[Query]:
    """A query of each held-out record: by its own documentation its definition is to be told from others.

    Records without a description are left out, and so are distractors that read like the right one.

    Args:
        records: the test records.
        distractors: other test records that each is offered with.
        most: how many queries at most.
        seed: chooses records and distractors.
    """
    rng = np.random.default_rng(seed)
    known = apis(records)
    described = [i for i in rng.permutation(len(known)) if known[i].description.strip() and known[i].name.strip()]
    queries = []
    for i in described[:most]:
        offered = [known[i]]
        for j in rng.integers(len(known), size=TRIES * distractors):
            other = known[j]
            if len(offered) <= distractors and all(differ(other, one) for one in offered):
                offered.append(other)
        if len(offered) == distractors + 1:
            order = rng.permutation(len(offered))
            shown = tuple(offered[k] for k in order)
            queries.append(Query(request(known[i]), shown, frozenset({int(np.argmin(order))}), None, "held out"))
    return queries


def differ(first: API, second: API) -> bool:
    return (
        signature(first).lower() != signature(second).lower()
        and first.name.strip().lower() != second.name.strip().lower()
        and first.description.strip() != second.description.strip()
    )
