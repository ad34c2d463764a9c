"""What the pictures of a dataset page are drawn from: the details of scores, rounded and of bounded size.

`figures.js` draws them. A picture shows one cell of a row, the one of the lowest split seed and seed that has
what the picture needs: quantiles and matrices of several cells have no mean that is one of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from leaderboards.aggregate import GROUP, PAIR, ROW, read

# Single columns that are drawn, those with the largest error.
MOST_COLUMNS = 40
DIGITS = 4
SHAPE, TREND, DISTANCE = "column_shape_error_percent", "pair_trend_error_percent", "dcr_median"
RANKS = "spearman_error_percent"
FOUND = f"""
    SELECT DISTINCT {", ".join(GROUP + ROW + PAIR)}, metric, version, value, CAST(details AS VARCHAR) AS details
    FROM (
        SELECT * FROM leaderboard_scores
        WHERE metric IN ('{SHAPE}', '{TREND}', '{RANKS}') AND protocol = 'harness'
            OR metric = '{DISTANCE}' AND protocol = 'tabsyn'
    )
"""
CONFIGS = f"SELECT DISTINCT {', '.join(GROUP + ROW)} FROM leaderboard_stages"
Picture = dict[str, Any]


def figures(
    connection: duckdb.DuckDBPyConnection, run_id: str | None = None
) -> dict[tuple[str, ...], dict[str, dict[str, Picture]]]:
    """The pictures of every table: its key (`aggregate.GROUP`) -> name of a row -> picture -> data.

    Returns:
        JSON-able data of the pictures `columns`, `associations`, `projection` and `dcr`, those that the store has
        the details of. Each has the `split_seed` and `seed` of its cell.
    """
    configs: dict[tuple[str, ...], set[str]] = {}
    for *table, generator, config in read(connection, CONFIGS, run_id).itertuples(index=False):
        configs.setdefault((*table, generator), set()).add(config)
    found: dict[tuple[str, ...], dict[str, dict[str, Picture]]] = {}
    scores = read(connection, FOUND, run_id).sort_values([*PAIR, "version"], ascending=[True, True, False])
    for record in scores.to_dict("records"):
        key, generator = tuple(record[name] for name in GROUP), record["generator"]
        name = generator if len(configs[*key, generator]) == 1 else f"{generator} #{record['config_hash'][:6]}"
        row = found.setdefault(key, {}).setdefault(name, {})
        for kind, picture in pictures(record).items():
            row.setdefault(kind, picture)
    for row in (row for rows in found.values() for row in rows.values()):
        numbers = row.pop("numbers", {}).get("columns", ())
        if "associations" in row:
            row["associations"]["numeric"] = [name in numbers for name in row["associations"]["columns"]]
    return found


def pictures(record: Mapping[str, Any]) -> dict[str, Picture]:
    """What one score gives."""
    details, cell = json.loads(record["details"]), {name: int(record[name]) for name in PAIR}
    drawn: dict[str, Picture | None] = {}
    if record["metric"] == SHAPE:
        drawn["columns"] = columns(details)
    elif record["metric"] == RANKS:
        # it has a matrix of the columns that are numbers, which says how a pair is measured
        drawn["numbers"] = {"columns": details.get("columns", ())}
    elif record["metric"] == TREND:
        drawn["associations"] = associations(details)
        drawn["projection"] = details.get("projection")
    else:
        drawn["dcr"] = distances(details, record["value"])
    return {kind: {**cell, **picture} for kind, picture in drawn.items() if picture}


def columns(details: Mapping[str, Any]) -> Picture | None:
    """Single columns, the largest error first: {`levels`, `columns`: a list, `left_out`: names}.

    A column has its `name` and `error` in percent, and as `evaluators/tabular/column_plots.py` describes them either
    `quantiles` or `labels`, `frequencies` and `rest`, real before synthetic.
    """
    plots = details.get("plots")
    if not plots:
        return None
    errors = details["columns"]
    names = sorted(plots["columns"], key=lambda name: -errors.get(name, math.inf))
    return {
        "levels": plots["levels"],
        "columns": [column(name, errors.get(name), plots["columns"][name]) for name in names[:MOST_COLUMNS]],
        "left_out": names[MOST_COLUMNS:],
    }


def column(name: str, error: float | None, plot: Mapping[str, Any]) -> Picture:
    both = {"name": name, "error": significant(error)}
    if "quantiles" in plot:
        digits = decimals([value for side in plot["quantiles"] for value in side or ()])
        return {**both, "quantiles": [side and [round(value, digits) for value in side] for side in plot["quantiles"]]}
    shares = {key: rounded(plot[key]) for key in ("frequencies", "rest")}
    return {**both, "labels": plot["labels"], **shares}


def associations(details: Mapping[str, Any]) -> Picture | None:
    """The matrices as `evaluators/tabular/associations.py` describes them, `left_out` by name.

    `figures` adds which columns are `numeric`.
    """
    maps = details.get("associations")
    if not maps:
        return None
    shown = set(maps["columns"])
    return {**maps, "left_out": [name for name in details["columns"] if name not in shown]}


def distances(details: Mapping[str, Any], median: float) -> Picture | None:
    """{`edges`, `synthetic` and `holdout`: shares of the rows in each bin, `medians` of both sides}."""
    histogram = details.get("histogram")
    if not histogram:
        return None
    medians = {"synthetic": significant(median), "holdout": significant(details.get("holdout"))}
    return {**{key: rounded(values) for key, values in histogram.items()}, "medians": medians}


def significant(value: float | None) -> float | None:
    """Rounded to `DIGITS` digits; None for what is no number."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")


def rounded(values: Sequence[Any]) -> list[Any]:
    """The same, through lists of lists."""
    return [rounded(value) if isinstance(value, list) else significant(value) for value in values]


def decimals(values: Sequence[float]) -> int:
    """Decimal places that give the range of some values `DIGITS` digits: years must not all become one number."""
    span = max(values, default=0.0) - min(values, default=0.0)
    return DIGITS - 1 - math.floor(math.log10(span)) if 0 < span < math.inf else 15
