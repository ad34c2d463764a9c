"""Values between program and test: plain ones by content, everything else as a handle.

A value is JSON: None, bool, int of up to 64 bits, float, str and list stand for themselves, every other
kind is an object with one key that names the kind. Only these kinds can come out of `unpack`, so no code
of the program, such as an `__eq__` that always says yes, ever runs on the side of the test.
"""

from __future__ import annotations

import builtins
import datetime
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

DEEPEST = 200
SMALL = 2**63
CONSTANTS: dict[str, Any] = {"Ellipsis": ..., "NotImplemented": NotImplemented}
TYPES = {name: value for name, value in vars(builtins).items() if isinstance(value, type)}
NAMES = {value: name for name, value in TYPES.items()}


def pack(value: Any, other: Callable[[Any], Any], depth: int = 0) -> Any:
    """The JSON form of a value; `other` gives that of a value which is not plain, or raises.

    Subclasses are reduced to the plain content of their base.

    Raises:
        ValueError: it is nested deeper than `DEEPEST`.
    """
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int and -SMALL < value < SMALL:
        return value
    if depth > DEEPEST:
        raise ValueError(f"a value is nested deeper than {DEEPEST}")
    if isinstance(value, (int, float, complex, str, bytes, bytearray)):
        return pack_scalar(value)
    return pack_container(value, other, depth + 1)


def pack_scalar(value: Any) -> Any:
    if isinstance(value, int):
        number = int.__int__(value)
        return number if -SMALL < number < SMALL else {"int": hex(number)}
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, str):
        return str.__str__(value)
    return {"bytes" if isinstance(value, bytes) else "bytearray": bytes.hex(bytes(value))}


def pack_container(value: Any, other: Callable[[Any], Any], depth: int) -> Any:
    def each(values: Any) -> list[Any]:
        return [pack(one, other, depth) for one in values]

    if isinstance(value, list):
        return each(list.__iter__(value))
    for kind in (tuple, set, frozenset, deque):
        if isinstance(value, kind):
            return {kind.__name__: each(kind.__iter__(value))}
    for mapping in (Counter, OrderedDict, dict):
        if isinstance(value, mapping):
            return {mapping.__name__: [part for item in dict.items(value) for part in each(item)]}
    return pack_rare(value, other)


def pack_rare(value: Any, other: Callable[[Any], Any]) -> Any:
    for kind, content in RARE.items():
        if isinstance(value, kind):
            return {kind.__name__: content(value)}
    if isinstance(value, type) and value in NAMES:
        return {"type": NAMES[value]}
    if type(value) in DATES and getattr(value, "tzinfo", None) is None:
        return {type(value).__name__: value.isoformat()}
    constant = next((name for name, one in CONSTANTS.items() if value is one), None)
    return {"constant": constant} if constant else other(value)


def unpack(data: Any, handle: Callable[[str, Any], Any], depth: int = 0) -> Any:
    """The value of a JSON form; `handle` makes one of a kind that is not plain from (kind, content), or raises.

    Raises:
        ValueError, TypeError: it is not of this form, too deep, or no legal value (such as a set of lists).
    """
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if depth > 2 * DEEPEST:
        raise ValueError(f"a value is nested deeper than {DEEPEST}")
    if isinstance(data, list):
        return [unpack(one, handle, depth + 1) for one in data]
    if len(data) != 1:
        raise ValueError("a message that is no value")
    ((kind, content),) = data.items()
    if kind in PLAIN:
        return PLAIN[kind](content)
    if kind in CONTAINERS:
        return CONTAINERS[kind]([unpack(one, handle, depth + 1) for one in content])
    return handle(kind, content)


def pairs(parts: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(parts[::2], parts[1::2], strict=True))


def counter(parts: list[Any]) -> Counter[Any]:
    return Counter(dict(pairs(parts)))


DATES = (datetime.datetime, datetime.date, datetime.time)
RARE: dict[type, Callable[[Any], Any]] = {
    range: lambda value: [pack_scalar(part) for part in (value.start, value.stop, value.step)],
    Fraction: lambda value: [pack_scalar(value.numerator), pack_scalar(value.denominator)],
    Decimal: Decimal.__str__,
    datetime.timedelta: lambda value: [value.days, value.seconds, value.microseconds],
}
PLAIN: dict[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "complex": lambda parts: complex(*parts),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "type": TYPES.__getitem__,
    "constant": CONSTANTS.__getitem__,
    "Decimal": Decimal,
    "timedelta": lambda parts: datetime.timedelta(*parts),
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
}
CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
    "dict": lambda parts: dict(pairs(parts)),
    "OrderedDict": lambda parts: OrderedDict(pairs(parts)),
    "Counter": counter,
    "range": lambda parts: range(*parts),
    "Fraction": lambda parts: Fraction(*parts),
}
