"""The commands that measure what a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leaderboards.paper.methods import TRAIN_ROWS
from leaderboards.paper.pages import Page

WITHOUT_LATENT = {"capacity_nats": "0.0", "beta": "10.0", "diffusion_steps": "100"}
GPU_MODEL = "--set evaluators.pass_at_k.model=mistralai/Mistral-7B-v0.3 --set evaluators.pass_at_k.training=lora"
PROMPT = ["--set generators.prompt.url=URL"]
HUMANEVAL = "--set evaluators.pass_at_k.problems=humaneval"

# split and protocol -> generators
Rules = dict[tuple[str, str], list[str]]


def run(page: Page, generators: Iterable[str], options: Sequence[str] = (), profile: str = "cpu") -> str:
    """One `bench run` over the datasets of a page; finished stages are not computed again."""
    # every run scores the train rows beside its generators
    names = ",".join(dict.fromkeys("real" if name == TRAIN_ROWS else name for name in generators))
    datasets = ",".join(name for name in page.datasets if name != "flytech_instructions")
    evaluators = ",".join(name for name in page.evaluators if name != "judge")
    command = f"bench run --generator {names} --dataset {datasets} --profile {profile} --evaluator {evaluators}"
    return " ".join([command, *options])


def rule(page: Page, split: str, protocol: str) -> list[str]:
    """The options under which a split and a protocol are measured."""
    options = [f"--set split={split}"] if split else []
    if "mle" in page.evaluators and protocol:
        protocols = ",".join(f'"{name}"' for name in dict.fromkeys(["harness", protocol]))
        options.append(f"--set 'evaluators.mle.protocols=[{protocols}]'")
    return options


def commands(page: Page, wanted: Rules, missing: Rules) -> list[tuple[str, str]]:
    """Captions and commands of a page.

    Args:
        page: the page.
        wanted: the generators that are printed under a split and a protocol.
        missing: those that this store has not measured so on every dataset.
    """
    if page.name == "code":
        return of_code(page)
    if page.name == "tool":
        return of_tools(page)
    if page.name == "ablation":
        latent = [f"--set generators.difflm.{name}={value}" for name, value in WITHOUT_LATENT.items()]
        return [
            ("DiffLM as it is", run(page, ["difflm"])),
            ("DiffLM without its latent: the decoder alone", run(page, ["difflm"], latent)),
        ]
    found = []
    for (split, protocol), generators in wanted.items():
        options, under = rule(page, split, protocol), described(split, protocol)
        lacking = missing.get((split, protocol), [])
        if 0 < len(lacking) < len(generators):
            found.append((f"What is missing{under}", run(page, lacking, options)))
        found.append((f"Everything{under}", run(page, generators, options)))
        if "difflm" in generators and split == "difflm":
            caption = f"DiffLM with the published models{under}; needs GPUs"
            found.append((caption, run(page, ["difflm"], options, "paper")))
    if page.name == "main":
        found.append(("Prompting, with a model behind an OpenAI-compatible server", run(page, ["prompt"], PROMPT)))
    return found


def described(split: str, protocol: str) -> str:
    words = [f"split {split}" * bool(split), f"protocol {protocol}" * bool(protocol)]
    known = [word for word in words if word]
    return f" under {', '.join(known)}" if known else ""


def of_code(page: Page) -> list[tuple[str, str]]:
    names = ["real", "difflm"]
    return [
        ("With the compact language model and the embedded problems", run(page, names)),
        ("With the compact language model on HumanEval", run(page, names, [HUMANEVAL])),
        ("With Mistral-7B on HumanEval; needs GPUs", run(page, names, [HUMANEVAL, GPU_MODEL])),
    ]


def of_tools(page: Page) -> list[tuple[str, str]]:
    names = ["real", "difflm"]
    judged = run(page, names).replace("--evaluator tool_use", "--evaluator tool_use,judge --judge-url URL")
    return [("Use of the tools", run(page, names)), ("With a judge model behind an OpenAI-compatible server", judged)]
