"""Problems of the Berkeley Function Calling Leaderboard, solved as queries of a dataset are.

What to call is decided by likelihood, how by writing under the grammar, and whether it is right by BFCL's own rules:

- no call at all, where the question makes none of the functions likelier than unrelated requests do: this is all
  that irrelevance asks for, and the same rule holds for every kind;
- one function chosen, then one call or more of it written (simple, multiple, parallel); the model itself stops;
- parallel_multiple: all functions stand in the prompt, and every call may be of any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from evaluators.tool.bfcl import Problem, read_bfcl
from evaluators.tool.call import Verdict
from evaluators.tool.check_call import check_calls
from evaluators.tool.queries import Query
from evaluators.tool.select import score_offers
from evaluators.tool.tool_texts import API, call_prompt

if TYPE_CHECKING:
    from evaluators.language.model import LanguageModel


@dataclass(frozen=True)
class BfclOutcome:
    """What became of a problem; `withheld` where no call was made."""

    verdict: Verdict
    withheld: bool


def load_problems(path: str) -> list[Problem]:
    """The problems of a file; none without a path.

    Raises:
        BenchError: the file cannot be read; the message names line and field.
    """
    if not path:
        return []
    problems = read_bfcl(Path(path))
    if not problems:
        raise BenchError(f"'{path}' holds no problem of BFCL; give a file with one JSON object a line")
    return problems


def solve_problems(
    model: LanguageModel,
    problems: Sequence[Problem],
    background: Sequence[str],
    max_call_tokens: int,
    progress: Progress = SILENT,
) -> list[BfclOutcome]:
    """The outcome of every problem."""
    if not problems:
        return []
    from evaluators.tool.write_calls import calls_of  # noqa: PLC0415  (torch is slow to import)

    queries = [as_query(problem) for problem in problems]
    scored = score_offers(model, queries, background, progress)
    open_ones = [i for i, likelihood in enumerate(scored) if likelihood.gain > 0]
    tasks = []
    for i in open_ones:
        offered = queries[i].offered
        offered = [*offered] if problems[i].kind == "parallel_multiple" else [offered[scored[i].chosen]]
        tasks.append((offered, call_prompt(offered, queries[i].text), True))
    written = dict(zip(open_ones, calls_of(model, tasks, max_call_tokens, progress), strict=True))
    return [
        BfclOutcome(check_calls(written.get(i, []), problem.functions, problem.answers), i not in written)
        for i, problem in enumerate(problems)
    ]


def as_query(problem: Problem) -> Query:
    """The question as a query: what was said last by the user, and the functions as APIs without a tool."""
    said = [one["content"] for one in problem.messages if one["role"] == "user"] or [problem.messages[-1]["content"]]
    offered = tuple(API("", one["name"], one["description"], one["parameters"]) for one in problem.functions)
    return Query(said[-1], offered, frozenset({0}), None, problem.kind)
