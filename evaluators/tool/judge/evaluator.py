"""Judge: grades of tool definitions, and preference against real ones, by a language model behind a server."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from bench.chat import Chat, Request, Server, Usage
from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.tool.judge.questions import Message, comparing, grading, read_choice, read_grades
from evaluators.tool.judge.verdicts import Estimate, summarise_choices, summarise_grades

Record = dict[Hashable, Any]
LOG = "chat.jsonl"
ANSWER_TOKENS = 400
NOTE = "depends on the judge and its version: comparable within one judge only, not with published figures"


@dataclass(frozen=True)
class JudgeConfig:
    """Which judge, and how much it is asked.

    Args:
        url: base of an OpenAI-compatible API, such as http://localhost:8000/v1; "" for no judging at all.
        model: name of the model; "" for the only one that the server has.
        samples: most definitions that are graded, and most pairs that are compared (twice each).
        attempts: how often a question is asked until the answer has the form asked for.
        temperature: of the judge's sampling; 0 for its most likely answer.
        json_mode: ask the server for answers in JSON; off for servers that know no response_format.
        prompt_price, completion_price: US dollars per million tokens; both 0 for no score of the cost.
        concurrency: requests under way at the same time.
        timeout_seconds: of one request.
        retries: how often a request is sent again after errors of the server.
        pause_seconds: before the first retry, twice as long before each further one.
    """

    url: str = ""
    model: str = ""
    samples: int = 50
    attempts: int = 3
    temperature: float = 0.0
    json_mode: bool = True
    prompt_price: float = 0.0
    completion_price: float = 0.0
    concurrency: int = 8
    timeout_seconds: float = 60.0
    retries: int = 5
    pause_seconds: float = 0.5

    def __post_init__(self) -> None:
        if min(self.samples, self.attempts, self.concurrency) < 1 or self.retries < 0:
            raise BenchError("judge: samples, attempts and concurrency must be at least 1, retries at least 0")


@dataclass
class Question:
    """One question in all its attempts."""

    messages: tuple[Message, ...]
    answers: list[str]
    parsed: Any = None


class Judge(Evaluator):
    """Scores of a judge; none without a url.

    `judge_grade_points`: mean of six grades from 0 to 10, over sampled definitions. `judge_win_rate_percent`:
    preference over as many real test definitions, each pair in both orders, 50 where the judge sees no
    difference; standard error over pairs. `judge_flip_percent`: pairs on which the orders disagree, the bias
    of the position. `judge_unparsable_percent`: questions without an answer in the form asked for after all
    attempts; they are left out, never guessed. `judge_cost_dollars`: of all questions, where prices are given.

    Details hold every prompt and answer, tokens and retries. While the evaluation runs they stand in
    `chat.jsonl` in the checkpoint folder, from where a run that was killed goes on without asking again.
    """

    Config = JudgeConfig
    families = frozenset({"tool"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        if not self.config.url:
            return []
        judged, real = choose(synthetic, data.test, self.config.samples, seed)
        pairs = list(zip(judged, real, strict=False))
        with Chat(self.server(), self.checkpoint / LOG if self.checkpoint else None) as chat:
            grades = self.ask(chat, [grading(one) for one in judged], read_grades, seed, progress)
            orders = [one for made, true in pairs for one in (comparing(made, true), comparing(true, made))]
            choices = self.ask(chat, orders, read_choice, seed, progress)
            model, usage = chat.server.model, chat.usage
        return self.scores(grades, choices, usage, {"model": model, "url": self.config.url, "note": NOTE})

    def server(self) -> Server:
        return Server(**{one.name: getattr(self.config, one.name) for one in fields(Server)})

    def ask(
        self,
        chat: Chat,
        prompts: Sequence[tuple[Message, ...]],
        parse: Callable[[str], Any],
        seed: int,
        progress: Progress,
    ) -> list[Question]:
        """Ask everything, then again what was not answered in form, with another seed, until attempts run out."""
        questions = [Question(prompt, []) for prompt in prompts]
        for attempt in range(self.config.attempts):
            waiting = [question for question in questions if question.parsed is None]
            if not waiting:
                break
            requests = [
                Request(
                    question.messages, seed + attempt, self.config.temperature, ANSWER_TOKENS, self.config.json_mode
                )
                for question in waiting
            ]
            for question, answer in zip(waiting, chat.ask(requests, "judging", progress), strict=True):
                question.answers.append(answer.text)
                question.parsed = parse(answer.text)
        return questions

    def scores(
        self, grades: Sequence[Question], choices: Sequence[Question], usage: Usage, details: dict[str, Any]
    ) -> list[Score]:
        grade, aspects = summarise_grades([one.parsed for one in grades])
        preference = summarise_choices(
            [(one.parsed, other.parsed) for one, other in zip(choices[::2], choices[1::2], strict=True)]
        )
        asked = [*grades, *choices]
        unread = [one.parsed is None for one in asked]
        repeats = sum(len(one.answers) - 1 for one in asked)
        share = float(np.mean(unread)) if unread else np.nan
        unparsable = Estimate(100 * share, 100 * float(np.sqrt(share * (1 - share) / max(1, len(unread)))), len(unread))
        found = [
            score("judge_grade_points", grade, True, details | {"aspects": aspects, "questions": transcript(grades)}),
            score(
                "judge_win_rate_percent",
                preference.win_rate,
                True,
                details | preference.counts | {"questions": transcript(choices)},
            ),
            score("judge_flip_percent", preference.flips, False, details | preference.counts),
            score(
                "judge_unparsable_percent",
                unparsable,
                False,
                details | {"asked_again": repeats, "usage": asdict(usage)},
            ),
        ]
        if self.config.prompt_price or self.config.completion_price:
            cost = Estimate(usage.dollars, np.nan, usage.requests)
            found.append(score("judge_cost_dollars", cost, False, details | {"usage": asdict(usage)}))
        return found

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """Validation records where there are any: test records are what the synthetic ones are compared with."""
        return data.validation if len(data.validation) else data.test


def choose(synthetic: pd.DataFrame, test: pd.DataFrame, samples: int, seed: int) -> tuple[list[Record], list[Record]]:
    """Definitions to judge and real ones to compare them with, without repetition, in random pairs."""
    rng = np.random.default_rng(seed)
    chosen = [frame.iloc[rng.permutation(len(frame))[:samples]].to_dict("records") for frame in (synthetic, test)]
    return chosen[0], chosen[1]


def score(metric: str, estimate: Estimate, higher_is_better: bool, details: dict[str, Any]) -> Score:
    if np.isnan(estimate.value):
        details = details | {"reason": "nothing was judged"}
    return Score(metric, estimate.value, estimate.stderr, higher_is_better, "harness", 1, estimate.n, details)


def transcript(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Every question with all its answers and what was read from the last one."""
    return [{"prompt": list(one.messages), "answers": one.answers, "read": one.parsed} for one in questions]
