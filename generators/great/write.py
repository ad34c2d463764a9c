"""Records from a causal language model: batched, cached, and always at an end.

Records begin with tokens that are given, and each leaves as soon as it ends; a new one takes its place (continuous
batching; Yu et al. 2022, "Orca", OSDI, section 3). A record depends on its beginning and its random numbers, not on
the records beside it, but for the rounding of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import DynamicCache

from generators.great.grammar import Grammar
from generators.great.network import Speaker
from generators.great.tokens import PAD
from generators.language.draw import Sampling, draw
from generators.language.slots import SlotCache, moved_up

REFILL_SHARE = 0.25  # of the slots is free before new records take them
SIZES = 16  # of a batch that the network reads: libraries prepare, and keep, a kernel for every size they meet


@dataclass(frozen=True)
class Columns:
    """Names of columns in a vocabulary in which each is one token.

    Args:
        tokens: they are consecutive.
        order: (records, columns) which of them are to follow the beginning of every record, PAD behind the last; a
            value ends where the model names any column, or the end, and temperature and the like see that as one
            event. None where the model chooses.
        grammar: what values may be made of; None for anything.
    """

    tokens: range
    order: torch.Tensor | None = None
    grammar: Grammar | None = None

    def prepared(self, end: int, device: torch.device) -> Columns:
        """The same on a device, with the end behind the last column of every order."""
        order = None if self.order is None else functional.pad(self.order, (0, 1), value=PAD).to(device)
        order = None if order is None else order.masked_fill(order == PAD, end)
        return Columns(self.tokens, order, None if self.grammar is None else self.grammar.to(device))

    def named(self, token: torch.Tensor) -> torch.Tensor:
        """Which tokens (rows,) name a column, (rows,) bool."""
        return (token >= self.tokens.start) & (token < self.tokens.stop)


class Flight:
    """The records that are being written, one a row.

    Attributes:
        record: (rows,) which one.
        written: (rows,) how many tokens it has.
        uniform: (rows, length) the numbers that its tokens are drawn by.
        logits: (rows, vocabulary) of its next token.
        named: (rows, columns) which columns it has named.
        turn: (rows,) how many columns of its given order it has named.
        state: (rows,) where it is in the grammar.
        left: (rows,) tokens that the value that is being written may still have.
    """

    PARTS = ("record", "written", "uniform", "logits", "named", "turn", "state", "left")

    def __init__(self, speaker: Speaker, begin: int, slots: int, columns: Columns, device: torch.device) -> None:
        self.speaker, self.slots, self.columns = speaker, slots, columns
        self.unit = -(-slots // SIZES)
        self.cache = SlotCache(slots, device)
        # all records begin with the same token, which is read once
        self.beginning = DynamicCache(config=speaker.network.config)
        self.first = speaker.next_logits(torch.full((1, 1), begin, device=device), self.beginning)
        self.record = torch.zeros(0, dtype=torch.long, device=device)
        self.written = self.uniform = self.logits = self.named = self.turn = self.state = self.left = None

    def __len__(self) -> int:
        return len(self.record)

    def admit(self, record: torch.Tensor, uniform: torch.Tensor) -> None:
        """Begin these records, behind the running ones."""
        rows = len(record)
        beginning = deepcopy(self.beginning)
        beginning.batch_repeat_interleave(rows)
        self.cache.admit(beginning)
        named = torch.zeros(rows, len(self.columns.tokens), dtype=torch.bool, device=record.device)
        zero = torch.zeros_like(record)
        new = (record, zero, uniform, self.first.expand(rows, -1), named, zero, zero, zero)
        for name, part in zip(self.PARTS, new, strict=True):
            old = getattr(self, name)
            setattr(self, name, part.clone() if old is None else torch.cat([old, part]))

    def keep(self, rows: torch.Tensor) -> None:
        """Only these rows go on, in this order."""
        self.cache.keep(rows)
        for name in self.PARTS:
            setattr(self, name, getattr(self, name)[rows])

    def choose(self, sampling: Sampling, told: torch.Tensor) -> torch.Tensor:
        """The next token of every row, (rows,): the one it is told (PAD for none), else one that is drawn."""
        columns, logits = self.columns, self.logits
        if columns.grammar is not None:
            logits = logits.masked_fill(~columns.grammar.mask(self.state, self.left), -torch.inf)
        if columns.order is not None:
            end = columns.order[self.record, -1]
            if sampling != Sampling():  # drawn from the model itself, parts are as likely as their sum
                logits = merged(logits, columns.tokens, end)
        token = draw(logits, sampling, self.uniform.gather(1, self.written[:, None]).squeeze(1))
        if columns.order is not None:
            over = (told == PAD) & ((token == end) | columns.named(token))
            token = torch.where(over, columns.order[self.record, self.turn], token)
            self.turn = self.turn + over
        return torch.where(told == PAD, token, told)

    def follow(self, token: torch.Tensor) -> torch.Tensor:
        """Write a token a row (rows,); returns which rows are lost, (rows,) bool."""
        grammar = self.columns.grammar
        if grammar is not None:
            self.state = grammar.follow[self.state, token].long()
            self.left = torch.where(grammar.most[token] > 0, grammar.most[token], self.left - 1)
        lost = torch.zeros_like(self.record, dtype=torch.bool)
        row = torch.nonzero(self.columns.named(token)).squeeze(1)
        if len(row):
            place = token[row] - self.columns.tokens.start
            lost[row] = self.named[row, place]
            self.named[row, place] = True
        return lost

    def read(self, token: torch.Tensor) -> None:
        """Let the network read one more token a row."""
        rows = min(self.slots, -(-len(self) // self.unit) * self.unit)
        inputs = functional.pad(token, (0, rows - len(self)))[:, None]
        self.logits = self.speaker.next_logits(inputs, self.cache, **self.cache.extend(rows))[: len(self)]


def merged(logits: torch.Tensor, columns: range, end: torch.Tensor) -> torch.Tensor:
    """Logits (rows, vocabulary) in which the end has the mass of itself and of all columns, which then have none.

    Args:
        logits: (rows, vocabulary).
        columns: their tokens.
        end: (rows,) the token of the end.
    """
    names = slice(columns.start, columns.stop)
    mass = torch.logaddexp(logits[:, names].logsumexp(dim=1), logits.gather(1, end[:, None]).squeeze(1))
    logits = logits.scatter(1, end[:, None], mass[:, None])
    logits[:, names] = -torch.inf
    return logits


@torch.no_grad()
def write(
    speaker: Speaker,
    openings: Sequence[Sequence[int]],
    *,
    begin: int,
    end: int,
    length: int,
    sampling: Sampling,
    slots: int,
    generator: torch.Generator,
    columns: Columns | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One record for every opening.

    Args:
        speaker: the model.
        openings: ids that the records begin with behind `begin`, at least one each.
        begin, end: ids around a record.
        length: most tokens of a record behind `begin`, the end included.
        sampling: how tokens are drawn.
        slots: most records that are written at a time; bounds the memory.
        generator: of uniform numbers, `length` for every record in their order.
        columns: where their names are tokens; a record that names one twice ends there, for it is lost.

    Returns:
        ids: (records, length) int64 without the end, padded with PAD.
        complete: (records,) bool, whether the record came to its end.
    """
    device = speaker.network.get_input_embeddings().weight.device
    n = len(openings)
    slots = min(slots, n)
    width = max(map(len, openings))
    given = torch.tensor([[*ids, *[PAD] * (width + 1 - len(ids))] for ids in openings], device=device)
    columns = (columns or Columns(range(0))).prepared(end, device)
    ids = torch.full((n, length), PAD, device=device)
    complete = torch.zeros(n, dtype=torch.bool, device=device)
    with speaker.autocast():
        flight = Flight(speaker, begin, slots, columns, device)
        begun = 0
        while begun < n or len(flight):
            free = slots - len(flight)
            if begun < n and free >= max(1, int(REFILL_SHARE * slots)):
                record = torch.arange(begun, min(n, begun + free), device=device)
                flight.admit(record, torch.rand(len(record), length, generator=generator).to(device))
                begun += len(record)
            told = given[flight.record, flight.written.clamp(max=width)]
            token = flight.choose(sampling, told)
            lost = flight.follow(token)
            finished = token == end
            ids[flight.record, flight.written] = torch.where(finished, PAD, token)
            complete[flight.record] = finished
            flight.written = flight.written + 1
            going = moved_up(~(finished | lost) & (flight.written < length))
            if len(going) < len(flight):
                flight.keep(going)
                token = token[going]
            if len(flight):
                flight.read(token)
    return ids, complete
