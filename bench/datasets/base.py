"""What a dataset plug-in is: where its files are, how they are read, what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bench.records import Column, Family, Kind, Schema

CC_BY = "CC BY 4.0"
UCI = "https://archive.ics.uci.edu"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One original file.

    Args:
        path: where it lies below the data folder, with forward slashes.
        sha256: what its bytes must hash to; None where its home publishes no fixed version.
        archive: URL of the zip that holds it; empty where it cannot be downloaded by itself.
        member: its name in that zip; an .xls is turned into csv.
    """

    path: str
    sha256: str | None
    archive: str = ""
    member: str = ""


@dataclass(frozen=True)
class Original:
    """What the files of a dataset hold, as read: nothing split, dropped or filled.

    Args:
        frame: all records, or the official train records.
        official_test: test records that were published as such.
        extras: what evaluators of the family need beside the records.
    """

    frame: pd.DataFrame
    official_test: pd.DataFrame | None = None
    extras: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Loader:
    """A dataset plug-in, registered under the entry point group `difflm_bench.datasets`.

    Args:
        name: as registered.
        family: tabular, code or tool.
        title: what a person calls it.
        schema: the fields of a record.
        url, licence, citation: provenance.
        files: the original files.
        read: data folder -> what the files hold; need not be canonical yet.
        how_to_get: what to do where a file cannot be downloaded.
        excerpts: files that serve where none of `files` is there.
        demo: dotted name of the module that simulates it (`ROWS`, `SEED`, `simulate(rows, seed)`,
            for code and tool also `extras(seed)`, and `MODEL`, a `CausalModel`, where the truth is
            known); empty where there is none.
        tabsyn_skips: records at the top that the published `tabsyn` split has lost.
    """

    name: str
    family: Family
    title: str
    schema: Schema
    url: str
    licence: str
    citation: str
    files: tuple[DataFile, ...]
    read: Callable[[Path], Original]
    how_to_get: str = ""
    excerpts: tuple[DataFile, ...] = ()
    demo: str = ""
    tabsyn_skips: int = 0


def columns(names: Mapping[str, Kind]) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in names.items())
