"""HumanEval and MBPP as tasks of lm-eval (EleutherAI's harness), without a network and with our sandbox.

lm-eval asks the model with its published prompts (HumanEval: none but the problem's own; MBPP: three examples before
the task) and cuts the answers at its stop strings. Its own tasks fetch the problems and the metric from the hub and
run programs unprotected; here the problems come from the file that was read, and a filter grades in the sandbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import torch

from bench.errors import BenchError
from evaluators.code.estimator import pass_at_k
from evaluators.code.grading import Graded
from evaluators.code.problems import CHEN_STOP, ProblemSet
from evaluators.language.model import LanguageModel

MBPP_PROMPT = (
    "You are an expert Python programmer, and here is your task: {task} Your code should pass these tests:\n\n"
    "{tests}\n[BEGIN]\n"
)
MBPP_STOP = ("[DONE]",)
EXAMPLES = 3
BATCH = 32
Grade = Callable[[Sequence[Sequence[str]]], Graded]


def solve_through_lm_eval(
    model: LanguageModel,
    problems: ProblemSet,
    samples: int,
    *,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    seed: int,
    grade: Grade,
) -> Graded:
    """Sample programs by lm-eval and grade them.

    Raises:
        BenchError: a problem set without raw records, or MBPP without the three examples of its prompt.
    """
    import datasets  # noqa: PLC0415
    import lm_eval  # noqa: PLC0415
    from lm_eval.api.task import ConfigurableTask  # noqa: PLC0415
    from lm_eval.models.huggingface import HFLM  # noqa: PLC0415

    prompts, stop, whole = prompts_of(problems)
    graded: list[Graded] = []

    def filter_all(answers: Sequence[Sequence[str]], docs: Sequence[dict[str, Any]]) -> list[int]:
        """Grade the answers to all problems at once: the number of correct ones of each."""
        programs: list[list[str]] = [[]] * len(prompts)
        for several, doc in zip(answers, docs, strict=True):
            start = "" if whole else problems.frame.prompt[doc["at"]]
            programs[doc["at"]] = [start + answer for answer in several]
        graded.append(grade(programs))
        return [int(graded[0].correct[doc["at"]]) for doc in docs]

    def results(doc: dict[str, Any], correct: list[int]) -> dict[str, float]:
        return {"pass_at_1": float(pass_at_k(np.array(correct), samples, 1)[0])}

    docs = [{"at": i, "prompt": prompt} for i, prompt in enumerate(prompts)]
    sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p} if temperature else {"do_sample": False}
    with quiet(), torch.random.fork_rng():
        task = ConfigurableTask(
            config={
                "task": problems.protocol,
                "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(docs)},
                "test_split": "test",
                "output_type": "generate_until",
                "doc_to_text": "{{prompt}}",
                "doc_to_target": "",
                "num_fewshot": 0,
                "generation_kwargs": {"until": list(stop), "max_gen_toks": max_new_tokens, **sampling},
                "repeats": samples,
                "filter_list": [{"name": "sandbox", "filter": [{"function": "custom", "filter_fn": filter_all}]}],
                "process_results": results,
                "metric_list": [{"metric": "pass_at_1", "aggregation": "mean", "higher_is_better": True}],
            }
        )
        wrapped = HFLM(pretrained=model.network, tokenizer=model.tokenizer, max_length=model.context, batch_size=BATCH)
        torch.manual_seed(seed)
        found = lm_eval.evaluate(wrapped, {problems.protocol: task}, bootstrap_iters=0, log_samples=False)
    reported = found["results"][problems.protocol]["pass_at_1,sandbox"]
    assert len(graded) == 1
    assert abs(reported - graded[0].correct.mean() / samples) < 1e-9, "lm-eval has lost an answer"
    return graded[0]


def prompts_of(problems: ProblemSet) -> tuple[list[str], tuple[str, ...], bool]:
    """The published prompts, the stop strings, and whether an answer is a whole program.

    Raises:
        BenchError: MBPP without its examples.
    """
    if not problems.records or "test_list" not in problems.records[0]:
        return list(problems.frame.prompt), CHEN_STOP, False
    if len(problems.examples) < EXAMPLES:
        raise BenchError(
            f"the published prompt of MBPP shows {EXAMPLES} tasks with numbers below 11 before each task, and the "
            f"file has {len(problems.examples)} of them; take the whole file as 'mbpp', or engine = 'own'"
        )
    shown = sorted(problems.examples, key=lambda record: (record["task_id"] < 2, record["task_id"]))[:EXAMPLES]
    examples = "".join(f"{mbpp_prompt(record)}{record['code']}\n[DONE]\n\n" for record in shown)
    return [examples + mbpp_prompt(record) for record in problems.records], MBPP_STOP, True


def mbpp_prompt(record: dict[str, Any]) -> str:
    task = record["text"] if "text" in record else record["prompt"]
    return MBPP_PROMPT.format(task=task, tests="\n".join(record["test_list"]))


@contextmanager
def quiet() -> Iterator[None]:
    """No bars and no warnings: lm-eval tells each step of its work as one."""
    loggers = [logging.getLogger(name) for name in ("lm_eval", "lm-eval", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
