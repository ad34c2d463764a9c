"""Names to plug-ins. Built-ins and third-party packages register through the same entry points.

Listing imports nothing but metadata: the summary is read from the plug-in module's docstring.
"""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from bench.errors import BenchError, unknown_name

Group = Literal["generators", "evaluators", "datasets"]
WHAT = {"generators": "generator", "evaluators": "evaluator", "datasets": "dataset"}


@cache
def module_file(module: str) -> Path | None:
    """The source of a module, found without importing anything; None where it has none."""
    top, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # __main__ and the like
        return None
    if spec is None:
        return None
    if not below:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    # find_spec would import every package on the way down
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, *below)
        for candidate in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


@dataclass(frozen=True)
class PlugIn:
    """A registered name that is not imported yet."""

    name: str
    entry: EntryPoint

    @property
    def summary(self) -> str:
        """First line of the module's docstring, read without importing the module itself.

        Raises:
            BenchError: the module is no Python.
        """
        source = self.source
        if source is None:
            return ""
        try:
            doc = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"), source.name)) or ""
        except (SyntaxError, ValueError) as error:
            raise self._broken("read", error) from error
        return doc.split("\n")[0]

    @property
    def source(self) -> Path | None:
        return module_file(self.entry.module)

    def load(self) -> Any:
        """Import the plug-in.

        Raises:
            BenchError: the module or the name in it cannot be imported, whatever it raises.
        """
        try:
            return self.entry.load()
        except Exception as error:
            raise self._broken("imported", error) from error

    def _broken(self, what: str, error: Exception) -> BenchError:
        message = " ".join(f"{type(error).__name__}: {error}".split())
        return BenchError(
            f"plug-in '{self.name}' ({self.entry.value}) cannot be {what}: {message}; repair or uninstall its package"
        )


@cache
def plug_ins(group: Group) -> dict[str, PlugIn]:
    """Everything registered in a group, by name.

    Raises:
        BenchError: two packages register the same name.
    """
    found: dict[str, PlugIn] = {}
    for entry in sorted(entry_points(group=f"difflm_bench.{group}")):
        if entry.name in found and found[entry.name].entry.value != entry.value:
            raise BenchError(
                f"{WHAT[group]} '{entry.name}' is registered twice: "
                f"{found[entry.name].entry.value} and {entry.value}; uninstall one of the packages"
            )
        found[entry.name] = PlugIn(entry.name, entry)
    return found


def find(group: Group, name: str) -> PlugIn:
    """The plug-in of that name.

    Raises:
        BenchError: no such name; suggests the nearest one.
    """
    known = plug_ins(group)
    if name not in known:
        raise unknown_name(WHAT[group], name, known)
    return known[name]
