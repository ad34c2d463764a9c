"""Datasets: by name, simulated or from their original files, or from a user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.fetch import data_folder
from bench.datasets.files import is_path, load_file, read_records
from bench.datasets.registered import get_loader, load_demo, load_original
from bench.errors import BenchError, unknown_name
from bench.records import Dataset, Kind, Task, Variant
from bench.registry import plug_ins

__all__ = ["DataFile", "Loader", "Original", "get_loader", "load", "names", "read_records"]


def names() -> list[str]:
    """Every registered dataset, in alphabetical order."""
    return sorted(plug_ins("datasets"))


def load(
    name: str,
    *,
    variant: Variant = "demo",
    split: str = "harness",
    split_seed: int = 0,
    data_dir: Path | str | None = None,
    target: str | None = None,
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Dataset:
    """A dataset, split into train, validation and test.

    Args:
        name: a registered name, or the path of a file, or of a folder of tools (`bench.datasets.own`).
        variant: `demo` is simulated, `original` is read from the original files, which are
            downloaded where they are missing. A path is always `file`.
        split: `harness`, `tabsyn` or `difflm` (`bench.datasets.split`); simulated data know `harness` only.
        split_seed: chooses the records of each part.
        data_dir: folder of the original files (`bench.datasets.fetch.data_folder`).
        target: the column to predict in a user's own file.
        task: of that column; guessed where it is not given.
        kinds: column of that file -> kind, where the guess would be wrong.

    Raises:
        BenchError: the dataset cannot be had as asked for; says why and what to do.
    """
    if is_path(name):
        return load_file(Path(name), target=target, task=task, kinds=kinds, protocol=split, split_seed=split_seed)
    loader = get_loader(name)
    if target is not None or task is not None or kinds:
        raise BenchError(f"target, task and kinds are for a file of your own; dataset '{name}' has its own")
    if variant == "original":
        return load_original(loader, split, split_seed, data_folder(data_dir))
    if variant == "demo":
        return load_demo(loader, split, split_seed)
    raise unknown_name(f"variant of dataset '{name}'", variant, ["demo", "original"])
