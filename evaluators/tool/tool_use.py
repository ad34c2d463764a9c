"""Tool use: a language model that is trained on the synthetic tools chooses and calls held-out real ones.

The comparison of Train on Synthetic, Test on Real (Esteban et al. 2017, arXiv 1706.02633) with a language model: the
same recipe on real tools is the reference, the untrained base stands beside both. Calls are checked by structure, as
the Berkeley Function Calling Leaderboard does (Patil et al. 2025). docs/tool-use.md has the rules on one page.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.language.recipe import Recipe
from evaluators.tool.bfcl import answers_beside
from evaluators.tool.bfcl_problems import load_problems, solve_problems
from evaluators.tool.call import Verdict
from evaluators.tool.check_call import check_calls
from evaluators.tool.harness_rules import exact_answer
from evaluators.tool.queries import Query, held_out_queries, read_queries
from evaluators.tool.select import score_offers
from evaluators.tool.tool_texts import apis, call_prompt, request, training_texts
from evaluators.tool.tool_use_scores import Results, Tests, arm_scores, chances

COLUMNS = ("tool_name", "api_name", "api_description", "parameters")
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

    def files(self) -> list[Path]:
        if not self.config.bfcl:
            return []
        path = Path(self.config.bfcl)
        return [path, *filter(None, [answers_beside(path)])]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """The train records: the same model trained on real tools."""
        return data.train


def load_tests(config: ToolUseConfig, data: Dataset) -> Tests:
    """The test sets; they depend on the data alone, so that every arm and seed can be paired."""
    frame = data.extras.get("queries")
    queries = [] if frame is None else read_queries(frame, config.queries)
    held_out = held_out_queries(data.test, config.distractors, config.queries, data.split_seed)
    return Tests(queries, held_out, load_problems(config.bfcl), unrelated_requests(data))


def unrelated_requests(data: Dataset) -> list[str]:
    """Requests of a few validation records, on which nothing is tested; of train records where there are none."""
    for records in (data.validation, data.train):
        described = [request(api) for api in apis(records) if api.description.strip()]
        if described:
            return described[:: max(1, len(described) // BACKGROUND)][:BACKGROUND]
    return ["anything"]


def load(config: ToolUseConfig, data: Dataset, seed: int) -> Any:
    """The untrained base; its tokenizer, where it is learnt, is learnt from the real train tools."""
    from evaluators.language.model import load_base  # noqa: PLC0415  (transformers is slow to import)

    count = min(len(data.train), TOKENIZER_TEXTS)
    rows = np.arange(count) * len(data.train) // max(count, 1)
    texts = [text for api in apis(data.train.iloc[rows]) for text in training_texts(api)[-1:]]
    return load_base(config, texts, seed=seed)


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

    right = [query.offered[min(query.right)] for query in queries]
    tasks = [([api], call_prompt([api], query.text), False) for api, query in zip(right, queries, strict=True)]
    written = calls_of(model, tasks, config.max_call_tokens, progress)
    return [
        check_calls(
            calls,
            [{"name": api.name, "parameters": api.parameters}],
            [exact_answer(query.call)],
            protocol="harness",
        )
        for api, query, calls in zip(right, queries, written, strict=True)
    ]
