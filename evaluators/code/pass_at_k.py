"""pass@k: how well a language model programs that was trained on synthetic programs.

Source: Chen et al. 2021 (arXiv 2107.03374), section 2. The real arm of the comparison is the reference of this
evaluator (the same training on real programs), the untrained base stands beside every value.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from bench.errors import BenchError
from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.code.estimator import bootstrap_error, pass_at_k
from evaluators.code.grading import Graded, grade, unsolvable
from evaluators.code.problems import EMBEDDED, ProblemSet, load_problems, problem_file
from evaluators.code.program_texts import program_texts
from evaluators.code.sandbox import Limits, Sandbox
from evaluators.language.recipe import Recipe

KS = (1, 10, 100)
NEW_TOKENS, EMBEDDED_NEW_TOKENS = 512, 80


@dataclass(frozen=True)
class PassAtKConfig(Recipe):
    """The recipe of the language model (`evaluators.language.recipe.Recipe`), and:

    Problems:
        problems: `embedded`, `humaneval`, `mbpp`, `mbpp-sanitized`, or path of a file in the form of one of these.
        engine: what samples the programs: `own`, or `lm-eval` with the published prompts of HumanEval and MBPP.

    Sampling:
        samples: programs of every problem (n); pass@k is reported for k = 1, 10, 100 up to n.
        temperature, top_p: as published (Chen et al. for pass@1).
        max_new_tokens: None for 80 (embedded) or 512, at most half of the context.
        cpu_seconds: of one program in the sandbox, at most.
    """

    problems: str = EMBEDDED
    engine: Literal["own", "lm-eval"] = "own"
    samples: int = 10
    temperature: float = 0.2
    top_p: float = 0.95
    max_new_tokens: int | None = None
    cpu_seconds: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("samples", "max_new_tokens", "cpu_seconds"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise BenchError(f"{name} = {value} of pass_at_k: must be at least 1")

    @property
    def new_tokens(self) -> int:
        """Most tokens of a program behind its prompt."""
        usual = EMBEDDED_NEW_TOKENS if self.problems == EMBEDDED else NEW_TOKENS
        return self.max_new_tokens or min(usual, self.context // 2)


class PassAtK(Evaluator):
    """`pass_at_1_percent`, `pass_at_10_percent`, `pass_at_100_percent`: of a model trained on the records.

    `pass_at_1_base_percent`, ...: of the same model before training. A k above the number of samples is left out.
    Standard errors are those of drawing the problems, by bootstrap. A problem whose own solution does not pass its
    test is left out too, and named in the details.
    """

    Config = PassAtKConfig
    families = frozenset({"code"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        config: PassAtKConfig = self.config
        problems = load_problems(config.problems, data)
        texts = program_texts(data.schema, synthetic)
        with Sandbox(Limits(cpu_seconds=config.cpu_seconds)) as sandbox:
            problems, unsound = solvable(problems, sandbox, progress)
            base = load(config, data, seed)
            arms: dict[str, Graded | None] = {"": None}
            if texts:
                trained = base.trained(texts, config, seed=seed, progress=progress)
                arms[""] = solve(trained, problems, config, sandbox, seed, progress)
            arms["_base"] = base_arm(base, problems, config, sandbox, data, seed, progress)
        shared = {
            "problems": len(problems.frame),
            "isolation": sandbox.isolation,
            "left_out": unsound,
            "train_tokens": config.train_tokens,
            "texts": len(texts),
        }
        return [
            score
            for arm, graded in arms.items()
            for score in scores(arm, graded, problems, config, len(synthetic), seed, shared)
        ]

    def files(self) -> list[Path]:
        path = problem_file(self.config.problems)
        return [] if path is None else [path]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        """The train programs: the same model trained on real ones."""
        return data.train


def load(config: PassAtKConfig, data: Dataset, seed: int) -> Any:
    """The untrained base; its tokenizer, where it is learnt, is learnt from the real train programs."""
    from evaluators.language.model import load_base  # noqa: PLC0415  (transformers is slow to import)

    return load_base(config, program_texts(data.schema, data.train), seed=seed)


def solvable(problems: ProblemSet, sandbox: Sandbox, progress: Progress) -> tuple[ProblemSet, dict[str, str]]:
    """The problems that can be solved, and how the own solutions of the others ended.

    Raises:
        BenchError: there is none that can be.
    """
    unsound = unsolvable(problems.frame, sandbox, progress)
    keep = ~problems.frame.task_id.isin(list(unsound))
    if not keep.any():
        task_id, how = next(iter(unsound.items()))
        raise BenchError(f"no problem is solved by its own solution; task '{task_id}' ends with {how}")
    records = tuple(record for record, kept in zip(problems.records, keep, strict=False) if kept)
    return replace(problems, frame=problems.frame[keep].reset_index(drop=True), records=records), unsound


def solve(
    model: Any, problems: ProblemSet, config: PassAtKConfig, sandbox: Sandbox, seed: int, progress: Progress
) -> Graded:
    """Sample programs and run them."""
    if config.engine == "lm-eval":
        from evaluators.code.lm_eval_engine import solve_through_lm_eval  # noqa: PLC0415  (slow to import)

        return solve_through_lm_eval(
            model,
            problems,
            config.samples,
            temperature=config.temperature,
            top_p=config.top_p,
            max_new_tokens=config.new_tokens,
            seed=seed,
            grade=lambda programs: grade(problems.frame, programs, sandbox, progress),
        )
    prompts = list(problems.frame.prompt)
    continued = model.generate(
        prompts,
        config.samples,
        max_new_tokens=config.new_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        stop=problems.stop,
        seed=seed,
        progress=progress,
    )
    programs = [[prompt + text for text in texts] for prompt, texts in zip(prompts, continued, strict=True)]
    return grade(problems.frame, programs, sandbox, progress)


BASE: dict[str, Graded] = {}  # of this process: the base does not depend on the records that are scored


def base_arm(
    base: Any,
    problems: ProblemSet,
    config: PassAtKConfig,
    sandbox: Sandbox,
    data: Dataset,
    seed: int,
    progress: Progress,
) -> Graded:
    """The untrained base; computed once for every dataset, problem set, config and seed."""
    records = (data.digest, data.split, data.split_seed, dict(data.condition))
    parts = (records, problems.frame.to_json(), asdict(config), seed)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()
    if key not in BASE:
        BASE[key] = solve(base, problems, config, sandbox, seed, progress)
    return BASE[key]


def scores(
    arm: str,
    graded: Graded | None,
    problems: ProblemSet,
    config: PassAtKConfig,
    n: int,
    seed: int,
    shared: dict[str, Any],
) -> list[Score]:
    """pass@k of one arm, for every k that there are enough samples for."""
    protocol = f"lm-eval-{problems.protocol}" if config.engine == "lm-eval" else problems.protocol
    made = []
    for k in (k for k in KS if k <= config.samples):
        metric = f"pass_at_{k}{arm}_percent"
        if graded is None:
            reason = {"reason": "no record holds a program to train on"}
            made.append(Score(metric, np.nan, np.nan, True, protocol, 1, n, reason))
            continue
        values = 100 * pass_at_k(graded.correct, graded.samples, k)
        difficulty = problems.frame.difficulty
        levels = [level for level in difficulty.unique() if level]
        details = {
            **shared,
            "samples": graded.samples,
            "by_difficulty": {level: float(values[(difficulty == level).to_numpy()].mean()) for level in levels},
        }
        if k == 1:
            details |= {
                "outcomes": graded.outcomes,
                "distinct_programs": graded.distinct,
                "correct": dict(zip(problems.frame.task_id, graded.correct.tolist(), strict=True)),
            }
        made.append(Score(metric, float(values.mean()), bootstrap_error(values, seed), True, protocol, 1, n, details))
    return made
