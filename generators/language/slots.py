"""Keys and values of the records in flight, written in place.

transformers' own growing cache copies all that was read at every step. Here a record has a row in a
buffer, and a step writes one column of it. Records of different age stand as under left padding: they
end at the same column and begin at columns of their own, so that distances between tokens stay what
they are. Attention reads the buffer as it lies, with a mask over what is unused: a cut-out would be
copied by batched matrix products (measured: twice the time). So the buffer is only a little wider
than the longest record, and moves when it is full.
"""

from __future__ import annotations

import torch
from torch.nn import functional
from transformers.cache_utils import Cache, CacheLayerMixin

from bench.errors import BenchError

LEAST_SPARE = 8  # columns of a fresh buffer; a quarter of the longest record where that is more


class SlotLayer(CacheLayerMixin):
    """One layer: keys and values (slots, heads, columns, head width), of which `rows` rows up to `end` are in use."""

    is_sliding = False

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.rows = self.end = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.keys, self.values = (self._buffer(states) for states in (key_states, value_states))
        self.is_initialized = True

    def _buffer(self, states: torch.Tensor) -> torch.Tensor:
        device = states.device.type
        # what is kept in float32 would be cast by every matrix product anew
        cast = torch.is_autocast_enabled(device) and states.dtype == torch.float32
        dtype = torch.get_autocast_dtype(device) if cast else states.dtype
        columns = states.shape[2] + LEAST_SPARE
        return states.new_zeros(self.slots, states.shape[1], columns, states.shape[3], dtype=dtype)

    def admit(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Put rows (new rows, heads, length, head width) behind the running ones, which are at least as long."""
        if not self.is_initialized:
            self.lazy_initialization(keys, values)
        rows, length = len(keys), keys.shape[2]
        if not self.rows:
            self.end = length
        place = slice(self.rows, self.rows + rows), slice(None), slice(self.end - length, self.end)
        self.keys[place], self.values[place] = keys, values
        self.rows += rows

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows, in this order."""
        moved = torch.nonzero(rows != torch.arange(len(rows), device=rows.device)).squeeze(1)
        for buffer in (self.keys, self.values):
            buffer[moved, :, : self.end] = buffer[rows[moved], :, : self.end]
        self.rows = len(rows)

    def make_room(self, longest: int) -> None:
        """See to it that there is a free column, for rows of at most `longest` used ones."""
        if self.end < self.keys.shape[2]:
            return
        columns = longest + max(LEAST_SPARE, longest // 4)
        self.keys, self.values = (self._moved(buffer, longest, columns) for buffer in (self.keys, self.values))
        self.end = longest

    def _moved(self, buffer: torch.Tensor, longest: int, columns: int) -> torch.Tensor:
        # zeros: what is masked must still be a number
        new = buffer.new_zeros(self.slots, buffer.shape[1], columns, buffer.shape[3])
        new[: self.rows, :, :longest] = buffer[: self.rows, :, self.end - longest : self.end]
        return new

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the states (rows, heads, 1, head width) of one token; returns the rows with all their columns."""
        keys, values = self.keys[: len(key_states)], self.values[: len(key_states)]
        keys[:, :, self.end], values[:, :, self.end] = key_states[:, :, 0], value_states[:, :, 0]
        self.end += 1
        return keys, values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.keys.shape[2], 0

    def get_seq_length(self) -> int:
        return self.end

    def get_max_length(self) -> int:
        return -1


class SlotCache(Cache):
    """A cache of at most `slots` rows that come and go.

    Attributes:
        taken: (rows,) how many positions every row holds.
    """

    def __init__(self, slots: int, device: torch.device) -> None:
        super().__init__(layers=[])
        self.slots = slots
        self.taken = torch.zeros(0, dtype=torch.long, device=device)

    def admit(self, beginning: Cache) -> None:
        """Add the rows of a cache that holds their beginning, which is equally long for all rows ever admitted.

        Raises:
            BenchError: some layer of the decoder remembers in another way than by keys and values.
        """
        if not beginning.layers or not all(isinstance(layer, CacheLayerMixin) for layer in beginning.layers):
            raise BenchError("records can only be sampled from a decoder with attention in every layer; choose another")
        self.layers = self.layers or [SlotLayer(self.slots) for _ in beginning.layers]
        for layer, read in zip(self.layers, beginning.layers, strict=True):
            layer.admit(read.keys, read.values)
        rows, _, length, _ = beginning.layers[0].keys.shape
        self.taken = torch.cat([self.taken, self.taken.new_full((rows,), length)])

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only, in this order; a row may only move to the place of one that has ended."""
        self.taken = self.taken[rows]
        for layer in self.layers:
            layer.keep(rows)

    def extend(self, rows: int) -> dict[str, torch.Tensor]:
        """Prepare for one more token a row, of `rows` rows; those behind the running ones are of no interest.

        Returns:
            What the transformer must be told when it reads them: `attention_mask` (rows, columns), true
            from the row's first column to the one that is written, and `position_ids` (rows, 1).
        """
        longest = int(self.taken.max())
        for layer in self.layers:
            layer.make_room(longest)
        end, columns = self.layers[0].end, self.layers[0].keys.shape[2]
        column = torch.arange(columns, device=self.taken.device)
        taken = functional.pad(self.taken, (0, rows - len(self.taken)))[:, None]
        self.taken = self.taken + 1
        return {"attention_mask": (column >= end - taken) & (column <= end), "position_ids": taken}


def moved_up(going: torch.Tensor) -> torch.Tensor:
    """The rows that go on, (running,), each at its place if that lies among the first `running` ones.

    So a cache has to copy no more rows than have ended.
    """
    running = int(going.sum())
    rows = torch.arange(running, device=going.device)
    rows[~going[:running]] = torch.nonzero(going[running:]).squeeze(1) + running
    return rows
