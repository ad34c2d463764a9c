"""Tool use: a language model that is trained on the synthetic tools chooses and calls held-out real ones.

The comparison of Train on Synthetic, Test on Real (Esteban et al. 2017, arXiv 1706.02633) with a language model: the
same recipe on real tools is the reference, the untrained base stands beside both. Calls are checked by structure, as
the Berkeley Function Calling Leaderboard does (Patil et al. 2025). docs/tool-use.md has the rules on one page.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.language.recipe import Recipe
from evaluators.tool.bfcl_problems import BfclOutcome, load_problems, solve_problems
from evaluators.tool.call import Verdict
from evaluators.tool.check_call import check_calls
from evaluators.tool.harness_rules import exact_answer
from evaluators.tool.queries import Query, held_out_queries, read_queries
from evaluators.tool.select import score_offers
from evaluators.tool.tool_texts import apis, call_prompt, request, training_texts

COLUMNS = ("tool_name", "api_name", "api_description", "parameters")
NO_QUERIES = "the dataset has no queries"
NO_CALLS = "no query of the dataset has a known call"
NO_HELD_OUT = "too few test records have a description and a name of their own"
NO_TEXT = "there is no synthetic record to train on"
BACKGROUND = 4
# Tokenizers are learnt from so many texts at most.
TOKENIZER_TEXTS = 20_000


@dataclass(frozen=True)
class ToolUseConfig(Recipe):
    """The fields of `Recipe`, with defaults that suit short texts, and the test sets.

    Args:
        queries: most queries of the dataset, and most held-out APIs, that are scored.
        distractors: other held-out APIs that each held-out API is to be told from.
        max_call_tokens: most tokens of a call; what is longer is wrong.
        bfcl: a file in BFCL's format, with its possible answers inline or in the folder `possible_answer` beside it.
    """

    layers: int = 2
    batch_tokens: int = 512
    learning_rate: float = 3e-3
    train_tokens: int = 600_000
    queries: int = 300
    distractors: int = 3
    max_call_tokens: int = 128
    bfcl: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("queries", "distractors", "max_call_tokens"):
            if getattr(self, name) < 1:
                raise BenchError(f"tool_use option {name} = {getattr(self, name)}: must be at least 1")


@dataclass(frozen=True)
class Tests:
    """What every arm is tested on."""

    queries: list[Query]
    held_out: list[Query]
    problems: list[Any]
    background: list[str]  # requests of held-out records, for what is likely whatever is asked


@dataclass
class Results:
    """What one arm did; one value a query."""

    selection: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    calls: list[Verdict]
    bfcl: list[BfclOutcome] = field(default_factory=list)


class ToolUse(Evaluator):
    """Shares of queries, each beside that of the untrained base (`..._base_percent`).

    `selection_accuracy_percent`: the likeliest of the APIs offered with a query answers it;
    `selection_chance_percent` is what a random choice gets. `held_out_selection_accuracy_percent`: the same with the
    documentation of a held-out API in place of a query. `call_accuracy_percent`: the call of the API that answers,
    written under its grammar, is the expected one. `bfcl_{kind}_accuracy_percent`: choice and call by BFCL's rules.
    Standard errors are binomial; what became of every query is in the details.
    """

    Config = ToolUseConfig
    families = frozenset({"tool"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        missing = [name for name in COLUMNS if name not in data.schema.names]
        if missing:
            raise BenchError(
                f"tool_use needs records with the columns {', '.join(COLUMNS)}; there is no '{missing[0]}'"
            )
        config: ToolUseConfig = self.config
        tests = load_tests(config, data)
        base = load(config, data, seed)
        texts = [text for api in apis(synthetic) for text in training_texts(api)]
        trained = base.trained(texts, config, seed=seed, progress=progress) if texts else None
        results = None if trained is None else answer(trained, tests, config, progress)
        arms = [("", results), ("_base", base_results(base, tests, config, data, seed, progress))]
        shared = {"train_tokens": config.train_tokens, "texts": len(texts)}
        n = len(synthetic)
        found = chances(tests, n)
        for arm, result in arms:
            found += arm_scores(arm, result, tests, n, shared)
        return found

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """The train records: the same model trained on real tools."""
        return data.train


def load_tests(config: ToolUseConfig, data: Dataset) -> Tests:
    """The test sets; they depend on the data alone, so that every arm and seed can be paired."""
    frame = data.extras.get("queries")
    queries = [] if frame is None else read_queries(frame, config.queries)
    held_out = held_out_queries(data.test, config.distractors, config.queries, data.split_seed)
    described = [request(api) for api in apis(data.test) if api.description.strip()]
    background = described[:: max(1, len(described) // BACKGROUND)][:BACKGROUND] or ["anything"]
    return Tests(queries, held_out, load_problems(config.bfcl), background)


def load(config: ToolUseConfig, data: Dataset, seed: int) -> Any:
    """The untrained base; its tokenizer, where it is learnt, is learnt from the real train tools."""
    from evaluators.language.model import load_base  # noqa: PLC0415  (transformers is slow to import)

    rows = (
        np.arange(min(len(data.train), TOKENIZER_TEXTS))
        * len(data.train)
        // max(1, min(len(data.train), TOKENIZER_TEXTS))
    )
    return load_base(
        config, [training_texts(api)[-1] for api in apis(data.train.iloc[rows]) if training_texts(api)], seed=seed
    )


BASE: dict[str, Results] = {}  # of this process: the base does not depend on the records that are scored


def base_results(
    base: Any, tests: Tests, config: ToolUseConfig, data: Dataset, seed: int, progress: Progress
) -> Results:
    """The untrained base; answered once for every dataset, config and seed."""
    parts = [data.digest, data.split, data.split_seed, len(data.train), repr(tests), asdict(config), seed]
    key = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
    if key not in BASE:
        BASE[key] = answer(base, tests, config, progress)
    return BASE[key]


def answer(model: Any, tests: Tests, config: ToolUseConfig, progress: Progress) -> Results:
    """Put a model through all tests."""
    return Results(
        chooses_right(model, tests.queries, tests.background, progress),
        chooses_right(model, tests.held_out, tests.background, progress),
        call_verdicts(model, [query for query in tests.queries if query.call is not None], config, progress),
        solve_problems(model, tests.problems, tests.background, config.max_call_tokens, progress),
    )


def chooses_right(model: Any, queries: list[Query], background: list[str], progress: Progress) -> NDArray[np.bool_]:
    scored = score_offers(model, queries, background, progress)
    return np.array([one.chosen in query.right for one, query in zip(scored, queries, strict=True)], dtype=bool)


def call_verdicts(model: Any, queries: list[Query], config: ToolUseConfig, progress: Progress) -> list[Verdict]:
    """Whether the call of the API that answers is the expected one, argument by argument."""
    from evaluators.tool.write_calls import calls_of  # noqa: PLC0415  (torch is slow to import)

    asked = [([query.offered[min(query.right)]], query.text) for query in queries]
    written = calls_of(
        model,
        [(offered, call_prompt(offered, text), False) for offered, text in asked],
        config.max_call_tokens,
        progress,
    )
    verdicts = []
    for query, (offered, _), calls in zip(queries, asked, written, strict=True):
        functions = [{"name": api.name, "parameters": api.parameters} for api in offered]
        verdicts.append(check_calls(calls, functions, [exact_answer(query.call)], protocol="harness"))
    return verdicts


def chances(tests: Tests, n: int) -> list[Score]:
    """What random choices get; exact, so without a standard error."""
    found = []
    for prefix, queries, reason in (("", tests.queries, NO_QUERIES), ("held_out_", tests.held_out, NO_HELD_OUT)):
        metric = f"{prefix}selection_chance_percent"
        value = 100 * float(np.mean([query.chance for query in queries])) if queries else np.nan
        details = {"queries": len(queries)} if queries else {"reason": reason}
        found.append(Score(metric, value, 0.0 if queries else np.nan, True, "harness", 1, n, details))
    return found


def arm_scores(arm: str, results: Results | None, tests: Tests, n: int, shared: dict[str, Any]) -> list[Score]:
    groups = [query.group for query in tests.queries]
    chosen, held_out, calls, ends = None, None, None, None
    if results is not None:
        chosen, held_out = results.selection, results.held_out
        calls = np.array([verdict.valid for verdict in results.calls], dtype=bool)
        known = np.array([query.call is not None for query in tests.queries], dtype=bool)
        wrong: dict[str, int] = {}
        for verdict in results.calls:
            if not verdict.valid:
                wrong[verdict.rule] = wrong.get(verdict.rule, 0) + 1
        ends = {"wrong": wrong}
        if known.any():
            ends["chosen_and_called_percent"] = 100 * float((chosen[known] & calls).mean())
    called = [query.group for query in tests.queries if query.call is not None]
    found = [
        share(f"selection_accuracy{arm}_percent", chosen, groups, NO_QUERIES, n, shared),
        share(f"held_out_selection_accuracy{arm}_percent", held_out, [], NO_HELD_OUT, n, shared),
        share(
            f"call_accuracy{arm}_percent",
            calls,
            called,
            NO_CALLS if tests.queries else NO_QUERIES,
            n,
            {**shared, **(ends or {})},
        ),
    ]
    for kind in dict.fromkeys(problem.kind for problem in tests.problems):
        right = None
        details = dict(shared)
        if results is not None:
            outcomes = [one for one, problem in zip(results.bfcl, tests.problems, strict=True) if problem.kind == kind]
            right = np.array([outcome.verdict.valid for outcome in outcomes], dtype=bool)
            details["withheld"] = sum(outcome.withheld for outcome in outcomes)
            details["ids"] = [problem.id for problem in tests.problems if problem.kind == kind]
        found.append(share(f"bfcl_{kind}_accuracy{arm}_percent", right, [], "", n, details, "bfcl"))
    return found


def share(
    metric: str,
    right: NDArray[np.bool_] | None,
    groups: list[str],
    empty: str,
    n: int,
    shared: dict[str, Any],
    protocol: str = "harness",
) -> Score:
    """A share in percent, with groups and single results in the details; `right` is None without a model."""
    if right is None or len(right) == 0:
        reason = NO_TEXT if right is None else empty
        return Score(metric, np.nan, np.nan, True, protocol, 1, n, {"reason": reason})
    p = float(right.mean())
    details = {**shared, "queries": len(right), "right": right.astype(int).tolist()}
    if groups:
        of = np.array(groups)
        details["groups"] = {
            group: {"percent": 100 * float(right[of == group].mean()), "queries": int((of == group).sum())}
            for group in dict.fromkeys(groups)
        }
    return Score(metric, 100 * p, 100 * float(np.sqrt(p * (1 - p) / len(right))), True, protocol, 1, n, details)
