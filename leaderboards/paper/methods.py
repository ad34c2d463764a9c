"""The methods of the printed tables: which generator is meant by a name, and what of it cannot be run as printed."""

from __future__ import annotations

import json
from dataclasses import dataclass

# What the papers call Real is a model of the train rows themselves. That is what `holdout` cells hold for an evaluator
# that trains a model; the sentinel `real` draws train rows with replacement.
TRAIN_ROWS = "holdout"


@dataclass(frozen=True)
class Method:
    """A method that is printed.

    Args:
        name: as `published` has it.
        generator: the registered one; empty where there is none.
        option: of the generator's config, that names its model; empty where it trains its own as printed.
        model: that the printed numbers were made with: a part of the value of the option, in lower case.
        why_not: what keeps the printed method from being run here; empty where nothing does.
    """

    name: str
    generator: str = ""
    option: str = ""
    model: str = ""
    why_not: str = ""

    def same_model(self, config: str) -> bool:
        """Whether a generator in this config (JSON) has the printed model."""
        return not self.option or self.model in self.model_of(config).lower()

    def model_of(self, config: str) -> str:
        return str(json.loads(config).get(self.option, ""))


GPUS = "needs GPUs for language models of 7 to 12 billion weights"
METHODS = (
    Method("real", TRAIN_ROWS),
    Method("smote", "smote"),
    Method("ctgan", "ctgan"),
    Method("tvae", "tvae"),
    Method("goggle", "goggle"),
    Method("great", "great", "model", "distilgpt2", "as printed it tunes DistilGPT-2, whose weights come from the hub"),
    Method("gpt-4 in context", "prompt", "model", "gpt-4", "needs GPT-4 behind a server"),
    Method("stasy", why_not="there is no generator of STaSy here"),
    Method("codi", "codi"),
    Method("tabddpm", "tabddpm"),
    Method("tabsyn", "tabsyn"),
    Method(
        "difflm", "difflm", "decoder", "mistral-7b-instruct", "as printed its decoder is Mistral-7B, which needs GPUs"
    ),
)
# The language model that is trained on programs is the evaluator's, not the generator's.
CODE_METHODS = (
    Method("mistral-7b, real code", TRAIN_ROWS, model="mistral-7b", why_not=GPUS),
    Method("mistral-7b, difflm code", "difflm", model="mistral-7b", why_not=GPUS),
    Method("codellama-7b", model="codellama-7b", why_not=GPUS),
    Method("mistral-nemo-12b, comparison row (real or base, unclear)", model="mistral-nemo", why_not=GPUS),
    Method("mistral-nemo-12b, difflm code", "difflm", model="mistral-nemo", why_not=GPUS),
)
TOOL_METHODS = (Method("real", TRAIN_ROWS), Method("difflm", "difflm", why_not="needs a judge model behind a server"))
OF_PAGE = {"code": CODE_METHODS, "tool": TOOL_METHODS}


def of_page(page: str, printed: list[str]) -> list[Method]:
    """The methods of a page in the order of the papers, and those that only its printed lines know."""
    known = list(OF_PAGE.get(page, METHODS))
    names = {method.name for method in known}
    unknown = "there is no generator of this name here"
    return known + [Method(name, why_not=unknown) for name in dict.fromkeys(printed) if name not in names]
