"""Registered datasets: from their original files, or simulated."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path

import pandas as pd

from bench.datasets.base import Loader
from bench.datasets.demo import truth
from bench.datasets.fetch import fetch
from bench.datasets.split import Rows, groups_of, split
from bench.errors import BenchError
from bench.frames import conform, digest
from bench.records import Dataset, Source
from bench.registry import find


def get_loader(name: str) -> Loader:
    """The registered dataset of that name.

    Raises:
        BenchError: no such name (suggests the nearest one), or it is not a dataset.
    """
    loader = find("datasets", name).load()
    if not isinstance(loader, Loader):
        raise BenchError(f"plug-in '{name}' is a {type(loader).__name__}, not a bench.datasets.Loader")
    return loader


def load_original(loader: Loader, protocol: str, split_seed: int, folder: Path) -> Dataset:
    """The dataset as its original files have it; missing files are downloaded.

    The digest covers the bytes of the files and the schema they are read with.

    Raises:
        BenchError: a file cannot be had or is not the original one, or the split is impossible.
    """
    checksums = fetch(loader, folder)
    original = loader.read(folder)
    frame = conform(original.frame, loader.schema)
    test = None if original.official_test is None else conform(original.official_test, loader.schema)
    parts = split(
        frame,
        loader.schema,
        protocol,
        split_seed,
        official_test=test,
        tabsyn_skips=loader.tabsyn_skips,
        difflm_parts=loader.difflm_parts,
        groups=near_groups(loader, frame, protocol, loader.together),
    )
    extras, notes = original.extras, original.notes
    if loader.held_out is not None:
        extras = loader.held_out(extras, pd.concat([parts.train, parts.validation]))
        notes += tuple(
            f"{len(extras[name])} of {len(frame)} {name} kept: the others are about records of train or validation"
            for name, frame in original.extras.items()
            if len(extras[name]) < len(frame)
        )
    excerpt = any(file.path in checksums for file in loader.excerpts)
    title = f"{loader.title} (excerpt)" if excerpt else loader.title
    source = Source("original", title, loader.url, loader.licence, loader.citation, notes)
    identity = json.dumps([checksums, loader.schema.to_dict()], sort_keys=True)
    return Dataset(
        loader.name,
        loader.family,
        loader.schema,
        *parts,
        protocol,
        split_seed,
        source,
        hashlib.sha256(identity.encode()).hexdigest(),
        extras,
    )


def near_groups(loader: Loader, frame: pd.DataFrame, protocol: str, together: str = "") -> Rows | None:
    """The groups that `harness` keeps together; tables have none, nor has anything with a target."""
    if loader.family == "tabular" or loader.schema.target is not None or protocol != "harness":
        return None
    return groups_of(frame, loader.schema, together)


def load_demo(loader: Loader, protocol: str, split_seed: int) -> Dataset:
    """The simulated stand-in of a dataset, always split 80/10/10.

    Raises:
        BenchError: it has none, or another split than `harness` is asked for.
    """
    if not loader.demo:
        raise BenchError(f"dataset '{loader.name}' has no simulated variant; load its original files")
    if protocol != "harness":
        raise BenchError(f"the split '{protocol}' is one of original files; simulated data are split by 'harness'")
    demo = importlib.import_module(loader.demo)
    frame = conform(demo.simulate(demo.ROWS, demo.SEED), loader.schema)
    # the simulator draws the provider of an API alone, so APIs of one tool have no more in common than others
    parts = split(frame, loader.schema, protocol, split_seed, groups=near_groups(loader, frame, protocol))
    extras = {} if loader.family == "tabular" else demo.extras(demo.SEED)
    source = Source("demo", f"{loader.title} (simulated)")
    model = getattr(demo, "MODEL", None)
    return Dataset(
        loader.name,
        loader.family,
        loader.schema,
        *parts,
        protocol,
        split_seed,
        source,
        digest(frame),
        extras,
        None if model is None else truth.log_likelihood(model, loader.schema),
    )
