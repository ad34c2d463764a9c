"""The grammar of a record's JSON text for tokenizers that are not built from the schema, by llguidance.

A record is written exactly as `serialise.to_texts` writes it: the columns in order, its spaces, Python's
spelling of numbers and strings. So whatever text the decoder was trained on is inside the grammar, and
whatever is inside is a legal record, except for numbers beyond 64 bits. Labels are those of train,
and integers lie between its least and its largest (where a float can tell these).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer

from bench.errors import BenchError
from bench.records import Column, Schema

if TYPE_CHECKING:
    from llguidance import LLMatcher

EXACT = 2**53  # llguidance takes bounds as floats
INTEGER = "0|-?[1-9][0-9]{0,18}"
REAL = r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,21}"
POWER = r"-?[1-9](\.[0-9]{1,16})?e"
EXPONENT = "([0-9]{2}|[1-3][0-9]{2})"
LEAST_PLAIN, LEAST_POWER = 1e-4, 1e16  # Python writes numbers below and from here on with an exponent
STRING = r'"([^"\\\x00-\x1f]|\\(["\\bfnrt]|u00[01][0-9a-f]))*"'
# any JSON: half of a surrogate pair is no character
PLAIN = "([0-9a-cA-CefEF][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2}"
PAIR = r"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
ANY_STRING = rf'"([^"\\\x00-\x1f]|\\(["\\\/bfnrt]|u({PLAIN}|{PAIR})))*"'
ANY_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
RULES = rf"""
INTEGER: /{INTEGER}/
REAL: /{REAL}/
SMALL: /{POWER}-{EXPONENT}/
LARGE: /{POWER}[+]{EXPONENT}/
STRING: /{STRING}/
json: SPACE? value SPACE?
value: object | array | ANY_STRING | ANY_NUMBER | "true" | "false" | "null"
object: "{{" SPACE? (member ("," SPACE? member)*)? "}}"
member: ANY_STRING SPACE? ":" SPACE? value SPACE?
array: "[" SPACE? (value SPACE? ("," SPACE? value SPACE?)*)? "]"
ANY_STRING: /{ANY_STRING}/
ANY_NUMBER: /{ANY_NUMBER}/
SPACE: /[ \t\n\r]+/
"""


def record_grammar(train: pd.DataFrame, schema: Schema) -> str:
    """The grammar of the records of a schema that is no single text, in llguidance's Lark form.

    Args:
        train: canonical records; they tell labels, ranges of integers, and where values may be missing.
        schema: the columns in the order in which a record spells them.
    """
    keys = [f"{json.dumps(column.name, ensure_ascii=False)}: " for column in schema.columns]
    fields = " ".join(
        f"{literal(before + key)} field_{place}"
        for place, (before, key) in enumerate(zip(["{", *[", "] * (len(keys) - 1)], keys, strict=True))
    )
    rules = [f'start: {fields} "}}"']
    for place, column in enumerate(schema.columns):
        rules += field_rules(f"field_{place}", column, train[column.name])
    return "\n".join(rules) + RULES


def field_rules(name: str, column: Column, values: pd.Series) -> list[str]:
    """Rules of one column's value; `name` is the rule's."""
    present = values.dropna()
    forms = ['"null"'] if len(present) < len(values) else []
    if column.kind == "text":
        forms.append("STRING")
    elif column.kind == "json":
        forms = ["json"]
    elif column.kind == "real" and len(present):
        # a stray exponent makes a number of another order, and one that is too large none at all
        size = present.abs()
        forms.append("REAL")
        forms += ["SMALL"] * bool(((size > 0) & (size < LEAST_PLAIN)).any())
        forms += ["LARGE"] * bool((size >= LEAST_POWER).any())
    elif column.kind == "integer" and len(present):
        low, high = int(present.min()), int(present.max())
        bounds = {"type": "integer", "minimum": low, "maximum": high}
        forms.append(f"%json {json.dumps(bounds)}" if low > -EXACT and high < EXACT else "INTEGER")
    elif column.kind == "categorical" and len(present):
        # one lexeme: the labels become one automaton, however many they are
        labels = (json.dumps(label, ensure_ascii=False) for label in sorted(present.unique()))
        forms.append(name.upper())
        return [f"{name}: {' | '.join(forms)}", f"{name.upper()}: {' | '.join(map(literal, labels))}"]
    return [f"{name}: {' | '.join(forms)}"]


def literal(text: str) -> str:
    """A text as the grammar quotes it."""
    return json.dumps(text)


class JsonGrammar:
    """A grammar over the tokens of one tokenizer; see `decode.Constraint`."""

    in_step = False

    def __init__(self, grammar: str, tokenizer: Tokenizer, *, size: int, end: int, device: torch.device) -> None:
        """Compile a grammar.

        Args:
            grammar: as `record_grammar` writes it.
            tokenizer: a fast tokenizer's backend.
            size: number of token ids.
            end: the token that ends a text.
            device: where masks are wanted.

        Raises:
            BenchError: llguidance is not installed, or cannot take the grammar or the tokenizer.
        """
        try:
            from llguidance import LLExecutor, LLMatcher, LLTokenizer  # noqa: PLC0415
        except ImportError as error:
            raise BenchError(
                "keeping text inside the schema needs llguidance: pip install 'difflm-bench[llguidance]', "
                "or choose constraint=check"
            ) from error
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
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask_par  # noqa: PLC0415

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
