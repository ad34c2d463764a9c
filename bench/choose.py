"""Plug-ins chosen by name, with their options checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from importlib.metadata import EntryPoint
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bench import provenance, registry
from bench.errors import BenchError, unknown_name
from bench.registry import Group, PlugIn

METHODS = {"generators": "sample", "evaluators": "evaluate"}


@dataclass(frozen=True)
class Chosen:
    """A plug-in with its checked config."""

    plug_in: PlugIn
    families: frozenset[str]
    config: dict[str, Any]

    @property
    def identity(self) -> list[Any]:
        """What a result depends on besides data and seed: code, config, versions of libraries."""
        module = self.plug_in.entry.module
        code, versions = provenance.code_hash(module), provenance.library_versions(module)
        return [self.plug_in.entry.value, self.config, code, versions]

    def make(self) -> Any:
        return make(self.plug_in, self.config)


def make(plug_in: PlugIn, config: Mapping[str, Any]) -> Any:
    """The generator or evaluator, with its whole config."""
    cls = plug_in.load()
    return cls(cls.Config(**config))


def load_class(group: Group, plug_in: PlugIn) -> Any:
    """The class of a generator or evaluator.

    Raises:
        BenchError: it cannot be imported, or is something else.
    """
    cls = plug_in.load()
    of_the_kind = isinstance(cls, type) and hasattr(cls, "families") and hasattr(cls, METHODS[group])
    if not of_the_kind or not is_dataclass(getattr(cls, "Config", None)):
        raise BenchError(
            f"plug-in '{plug_in.name}' ({plug_in.entry.value}) is no {registry.WHAT[group]}: it needs "
            f"'Config' (a dataclass), 'families' and '{METHODS[group]}'; CONTRIBUTING.md shows one"
        )
    return cls


def required_options(config: type) -> list[str]:
    """Fields of a config that have no default."""
    return [one.name for one in fields(config) if one.default is MISSING and one.default_factory is MISSING]


def choose(group: Group, names: Iterable[str], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Chosen]:
    """Plug-ins by name, imported and with checked options.

    Args:
        group: generators or evaluators.
        names: those wanted.
        options: name -> options that differ from the defaults; may name others than those wanted.

    Raises:
        BenchError: an unknown name or option, or a value of the wrong type.
    """
    for name in options:
        registry.find(group, name)
    return {name: chosen(group, name, options.get(name, {})) for name in names}


def chosen(group: Group, name: str, options: Mapping[str, Any]) -> Chosen:
    """A plug-in by its registered name, or by its place: `my_package.module:MyGenerator`."""
    if ":" in name:
        plug_in = PlugIn(name.partition(":")[2], EntryPoint(name.partition(":")[2], name, f"difflm_bench.{group}"))
    else:
        plug_in = registry.find(group, name)
    cls = load_class(group, plug_in)
    known = {field.name for field in fields(cls.Config)}
    for option in options:
        if option not in known:
            raise unknown_name(f"{registry.WHAT[group]} '{name}': option", option, known)
    for option in required_options(cls.Config):
        if option not in options:
            place = f"{group}.{name}.{option}"
            raise BenchError(f"{registry.WHAT[group]} '{name}' needs the setting '{place}': --set {place}=...")
    try:
        config = TypeAdapter(cls.Config).validate_python(dict(options))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join([group, name, *map(str, problem["loc"])])
        raise BenchError(f"setting '{place}': {problem['msg'].lower()}, not {problem['input']!r}") from error
    return Chosen(plug_in, frozenset(cls.families), asdict(config))
