"""Records as the two networks read them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

PAD = -1  # no token: padding belongs to no vocabulary, so a model needs no pad token
ALIKE = 0.7  # a group's shortest record has at least this share of its longest one's tokens
# of a group, padding included: bounds the memory of attention over long records (measured on a CPU: 1.8 x as fast as
# four times as many)
GROUP_TOKENS = 4096


@dataclass(frozen=True)
class Tokens:
    """Token ids of the same records for the decoder and for the encoder, padded with PAD behind a record.

    Args:
        ids: (records, length) int64 for the decoder; the first one begins the record.
        encoder_ids: (records, encoder length) int64; the same tensor where the encoder reads what the
            decoder writes.
        states: (records, length - 1) the grammar's state that reads ids[:, 1:], -1 behind a record;
            None where any token may follow any other.
    """

    ids: torch.Tensor
    encoder_ids: torch.Tensor
    states: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: torch.Tensor | slice) -> Tokens:
        return Tokens(self.ids[rows], self.encoder_ids[rows], None if self.states is None else self.states[rows])

    @property
    def lengths(self) -> torch.Tensor:
        """Tokens of every record for the decoder, (records,)."""
        return (self.ids != PAD).sum(dim=1)

    def groups(self) -> list[torch.Tensor]:
        """Rows (of each group) of about one length, so that little of what is computed is padding.

        Rows of a table are about equally long and stay together; texts have a long tail.
        """
        if self.states is not None or len(self) < 2:
            return [torch.arange(len(self), device=self.ids.device)]
        lengths, order = self.lengths.sort(descending=True, stable=True)
        counts, longest = [], 0
        for length in lengths.tolist():
            if not counts or length < ALIKE * longest or (counts[-1] + 1) * longest > GROUP_TOKENS:
                counts.append(0)
                longest = length
            counts[-1] += 1
        return list(order.split(counts))

    def trimmed(self) -> Tokens:
        """Without the columns that are padding in every record."""
        ids, encoder_ids = trim(self.ids), trim(self.encoder_ids)
        states = self.states
        return Tokens(ids, encoder_ids, None if states is None else states[:, : ids.shape[1] - 1])

    def to(self, device: str) -> Tokens:
        states = self.states
        return Tokens(self.ids.to(device), self.encoder_ids.to(device), None if states is None else states.to(device))


def concatenate(first: Tokens, second: Tokens) -> Tokens:
    """The records of both, which come from one tokenizer."""
    states = None
    if first.states is not None and second.states is not None:
        states = torch.cat([first.states, second.states])
    return Tokens(torch.cat([first.ids, second.ids]), torch.cat([first.encoder_ids, second.encoder_ids]), states)


def trim(ids: torch.Tensor) -> torch.Tensor:
    """Ids (records, length) without the columns that are padding in every record."""
    return ids[:, : int((ids != PAD).sum(dim=1).max())]
