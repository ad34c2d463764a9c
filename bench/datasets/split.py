"""The one place that knows how records are split into train, validation and test.

| protocol  | rows                                              | split seed 0 is                        |
|-----------|---------------------------------------------------|----------------------------------------|
| `harness` | 80/10/10, stratified for classification           | `numpy.random.default_rng(0)`          |
| `tabsyn`  | 90/0/10, Zhang et al. 2024 (arXiv:2310.09656)     | NumPy's legacy generator, seed 1234    |
| `difflm`  | 80/10/10, Zhou et al. 2024 (arXiv:2411.03250)     | `train_test_split`, seed 42            |

For the two published protocols split seed 0 is the published split, and split seed k starts from
the published seed + k. A dataset that comes with a test file of its own (Adult) keeps it: `harness`
and `tabsyn` then leave the train file whole with an empty validation part, whatever the split seed,
and `difflm` takes 10 % of it as validation. Records without a target are dropped before anything
else, since nothing can be learnt or tested on them.

Programs and tools have near duplicates. `harness` deals whole groups of them (`groups_of`), so that
no test record has one in train; published splits are as they were published, duplicates and all.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from bench.errors import BenchError, unknown_name
from bench.near_duplicates import clusters, joined, record_texts
from bench.records import Schema

Protocol = Literal["harness", "tabsyn", "difflm"]
SMALLEST: dict[str, int] = {"harness": 3, "tabsyn": 3, "difflm": 6}
TABSYN_SEED = 1234
TABSYN_ATTEMPTS = 1000
DIFFLM_SEED = 42
# Of a held-out part that one group of near duplicates should be at most.
LARGEST_SHARE = 0.2

Rows = NDArray[np.intp]


class Parts(NamedTuple):
    """Canonical frames with a fresh RangeIndex each."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def split(
    frame: pd.DataFrame,
    schema: Schema,
    protocol: str,
    seed: int,
    *,
    official_test: pd.DataFrame | None = None,
    tabsyn_skips: int = 0,
    difflm_parts: tuple[int, int, int] | None = None,
    groups: Rows | None = None,
) -> Parts:
    """Split canonical records; every one that has a target ends up in exactly one part.

    Args:
        frame: all records, or the official train records where there is an official test.
        schema: of the frame.
        protocol: `harness`, `tabsyn` or `difflm`.
        seed: the split seed.
        official_test: test records that were published as such.
        tabsyn_skips: records at the top that the published `tabsyn` split has lost.
        difflm_parts: published numbers of records in each part under `difflm`; a frame of another size is
            split by the same shares.
        groups: the group of each record, shape (records,), none of which `harness` tears apart; for
            schemas without a target.

    Raises:
        BenchError: an unknown protocol, a negative seed, too few records, (`tabsyn`) no seed under
            which train holds every category, or (`harness`) no group small enough to be held out.
    """
    if protocol not in get_args(Protocol):
        raise unknown_name("split", protocol, get_args(Protocol))
    if seed < 0:
        raise BenchError(f"split seed {seed} is negative; give 0 or more")
    frame = with_target(frame, schema)
    if protocol == "tabsyn":
        frame = frame.iloc[tabsyn_skips:].reset_index(drop=True)
    if len(frame) < SMALLEST[protocol]:
        raise BenchError(f"too few records ({len(frame)}); the split '{protocol}' needs at least {SMALLEST[protocol]}")
    if official_test is not None:
        train, validation = official(len(frame), protocol, seed)
        return Parts(take(frame, train), take(frame, validation), with_target(official_test, schema))
    if protocol == "harness" and groups is not None:
        rows = harness_groups(groups, seed)
    elif protocol == "harness":
        classes = frame[schema.target] if schema.task == "classification" else None
        rows = harness(len(frame), classes, seed)
    elif protocol == "tabsyn":
        rows = tabsyn(frame[[name for name in schema.categorical if name != schema.target]], seed)
    else:
        rows = difflm(len(frame), seed, difflm_parts)
    return Parts(*(take(frame, part) for part in rows))


def with_target(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    if schema.target is None:
        return frame
    return frame[frame[schema.target].notna()].reset_index(drop=True)


def take(frame: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    return frame.iloc[rows].reset_index(drop=True)


def harness(size: int, classes: pd.Series | None, seed: int) -> tuple[Rows, Rows, Rows]:
    """Rows of train, validation and test, each in the order of the table.

    Test and validation get a tenth each, at least one; below four records there is no validation.
    They are dealt at equal distances from the shuffled records, class after class, which holds the
    share of every class to within one record. A class with a single record stays in train, where it
    can be learnt. The classes are not looked at where fewer than two records of larger classes come to
    each that is held out (a tiny table, or a target that is an identifier).

    Args:
        size: number of records.
        classes: the target of a classification, shape (size,); None means no stratification.
        seed: the split seed.
    """
    random = np.random.default_rng(seed)
    parts = 2 if size >= 4 else 1
    held = parts * max(1, size // 10)
    order = random.permutation(size)
    if classes is not None:
        codes, _ = pd.factorize(classes)
        shared = order[np.bincount(codes)[codes[order]] > 1]
        # at this distance a class of two is never taken whole
        if len(shared) >= 2 * held:
            order = shared[np.argsort(codes[shared], kind="stable")]
    out = order[(np.arange(held) * len(order) + random.integers(len(order))) // held]
    train = np.setdiff1d(np.arange(size), out)
    return train, np.sort(out[1::2]), np.sort(out[::parts])


def tabsyn(categories: pd.DataFrame, seed: int) -> tuple[Rows, Rows, Rows]:
    """Rows of train, (no) validation and test, shuffled.

    The published seed goes up until train holds every category of every feature; as in the published
    code each further seed shuffles the order that the one before has left.

    Args:
        categories: the categorical features, shape (records, any).
        seed: added to 1234.
    """
    size = len(categories)
    codes = [pd.factorize(categories[name], use_na_sentinel=False)[0] for name in categories]
    order = np.arange(size)
    for attempt in range(TABSYN_ATTEMPTS):
        np.random.RandomState(TABSYN_SEED + seed + attempt).shuffle(order)
        train, test = order[: int(size * 0.9)], order[int(size * 0.9) :]
        if all(len(np.unique(column[train])) == column.max() + 1 for column in codes):
            return train, order[:0], test
    raise BenchError(
        f"no train part holds every category under the split 'tabsyn' ({TABSYN_ATTEMPTS} seeds tried); "
        "use the split 'harness'"
    )


def difflm(size: int, seed: int, parts: tuple[int, int, int] | None = None) -> tuple[Rows, Rows, Rows]:
    """Rows of train, validation and test, shuffled: 20 % are held out, one half of them for validation.

    The paper names function, seed and shares; that it is not stratified and which half is which is
    our reading.

    Args:
        size: number of records.
        seed: added to 42.
        parts: published numbers of records in place of the shares.
    """
    train_size, validation_size, test_size = parts or (8, 1, 1)
    held = (validation_size + test_size) / (train_size + validation_size + test_size)
    # rounded, so that a frame of the published size gets the published numbers
    out = max(2, round(size * held)) if parts else held
    train, rest = train_test_split(np.arange(size), test_size=out, random_state=DIFFLM_SEED + seed)
    share = test_size / (validation_size + test_size)
    validation, test = train_test_split(
        rest, test_size=max(1, round(len(rest) * share)) if parts else share, random_state=DIFFLM_SEED + seed
    )
    return train, validation, test


def groups_of(frame: pd.DataFrame, schema: Schema, together: str = "") -> Rows:
    """The group of each record: near duplicates, and chains of them, have the same one.

    Args:
        frame: canonical records of text.
        schema: of the frame.
        together: a column whose equal values belong together as well; empty where there is none.

    Returns:
        Numbers from 0, shape (records,).
    """
    near = clusters(record_texts(frame, schema))
    if not together:
        return near
    names, _ = pd.factorize(frame[together], use_na_sentinel=False)
    first = pd.Series(near).groupby(names).transform("first").to_numpy()
    numbers: Rows = np.unique(joined(near, near, first), return_inverse=True)[1]
    return numbers


def harness_groups(groups: Rows, seed: int) -> tuple[Rows, Rows, Rows]:
    """Rows of train, validation and test, each in the order of the table; a group is in one part.

    Groups are taken in random order. Each goes to test where it still fits into a tenth of the records,
    else to validation where it fits into another, else to train. A group that would be more than a
    fifth of a held-out part comes last, so that no such part is mostly variations of one record where
    there are enough others; large groups are therefore held out less often than small ones.

    Args:
        groups: the group of each record, shape (records,).
        seed: the split seed.

    Raises:
        BenchError: every group holds more than a tenth of the records.
    """
    sizes = np.bincount(groups)
    tenth = max(1, len(groups) // 10)
    space = [tenth, tenth if len(groups) >= 4 else 0]
    part = np.full(len(sizes), len(space))
    order = np.random.default_rng(seed).permutation(len(sizes))
    for group in order[np.argsort(sizes[order] > LARGEST_SHARE * tenth, kind="stable")]:
        for held, room in enumerate(space):
            if sizes[group] <= room:
                part[group] = held
                space[held] -= int(sizes[group])
                break
    test, validation, train = (np.flatnonzero(part[groups] == number) for number in range(3))
    if not len(test) or not len(train):
        raise BenchError(
            f"near duplicates are kept on one side of the split, and no group of them is small enough to be held out "
            f"(the smallest of {len(sizes)} has {sizes.min()} of {len(groups)} records); add records that differ"
        )
    return train, validation, test


def official(size: int, protocol: str, seed: int) -> tuple[Rows, Rows]:
    """Rows of train and validation where the test records are given."""
    rows = np.arange(size)
    if protocol == "difflm":
        train, validation = train_test_split(rows, test_size=0.1, random_state=DIFFLM_SEED + seed)
        return train, validation
    return rows, rows[:0]
