"""Tables and evidence -> what the templates show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from leaderboards.aggregate import CEILING, FLOOR, REFERENCE, Row, Table
from leaderboards.columns import IDEALS, Column, loss
from leaderboards.render.text import COSTS, NOTHING, costs, entry, failure_line, notes, provenance
from leaderboards.site.evidence import Evidence, number
from leaderboards.site.shown import Board, Dataset, Generator, Heading, Line, Loss, Metric, Reached, Sheet, Value

BEST = "bold:"
BLANK = "\N{NO-BREAK SPACE}"
COST = "cost"
COST_STAGES = ["fit", "sample"]


class Values:
    """Texts and evidence addresses of the values of one table.

    Args:
        place: number of the table in the evidence.
        full: the table with every column, in the order of the evidence.
    """

    def __init__(self, place: int, full: Table) -> None:
        self.place = place
        self.rows = {row.name: row_place for row_place, row in enumerate(full.rows)}
        self.columns = {column: column_place for column_place, column in enumerate(full.columns)}

    def score(self, table: Table, row: Row, column: Column) -> Value:
        written = entry(table, row, column)
        if written.value == NOTHING:
            return Value(NOTHING)
        address = f"{self.place}.{self.rows[row.name]}.{self.columns[column]}"
        mean = row.summaries[column].mean
        order = loss(column.metric, column.higher_is_better, mean) if column.metric in IDEALS else mean
        return Value(written.value, written.error, written.best, number(order), address)

    def cost(self, row: Row) -> list[Value]:
        numbers = [row.fit_seconds, row.records_per_second]
        found = []
        for text, value, stage in zip(costs(row), numbers, COST_STAGES, strict=True):
            address = "" if math.isnan(value) else self.stage(row, stage)
            found.append(Value(text, sort=number(value), key=address))
        return found

    def stage(self, row: Row, stage: str) -> str:
        return f"{self.place}.{self.rows[row.name]}.:{stage}"


def board(table: Table, values: Values, evaluators: Mapping[str, str], routes: Mapping[str, str]) -> Board:
    """The table of a dataset: generators by metrics, costs last."""
    headings = [
        Heading(
            column.name,
            column.arrow,
            evaluators.get(column.metric, ""),
            f"{column.metric}, protocol {column.protocol} v{column.version}",
        )
        for column in table.columns
    ]
    headings += [Heading(COSTS[0], "↓", COST, "mean seconds of a fit"), Heading(COSTS[1], "↑", COST, "records sampled")]
    lines = [
        Line(
            row.name,
            routes[row.generator],
            row.sentinel or "",
            [values.score(table, row, column) for column in table.columns] + values.cost(row),
        )
        for row in table.rows
    ]
    return Board(headings, *apart(table.rows, aligned(lines)), legend(table, table.rows))


def aligned(lines: Sequence[Line]) -> list[Line]:
    """Leaves the room of an error where others of the column have one, so that digits stand below each other."""
    if not lines:
        return []
    columns = [
        [replace(item, error=item.error or BLANK) for item in column] if any(item.error for item in column) else column
        for column in zip(*(line.values for line in lines), strict=True)
    ]
    return [replace(line, values=list(own)) for line, own in zip(lines, zip(*columns, strict=True), strict=True)]


def apart(rows: Sequence[Row], lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Lines that compete, and those of sentinels and the reference set."""
    pairs = list(zip(rows, lines, strict=True))
    return [line for row, line in pairs if not row.sentinel], [line for row, line in pairs if row.sentinel]


def legend(table: Table, rows: Sequence[Row], *, sorted_rows: bool = True) -> list[str]:
    entries = [entry(table, row, column) for row in rows for column in table.columns]
    return notes(table if sorted_rows else replace(table, rows=[]), entries, BEST)


def sheet(
    table: Table,
    rows: Sequence[Row],
    values: Values,
    evaluators: Mapping[str, str],
    routes: Mapping[str, str],
    *,
    with_costs: bool = False,
) -> Sheet:
    """Metrics by generators, the metrics of an evaluator together in the order of its first one."""
    families: dict[str, list[Metric]] = {}
    for column in table.columns:
        families.setdefault(evaluators.get(column.metric, ""), []).append(
            Metric(
                column.name,
                column.arrow,
                f"{column.metric}, {column.protocol} v{column.version}",
                [values.score(table, row, column) for row in rows],
            )
        )
    if with_costs:
        found = [values.cost(row) for row in rows]
        families[COST] = [
            Metric(text, arrow, "", [line[place] for line in found])
            for place, (text, arrow) in enumerate(zip(COSTS, "↓↑", strict=True))
        ]
    head = [(row.name, routes[row.generator], row.sentinel or "") for row in rows]
    return Sheet(head, list(families.items()), legend(table, rows, sorted_rows=False))


def times(table: Table, values: Values, evidence: Evidence, routes: Mapping[str, str]) -> Board:
    """Mean seconds of every stage over the cells in which it ran."""
    stages = {row.name: evidence.stages_of(table, row) for row in table.rows}
    ran = pd.concat(stages.values())
    ran = ran[ran["phase"].ne("upstream")]
    found = set(ran["stage"])
    order = [name for name in COST_STAGES if name in found] + sorted(found - set(COST_STAGES))
    lines = []
    for row in table.rows:
        own = stages[row.name]
        seconds = own[own["phase"].ne("upstream")].groupby("stage")["wall_seconds"]
        means, errors = seconds.mean(), seconds.sem()
        lines.append(
            Line(
                row.name,
                routes[row.generator],
                row.sentinel or "",
                [
                    Value(
                        f"{means[name]:,.2f}",
                        "" if pd.isna(errors[name]) else f"±{errors[name]:,.2f}",
                        sort=number(means[name]),
                        key=values.stage(row, name),
                    )
                    if name in means
                    else Value(NOTHING)
                    for name in order
                ],
            )
        )
    headings = [Heading(f"{name} s", "↓", "seconds", f"mean wall seconds of {name}") for name in order]
    return Board(headings, *apart(table.rows, aligned(lines)))


def losses(table: Table, rows: Sequence[Row], evidence: Evidence, routes: Mapping[str, str]) -> list[Loss]:
    """Every stage that failed, without those that had no chance as an earlier one had failed."""
    found = []
    for row in rows:
        stages = evidence.stages_of(table, row)
        failed = stages[(stages["status"] == "failed") & stages["phase"].ne("upstream")]
        failed = failed.fillna({"phase": "raised", "error": ""})
        found += [
            Loss(row.name, routes[row.generator], one.split_seed, one.seed, one.stage, one.phase, one.error)
            for one in failed.itertuples(index=False)
        ]
    return found


def dataset(
    name: str,
    place: int,
    table: Table,
    full: Table,
    route: str,
    evidence: Evidence,
    routes: Mapping[str, str],
    pictures: Mapping[str, object],
) -> Dataset:
    """The page of one table.

    Args:
        name: tells it from the others.
        place: its number in the evidence.
        table: with the main columns, ranked.
        full: with every column, its rows in the same order.
        route: its address.
        evidence: what stands behind the values.
        routes: generator -> address.
        pictures: what there is to draw, by the name of a row.
    """
    values, evaluators = Values(place, full), evidence.evaluators(full)
    return Dataset(
        name,
        route,
        place,
        table,
        provenance(table),
        board(table, values, evaluators, routes),
        sheet(full, full.rows, values, evaluators, routes),
        times(full, values, evidence, routes),
        losses(full, full.rows, evidence, routes),
        [failure_line(failure) for row in table.rows for failure in row.failures],
        [row.name for row in table.rows if pictures.get(row.name)],
    )


def generator(
    name: str,
    route: str,
    pages: Sequence[Dataset],
    full: Sequence[Table],
    evidence: Evidence,
    routes: Mapping[str, str],
) -> Generator:
    """The page of one generator: its own rows beside ceiling, floor and reference set on every dataset."""
    configs: dict[str, dict[str, str]] = {}
    reached = []
    note = ""
    for page, every in zip(pages, full, strict=True):
        own = [row for row in page.table.rows if row.generator == name]
        if not own:
            continue
        note = own[0].sentinel or ""
        beside = [row for kind in (CEILING, FLOOR, REFERENCE) for row in page.table.rows if row.generator == kind]
        rows = own + [row for row in beside if row not in own]
        for row in own:
            cell = evidence.stages_of(page.table, row)["cell_id"].iloc[0]
            settings = evidence.configs.get(cell)
            configs.setdefault(row.config_hash, settings if isinstance(settings, dict) else {"config": settings})
        values = Values(page.place, every)
        found = sheet(page.table, rows, values, evidence.evaluators(every), routes, with_costs=True)
        missing = losses(page.table, own, evidence, routes)
        reached.append(Reached(page.route, page.place, page.name, page.facts, found, missing))
    named = [(name if len(configs) == 1 else f"{name} #{config[:6]}", own) for config, own in configs.items()]
    return Generator(name, route, note, named, reached)
