"""A grammar of little Python functions: pieces with English, Python and a reference meaning, and ways to join them.

Every piece says the same thing three times: as a phrase of the docstring, as Python text, and as a callable. The
expected results of tests come from the callables, so they do not depend on the program text that they check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

Pieces = tuple["Piece", ...]


@dataclass(frozen=True)
class Piece:
    """One slot of a function.

    Args:
        name: its word in the function's name; empty where the piece does nothing.
        phrase: English, with {k} for the constant.
        code: Python, with {x} for the value or {items} for an iterable, and {k}.
        meaning: (value, constant) -> value.
        constants: what {k} may be.
        step: how a loop adds {x} to `result`; empty where only `code` can say it.
        start: what `result` is before the loop.
    """

    name: str
    phrase: str
    code: str
    meaning: Callable[[Any, Any], Any]
    constants: tuple[Any, ...] = (0,)
    step: str = ""
    start: str = ""


@dataclass(frozen=True)
class Source:
    """What a function is given and what it goes through."""

    name: str
    phrase: str
    code: str
    meaning: Callable[[Any], Sequence[Any]]
    arguments: tuple[str, ...]
    items: tuple[str, ...]
    example: Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Function:
    """A function as text, with its meaning; `depth` counts from 0 how many pieces make it harder."""

    name: str
    argument: str
    docstring: str
    body: tuple[str, ...]
    meaning: Callable[[Any], Any]
    example: Callable[[np.random.Generator], Any]
    depth: int

    @property
    def prompt(self) -> str:
        return f'def {self.name}({self.argument}):\n    """{self.docstring}"""\n'

    @property
    def solution(self) -> str:
        return "".join(f"    {line}\n" for line in self.body)


def pick(rng: np.random.Generator, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


WORDS = (
    *("apple", "river", "stone", "orange", "cloud", "ant", "island", "green", "tree", "music"),
    *("eel", "window", "rain", "echo", "paper", "lion", "sea", "oak"),
)


def some_numbers(rng: np.random.Generator) -> list[int]:
    return [int(number) for number in rng.integers(-12, 25, size=rng.integers(3, 9))]


def some_text(rng: np.random.Generator) -> str:
    """A few words that come again, some with a capital letter, so that counts and cases matter."""
    words = rng.choice(rng.choice(WORDS, size=4, replace=False), size=rng.integers(4, 9))
    return " ".join(word.title() if chance(rng, 0.3) else word for word in words.tolist())


NUMBERS = Source(
    "numbers", "the numbers in {a}", "{a}", list, ("numbers", "values", "data"), ("x", "number"), some_numbers
)
NATURALS = Source(
    "up_to",
    "the numbers from 1 to {a}",
    "range(1, {a} + 1)",
    lambda n: range(1, n + 1),
    ("n", "limit"),
    ("i", "x"),
    lambda rng: int(rng.integers(4, 16)),
)
DIGITS = Source(
    "digits",
    "the digits of {a}",
    "map(int, str({a}))",
    lambda n: [int(digit) for digit in str(n)],
    ("n", "number"),
    ("digit", "d"),
    lambda rng: int(rng.integers(100, 10_000)),
)
TEXT = Source("words", "the words in {a}", "{a}.split()", str.split, ("text", "line"), ("word", "w"), some_text)
LETTERS = Source("letters", "the letters of {a}", "{a}", list, ("word", "text"), ("letter", "c"), some_text)

FILTERS: Pieces = (
    Piece("", "", "", lambda x, k: True),
    Piece("even", "are even", "{x} % 2 == 0", lambda x, k: x % 2 == 0),
    Piece("odd", "are odd", "{x} % 2 == 1", lambda x, k: x % 2 == 1),
    Piece("positive", "are positive", "{x} > 0", lambda x, k: x > 0),
    Piece("above", "are greater than {k}", "{x} > {k}", lambda x, k: x > k, (2, 3, 5)),
    Piece("below", "are less than {k}", "{x} < {k}", lambda x, k: x < k, (4, 6, 10)),
    Piece("multiple", "are divisible by {k}", "{x} % {k} == 0", lambda x, k: x % k == 0, (3, 4, 5)),
)
MAPS: Pieces = (
    Piece("", "", "{x}", lambda x, k: x),
    Piece("squared", "squared", "{x} ** 2", lambda x, k: x * x),
    Piece("doubled", "doubled", "{x} * 2", lambda x, k: x + x),
    Piece("plus", "plus {k}", "{x} + {k}", lambda x, k: x + k, (1, 3, 5)),
    Piece("minus", "minus {k}", "{x} - {k}", lambda x, k: x - k, (1, 2, 4)),
    Piece("negated", "negated", "-{x}", lambda x, k: 0 - x),
    Piece("halved", "halved and rounded down", "{x} // 2", lambda x, k: (x - x % 2) // 2),
)
FOLDS: Pieces = (
    Piece("sum", "the sum of", "sum({items})", lambda v, k: sum(v), step="result += {x}", start="0"),
    Piece("product", "the product of", "", lambda v, k: prod(v), step="result *= {x}", start="1"),
    Piece("count", "the count of", "len([{items}])", lambda v, k: len(v), step="result += 1", start="0"),
    Piece("largest", "the largest, or 0, of", "max([{items}], default=0)", lambda v, k: sorted([*v])[-1] if v else 0),
    Piece("list", "a list of", "[{items}]", lambda v, k: v, step="result.append({x})", start="[]"),
    Piece("sorted", "a sorted list of", "sorted({items})", lambda v, k: sorted(v)),
)
TEXT_FILTERS: Pieces = (
    Piece("", "", "", lambda x, k: True),
    Piece("long", "are longer than {k} letters", "len({x}) > {k}", lambda x, k: len(x) > k, (3, 4, 5)),
    Piece("short", "are shorter than {k} letters", "len({x}) < {k}", lambda x, k: len(x) < k, (4, 5, 6)),
    Piece("vowel", "start with a vowel", "{x}[0].lower() in 'aeiou'", lambda x, k: x.lower()[0] in set("aeiou")),
    Piece("with", "contain the letter {k}", "'{k}' in {x}", lambda x, k: x.count(k) > 0, ("a", "e", "n")),
)
TEXT_MAPS: Pieces = (
    Piece("", "", "{x}", lambda x, k: x),
    Piece("upper", "in capitals", "{x}.upper()", lambda x, k: x.upper()),
    Piece("lower", "in small letters", "{x}.lower()", lambda x, k: x.lower()),
    Piece("reversed", "reversed", "{x}[::-1]", lambda x, k: "".join(reversed(x))),
    Piece("cut", "cut to {k} letters", "{x}[:{k}]", lambda x, k: "".join(list(x)[:k]), (1, 2, 3)),
)
TEXT_FOLDS: Pieces = (
    Piece("join", "one line of", "' '.join({items})", lambda v, k: " ".join(v)),
    Piece("hyphenate", "one line with hyphens between", "'-'.join({items})", lambda v, k: "-".join(v)),
    Piece("list", "a list of", "[{items}]", lambda v, k: v, step="result.append({x})", start="[]"),
    Piece("sorted", "a sorted list of", "sorted({items})", lambda v, k: sorted(v)),
    Piece(
        "length",
        "the total length of",
        "len(''.join({items}))",
        lambda v, k: sum(map(len, v)),
        (0,),
        "result += len({x})",
        "0",
    ),
)
KEYS: Pieces = (
    Piece("", "", "{x}", lambda x, k: x),
    Piece("small", "in small letters", "{x}.lower()", lambda x, k: x.lower()),
    Piece("initial", "cut to the first letter", "{x}[0]", lambda x, k: x[0]),
    Piece("length", "as a length", "len({x})", lambda x, k: len(x)),
)
SELECTS: Pieces = (
    Piece("count", "a dict with how often each comes among", "return counts", lambda c, k: dict(c)),
    Piece("distinct", "how many different ones are among", "return len(counts)", lambda c, k: len(set(c))),
    Piece(
        "frequent",
        "those that come at least {k} times among",
        "return sorted(key for key in counts if counts[key] >= {k})",
        lambda c, k: sorted(key for key, times in c.items() if not times < k),
        (2, 3),
    ),
    Piece(
        "single",
        "those that come only once among",
        "return sorted(key for key in counts if counts[key] == 1)",
        lambda c, k: sorted(key for key, times in c.items() if times == 1),
    ),
    Piece(
        "most", "the highest count among", "return max(counts.values(), default=0)", lambda c, k: max([0, *c.values()])
    ),
)


def named(*words: str) -> str:
    return "_".join(word for word in words if word)


def pipeline(pieces: tuple[Any, ...], rng: np.random.Generator) -> Function:
    """Go through a source, keep some values, change them, fold them."""
    source, keep, change, fold = pieces
    argument, x = pick(rng, source.arguments), pick(rng, source.items)
    k, c = pick(rng, keep.constants), pick(rng, change.constants)
    condition, value, items = keep.code.format(x=x, k=k), change.code.format(x=x, k=c), source.code.format(a=argument)
    docstring = f"Return {fold.phrase} {source.phrase.format(a=argument)}"
    docstring += f" that {keep.phrase.format(k=k)}" if condition else ""
    docstring += f", each {change.phrase.format(k=c)}." if change.name else "."
    if fold.step and (not fold.code or chance(rng, 0.5)):
        comment = [f"# only those that {keep.phrase.format(k=k)}"] if condition and chance(rng, 0.3) else []
        step = fold.step.format(x=value)
        inner = [*comment, f"if {condition}:", f"    {step}"] if condition else [step]
        body = [f"result = {fold.start}", f"for {x} in {items}:", *(f"    {line}" for line in inner), "return result"]
    elif condition and change.name and chance(rng, 0.4):
        body = [f"kept = [{x} for {x} in {items} if {condition}]"]
        body += ["return " + fold.code.format(items=f"{value} for {x} in kept")]
    else:
        clause = f" if {condition}" if condition else ""
        body = ["return " + fold.code.format(items=f"{value} for {x} in {items}{clause}")]

    def meaning(given: Any) -> Any:
        return fold.meaning([change.meaning(v, c) for v in source.meaning(given) if keep.meaning(v, k)], 0)

    name = named(fold.name, change.name, keep.name, source.name)
    return Function(
        name, argument, docstring, tuple(body), meaning, source.example, bool(keep.name) + bool(change.name)
    )


def branch(pieces: tuple[Any, ...], rng: np.random.Generator) -> Function:
    """One of two results, by a condition."""
    test, first, second = pieces
    n = pick(rng, ("n", "x", "number"))
    k, a, b = (pick(rng, piece.constants) for piece in pieces)
    condition, yes, no = test.code.format(x=n, k=k), first.code.format(x=n, k=a), second.code.format(x=n, k=b)
    words = (f"{n} {piece.phrase.format(k=c)}".strip() for piece, c in ((first, a), (second, b)))
    docstring = "Return {} if {} {}, otherwise {}.".format(
        next(words), n, test.phrase.format(k=k).replace("are ", "is ", 1), next(words)
    )
    body = pick(
        rng,
        (
            [f"if {condition}:", f"    return {yes}", f"return {no}"],
            [f"if {condition}:", f"    result = {yes}", "else:", f"    result = {no}", "return result"],
            [f"return {yes} if {condition} else {no}"],
        ),
    )

    def meaning(given: Any) -> Any:
        return first.meaning(given, a) if test.meaning(given, k) else second.meaning(given, b)

    depth = bool(first.name) + bool(second.name) - 1
    name = named(first.name or "same", "if", test.name, "else", second.name or "same")
    return Function(name, n, docstring, tuple(body), meaning, lambda rng: int(rng.integers(-15, 30)), depth)


def counting(pieces: tuple[Any, ...], rng: np.random.Generator) -> Function:
    """Count in a dictionary, then read something from it."""
    source, key, select = pieces
    argument, x, k = pick(rng, source.arguments), pick(rng, source.items), pick(rng, select.constants)
    docstring = f"Return {select.phrase.format(k=k)} {source.phrase.format(a=argument)}"
    docstring += f", each {key.phrase}." if key.name else "."
    comment = ["# how often each one comes"] if chance(rng, 0.3) else []
    value = key.code.format(x=x)
    body = ["counts = {}", *comment, f"for {x} in {source.code.format(a=argument)}:"]
    if key.name:
        body += [f"    key = {value}"]
        value = "key"
    body += [f"    counts[{value}] = counts.get({value}, 0) + 1", select.code.format(k=k)]

    def meaning(given: Any) -> Any:
        return select.meaning(Counter(key.meaning(v, 0) for v in source.meaning(given)), k)

    name = named(select.name, key.name, source.name)
    return Function(name, argument, docstring, tuple(body), meaning, source.example, bool(key.name))


Build = Callable[[tuple[Any, ...], np.random.Generator], Function]
FAMILIES: tuple[tuple[Build, tuple[Sequence[Any], ...]], ...] = (
    (pipeline, ((NUMBERS, NATURALS, DIGITS), FILTERS, MAPS, FOLDS)),
    (pipeline, ((TEXT,), TEXT_FILTERS, TEXT_MAPS, TEXT_FOLDS)),
    (branch, (FILTERS[1:], MAPS, MAPS)),
    (counting, ((TEXT,), KEYS, SELECTS)),
    (counting, ((LETTERS,), KEYS[:2], SELECTS)),
)
HELD_OUT_EVERY = 5


def compositions(slots: tuple[Sequence[Any], ...], held_out: bool) -> list[tuple[Any, ...]]:
    """The choices of pieces that belong to the problems, or those that belong to the programs.

    A diagonal cut: every piece is seen among the programs, and where there are three slots with a choice every
    pair of pieces too.
    """
    found = []
    for positions in product(*(range(len(slot)) for slot in slots)):
        pieces = tuple(slot[position] for slot, position in zip(slots, positions, strict=True))
        different = len(set(pieces)) == len(pieces)
        if different and (sum(positions) % HELD_OUT_EVERY == 0) == held_out:
            found.append(pieces)
    return found


def draw(rng: np.random.Generator, count: int, held_out: bool) -> list[Function]:
    """`count` functions, the families in turn, compositions drawn evenly."""
    pools = [(build, compositions(slots, held_out)) for build, slots in FAMILIES]
    drawn = []
    for i in range(count):
        build, pool = pools[i % len(pools)]
        drawn.append(build(pick(rng, pool), rng))
    return drawn
