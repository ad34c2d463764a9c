"""Keeping text inside a grammar while it is written, by llguidance: which tokens may come next in every record."""

from __future__ import annotations

import numpy as np
import torch
from llguidance import LLExecutor, LLMatcher, LLTokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask_par
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.errors import BenchError
from generators.difflm.required import OPENING, REACH, list_grammar, properties_before


class JsonGrammar:
    """A grammar over the tokens of one tokenizer; see `decode.Constraint`."""

    in_step = False

    def __init__(
        self,
        grammar: str,
        tokenizer: Tokenizer,
        *,
        size: int,
        end: int,
        device: torch.device,
        parameters: bool = False,
    ) -> None:
        """Compile a grammar.

        Args:
            grammar: as `json_grammar.record_grammar` writes it.
            tokenizer: of the decoder.
            size: number of token ids.
            end: the token that ends a text.
            device: where masks are wanted.
            parameters: whether required names are held to those of the properties, see `required.py`.

        Raises:
            BenchError: llguidance cannot take the grammar or the tokenizer.
        """
        self.size, self.device = size, device
        try:
            self.words = LLTokenizer(tokenizer.to_str(), n_vocab=size, eos_token=end)
        except ValueError as error:
            raise BenchError(f"llguidance cannot read the decoder's tokenizer ({first_line(error)})") from error
        self.beginning = LLMatcher(self.words, LLMatcher.grammar_from_lark(grammar))
        check(self.beginning)
        self.executor = LLExecutor(torch.get_num_threads())
        self.spelled = [self.words.decode_bytes([token]) for token in range(size)] if parameters else []

    def walk(self) -> JsonWalk:
        """A walk without records."""
        return JsonWalk(self)


class JsonWalk:
    """One parser a record that is being written; see `decode.Walk`.

    Attributes:
        matchers: of the grammar, one a row.
        texts: what was written, where lists of required names matter.
        lists: of such a list that was begun, one a row; None where there is none.
    """

    def __init__(self, grammar: JsonGrammar) -> None:
        self.grammar = grammar
        self.matchers: list[LLMatcher] = []
        self.texts: list[bytes] = []
        self.lists: list[LLMatcher | None] = []
        self.bit = 2 ** torch.arange(8, dtype=torch.uint8, device=grammar.device)

    def admit(self, rows: int) -> None:
        self.matchers += [self.grammar.beginning.deep_copy() for _ in range(rows)]
        self.texts += [b""] * rows
        self.lists += [None] * rows

    def keep(self, rows: torch.Tensor) -> None:
        kept = rows.tolist()
        self.matchers, self.texts, self.lists = (
            [parts[row] for row in kept] for parts in (self.matchers, self.texts, self.lists)
        )

    def allowed(self) -> tuple[int, int, torch.Tensor]:
        size = self.grammar.size
        bits = self.masks(list(enumerate(self.matchers)))
        begun = [(row, matcher) for row, matcher in enumerate(self.lists) if matcher is not None]
        if begun:
            rows = [row for row, _ in begun]
            narrow = bits[rows] & self.masks([(place, matcher) for place, (_, matcher) in enumerate(begun)])
            # what led into a dead end goes on without the list, and is rejected when it is read
            bits[rows] = np.where(narrow.any(axis=1, keepdims=True), narrow, bits[rows])
        octets = torch.from_numpy(bits.view(np.uint8)).to(self.grammar.device)
        return 0, size, (octets[:, :, None] & self.bit).bool().flatten(1)[:, :size]

    def masks(self, numbered: list[tuple[int, LLMatcher]]) -> NDArray[np.int32]:
        """Bits of the tokens that each matcher allows, (matchers, ...)."""
        bits = allocate_token_bitmask(len(numbered), self.grammar.size)
        fill_next_token_bitmask_par(self.grammar.executor, [(matcher, row) for row, matcher in numbered], bits)
        return bits

    def advance(self, token: torch.Tensor) -> torch.Tensor:
        tokens = token.tolist()
        taken = self.grammar.executor.consume_token_par(list(zip(self.matchers, tokens, strict=True)))
        if not all(taken):
            check(self.matchers[taken.index(False)])
        if self.grammar.spelled:
            for row, one in enumerate(tokens):
                self.write(row, one)
        return torch.as_tensor([matcher.is_stopped() for matcher in self.matchers], device=token.device)

    def write(self, row: int, token: int) -> None:
        """Follow one record's lists of required names."""
        matcher, spelled = self.lists[row], self.grammar.spelled[token]
        if matcher is not None and not matcher.consume_token(token):
            self.lists[row] = None
        before = len(self.texts[row])
        text = self.texts[row] = self.texts[row] + spelled
        if b"[" not in spelled:
            return
        for found in OPENING.finditer(text, max(0, before - REACH)):
            if found.end() > before:
                names = properties_before(text[: found.start()].decode(errors="replace"))
                self.lists[row] = None if names is None else self.begin(names, text[found.end() :])

    def begin(self, names: list[str], written: bytes) -> LLMatcher | None:
        """A matcher of a list whose first bytes are already written; None where these do not fit."""
        matcher = LLMatcher(self.grammar.words, LLMatcher.grammar_from_lark(list_grammar(names)), log_level=0)
        fits = all(matcher.consume_token(token) for token in self.grammar.words.tokenize_bytes(written))
        return matcher if fits and not matcher.is_error() else None


def check(matcher: LLMatcher) -> None:
    """Raise BenchError where a matcher has given up."""
    if matcher.is_error():
        raise BenchError(
            f"llguidance cannot follow the grammar of these records ({first_line(matcher.get_error())}); "
            "choose constraint=check"
        )


def first_line(error: object) -> str:
    return str(error).strip().splitlines()[0][:200]
