"""What the test holds of the program: proxies, whose equality and truth are decided on the test's side."""

from __future__ import annotations

import builtins
import importlib
from collections import deque
from collections.abc import Iterator
from typing import Any

from . import frames, values

LONGEST_ITERATION = 1_000_000
MODULES = frozenset(
    {
        *("array", "bisect", "calendar", "cmath", "collections", "copy", "datetime", "decimal", "fractions"),
        *("functools", "heapq", "itertools", "json", "math", "numbers", "operator", "random", "re", "statistics"),
        *("string", "time", "typing"),
    }
)
LEAVING = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException")


class Lost(BaseException):
    """The program's process no longer answers. No test can catch it by `except Exception`."""


class Left(BaseException):
    """The program asked to leave the process, such as by `sys.exit(0)`, while the test was using it."""


class Program:
    """The test's end of the connection.

    Attributes:
        lost: why the program no longer answers; empty while it does. A test that swallows `Lost` changes nothing.
    """

    def __init__(self, descriptor: int, longest: int) -> None:
        self.descriptor = descriptor
        self.longest = longest
        self.lost = ""
        self.exceptions: dict[tuple[str, str], type[BaseException]] = {}

    def finished(self) -> None:
        """Wait for the program to run to its end; raises what it raised."""
        self.receive({})

    def names(self, wanted: list[str]) -> dict[str, Any]:
        found = self.ask("names", wanted)
        if not isinstance(found, dict):
            raise self.lose("the program's process answered nonsense")
        return {name: value for name, value in found.items() if name in wanted}

    def call(self, target: Remote, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        self.send(["call", self.pack(target), [self.pack(argument) for argument in arguments], self.pack(keywords)])
        return self.receive({**{str(i): argument for i, argument in enumerate(arguments)}, **keywords})

    def operate(self, kind: str, *parts: Any) -> Any:
        return self.ask(kind, *[self.pack(part) for part in parts])

    def ask(self, *request: Any) -> Any:
        self.send(list(request))
        return self.receive({})

    def send(self, request: list[Any]) -> None:
        if self.lost:
            raise Lost(self.lost)
        try:
            frames.write_frame(self.descriptor, request, self.longest)
        except frames.TooLong as error:
            raise ValueError(str(error)) from None
        except OSError:
            raise self.lose("") from None

    def receive(self, arguments: dict[str, Any]) -> Any:
        try:
            reply = frames.read_frame(self.descriptor, self.longest)
            error, value = self.understand(reply, arguments)
        except frames.Closed:
            raise self.lose("") from None
        except (frames.TooLong, Nonsense) as error:
            raise self.lose(str(error)) from None
        except (RecursionError, ValueError) as error:
            raise self.lose(f"an answer that cannot be read: {error}") from None
        if error is not None:
            raise error
        return value

    def understand(self, reply: Any, arguments: dict[str, Any]) -> tuple[BaseException | None, Any]:
        match reply:
            case ["end"]:
                return None, None
            case ["raise", str(base), str(name), content]:
                return self.exception(base, name, self.unpack(content)), None
            case ["value", content, dict(changed)]:
                for name, now in changed.items():
                    change_in_place(arguments, name, self.unpack(now))
                return None, self.unpack(content)
        raise Nonsense("the program's process answered nonsense")

    def lose(self, why: str) -> Lost:
        self.lost = why or "the program's process has ended"
        return Lost(why)

    def pack(self, value: Any) -> Any:
        return values.pack(value, pack_remote)

    def unpack(self, data: Any) -> Any:
        try:
            return values.unpack(data, self.unpack_other)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise Nonsense(f"a value that cannot be read: {error}") from None

    def unpack_other(self, kind: str, content: Any) -> Any:
        match kind, content:
            case "handle", [int(number), str(name)]:
                return Remote(self, number, name)
            case "module", str(name) if name in MODULES:
                return importlib.import_module(name)
            case "module", str(name):
                raise ValueError(f"the module {name} of the program")
            case "function", ["math" | "cmath" as module, str(name)] if not name.startswith("_"):
                return getattr(importlib.import_module(module), name)
            case "exception", [str(name), str(base)]:
                return self.exception_class(base, name)
        raise ValueError(f"the kind {kind!r}")

    def exception_class(self, base: str, name: str) -> type[BaseException]:
        """The builtin type, or a class of that name below it for a type of the program's own."""
        if (base, name) not in self.exceptions:
            builtin = getattr(builtins, base, None)
            if not (isinstance(builtin, type) and issubclass(builtin, BaseException)):
                raise Nonsense("an exception that is none")
            self.exceptions[base, name] = builtin if name == base else type(name, (builtin,), {})
        return self.exceptions[base, name]

    def exception(self, base: str, name: str, arguments: Any) -> BaseException:
        if base in LEAVING:
            return Left(name)
        kind = self.exception_class(base, name)
        try:
            return kind(*arguments)
        except (TypeError, ValueError):  # such as UnicodeDecodeError, which wants five
            return RuntimeError(f"{name}: {arguments}")


class Nonsense(Exception):
    """An answer that no honest program gives."""


class Remote:
    """An object that lives in the program's process.

    Two are equal where they are the same object, or have the same type name and attributes of equal content;
    nothing else equals one, whatever its class says. As any object, it is true.
    """

    def __init__(self, program: Program, number: int, name: str) -> None:
        vars(self).update(_program=program, _number=number, _name=name)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._program.call(self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__doc__"):
            raise AttributeError(name)
        return self._program.operate("attribute", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._program.operate("set attribute", self, name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._program.operate("item", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._program.operate("set item", self, key, value)

    def __len__(self) -> int:
        return self._program.operate("length", self)

    def __iter__(self) -> Iterator[Any]:
        iterator = self._program.operate("iterate", self)
        if not isinstance(iterator, Remote):
            raise TypeError(f"'{self._name}' object is not iterable")
        for _ in range(LONGEST_ITERATION):
            try:
                item = next(iterator)
            except StopIteration:
                return
            yield item
        raise ValueError(f"more than {LONGEST_ITERATION} items")

    def __next__(self) -> Any:
        return self._program.operate("next", self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Remote) or self._name != other._name:
            return False
        if self._number == other._number:
            return True
        state = self._program.operate("state", self)
        return bool(state) and state == self._program.operate("state", other)

    def __hash__(self) -> int:
        return hash(self._name)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return str(self._program.operate("str", self))

    def __repr__(self) -> str:
        return str(self._program.operate("repr", self))


def pack_remote(value: Any) -> Any:
    if isinstance(value, Remote):
        return {"handle": value._number}
    raise TypeError(f"the test cannot hand a value of type {type(value).__name__} to the program")


def change_in_place(arguments: dict[str, Any], name: str, now: Any) -> None:
    """Do to an argument of the test, by its position or name, what the program did to its copy of it.

    Raises:
        Nonsense: there is no such argument, or it has become something else.
    """
    before = arguments.get(name)
    if not isinstance(before, type(now)):  # a subclass crosses as its base
        raise Nonsense("a change of an argument that was not given")
    if isinstance(before, (list, bytearray)):
        before[:] = now
    elif isinstance(before, (dict, set)):
        before.clear()
        before.update(now)
    elif isinstance(before, deque):
        before.clear()
        before.extend(now)
