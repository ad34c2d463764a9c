"""What `--where` says, as a condition."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bench.condition import Between, Condition, bound, check_where
from bench.errors import BenchError, unknown_name
from bench.records import Schema

# the longer ones first: >= is one sign
OPERATORS = (">=", "<=", "=", ">", "<")


def parse_where(texts: Iterable[str], schema: Schema) -> Condition:
    """The condition that texts such as `job=a`, `age>=30`, `age<40`, `pay=null` make together.

    Values of one column are alternatives, bounds of one column hold together. A column name may hold
    signs itself: the longest name that fits is taken.

    Raises:
        BenchError: an unknown column, a value or bound of another kind, or both for one column.
    """
    values: dict[str, list[str | None]] = {}
    lows: dict[str, float] = {}
    highs: dict[str, float] = {}
    for text in texts:
        name, operator, value = split(text, schema.names)
        if operator == "=":
            values.setdefault(name, []).append(None if value == "null" else value)
            continue
        # a range of a column that cannot have one is refused before its bound is read
        check_where(schema, {name: Between()})
        strict = len(operator) == 1
        if operator[0] == ">":
            low = bound(schema[name], value, "low", strict=strict)
            lows[name] = max(low, lows.get(name, low))
        else:
            high = bound(schema[name], value, "high", strict=strict)
            highs[name] = min(high, highs.get(name, high))
    ranges = {name: Between(lows.get(name), highs.get(name)) for name in {**lows, **highs}}
    both = sorted(values.keys() & ranges.keys())
    if both:
        raise BenchError(f"--where gives values and bounds for column '{both[0]}'; give only one of them")
    return check_where(schema, {**values, **ranges})


def split(text: str, names: Iterable[str]) -> tuple[str, str, str]:
    """Column, operator and value of one text."""
    fitting = [name for name in names if text.startswith(name) and text[len(name) :].startswith(OPERATORS)]
    if fitting:
        name = max(fitting, key=len)
        rest = text[len(name) :]
        operator = next(sign for sign in OPERATORS if rest.startswith(sign))
        return name, operator, rest[len(operator) :]
    name, *rest_of_text = re.split("[<>=]", text, maxsplit=1)
    if not rest_of_text:
        raise BenchError(f"--where '{text}' is not of the form COLUMN=VALUE, COLUMN>=VALUE or COLUMN<VALUE")
    raise unknown_name("column", name, names)
