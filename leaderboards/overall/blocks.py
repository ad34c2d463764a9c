"""Which generators are compared over which datasets: a complete block of comparable tables.

Statistics over datasets need every generator on every dataset (Demsar 2006, JMLR 7, section 3.2: no
missing cells). A generator that failed on a dataset is in the block and ranks last there; one that was
never meant to run on it is left out, as it would otherwise lose to all, or be averaged over the
datasets that suit it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboards.aggregate import Row, Table

COMPARABLE = ("family", "variant", "split", "profile")


@dataclass(frozen=True, eq=False)
class Block:
    """Every one of `generators` has a row in every one of `tables`.

    Args:
        tables: one a dataset, by name.
        generators: names of the competitors.
        rows: generator -> its row in each table.
        left_out_datasets: tables of the same group that do not count.
        left_out_generators: competitors that lack a row in some table of the block.
    """

    tables: list[Table]
    generators: list[str]
    rows: dict[str, list[Row]]
    left_out_datasets: list[str]
    left_out_generators: list[str]

    def rows_of(self, place: int) -> list[Row]:
        """Rows of the dataset at `place`, in the order of `generators`."""
        return [self.rows[name][place] for name in self.generators]


def blocks(tables: Sequence[Table]) -> list[Block]:
    """One block for each family, variant, split and profile that has a competitor."""
    groups = defaultdict(list)
    for table in tables:
        groups[tuple(getattr(table, name) for name in COMPARABLE)].append(table)
    found = (largest(groups[key]) for key in sorted(groups))
    return [block for block in found if block is not None]


def largest(group: Sequence[Table]) -> Block | None:
    """The block with the most cells; one that compares something before others, then more datasets."""
    by_config = several(group)
    tables = one_each(group)
    rows = {name: competitors(table, by_config) for name, table in tables.items()}
    runs = {
        generator: frozenset(name for name, own in rows.items() if generator in own)
        for generator in {generator for own in rows.values() for generator in own}
    }
    if not runs:
        return None

    def size(datasets: frozenset[str]) -> tuple[bool, int, int, list[str]]:
        width = sum(datasets <= own for own in runs.values())
        return len(datasets) > 1 and width > 1, len(datasets) * width, len(datasets), sorted(datasets)

    chosen = sorted(max(closed(set(runs.values())), key=size))
    inside = sorted(generator for generator, own in runs.items() if own.issuperset(chosen))
    return Block(
        tables=[tables[name] for name in chosen],
        generators=inside,
        rows={generator: [rows[name][generator] for name in chosen] for generator in inside},
        left_out_datasets=sorted(
            label(table, group) for table in group if table.dataset not in chosen or table is not tables[table.dataset]
        ),
        left_out_generators=sorted(runs.keys() - set(inside)),
    )


def one_each(group: Sequence[Table]) -> dict[str, Table]:
    """Name of a dataset -> its table; of several versions of its data, which would count it twice, the fullest."""
    found: dict[str, Table] = {}
    for table in sorted(group, key=lambda table: (len(table.rows), len(table.pairs), table.dataset_digest)):
        found[table.dataset] = table
    return found


def label(table: Table, group: Sequence[Table]) -> str:
    """The dataset's name; where the group holds several versions of its data, with the digest's beginning."""
    same = sum(other.dataset == table.dataset for other in group)
    return table.dataset if same == 1 else f"{table.dataset} #{table.dataset_digest[:6]}"


def closed(sets: set[frozenset[str]]) -> set[frozenset[str]]:
    """All intersections of some of the sets that are not empty: every largest block is over one of them."""
    found: set[frozenset[str]] = set()
    for own in sets:
        found |= {own, *(own & other for other in found)}
    return found - {frozenset()}


def several(group: Sequence[Table]) -> set[str]:
    """Generators that have several configurations in the group, on one dataset or on different ones."""
    configs = {(row.generator, row.config_hash) for table in group for row in table.rows}
    counts = Counter(generator for generator, _ in configs)
    return {generator for generator, count in counts.items() if count > 1}


def competitors(table: Table, by_config: set[str]) -> dict[str, Row]:
    """Rows that compete, by a name that means the same configuration on every dataset."""
    return {
        f"{row.generator} #{row.config_hash[:6]}" if row.generator in by_config else row.generator: row
        for row in table.rows
        if row.sentinel is None
    }
