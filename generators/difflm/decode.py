"""Latents -> token ids: batched, cached, every token inside a constraint.

At most `slots` records are written at a time. A record that ends leaves its slot at once, so that no
step is spent on it. Where records differ in length new latents take the places that became free
(continuous batching; Yu et al. 2022, "Orca", OSDI, section 3). The rows of a table are about equally
long, and rows that stand at the same column need the logits of one column only: there a batch ends
before the next one begins.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional
from transformers import DynamicCache

from bench.errors import BenchError
from generators.difflm.likelihood import score
from generators.difflm.tokens import PAD
from generators.difflm.vae import VariationalAutoencoder
from generators.language.draw import Sampling, draw
from generators.language.slots import SlotCache, moved_up

REFILL_SHARE = 0.25  # of the slots is free before new latents take them: reading a beginning costs a step
SIZES = 16  # of a batch that the decoder reads; see `Flight`


class Walk(Protocol):
    """Where the records in flight stand in a constraint."""

    def admit(self, rows: int) -> None:
        """So many records begin, behind those that are there."""

    def keep(self, rows: torch.Tensor) -> None:
        """Only these rows go on, in this order."""

    def allowed(self) -> tuple[int, int, torch.Tensor | None]:
        """What may be written next.

        Returns:
            first, end: no row may write a token outside first..end - 1.
            mask: (rows, end - first) bool, which of these a row may write; None for all.
        """

    def advance(self, token: torch.Tensor) -> torch.Tensor:
        """Write one token a row (rows,); returns whether the record is complete, (rows,) bool."""


class Constraint(Protocol):
    """What a record may look like: a `Grammar` or a `JsonGrammar`."""

    @property
    def in_step(self) -> bool:
        """Whether records that begin together stay at about the same place."""

    def walk(self) -> Walk:
        """A walk without records."""


class Flight:
    """The records that are being written, one a row.

    Attributes:
        latent: (rows,) which latent each of them belongs to.
        written: (rows,) how many tokens it has.
        uniform: (rows, length) the numbers that its tokens are drawn by.
        hidden: (rows, width) what the decoder says at its last token.
        shift: (rows, 1, width) what its latent adds to every embedding; None for nothing.
    """

    PARTS = ("latent", "written", "uniform", "hidden", "shift")

    def __init__(self, model: VariationalAutoencoder, constraint: Constraint, slots: int, device: torch.device) -> None:
        self.model = model
        self.embed = model.decoder.get_input_embeddings()
        self.slots = slots
        # few sizes of a batch: libraries prepare, and keep, a kernel for every size they meet
        self.unit = -(-slots // SIZES)
        self.cache = SlotCache(slots, device)
        self.walk = constraint.walk()
        self.latent = self.written = self.uniform = self.hidden = self.shift = None

    def __len__(self) -> int:
        return 0 if self.latent is None else len(self.latent)

    def admit(self, number: torch.Tensor, latents: torch.Tensor, begin: int, uniform: torch.Tensor) -> None:
        """Begin the records of these latents, behind the running ones."""
        steering = self.model.injection(latents)
        first = self.embed(number.new_full((len(number), 1), begin))
        read = steering.cache(self.model.decoder.config, first.dtype) or DynamicCache()
        hidden = self.model.read(steering.prepend(first), read)[:, -1]
        self.cache.admit(read)
        self.walk.admit(len(number))
        new = (number, torch.zeros_like(number), uniform, hidden, steering.shift)
        for name, part in zip(self.PARTS, new, strict=True):
            old = getattr(self, name)
            setattr(self, name, part if old is None else torch.cat([old, part]))

    def keep(self, rows: torch.Tensor) -> None:
        self.cache.keep(rows)
        self.walk.keep(rows)
        for name in self.PARTS:
            part = getattr(self, name)
            setattr(self, name, None if part is None else part[rows])

    def read(self, token: torch.Tensor) -> None:
        """Let the decoder read one more token a row."""
        rows = min(self.slots, -(-len(self) // self.unit) * self.unit)
        inputs = self.embed(functional.pad(token, (0, rows - len(self))))[:, None]
        if self.shift is not None:
            inputs = inputs + functional.pad(self.shift, (0, 0, 0, 0, 0, rows - len(self))).to(inputs.dtype)
        self.hidden = self.model.read(inputs, self.cache, **self.cache.extend(rows))[: len(self), -1]


@torch.no_grad()
def decode(
    model: VariationalAutoencoder,
    latents: torch.Tensor,
    constraint: Constraint,
    *,
    begin: int,
    length: int,
    sampling: Sampling,
    slots: int,
    generator: torch.Generator,
    allowed: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw one record a latent; it depends on its latent and its random numbers, not on the records beside it.

    Args:
        model: the autoencoder whose decoder speaks.
        latents: (n, latent).
        constraint: what a record may look like.
        begin: the token that begins a record.
        length: most tokens of a record behind that.
        sampling: how tokens are drawn.
        slots: most records that are written at a time; bounds the memory.
        generator: of uniform numbers, `length` for every latent in their order.
        allowed: (vocabulary,) bool, the tokens that may be used at all; None for all.

    Returns:
        ids: (n, length) int64, padded with PAD behind the record.
        complete: (n,) bool; False where the record did not end within `length`.

    Raises:
        BenchError: a latent is not finite, or a row is left without any token that may follow.
    """
    if not torch.isfinite(latents).all():
        raise BenchError("a latent is not a finite number: training diverged; fit again with lower learning rates")
    n, device = len(latents), latents.device
    slots = min(slots, n)
    head = model.decoder.get_output_embeddings()
    ids = torch.full((n, length), PAD, device=device)
    complete = torch.zeros(n, dtype=torch.bool, device=device)
    flight = Flight(model, constraint, slots, device)
    least_free = slots if constraint.in_step else max(1, int(REFILL_SHARE * slots))
    begun = 0
    while begun < n or len(flight):
        free = slots - len(flight)
        if begun < n and free >= least_free:
            number = torch.arange(begun, min(n, begun + free), device=device)
            uniform = torch.rand(len(number), length, generator=generator).to(device)
            flight.admit(number, latents[number], begin, uniform)
            begun += len(number)
        first, end, mask = flight.walk.allowed()
        logits = restrict(score(flight.hidden, head, first, end), mask, None if allowed is None else allowed[first:end])
        uniform = flight.uniform.gather(1, flight.written[:, None]).squeeze(1)
        token = draw(logits, sampling, uniform) + first
        ids[flight.latent, flight.written] = token
        finished = flight.walk.advance(token)
        complete[flight.latent] = finished
        flight.written = flight.written + 1
        going = moved_up(~finished & (flight.written < length))
        if len(going) < len(flight):
            flight.keep(going)
            token = token[going]
        if len(flight):
            flight.read(token)
    return ids, complete


def restrict(logits: torch.Tensor, mask: torch.Tensor | None, allowed: torch.Tensor | None) -> torch.Tensor:
    """Logits (rows, tokens) with -inf for what a mask of that shape or a mask (tokens,) forbids, in place.

    Raises:
        BenchError: nothing is left of a row.
    """
    if allowed is not None:
        mask = allowed.expand_as(logits) if mask is None else mask & allowed
    if mask is None:
        return logits
    if not mask.any(dim=1).all():
        raise BenchError("no record fulfils the condition: it leaves no value for one of the columns; ask for less")
    return logits.masked_fill_(~mask, -torch.inf)
