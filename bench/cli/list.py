"""`bench list`: what there is to choose from."""

from __future__ import annotations

import typer

from bench import profiles
from bench.registry import Group, plug_ins

GROUPS: tuple[Group, ...] = ("generators", "datasets", "evaluators")


def list_names() -> None:
    """Names of generators, datasets, evaluators and profiles, with what they are."""
    tables: dict[str, dict[str, str]] = {
        group: {name: one.summary for name, one in plug_ins(group).items()} for group in GROUPS
    }
    tables["profiles"] = {name: profiles.read(name)["summary"] for name in profiles.names()}
    for title, rows in tables.items():
        typer.echo(title)
        width = max(map(len, rows), default=0)
        for name, summary in rows.items():
            typer.echo(f"  {name:<{width}}  {summary}".rstrip())
