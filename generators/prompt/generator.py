"""Prompt as a generator: a language model is shown examples and asked for more, until there are enough.

In-context learning (Brown et al. 2020, arXiv 2005.14165) as a generator of records: nothing is trained, `fit` keeps
some train records and what the prompt says of the schema. Requests are made in a fixed order with seeds of their own,
so that a server whose answers depend on the request alone gives equal records for equal seeds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.chat import Answer, Chat, Request, Server
from bench.condition import Condition, matches
from bench.frames import conform
from bench.progress import Progress
from bench.records import Dataset, Family
from generators.base import UNFULFILLED, Generator, Sample
from generators.prompt.answers import Reader, tally
from generators.prompt.config import PromptConfig
from generators.prompt.facts import Facts, learn_facts
from generators.prompt.question import answer_schema, in_json, question
from generators.texts.parameters import parameter_columns
from generators.texts.serialise import empty, plain, to_texts

LOG = "chat.jsonl"
LEAST_REQUESTS = 10
# requests that are planned together; what they bring decides how many follow
WAVE = 64
# share of records that is hoped for where fewer were legal so far
LEAST_YIELD = 0.1


@dataclass(frozen=True)
class Asked:
    """One request: what is sent, how many records it asks for, and the texts of the examples that it shows."""

    request: Request
    count: int
    shown: frozenset[str]


@dataclass
class Harvest:
    """What came so far."""

    parts: list[pd.DataFrame] = field(default_factory=list)
    found: int = 0
    attempts: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    requests: int = 0
    dearest: float = 0.0


class Prompt(Generator):
    """Records that a language model writes after examples; conditions stand in the prompt and are checked."""

    Config = PromptConfig
    config: PromptConfig
    families = frozenset({"tabular", "code", "tool"})

    family: Family
    examples: pd.DataFrame
    facts: dict[str, Facts]
    parameters: list[str]

    def _fit(self, data: Dataset, seed: int, progress: Progress) -> None:
        rows = np.random.default_rng(seed).permutation(len(data.train))[: self.config.pool]
        self.family = data.family
        self.examples = data.train.iloc[rows].reset_index(drop=True)
        self.facts = learn_facts(data.train, data.schema, self.config.listed_labels)
        self.parameters = parameter_columns(data.train, data.schema, data.family)
        self.fit_details = {"examples": len(self.examples)}

    def _sample(self, n: int, seed: int, where: Condition, progress: Progress) -> Sample:
        assert self.schema is not None
        if n == 0:
            return Sample(empty(self.schema), 0)
        harvest, shortfall, reader = Harvest(), None, self.reader()
        most = max(LEAST_REQUESTS, math.ceil(n * self.config.requests_per_record))
        most = min(most, self.config.max_requests or most)
        with Chat(self.server(), self.checkpoint / LOG if self.checkpoint else None) as chat:
            while harvest.found < n:
                size = self.wave(n, harvest, most, chat.usage.dollars)
                if size == 0:
                    shortfall = self.why_short(harvest, most)
                    break
                asked = [self.ask_for(harvest.requests + i, seed, where) for i in range(size)]
                answers = chat.ask([one.request for one in asked], "prompting", progress)
                self.take(harvest, n, zip(asked, answers, strict=True), where, reader)
            details = {"model": chat.server.model, **asdict(chat.usage), "copies_of_examples": harvest.copies}
        records = pd.concat([empty(self.schema), *harvest.parts], ignore_index=True)
        return Sample(records, harvest.attempts, dict(harvest.rejected), shortfall, details)

    def server(self) -> Server:
        return Server(**{one.name: getattr(self.config, one.name) for one in fields(Server)})

    def wave(self, n: int, harvest: Harvest, most: int, dollars: float) -> int:
        """How many requests to send together: what is missing at the yield so far, within the caps."""
        share = max(LEAST_YIELD, harvest.found / harvest.attempts) if harvest.attempts else 1.0
        wanted = math.ceil((n - harvest.found) / (self.config.records_per_request * share))
        size = min(wanted, WAVE, most - harvest.requests)
        if self.config.max_dollars:
            # the first request says what one costs
            left = self.config.max_dollars - dollars
            size = min(size, math.floor(left / harvest.dearest) if harvest.dearest else 1)
        return max(0, size)

    def why_short(self, harvest: Harvest, most: int) -> str:
        """Which cap ended the sampling."""
        brought = f"{harvest.found} records in {harvest.attempts} attempts and {harvest.requests} requests"
        if harvest.requests >= most:
            return f"{brought}, the most that is allowed"
        return f"{brought}; another one could lead beyond {self.config.max_dollars:g} dollars"

    def ask_for(self, number: int, seed: int, where: Condition) -> Asked:
        """The request of a number, the same whatever was asked before."""
        assert self.schema is not None
        rng = np.random.default_rng([seed, number])
        texts = to_texts(self.examples.iloc[self.chosen(rng, where)], self.schema)
        column = self.schema.names[0] if plain(self.schema) else None
        shown = [in_json(text, column) for text in texts]
        config, structure = self.config, self.config.structure
        request = Request(
            question(self.schema, self.family, self.facts, shown, config.records_per_request, where),
            int(rng.integers(2**31)),
            config.temperature,
            config.answer_tokens,
            structure == "json",
            answer_schema(self.schema, self.facts) if structure == "schema" else None,
        )
        return Asked(request, config.records_per_request, frozenset(texts))

    def chosen(self, rng: np.random.Generator, where: Condition) -> list[int]:
        """Examples of the pool that are shown: those that fulfil the condition first."""
        order = rng.permutation(len(self.examples))
        fits = matches(self.examples, where)
        return sorted(order.tolist(), key=lambda row: not fits[row])[: self.config.examples]

    def take(
        self, harvest: Harvest, n: int, answered: Iterable[tuple[Asked, Answer]], where: Condition, reader: Reader
    ) -> None:
        """Read answers in the order of their requests, until there are `n` records; what comes later does not count."""
        assert self.schema is not None
        price = self.config.prompt_price, self.config.completion_price
        for one, answer in answered:
            harvest.requests += 1
            dollars = (answer.prompt_tokens * price[0] + answer.completion_tokens * price[1]) / 1e6
            harvest.dearest = max(harvest.dearest, dollars)
            records, reasons = reader.read(answer.text, one.count)
            legal = np.flatnonzero([reason is None for reason in reasons])
            for row in legal[~matches(records, where)]:
                reasons[row] = UNFULFILLED
            kept = [row for row, reason in enumerate(reasons) if reason is None][: n - harvest.found]
            if harvest.found + len(kept) == n:
                reasons = reasons[: kept[-1] + 1] if kept else []
            records = records.iloc[np.searchsorted(legal, kept)]
            harvest.parts.append(records)
            harvest.found += len(records)
            harvest.attempts += len(reasons)
            harvest.rejected += tally(reasons)
            harvest.copies += sum(text in one.shown for text in to_texts(records, self.schema))

    def reader(self) -> Reader:
        assert self.schema is not None
        labels = {name: frozenset(known) for name, known in self.labels.items()}
        return Reader(self.schema, self.family, self.facts, labels, self.parameters)

    def _save(self, folder: Path) -> None:
        state = {
            "family": self.family,
            "facts": {name: asdict(facts) for name, facts in self.facts.items()},
            "parameters": self.parameters,
        }
        (folder / "facts.json").write_text(json.dumps(state), encoding="utf-8")
        self.examples.to_parquet(folder / "examples.parquet")

    def _load(self, folder: Path) -> None:
        assert self.schema is not None
        state: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        self.family, self.parameters = state["family"], state["parameters"]
        self.facts = {name: Facts.restored(facts) for name, facts in state["facts"].items()}
        self.examples = conform(pd.read_parquet(folder / "examples.parquet"), self.schema)
