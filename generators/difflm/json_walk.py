"""Keeping text inside a grammar while it is written, by llguidance: which tokens may come next in every record."""

from __future__ import annotations

import numpy as np
import torch
from llguidance import LLExecutor, LLMatcher, LLTokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask_par
from tokenizers import Tokenizer

from bench.errors import BenchError


class JsonGrammar:
    """A grammar over the tokens of one tokenizer; see `decode.Constraint`."""

    in_step = False

    def __init__(self, grammar: str, tokenizer: Tokenizer, *, size: int, end: int, device: torch.device) -> None:
        """Compile a grammar.

        Args:
            grammar: as `json_grammar.record_grammar` writes it.
            tokenizer: of the decoder.
            size: number of token ids.
            end: the token that ends a text.
            device: where masks are wanted.

        Raises:
            BenchError: llguidance cannot take the grammar or the tokenizer.
        """
        self.size, self.device = size, device
        try:
            words = LLTokenizer(tokenizer.to_str(), n_vocab=size, eos_token=end)
        except ValueError as error:
            raise BenchError(f"llguidance cannot read the decoder's tokenizer ({first_line(error)})") from error
        self.beginning = LLMatcher(words, LLMatcher.grammar_from_lark(grammar))
        check(self.beginning)
        self.executor = LLExecutor(torch.get_num_threads())

    def walk(self) -> JsonWalk:
        """A walk without records."""
        return JsonWalk(self)


class JsonWalk:
    """One parser a record that is being written; see `decode.Walk`."""

    def __init__(self, grammar: JsonGrammar) -> None:
        self.grammar = grammar
        self.matchers: list[LLMatcher] = []
        self.bit = 2 ** torch.arange(8, dtype=torch.uint8, device=grammar.device)

    def admit(self, rows: int) -> None:
        self.matchers += [self.grammar.beginning.deep_copy() for _ in range(rows)]

    def keep(self, rows: torch.Tensor) -> None:
        self.matchers = [self.matchers[row] for row in rows.tolist()]

    def allowed(self) -> tuple[int, int, torch.Tensor]:
        size = self.grammar.size
        bits = allocate_token_bitmask(len(self.matchers), size)
        numbered = [(matcher, row) for row, matcher in enumerate(self.matchers)]
        fill_next_token_bitmask_par(self.grammar.executor, numbered, bits)
        octets = torch.from_numpy(bits.view(np.uint8)).to(self.grammar.device)
        return 0, size, (octets[:, :, None] & self.bit).bool().flatten(1)[:, :size]

    def advance(self, token: torch.Tensor) -> torch.Tensor:
        pairs = list(zip(self.matchers, token.tolist(), strict=True))
        taken = self.grammar.executor.consume_token_par(pairs)
        if not all(taken):
            check(self.matchers[taken.index(False)])
        return torch.as_tensor([matcher.is_stopped() for matcher in self.matchers], device=token.device)


def check(matcher: LLMatcher) -> None:
    """Raise BenchError where a matcher has given up."""
    if matcher.is_error():
        raise BenchError(
            f"llguidance cannot follow the grammar of these records ({first_line(matcher.get_error())}); "
            "choose constraint=check"
        )


def first_line(error: object) -> str:
    return str(error).strip().splitlines()[0][:200]
