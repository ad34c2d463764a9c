"""What a dataset plug-in is: where its files are, how they are read, what they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from bench.records import Column, Family, Kind, Schema

Extras = Mapping[str, pd.DataFrame]
CC_BY = "CC BY 4.0"
UCI = "https://archive.ics.uci.edu"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One original file.

    Args:
        path: where it lies below the data folder, with forward slashes; also of a folder of JSON files.
        sha256: what its bytes must hash to; None where its home publishes no fixed version.
        archive: URL of the zip that holds it; empty where it cannot be downloaded by itself.
        member: its name in that zip or dataset; an .xls is turned into csv.
        hub: name of the dataset on the Hugging Face hub that has it; empty where none has.
    """

    path: str
    sha256: str | None
    archive: str = ""
    member: str = ""
    hub: str = ""


@dataclass(frozen=True)
class Original:
    """What the files of a dataset hold, as read: nothing split, dropped or filled.

    Args:
        frame: all records, or the official train records.
        official_test: test records that were published as such.
        extras: what evaluators of the family need beside the records.
        notes: what was left out, and how much of it.
    """

    frame: pd.DataFrame
    official_test: pd.DataFrame | None = None
    extras: Extras = field(default_factory=dict)
    notes: tuple[str, ...] = ()


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
        alternatives: other forms of the same records, read where none of `files` is there.
        excerpts: files that serve where none of the others is there.
        demo: dotted name of the module that simulates it (`ROWS`, `SEED`, `simulate(rows, seed)`,
            for code and tool also `extras(seed)`, and `MODEL`, a `CausalModel`, where the truth is
            known); empty where there is none.
        tabsyn_skips: records at the top that the published `tabsyn` split has lost.
        difflm_parts: published numbers of train, validation and test records of the `difflm` split;
            None where it is 80/10/10.
        together: a column whose equal values `harness` keeps in one part, beside near duplicates.
        held_out: the extras that remain where train and validation hold these records; None: all.
        in_all: whether `--dataset all` means it too.
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
    alternatives: tuple[DataFile, ...] = ()
    excerpts: tuple[DataFile, ...] = ()
    demo: str = ""
    tabsyn_skips: int = 0
    difflm_parts: tuple[int, int, int] | None = None
    together: str = ""
    held_out: Callable[[Extras, pd.DataFrame], Extras] | None = None
    in_all: bool = True


def columns(names: Mapping[str, Kind]) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in names.items())
