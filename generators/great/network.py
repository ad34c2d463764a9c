"""The language model behind a generator of rows, and its loss.

Source of the loss: GReaT (Borisov et al. 2023, arXiv 2210.06280), section 3.2: the likelihood of a row's tokens from
left to right. In the authors' package padding counts as well and is what ends a row; here every row has its own end.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, Cache, PreTrainedModel

from bench.errors import BenchError
from generators.great.config import GReaTConfig
from generators.great.tokens import PAD, Speller
from generators.great.vocabulary import Vocabulary
from generators.language.adapters import add_adapters
from generators.language.compact import compact_llama
from generators.language.hub import context_length, load, refuse_missing
from generators.training.device import Device

# tokens that are read side by side in training, padding included: bounds the memory, and is fast on a CPU
GROUP_TOKENS = 4096
EXPLICIT = 512  # tokens of a row from which on the explicit product of attention needs too much memory


class Speaker(nn.Module):
    """A causal language model that reads ids.

    Args:
        network: of transformers, on its device.
        device: where, and in what precision the compact model computes.
        compact: whether `network` is the compact model; a pretrained one keeps the precision of its weights on a
            CPU, and is asked for its logits itself, which some models change behind their output embeddings.
    """

    def __init__(self, network: PreTrainedModel, device: Device, compact: bool) -> None:
        super().__init__()
        self.network = network
        self.device = device
        self.compact = compact

    @property
    def context(self) -> int | None:
        """Tokens that a pretrained model can read; None where they are not limited."""
        return None if self.compact else context_length(self.network.config)

    @property
    def bytes_per_token(self) -> int:
        """What keys and values of a token take at most."""
        config = self.network.config.get_text_config()
        return 2 * 4 * config.num_hidden_layers * config.hidden_size

    @property
    def bfloat16(self) -> bool:
        return self.device.bfloat16 and (self.compact or self.device.name != "cpu")

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.name, torch.bfloat16, enabled=self.bfloat16)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Sum of -log p in nats of all ids (rows, length) behind the first, padded with PAD on the right."""
        target = ids[:, 1:]
        there = target != PAD
        inputs = ids[:, :-1].clamp(min=0)
        with self.autocast():
            if self.compact:
                said = self._spoken(self.network.model(input_ids=inputs, use_cache=False).last_hidden_state[there])
            else:
                said = self.network(input_ids=inputs, use_cache=False).logits[there].float()
        return functional.cross_entropy(said, target[there], reduction="sum")

    def next_logits(self, ids: torch.Tensor, cache: Cache, **options: torch.Tensor) -> torch.Tensor:
        """Logits (rows, vocabulary) in float32 behind ids (rows, length), which follow what the cache holds."""
        if self.compact:
            read = self.network.model(input_ids=ids, past_key_values=cache, use_cache=True, **options)
            return self._spoken(read.last_hidden_state[:, -1])
        read = self.network(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1, **options)
        return read.logits[:, -1].float()

    def _spoken(self, hidden: torch.Tensor) -> torch.Tensor:
        # a distribution that is learnt through logits rounded to bfloat16 is another one
        with torch.autocast(self.device.name, enabled=False):
            return functional.linear(hidden.float(), self.network.lm_head.weight)


def build(config: GReaTConfig, speller: Speller, longest: int, device: Device) -> Speaker:
    """The model as it is before training; random weights come from torch's global generator.

    Args:
        config: which model.
        speller: of the rows.
        longest: most tokens that a row may have.
        device: where.

    Raises:
        BenchError: a pretrained model cannot be read, or lacks weights.
    """
    attention = device.attention if longest <= EXPLICIT else "sdpa"
    if isinstance(speller, Vocabulary):
        network = compact_llama(
            vocabulary=speller.size,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            positions=longest,
            begin=speller.begin,
            attention=attention,
        )
        return Speaker(network.to(device.name), device, compact=True)
    dtype = "bfloat16" if config.training == "lora" and device.name != "cpu" else "float32"
    network, missing = load(
        AutoModelForCausalLM, "model", config.model, config.revision, attention, dtype, device_map=device.name
    )
    refuse_missing("model", config.model, missing)
    if config.training == "lora":
        add_adapters(network, config.lora_rank, config.lora_alpha)
    return Speaker(network, device, compact=False)


def check_fits(longest: int, context: int | None, model: str) -> None:
    """Raise BenchError where a row does not fit into what a model can read."""
    if context is not None and longest > context:
        raise BenchError(
            f"the longest train row has {longest} tokens, and model '{model}' reads {context}; choose another model, "
            "or set digits so that real numbers are shorter"
        )


def groups(ids: torch.Tensor) -> Iterator[torch.Tensor]:
    """Ids (rows, length) in parts of at most `GROUP_TOKENS` tokens, or of one row, with rows of about one length."""
    lengths, order = (ids != PAD).sum(dim=1).sort(descending=True, stable=True)
    first = 0
    while first < len(ids):
        longest = int(lengths[first])
        rows = order[first : first + max(1, GROUP_TOKENS // longest)]
        yield ids[rows, :longest]
        first += len(rows)
