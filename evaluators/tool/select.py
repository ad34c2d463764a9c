"""Choosing the API that answers a query by the likelihood of its line, given the query.

The candidates differ in length and in how common their names are. Which correction of the likelihood serves best was
measured (docs/decisions/014-what-a-compact-model-learns-from-tools.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.progress import SILENT, Progress
from evaluators.tool.queries import Query
from evaluators.tool.tool_texts import API, candidate, selection_prompt

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel


def selection_scores(
    model: LanguageModel, queries: Sequence[Query], progress: Progress = SILENT
) -> list[NDArray[np.float64]]:
    """Log-likelihood in nats a token of each API offered with each query; shapes (offered,)."""
    pairs = [(selection_prompt(query.text), candidate(api)) for query in queries for api in query.offered]
    total, tokens = model.log_likelihoods(pairs, progress)
    ends = np.cumsum([len(query.offered) for query in queries])
    return np.split(total / tokens, ends[:-1])


def pointwise_information(
    model: LanguageModel,
    texts: Sequence[str],
    chosen: Sequence[API],
    background: Sequence[str],
    progress: Progress = SILENT,
) -> NDArray[np.float64]:
    """Nats by which a text makes the line of an API likelier than other requests do; shape (texts,).

    The unconditional likelihood is the mean over the requests of `background`, log mean exp in nats: an empty request
    is a text that the model has never seen.

    Args:
        model: scores.
        texts: what is asked.
        chosen: one API a text.
        background: requests that have nothing to do with the texts, at least one.
        progress: where to report to.
    """
    lines = [candidate(api) for api in chosen]
    known = list(dict.fromkeys(lines))
    asked = [(selection_prompt(text), line) for text, line in zip(texts, lines, strict=True)]
    others = [(selection_prompt(text), line) for line in known for text in background]
    total, _ = model.log_likelihoods([*asked, *others], progress)
    table = total[len(asked) :].reshape(len(known), len(background))
    marginal = np.logaddexp.reduce(table, axis=1) - np.log(len(background))
    place = {line: i for i, line in enumerate(known)}
    return total[: len(asked)] - marginal[[place[line] for line in lines]]
