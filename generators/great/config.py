"""Settings of GReaT; where the authors' package (be-great 0.0.14) has a setting, its default is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError
from generators.language.draw import Sampling
from generators.language.hub import COMPACT
from generators.training.limits import check_least

# peaks of the learning rate: random weights, pretrained ones (the package's), adapters of pretrained ones
COMPACT_RATE, FULL_RATE, ADAPTER_RATE = 3e-3, 5e-5, 2e-4


@dataclass(frozen=True)
class GReaTConfig:
    """What can be chosen.

    Model:
        model: `compact` (a small Llama with random weights and a tokenizer learnt from the table), or path or hub
            id of any causal language model.
        revision: of the hub id; empty for the newest.
        training: `full`, or `lora` (low-rank adapters on all linear layers, peft; pretrained models only).
        lora_rank, lora_alpha: of the adapters.
        width, layers, heads: of the compact model.
        label_tokens: the most frequent labels of the table, so many at most, are one token each of the compact
            model; the others are spelled in pieces.
        piece_tokens: most pieces that are learnt beside the single signs.

    Text:
        digits: significant decimal digits that a real number is written with; 0 for all that it has.

    Training:
        epochs: passes over the train records.
        steps: most steps; 0 for as many as the passes need.
        batch: records of a step.
        learning_rate: peak of AdamW. None for .003 (compact), .00005 (full) or .0002 (lora).
        warmup_share: share of the steps in which the rate rises to its peak, before it falls linearly to 0. The
            package has no rise; random weights need one.
        weight_decay: of AdamW.

    Sampling:
        start: what a record begins with: `target`, a value of the target (of the last column where there is none)
            as frequent as in train; or `random`, the name of any column.
        columns: `free`, the model says which column comes next, and anything, as published; or `guided`, after the
            package's guided sampling: a random order is given, and a value can only be made of what its column is
            made of (compact model only). None for guided with the compact model and free with others.
        temperature: of the model's probabilities.
        top_k: likeliest tokens that are drawn from; 0 for all. The package leaves it to transformers: 50.
        slots: most records that are written side by side.
        attempts_per_record: cap on the attempts, per record asked for.
    """

    model: str = COMPACT
    revision: str = ""
    training: Literal["full", "lora"] = "full"
    lora_rank: int = 16
    lora_alpha: int = 32
    width: int = 128
    layers: int = 4
    heads: int = 4
    label_tokens: int = 1024
    piece_tokens: int = 256
    digits: int = 0
    epochs: int = 100
    steps: int = 0
    batch: int = 8
    learning_rate: float | None = None
    warmup_share: float = 0.02
    weight_decay: float = 0.0
    start: Literal["target", "random"] = "target"
    columns: Literal["free", "guided"] | None = None
    temperature: float = 0.7
    top_k: int = 50
    slots: int = 256
    attempts_per_record: int = 20

    def __post_init__(self) -> None:
        for name, known in (
            ("training", ("full", "lora")),
            ("start", ("target", "random")),
            ("columns", (None, "free", "guided")),
        ):
            if (value := getattr(self, name)) not in known:
                raise BenchError(f"{name} = '{value}' of GReaT: one of {', '.join(filter(None, known))}")
        check_least(
            self, "GReaT", epochs=1, batch=1, slots=1, attempts_per_record=1, lora_rank=1, width=1, layers=1, heads=1,
            digits=0, steps=0, label_tokens=0, piece_tokens=0, weight_decay=0,
        )  # fmt: skip
        if not 0 <= self.warmup_share <= 1 or (self.learning_rate is not None and self.learning_rate <= 0):
            raise BenchError("GReaT: warmup_share is a share from 0 to 1, and learning_rate is greater than 0")
        if self.width % (2 * self.heads):
            raise BenchError(f"width = {self.width} of GReaT: must be a multiple of 2 x {self.heads} heads")
        if self.model == COMPACT and self.training == "lora":
            raise BenchError("training = 'lora' of GReaT needs a pretrained model; the compact one has random weights")
        if self.model != COMPACT and self.columns == "guided":
            raise BenchError("columns = 'guided' of GReaT needs the compact model, whose columns are one token each")
        _ = self.sampling

    @property
    def sampling(self) -> Sampling:
        """How tokens are drawn."""
        return Sampling(self.temperature, top_k=self.top_k)

    @property
    def guided(self) -> bool:
        """Whether records are told which column comes next."""
        return self.columns == "guided" or (self.columns is None and self.model == COMPACT)

    @property
    def peak_rate(self) -> float:
        """The peak of the learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        if self.model == COMPACT:
            return COMPACT_RATE
        return ADAPTER_RATE if self.training == "lora" else FULL_RATE
