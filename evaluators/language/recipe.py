"""How a language model is made for a train-on-synthetic comparison: one recipe, the same for every arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError

COMPACT = "compact"
# peaks of the learning rate: random weights, pretrained ones, adapters of pretrained ones
COMPACT_RATE, FULL_RATE, ADAPTER_RATE = 6e-3, 2e-5, 2e-4


@dataclass(frozen=True)
class Recipe:
    """What can be chosen of the model and of its training. The config of an evaluator inherits these fields.

    Model:
        model: `compact` (a small Llama with random weights and a tokenizer learnt from the real train texts), or
            path or hub id of any causal language model.
        revision: of the hub id; empty for the newest.
        width, layers, heads: of the compact model.
        vocabulary: tokens of the compact model's byte-level byte-pair encoding, at least 258.
        context: most tokens that are read at once, in training and in use.

    Training:
        training: `full`, or `lora` (low-rank adapters on all linear layers, peft; pretrained models only).
        lora_rank, lora_alpha: of the adapters.
        train_tokens: tokens that are seen in training, whatever the records: few records are read more often.
        batch_tokens: tokens of an optimiser step.
        learning_rate: peak of AdamW; linear warm-up, then a cosine to a tenth. None for .006 (compact), .00002
            (full) or .0002 (lora).
        warmup_share: share of the tokens until the peak.
        weight_decay: of AdamW, on matrices.
    """

    model: str = COMPACT
    revision: str = ""
    width: int = 96
    layers: int = 2
    heads: int = 3
    vocabulary: int = 1024
    context: int = 512
    training: Literal["full", "lora"] = "full"
    lora_rank: int = 16
    lora_alpha: int = 32
    train_tokens: int = 400_000
    batch_tokens: int = 512
    learning_rate: float | None = None
    warmup_share: float = 0.05
    weight_decay: float = 0.1

    def __post_init__(self) -> None:
        positive = ("width", "layers", "heads", "lora_rank", "lora_alpha", "batch_tokens", "learning_rate")
        for name in positive:
            if (value := getattr(self, name)) is not None and value <= 0:
                raise BenchError(f"{name} = {getattr(self, name)} of the language model: must be greater than 0")
        for name, least in (("vocabulary", 258), ("context", 8), ("train_tokens", 0), ("weight_decay", 0)):
            if getattr(self, name) < least:
                raise BenchError(f"{name} = {getattr(self, name)} of the language model: must be at least {least}")
        if not 0 <= self.warmup_share < 1:
            raise BenchError(f"warmup_share = {self.warmup_share} of the language model: a share from 0 to below 1")
        if self.training not in ("full", "lora"):
            raise BenchError(f"training = '{self.training}' of the language model: 'full' or 'lora'")
        if self.width % (2 * self.heads):
            raise BenchError(
                f"width = {self.width} of the language model: must be a multiple of 2 x {self.heads} heads"
            )
        if self.model == COMPACT and self.training == "lora":
            raise BenchError(
                "training = 'lora' needs a pretrained model; the compact one has random weights: use 'full'"
            )

    @property
    def peak_rate(self) -> float:
        """The peak of the learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        if self.model == COMPACT:
            return COMPACT_RATE
        return ADAPTER_RATE if self.training == "lora" else FULL_RATE
