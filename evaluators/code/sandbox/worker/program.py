"""The process of the untrusted program: it runs the program, then answers what the test asks of it.

Nothing here decides anything. The program can do with this process what it likes; all that leaves it is
the content of values, and the test's process believes nothing else.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import random
import sys
import threading
import types
from collections import deque
from typing import Any

from . import frames, values

FUNCTIONS = ("math", "cmath")  # whose functions the test's side takes from its own library
LONGEST_MESSAGE = 1000
CHANGEABLE = (list, dict, set, bytearray, deque)


class Guest:
    """The objects of the program that the test knows by number, and the answers to its requests."""

    def __init__(self, name: str) -> None:
        self.module = types.ModuleType(name)
        sys.modules[name] = self.module
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}

    def run(self, program: str) -> None:
        exec(compile(program, "<program>", "exec"), self.module.__dict__)
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join()

    def pack(self, value: Any) -> Any:
        return values.pack(value, self.pack_other)

    def unpack(self, data: Any) -> Any:
        return values.unpack(data, lambda kind, number: self.objects[number])

    def pack_other(self, value: Any) -> Any:
        if isinstance(value, types.ModuleType):
            return {"module": value.__name__}
        if isinstance(value, types.BuiltinFunctionType) and value.__module__ in FUNCTIONS:
            return {"function": [value.__module__, value.__name__]}
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"exception": [value.__name__, builtin_base(value)]}
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)  # which also keeps the number its own
        return {"handle": [self.numbers[id(value)], type(value).__name__]}

    def names(self, wanted: list[str]) -> Any:
        """Those of the wanted names that the program has defined."""
        found = self.module.__dict__
        return {"dict": [part for name in wanted if name in found for part in (name, self.pack(found[name]))]}

    def call(self, target: Any, arguments: list[Any], keywords: Any) -> tuple[Any, dict[str, Any]]:
        """The result, and the arguments that were changed in place, by their positions and names."""
        given = [self.unpack(argument) for argument in arguments]
        named = self.unpack(keywords)
        result = self.pack(self.unpack(target)(*given, **named))
        names = [*map(str, range(len(given))), *named]
        sent = [*arguments, *keywords["dict"][1::2]]
        changed = {}
        for name, value, before in zip(names, [*given, *named.values()], sent, strict=True):
            if isinstance(value, CHANGEABLE) and (now := self.pack(value)) != before:
                changed[name] = now
        return result, changed

    def answer(self, request: list[Any]) -> list[Any]:
        kind, *rest = request
        if kind == "names":
            return ["value", self.names(rest[0]), {}]
        if kind == "call":
            return ["value", *self.call(*rest)]
        first, *others = [self.unpack(part) for part in rest]
        if kind == "state":
            return ["value", self.pack(dict(vars(first))), {}]
        return ["value", self.pack(OPERATIONS[kind](first, *others)), {}]


OPERATIONS: dict[str, Any] = {
    "attribute": getattr,
    "set attribute": setattr,
    "item": lambda value, key: value[key],
    "set item": lambda value, key, new: value.__setitem__(key, new),
    "length": len,
    "iterate": iter,
    "next": next,
    "str": str,
    "repr": repr,
}


def builtin_base(kind: type) -> str:
    """The nearest class in its ancestry that is a builtin."""
    return next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")


def describe(guest: Guest, error: BaseException) -> list[Any]:
    """An exception as a message: the builtin type, its own name, and its arguments."""
    kind = type(error)
    try:
        arguments = guest.pack(list(error.args))
        if len(repr(arguments)) > LONGEST_MESSAGE:
            arguments = [str(error)[:LONGEST_MESSAGE]]
    except Exception:
        arguments = ["its arguments cannot be shown"]
    return ["raise", builtin_base(kind), kind.__name__, arguments]


def serve(program: str, descriptor: int, longest: int, alone: bool) -> None:
    """Run a program and answer requests until the test's side hangs up.

    Args:
        program: its source.
        descriptor: of the socket to the test's process.
        longest: bytes of the longest message.
        alone: there is no test, so the program is `__main__` and may leave by `sys.exit()`.
    """
    random.seed(0)  # the standard library draws a new seed after every fork
    guest = Guest("__main__" if alone else "program")
    outputs = (sys.stdout, sys.stderr)
    try:
        guest.run(program)
        reply = ["end"]
    except SystemExit as error:
        reply = ["end"] if alone and error.code in (None, 0) else describe(guest, error)
    except BaseException as error:
        reply = describe(guest, error)
    while True:
        for output in outputs:
            with contextlib.suppress(Exception):
                output.flush()
        try:
            frames.write_frame(descriptor, reply, longest)
        except (frames.TooLong, MemoryError) as error:
            frames.write_frame(descriptor, describe(guest, builtins.ValueError(str(error))))
        try:
            request = frames.read_frame(descriptor)
        except frames.Closed:
            os._exit(0)
        try:
            reply = guest.answer(request)
        except BaseException as error:
            reply = describe(guest, error)
