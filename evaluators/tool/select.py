"""Choosing the API that answers a query by how much the query raises the likelihood of the API's line.

The line of an API c is scored given the query q by log p(c | q) - 1/2 log p(c), which ranks as the squared pointwise
mutual information of Daille (1994) does. The plain likelihood prefers short and common names whatever is asked; the
whole correction of pointwise mutual information prefers rare ones, whose likelihood is estimated worst. What was
measured: docs/decisions/014-what-a-compact-model-learns-from-tools.md.

log p(c) is the mean of log p(c | r) over a few unrelated requests r, as an empty request is a text that no model has
seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from evaluators.tool.queries import Query
from evaluators.tool.tool_texts import candidate, selection_prompt

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel


@dataclass(frozen=True)
class Likelihood:
    """Of the lines of the APIs offered with one query, in nats; shapes (offered,).

    Args:
        asked: log p(c | q).
        usual: log p(c), whatever is asked.
    """

    asked: NDArray[np.float64]
    usual: NDArray[np.float64]

    @property
    def chosen(self) -> int:
        """The place of the API that answers."""
        return int(np.argmax(self.asked - self.usual / 2))

    @property
    def gain(self) -> float:
        """Nats by which the query makes the line of the chosen API likelier than unrelated requests do."""
        return float((self.asked - self.usual)[self.chosen])


def score_offers(
    model: LanguageModel, queries: Sequence[Query], background: Sequence[str], progress: Progress = SILENT
) -> list[Likelihood]:
    """Score every API offered with every query.

    Args:
        model: scores.
        queries: with their APIs.
        background: requests that have nothing to do with the queries, at least one.
        progress: where to report to.
    """
    if not queries:
        return []
    lines = [candidate(api) for query in queries for api in query.offered]
    texts = [selection_prompt(query.text) for query in queries for _ in query.offered]
    known = list(dict.fromkeys(lines))
    others = [(selection_prompt(text), line) for line in known for text in background]
    total, _ = model.log_likelihoods([*zip(texts, lines, strict=True), *others], progress)
    usual = dict(zip(known, total[len(lines) :].reshape(len(known), -1).mean(axis=1), strict=True))
    ends = np.cumsum([len(query.offered) for query in queries])[:-1]
    parts = np.split(total[: len(lines)], ends), np.split(np.array([usual[line] for line in lines]), ends)
    return [Likelihood(*pair) for pair in zip(*parts, strict=True)]
